"""Sentences: what was taken away, counted, treated, and what would change the level."""

import re
from typing import Any

import pytest

from models.intensity.alternatives import leaving_experiment
from models.intensity.words.changes import change_told
from models.intensity.words.drawn import drawn_told
from models.intensity.words.effects import ASSUMED, effect_told
from models.intensity.words.limits import counted_told
from models.intensity.words.names import money_told
from models.intensity.words.taken import took_away
from models.intensity.words.treatments import treatment_text


@pytest.mark.parametrize(
    ("code", "english", "chinese"),
    [
        (
            "level:3->0",
            "level lowered from 3 (intensive contact) to 0 (no contact)",
            "级别由 3（加强联系）降为 0（不联系）",
        ),
        ("channel:visit", "channel taken away: visit", "取消渠道：上门"),
        (
            "time:2026-11-23T08:00:00-05:00",
            "no contact before 2026-11-23 08:00-05:00",
            "2026-11-23 08:00-05:00 之前不得联系",
        ),
    ],
)
def test_what_was_taken_away_is_told(code: str, english: str, chinese: str) -> None:
    assert took_away(code, "en") == english
    assert took_away(code, "zh") == chinese


@pytest.mark.parametrize(
    "code", ["", "level:3", "level:5->0", "level:²->0", "channel:fax", "x:1", "time:soon"]
)
def test_another_code_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match=r"not a code|isoformat"):
        took_away(code, "en")


def changed(kind: str, was: float, to: float, **subject: str) -> dict[str, Any]:
    return {"kind": kind, f"was_{kind}": was, f"to_{kind}": to, "level": 2, **subject}


@pytest.mark.parametrize(
    ("change", "english", "chinese"),
    [
        (
            changed("probability", 0.41, 0.423123),
            "If the probability rose to 42.32%, the level would be 2 (call).",
            "若概率升至 42.32%，级别将为 2（电话联系）。",
        ),
        (
            changed("probability", 0.41, 0.408799),
            "If the probability fell to 40.87%, the level would be 2 (call).",
            "若概率降至 40.87%，级别将为 2（电话联系）。",
        ),
        (
            changed("amount", 920.0, 1310.2501, field="past_due_amount"),
            "If the past due amount rose to 1,310.2501 USD, the level would be 2 (call).",
            "若逾期金额升至 1,310.2501 USD，级别将为 2（电话联系）。",
        ),
        (
            changed("price", 0.0, 0.00001, resource="letters"),
            "If the price of one letter rose to 0.0001 (in the policy's currency unit), the level "
            "would be 2 (call).",
            "若每封信函的影子价格（按策略文件的货币单位）升至 0.0001，级别将为 2（电话联系）。",
        ),
        (
            changed("days", 31.0, 30.0),
            "If the days past due fell to 30, the level would be 2 (call).",
            "若逾期天数降至 30 天，级别将为 2（电话联系）。",
        ),
        (
            {"kind": "rule", "rule": "promise_not_due", "level": 2},
            "Without this rule the level would be 2 (call): A promise to pay is not yet due: at "
            "most a reminder.",
            "若无此规则，级别将为 2（电话联系）：还款承诺尚未到期：最多提醒。",
        ),
        (
            {"kind": "rule", "rule": "capacity", "level": 2},
            "Any change of the account's inputs ends the hold of the capacity plan; weighed on its "
            "own, the level would be 2 (call).",
            "账户输入数据一旦变化，即不再沿用产能计划；单独权衡时，级别将为 2（电话联系）。",
        ),
        (
            {"kind": "rule", "rule": leaving_experiment(2).subject, "level": 2},
            "The level was drawn at random; outside the experiment it would be 2 (call), the one "
            "recommended.",
            "级别为随机抽取；若不参与试验，则采用推荐级别 2（电话联系）。",
        ),
    ],
)
def test_a_change_is_told(change: dict[str, Any], english: str, chinese: str) -> None:
    assert change_told(change, "USD", "en") == english
    assert change_told(change, "USD", "zh") == chinese


@pytest.mark.parametrize("to", [0.4100001, 0.4099999])
def test_a_probability_that_hardly_moved_never_reads_as_if_it_had_not(to: float) -> None:
    shown = re.findall(r"[\d.]+(?=%)", change_told(changed("probability", 0.41, to), "USD", "en"))
    assert (float(shown[0]) > 41) == (to > 0.41)
    assert float(shown[0]) != 41


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (0.0, "0.00 JPY"),
        (184.5, "184.50 JPY"),
        (1234567.891, "1,234,567.891 JPY"),
        (0.0001, "0.0001 JPY"),
    ],
)
def test_an_amount_is_told_exactly(amount: float, told: str) -> None:
    assert money_told(amount, "JPY") == told


@pytest.mark.parametrize(
    ("counter", "per", "window", "english", "chinese"),
    [
        (
            "dials",
            "account",
            "7 days",
            "calls dialled, on this account, within 7 days",
            "拨打电话，本账户，7 日内",
        ),
        (
            "unanswered_dials",
            "contact_point",
            "1 day",
            "unanswered calls, to one number or address, today",
            "未接通的拨打，同一号码或地址，当日",
        ),
        ("smoke_signals", "tribe", "P1M", "smoke_signals, tribe, P1M", "smoke_signals，tribe，P1M"),
    ],
)
def test_what_a_limit_counts_is_told(
    counter: str, per: str, window: str, english: str, chinese: str
) -> None:
    limit = {"counter": counter, "per": per, "window": window}
    assert counted_told(limit, "en") == english
    assert counted_told(limit, "zh") == chinese


def of_level(low: float | None, high: float | None, because: str | None) -> dict[str, Any]:
    known = {"effect_low": low, "effect_high": high, "assumed_because": because}
    return {"estimated": because is None, **known}


@pytest.mark.parametrize(
    ("level", "adds", "english", "chinese"),
    [
        (
            of_level(0.011, 0.0731, None),
            0.0419,
            "adds 4.2 points (1.1 to 7.3), estimated from assignments",
            "增加 4.2 个百分点（1.1 至 7.3），由分配记录估计",
        ),
        (
            of_level(-0.031, -0.0004, None),
            -0.012,
            "adds -1.2 points (-3.1 to 0.0), estimated from assignments",
            "增加 -1.2 个百分点（-3.1 至 0.0），由分配记录估计",
        ),
        (
            of_level(None, None, "never_tried"),
            0.03,
            "adds 3.0 points; assumed: this level was never tried in M1",
            "增加 3.0 个百分点；为假设值：在 M1 阶段从未试过该级别",
        ),
        (of_level(None, None, "a_code_of_old"), 0.03, "assumed: a_code_of_old", "a_code_of_old"),
    ],
)
def test_an_effect_is_told_with_its_interval_or_why_it_is_assumed(
    level: dict[str, Any], adds: float, english: str, chinese: str
) -> None:
    assert effect_told(level, adds, "M1", "en").endswith(english)
    assert effect_told(level, adds, "M1", "zh").endswith(chinese)


@pytest.mark.parametrize("code", ASSUMED)
def test_no_code_of_an_assumed_effect_is_told_as_it_is(code: str) -> None:
    for language in ("en", "zh"):
        told = effect_told(of_level(None, None, code), 0.0, "M4+", language)
        assert code not in told
        assert "{" not in told


CHANCES = {"0": 0.0, "1": 0.00002, "2": 0.95, "3": 0.04998, "4": 0.0}


def drawn(**changes: Any) -> dict[str, Any]:
    part = {"arm": "explore", "experiment": "autumn", "level": 1, "recommended": 2}
    return {**part, "propensities": CHANCES, **changes}


@pytest.mark.parametrize(
    ("intensity", "english", "chinese"),
    [
        (
            drawn(),
            "Drawn at random for the experiment autumn: the level recommended was 2 (call).",
            "为试验 autumn 随机抽取：推荐级别原为 2（电话联系）。",
        ),
        (
            drawn(level=2),
            "Drawn at random for the experiment autumn: it is the level recommended.",
            "为试验 autumn 随机抽取：与推荐级别相同。",
        ),
        (
            drawn(arm="challenger", level=2),
            "Decided by the challenger policy bold@0123, which the experiment autumn compares "
            "with the ordinary one.",
            "由挑战策略 bold@0123 决定，试验 autumn 将其与常规策略进行比较。",
        ),
        (
            drawn(arm="ordinary", level=2),
            "The account takes part in the experiment autumn and got the level recommended.",
            "账户参与试验 autumn，采用推荐级别。",
        ),
    ],
)
def test_it_is_told_how_the_level_was_drawn(
    intensity: dict[str, Any], english: str, chinese: str
) -> None:
    chances = (
        " Chance of each level: no contact 0.0%, reminder 0.002%, call 95.0%, intensive contact "
        "5.0%, escalation 0.0%."
    )
    assert drawn_told(intensity, "bold@0123", "en") == english + chances
    told = drawn_told(intensity, "bold@0123", "zh")
    assert told is not None
    assert told.startswith(chinese + "各级别的概率：不联系 0.0%，提醒 0.002%，")


def test_nothing_is_told_of_a_draw_where_there_was_none() -> None:
    assert drawn_told(drawn(experiment=None), "bold@0123", "en") is None
    assert drawn_told({"arm": None, "propensities": None}, "bold@0123", "en") is None


def test_a_treatment_is_told_with_its_reason_and_its_plan() -> None:
    offered = {
        "treatment": "offer_plan",
        "because": "low_ability",
        "plan": {"months": 5.0, "instalment": 184.0},
    }
    assert treatment_text(offered, "USD", "en") == (
        "Offer the customer a repayment plan. Ability to pay is low, willingness is not. "
        "Plan: 5 months, 184.00 USD a month at most."
    )
    assert treatment_text(offered, "CNY", "zh") == (
        "向客户提供分期还款计划。还款能力较低，但还款意愿并不低。"
        "计划：分 5 个月，每月不超过 184.00 CNY。"
    )
    soon = offered | {"plan": {"months": 1, "instalment": 92.0}}
    assert treatment_text(soon, "USD", "en").endswith("Plan: 92.00 USD in one month.")
    assert treatment_text({"treatment": "wait"}, "USD", "en") == "Wait: make no contact."
