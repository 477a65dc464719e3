"""The level on a decision's page: what decided it, in words and pictures."""

import re
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa

from models.decision import BindingRule, Change
from models.score.reasons import Language
from service.review.bars import bars, filled, spans
from service.review.decision.level_reason import level_reason
from service.review.labels.catalogue import LABELS
from tests.records import EXPLORED, INTENSITY, decided, first_record, second_record
from tests.service.conftest import Client
from tests.storing import store_whole, stored


@pytest.fixture
def page(client: Client, engine: sa.Engine) -> Any:
    """The page of a decision with changes to its intensity, in a language."""

    def shown(language: str = "en", **changes: Any) -> str:
        (record,) = stored(engine, decided(**changes))
        path = f"/review/decisions/{record['decision_id']}?lang={language}"
        answered = client.get(path)
        assert answered.status_code == 200
        return unescape(answered.text)

    return shown


def levels(html: str) -> str:
    """The table of all levels."""
    start = html.index('<table class="levels">')
    return html[start : html.index("</table>", start)]


def row(html: str, level: str) -> str:
    """The row of a level, in one line."""
    found = re.search(rf'<tr class="[^"]*">\s*<td>{level} · .*?</tr>', html, re.DOTALL)
    assert found is not None
    return re.sub(r"\s+", " ", found[0])


def test_the_treatment_stands_with_its_reason_and_its_plan(page: Any) -> None:
    html = page()
    for sentence in (
        "Offer the customer a repayment plan. Ability to pay is low, willingness is not. "
        "Plan: 5 months, 184.00 USD a month at most.",
        "Nov 23, 2026, 08:00:00 -05:00",
        "text message, email",
        "New York City, United States",
        LABELS["response_assumed"].en,
        LABELS["is_planned"].en,
    ):
        assert sentence in html, sentence
    assert LABELS["strictest"].en not in html


def test_each_level_shows_its_numbers_with_their_currency(page: Any) -> None:
    html = page()
    assert 'Net <span class="unit">USD</span>' in html
    call = row(html, "2")
    for number in ("48.0%", "73.60", "21.50", "7.75", "44.35"):
        assert re.search(rf'<td class="number" data-label="[^"]+">{number}</td>', call), number
    assert "no – At most 3 contacts or attempts within 7 days on one account" in call
    assert row(html, "4").endswith("no – The level is above the highest of the stage.</td> </tr>")


def test_the_chosen_level_and_the_runner_up_are_marked(page: Any) -> None:
    html = page()
    assert '<tr class="chosen">' in row(html, "1")
    assert '<span class="mark">chosen</span>' in row(html, "1")
    assert '<span class="mark">runner-up</span>' in row(html, "0")
    assert levels(html).count('<span class="mark">') == 2
    assert levels(page(runner_up=None)).count('<span class="mark">') == 1


def test_bars_show_the_sign_and_size_of_what_a_level_nets(page: Any) -> None:
    html = page()
    bar = r'<rect class="(\w+)" x="([\d.]+)" y="1" width="([\d.]+)"'
    assert re.findall(bar, row(html, "4")) == [("lowers", "0.0", "100.0")]
    assert re.findall(bar, row(html, "2")) == [("raises", "100.0", "59.3")]  # of 44.35 to 74.8
    assert [bar.width for bar in bars([0.0, 0.0])] == ["0.0", "0.0"]


def test_limits_show_how_much_is_used(page: Any) -> None:
    html = page()
    assert "calls dialled, on this account, within 7 days" in html
    assert "7 of 7" in html
    assert "1 of 3" in html
    widths = re.findall(r'<rect class="(\w+)" x="0" y="1" width="([\d.]+)"', html)
    assert widths == [("track", "100"), ("lowers", "100.0"), ("track", "100"), ("raises", "33.3")]
    assert filled(9, 7) == "100.0"
    assert LABELS["limits"].en not in page(limits=())


def test_binding_rules_show_what_they_took_and_their_source(page: Any) -> None:
    html = page()
    for cells in (
        ("by all channels together.", "level lowered from 2 (call) to 1 (reminder)", "DCWP rule"),
        ("bring more.", "level lowered from 3 (intensive contact) to 2 (call)", "capacity plan"),
        ("on one debt.", "channel taken away: phone call", "12 CFR 1006.14(b)"),
        ("debtor's place.", "no contact before 2026-11-23 08:00-05:00", "12 CFR 1006.6(b)"),
    ):
        assert "</td><td>".join(cells) in html, cells
    assert LABELS["no_rules"].en in page(binding_rules=())


def test_the_smallest_changes_stand_in_order_as_sentences(page: Any) -> None:
    sentences = re.findall(r"<li>(.*)</li>", page())
    assert len(sentences) == 5
    assert sentences[0] == "If the probability rose to 42.32%, the level would be 2 (call)."
    assert sentences[4].startswith("Without this rule the level would be 2 (call): At most 3")
    assert LABELS["no_changes"].en in page(changes=())


def test_each_effect_is_told_and_drawn_with_its_interval(page: Any) -> None:
    html = page(**EXPLORED)
    rows = html[html.index('<table class="effects">') :].split("<tr")[2:6]
    assert [re.findall(r"<td>(adds[^<]*)</td>", each)[0] for each in rows] == [
        "adds 3.0 points (-1.0 to 6.8), estimated from assignments",
        "adds 8.0 points; assumed: this level was never tried in M1",
        "adds 7.0 points (2.0 to 14.0), estimated from assignments",
        "adds 6.0 points; assumed: in M1 this level, or no contact, was assigned too seldom",
    ]
    assert ['class="bar assumed"' in each for each in rows] == [False, True, False, True]
    # Of 100 units on each side, 14 points fill one.
    assert 'd="M92.9 1V11M92.9 6H148.6M148.6 1V11"' in rows[0]
    assert 'd="M114.3 1V11M114.3 6H200.0M200.0 1V11"' in rows[2]
    assert [each.count("<path") for each in rows] == [1, 0, 1, 0]
    assert re.findall(r'x="([\d.]+)" y="3" width="([\d.]+)"', rows[1]) == [("100.0", "57.1")]
    assert LABELS["response_partly"].en in html
    assert LABELS["response_assumed"].en not in html


def test_an_interval_without_a_length_is_drawn() -> None:
    (nothing,) = spans([0.0], [(0.0, 0.0)])
    assert (nothing.bar.width, nothing.low, nothing.high) == ("0.0", "100.0", "100.0")
    (below,) = spans([-0.2], [None])
    assert (below.bar.left, below.low) == ("0.0", None)


def test_where_no_effect_is_estimated_every_one_says_why(page: Any) -> None:
    html = page()
    assert html.count("assumed: no effects have been estimated from assignments") == 4
    assert LABELS["response_assumed"].en in html
    assert LABELS["response_estimated"].en in page(response_model="estimated")


def test_a_drawn_level_says_so_and_marks_the_recommended_one(page: Any) -> None:
    html = page(**EXPLORED)
    told = (
        "Drawn at random for the experiment autumn-2026: the level recommended was 2 (call). "
        "Chance of each level: no contact 0.0%, reminder 2.5%, call 95.0%, intensive contact 2.5%, "
        "escalation 0.0%."
    )
    assert f'<p class="notice">{told}</p>' in html
    assert '<span class="mark">chosen</span>' in row(html, "1")
    assert '<span class="mark">recommended</span>' in row(html, "2")
    assert levels(html).count('<span class="mark">') == 2
    assert LABELS["is_not_planned"].en not in html  # it was drawn, whatever the plan has
    assert re.findall(r"<li>(.*)</li>", html) == [
        "The level was drawn at random; outside the experiment it would be 2 (call), the one "
        "recommended."
    ]


def test_other_arms_and_who_takes_no_part(page: Any) -> None:
    html = page(**EXPLORED | {"arm": "challenger", "recommended": 1})
    assert "Decided by the challenger policy default@1fbecb39559a" in html
    html = page(**EXPLORED | {"arm": "ordinary", "recommended": 1})
    assert "<p>The account takes part in the experiment autumn-2026 and got the level" in html
    assert "experiment" not in page()


def test_an_unknown_jurisdiction_is_said(page: Any) -> None:
    html = page(rules_of="strictest", planned=False)
    assert f'<p class="notice">{LABELS["strictest"].en}</p>' in html
    assert LABELS["is_not_planned"].en in html


@pytest.mark.parametrize("changes", [{}, EXPLORED])
def test_all_of_it_is_in_chinese_too(page: Any, changes: dict[str, Any]) -> None:
    html = page("zh", **changes)
    part = html[html.index('<h2 id="level">联系强度 1') : html.index('<h2 id="history">')]
    text = re.sub(r"<[^>]*>", " ", part)
    foreign = re.sub(r"M1|autumn-2026|USD|CFR|\(b\)|DCWP rule|capacity plan", "", text)
    assert not re.search("[A-Za-z]", foreign), foreign


def test_an_old_record_is_shown_without_what_it_did_not_hold(
    client: Client, engine: sa.Engine
) -> None:
    record = first_record()
    store_whole(engine, record)
    answered = client.get(f"/review/decisions/{record['decision_id']}")
    assert answered.status_code == 200
    html = answered.text
    assert "Remind the customer of what is due." in html
    assert "no – A promise to pay is not yet due: at most a reminder." in row(html, "2")
    assert "level lowered from 2 (call) to 1 (reminder)" in html
    for label in ("changes", "weighed", "net", "response_assumed", "limits", "rules_of"):
        assert LABELS[label].en not in html, label
    assert "None" not in html


def test_a_record_of_schema_2_is_shown_as_it_was(client: Client, engine: sa.Engine) -> None:
    record = second_record()
    store_whole(engine, record)
    answered = client.get(f"/review/decisions/{record['decision_id']}")
    assert answered.status_code == 200
    html = unescape(answered.text)
    assert LABELS["is_planned"].en in html
    assert LABELS["response_assumed"].en in html
    assert '<span class="mark">runner-up</span>' in row(html, "0")
    assert 'class="effects"' not in html
    assert "xperiment" not in html
    assert "None" not in html


def reason_of(engine: sa.Engine, language: Language = "en", **changes: Any) -> str:
    """What set the level of a decision with changes to its intensity."""
    (record,) = stored(engine, decided(**changes))
    return level_reason(record, language)


def test_what_set_the_level_is_said_first(engine: sa.Engine, page: Any) -> None:
    rule = "At most 3 contacts or attempts within 7 days on one account"
    told = reason_of(engine)
    assert told.startswith(f"A rule set it: level lowered from 2 (call) to 1 (reminder). {rule}")
    assert f'<p class="said">{told}</p>' in page()
    assert reason_of(engine, "zh").startswith("由规则决定：级别由 2（电话联系）降为 1（提醒）。")


def test_a_rule_that_left_more_did_not_set_the_level(engine: sa.Engine) -> None:
    rules = (BindingRule("capacity", "capacity plan", "level:3->2"),)
    assert reason_of(engine, binding_rules=rules) == (
        "Of the levels allowed, 1 (reminder) nets most: 26.40\u00a0USD in a cycle, 26.40\u00a0USD "
        "more than 0 (no contact)."
    )
    assert reason_of(engine, binding_rules=(), runner_up=None) == (
        "Of the levels allowed, 1 (reminder) nets most: 26.40\u00a0USD in a cycle."
    )


def test_a_level_that_nets_less_is_the_plans(engine: sa.Engine) -> None:
    levels = list(INTENSITY.levels)
    levels[2] = levels[2]._replace(allowed=True, taken_by=None)
    told = reason_of(engine, levels=tuple(levels), binding_rules=())
    assert told == "The capacity plan gave level 1 (reminder)."


def test_a_draw_set_the_level(engine: sa.Engine) -> None:
    assert reason_of(engine, **EXPLORED) == (
        "Level 1 (reminder) was drawn at random for the experiment autumn-2026; 2 (call) was "
        "recommended."
    )


def test_a_person_set_the_level(engine: sa.Engine) -> None:
    given = (Change("rule", "override", None, None, 2),)
    (record,) = stored(engine, decided(changes=given))
    for reason, expected in (
        (
            {"code": "legal_advice", "text": None},
            "A person gave level 1 (reminder). On legal advice.",
        ),
        ({"code": "approved", "text": None}, "A person gave level 1 (reminder)."),
        ({"code": "of old", "text": None}, "A person gave level 1 (reminder). of old"),
    ):
        assert level_reason(record | {"override_reason": reason}, "en") == expected


def test_a_record_that_weighed_nothing_says_so_where_no_rule_bound() -> None:
    record = first_record()
    assert level_reason(record, "en").startswith("A rule set it: level lowered from 2 (call)")
    record["intensity"]["binding_rules"] = []
    assert level_reason(record, "en").startswith("The record does not tell")
