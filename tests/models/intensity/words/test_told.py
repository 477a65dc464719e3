"""Sentences: what was taken away, counted, treated, and what would change the level."""

import re
from typing import Any

import pytest

from models.intensity.words.changes import change_told
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
