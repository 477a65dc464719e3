"""The waterfall of a score: it adds up as it stands, whatever the record holds."""

import math
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.score.reasons import fact
from service.review.decision.summary import summary
from service.review.decision.waterfall import KEPT, WIDTH, Waterfall, waterfall

GROUPS = ("ability", "willingness", "exposure", "contact", "calibration", "a group of old")


def reason(contribution: float, group: str = "exposure", **changes: Any) -> dict[str, Any]:
    """A reason as records show it."""
    plain = {"feature": "dpd_last", "group": group, "value": 28.0, "unit": "days"}
    return plain | {"contribution": contribution, "text": "Days past due."} | changes


def record(
    reasons: list[dict[str, Any]], base: float = -0.6, others: float = 0.0
) -> dict[str, Any]:
    """The part of a shown record that a waterfall is made of."""
    log_odds = base + math.fsum([others, *(each["contribution"] for each in reasons)])
    score = {"base_log_odds": base, "log_odds": log_odds}
    score["probability"] = 1 / (1 + math.exp(-log_odds))
    return {
        "currency": "USD",
        "score": score,
        "reasons": reasons,
        "other_contributions": others,
    }


def printed(number: float) -> Decimal:
    return Decimal(f"{number:.4f}")


def assert_adds_up(found: Waterfall) -> None:
    """Base and steps are the total, those of a group its subtotal, and each stands on the last."""
    total = printed(found.base)
    for group in found.groups:
        start = total
        for step in group.steps:
            total += printed(step.adds)
            assert printed(step.log_odds) == total
        if group.others is not None:
            within = total
            for step in group.folded:
                within += printed(step.adds)
                assert printed(step.log_odds) == within
            total += printed(group.others.adds)
            assert total == within == printed(group.others.log_odds)
        assert printed(group.subtotal.adds) == total - start
        assert printed(group.subtotal.log_odds) == total
    assert total == printed(found.log_odds)


shares = st.floats(-3, 3, allow_nan=False).map(lambda share: round(share, 9))
drawn_reasons = st.lists(
    st.builds(lambda share, group: reason(share, group), shares, st.sampled_from(GROUPS)),
    max_size=40,
)


@given(drawn_reasons, shares, shares, st.sampled_from([KEPT, None]))
def test_what_is_shown_adds_up_to_the_last_digit(
    reasons: list[dict[str, Any]], base: float, others: float, kept: int | None
) -> None:
    told = record(reasons, base, others)
    found = waterfall(told, "en", kept)
    assert_adds_up(found)
    steps = [s for g in found.groups for s in (*g.steps, *g.folded)]
    named = [step.reason for step in steps if step.reason is not None]
    assert len(named) == len(reasons)  # every one can be reached
    for step in steps:
        lone = step.reason
        if lone is not None:
            # A rounded number never tells the other way, nor more than a digit's half each end.
            assert step.adds * lone["contribution"] >= 0 or abs(lone["contribution"]) < 1e-4
            assert step.adds == pytest.approx(lone["contribution"], abs=1.6e-4)


@given(drawn_reasons, shares, shares)
def test_every_bar_lies_in_the_box_and_joins_the_next(
    reasons: list[dict[str, Any]], base: float, others: float
) -> None:
    found = waterfall(record(reasons, base, others), "en", None)
    at, box = float(found.at_base), WIDTH
    assert 0 <= at <= box
    for step in (step for group in found.groups for step in group.steps):
        left, width = float(step.bar.left), float(step.bar.width)
        assert 0 <= left <= left + width <= box + 0.6
        start, end = (left, left + width) if step.bar.raises else (left + width, left)
        assert start == pytest.approx(at, abs=0.6)  # no bar is thinner than half a unit
        at = end


def test_groups_stand_in_their_order_and_the_largest_reasons_first() -> None:
    told = record(
        [
            reason(0.1, "contact"),
            reason(-0.2, "ability"),
            reason(0.3, "ability"),
            reason(0.01, "exposure"),
            reason(-0.05, "calibration"),
        ]
    )
    found = waterfall(told, "en")
    names = [group.name for group in found.groups]
    assert names == ["ability", "exposure", "contact", "calibration"]
    assert [step.adds for step in found.groups[0].steps] == [0.3, -0.2]
    assert [step.bar.raises for step in found.groups[0].steps] == [True, False]
    assert found.groups[0].subtotal.adds == 0.1


def test_the_smaller_reasons_of_a_group_are_one_step_that_can_be_opened() -> None:
    told = record([reason(0.1 * (i + 1)) for i in range(KEPT + 3)])
    (group,) = waterfall(told, "en").groups
    assert [step.adds for step in group.steps] == [0.7, 0.6, 0.5, 0.4]
    assert group.others is not None
    assert (group.others.size, group.others.adds) == (3, 0.6)
    assert [step.adds for step in group.folded] == [0.3, 0.2, 0.1]


def test_one_reason_alone_is_not_folded() -> None:
    told = record([reason(0.1) for _ in range(KEPT + 1)])
    (group,) = waterfall(told, "en").groups
    assert (len(group.steps), group.others, group.folded) == (KEPT + 1, None, [])


def test_each_step_tells_the_probability_that_it_reaches() -> None:
    told = record([reason(1.0), reason(0.5, "contact")], base=-1.5)
    found = waterfall(told, "en")
    assert found.base_probability == pytest.approx(1 / (1 + math.exp(1.5)))
    first, second = (group.steps[0] for group in found.groups)
    assert first.probability == pytest.approx(1 / (1 + math.exp(0.5)))
    assert second.probability == pytest.approx(0.5)
    assert found.probability == pytest.approx(0.5)


def test_what_the_record_does_not_name_is_a_step_of_its_own() -> None:
    found = waterfall(record([reason(0.25)], others=-0.014), "en")
    last = found.groups[-1]
    assert (last.name, last.steps[0].reason, last.steps[0].adds) == ("not_recorded", None, -0.014)
    assert [
        group.name for group in waterfall(record([reason(0.25)], others=1e-9), "en").groups
    ] == ["exposure"]


def test_a_record_without_reasons_has_its_base_alone() -> None:
    found = waterfall(record([]), "en")
    assert (found.groups, found.base, found.log_odds) == ([], -0.6, -0.6)
    assert "names no reason" in summary(record([]), found, "en")


def test_values_are_told_with_their_units_in_both_languages() -> None:
    told = record([reason(0.1), reason(-0.1, value=None)])
    for language, values in (
        ("en", ["28 days", "none or not known"]),
        ("zh", ["28 天", "无或未知"]),
    ):
        (group,) = waterfall(told, language).groups  # type: ignore[arg-type]
        assert sorted(step.reason["told"] for step in group.steps if step.reason) == sorted(values)


def test_the_axis_names_probabilities_where_there_is_room() -> None:
    wide = waterfall(record([reason(6.0), reason(-6.0)], base=-3.0), "en")
    assert [tick.probability for tick in wide.ticks] == sorted(t.probability for t in wide.ticks)
    assert 0.5 in [tick.probability for tick in wide.ticks]
    places = [float(tick.x) for tick in wide.ticks]
    assert all(later - earlier >= 30 for earlier, later in pairwise(places))
    narrow = waterfall(record([reason(0.01)], base=-3.0), "en")
    assert [tick.probability for tick in narrow.ticks] == [0.05]


def test_the_paragraph_names_the_strongest_reasons_each_way() -> None:
    told = record(
        [
            reason(0.5),
            reason(-0.75, value=None),
            *(reason(0.1 / (i + 1)) for i in range(5)),
        ],
        base=0.0,
    )
    found = waterfall(told, "en")
    text = summary(told, found, "en")
    dpd = fact("dpd_last", 28.0, "days", "USD", "en")
    assert text.startswith("For the average account the probability is 50.0%; for this one it is ")
    assert f"Raised most by “{dpd}” (+0.50); “{dpd}” (+0.10); “{dpd}” (+0.05)." in text
    assert text.endswith("(-0.75).")
    chinese = summary(told, found, "zh")
    assert "提高最多的因素：“最近一期账单的逾期天数：28 天”（+0.50）；" in chinese


class Table(HTMLParser):
    """The rows of a page's waterfall: their classes, and the numbers in their cells by class."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[tuple[str, dict[str, Decimal]]] = []
        self._cell = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kind = dict(attrs).get("class") or ""
        if tag == "tr":
            self.rows.append((kind, {}))
        self._cell = kind.removeprefix("number ") if tag == "td" else ""

    def handle_data(self, data: str) -> None:
        if self._cell in ("adds", "running") and data.strip():
            self.rows[-1][1][self._cell] = Decimal(data.strip())


def table_of(html: str) -> list[tuple[str, dict[str, Decimal]]]:
    start = html.index('<table class="waterfall">')
    text = unescape(html[start : html.index("</tfoot>", start)])
    return [row for row in Table(text).rows if row[1]]


def assert_page_adds_up(html: str) -> int:
    """As `assert_adds_up`, of what stands on a page; how many reasons it shows alone."""
    total = within = group = Decimal(0)
    alone = 0
    for kind, numbers in table_of(html):
        running = numbers["running"]
        if kind == "base":
            total = within = group = running
        elif kind in ("step", "step others"):
            within, total = total, total + numbers["adds"]
            assert running == total
            alone += kind == "step"
        elif kind == "folded":
            within += numbers["adds"]
            assert running == within
            alone += 1
        elif kind == "subtotal":
            assert numbers["adds"] == total - group
            group = total
        else:
            assert (kind, running) == ("total", total)
    return alone


def test_the_page_adds_up(client: Any, body: dict[str, Any]) -> None:
    decided = client.post("/v1/decisions?reasons=all", json=body).json()
    address = f"/review/decisions/{decided['decision_id']}"
    for path in (address, f"{address}/print", f"{address}?lang=zh"):
        html = client.get(path).text
        assert assert_page_adds_up(html) == len(decided["reasons"])
        last = table_of(html)[-1][1]["running"]
        assert last == Decimal(f"{decided['score']['log_odds']:.4f}")
    assert "<details>" in client.get(address).text
    assert "folded" not in client.get(f"{address}/print").text
