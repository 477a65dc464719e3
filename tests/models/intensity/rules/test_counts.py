"""The compiled counts against a reference that says what a window is, over random contacts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.panel import Contacts, Fixed, Panel, Statements, known_at, panel
from features.tables import CONTACTS, codes_of
from models.intensity.rules import counts
from models.intensity.rules.book import COUNTED
from models.intensity.rules.counts import count
from models.intensity.rules.rule import UNKNOWN_PLACE, Frequency

ACCOUNTS = 3
START = 20_000  # day of the first contact
# The same rules counted over other things and longer, which no source asks for today.
VARIED = tuple(
    replace(rule, per=per, days=3 * rule.days if rule.days < 30 else 4, most=min(rule.most, 3))
    for rule in COUNTED
    for per in ("account", "debtor", "contact_point")
)
NAN = float("nan")
Row = tuple[int, float, float, float, float, float, float, float]
CODES = {
    name: list(codes_of(CONTACTS, name)) for name in ("channel", "direction", "outcome", "place")
}


@st.composite
def contacts(draw: st.DrawFn) -> list[Row]:
    """Rows of account, at, local day, channel, direction, outcome, place, point.

    Calls are drawn most, and many on one day: rules are used up. A local day may lie before that
    of `at`, as where clocks go back across midnight.
    """
    row = st.tuples(
        st.integers(0, ACCOUNTS - 1),
        st.integers(0, 40) | st.just(39),
        st.integers(0, 86_399),
        st.sampled_from([0, 0, 0, 0, 1]),
        st.sampled_from([3, 3, 3, 3, *range(8)]).map(float),
        st.sampled_from([0, 0, 0, 1]).map(float),
        st.sampled_from([1, 3, *range(6)]).map(float),
        st.sampled_from([NAN, NAN, 0.0, 1.0, 2.0]),
        st.sampled_from([NAN, 7.0, 8.0]),
    )
    return [
        (account, (START + day) * 86_400.0 + second, float(START + day - back), *codes)
        for account, day, second, back, *codes in draw(st.lists(row, max_size=60))
    ]


def table(rows: list[Row]) -> Contacts:
    columns = np.array(rows, float).reshape(-1, 8).T.copy()
    unread = np.full(len(rows), NAN)
    return Contacts(
        account=columns[0].astype(np.int64),
        at=columns[1],
        local_hour=unread,
        channel=columns[3],
        direction=columns[4],
        outcome=columns[5],
        reason=unread,
        promised_amount=unread,
        promised_until=unread,
        appointment_at=unread,
        local_day=columns[2],
        point=columns[7],
        place=columns[6],
    )


def arranged(own: list[Row], others: list[Row]) -> Panel:
    zeros = np.zeros(ACCOUNTS)
    known = np.ones(ACCOUNTS, bool)
    statements = Statements(np.arange(ACCOUNTS), *[zeros] * 8)
    fixed = Fixed(zeros, zeros, zeros, known, known)
    return panel(fixed, statements, None, table(own), table(others))


def matches(rule: Frequency, row: Row) -> bool:
    _, _, _, channel, direction, outcome, place, _ = row
    where = UNKNOWN_PLACE if np.isnan(place) else CODES["place"][int(place)]
    return (
        CODES["channel"][int(channel)] in rule.channels
        and CODES["direction"][int(direction)] in rule.directions
        and CODES["outcome"][int(outcome)] in rule.outcomes
        and where in rule.places
    )


def reference(rule: Frequency, rows: list[Row], today: int) -> tuple[int, int]:
    """Used, and the first day on which one more fits into the window that ends on it."""
    points: dict[str, list[float]] = {}
    for row in rows:
        if matches(rule, row):
            key = str(row[7]) if rule.per == "contact_point" else "all"
            points.setdefault(key, []).append(row[2])

    def used(day: int) -> int:
        return max((sum(d > day - rule.days for d in days) for days in points.values()), default=0)

    free = today
    while used(free) >= rule.most:
        free += 1
    return used(today), free


@pytest.mark.parametrize("rules", [COUNTED, VARIED], ids=["counted", "varied"])
@settings(max_examples=200, deadline=None)
@given(own=contacts(), others=contacts(), day=st.integers(30, 41), second=st.integers(0, 86_399))
def test_counts_are_those_of_the_reference(
    rules: tuple[Frequency, ...], own: list[Row], others: list[Row], day: int, second: int
) -> None:
    as_of, today = (START + day) * 86_400.0 + second, START + day
    history = arranged(own, others)
    view = known_at(history, np.arange(ACCOUNTS), np.full(ACCOUNTS, as_of))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counts, "_RULES", counts._table(rules))
        found = count(history, view, np.full(ACCOUNTS, float(today)))
    for i in range(ACCOUNTS):
        known_own = [row for row in own if row[0] == i and row[1] <= as_of]
        known_others = [row for row in others if row[0] == i and row[1] <= as_of]
        for k, rule in enumerate(rules):
            rows = known_own if rule.per == "account" else known_own + known_others
            assert (found.used[i, k], found.free_day[i, k]) == reference(rule, rows, today)


@given(contacts(), contacts())
def test_rows_of_a_view_do_not_depend_on_one_another(own: list[Row], others: list[Row]) -> None:
    history = arranged(own, others)
    view = known_at(history, np.arange(ACCOUNTS), np.full(ACCOUNTS, (START + 40) * 86_400.0))
    today = np.full(ACCOUNTS, START + 40.0)
    together = count(history, view, today)
    for order in ([2, 0], [1]):
        rows = np.array(order)
        alone = count(history, view.take(rows), today[rows])
        assert np.array_equal(alone.used, together.used[rows])
        assert np.array_equal(alone.free_day, together.free_day[rows])


def test_an_account_without_contacts_has_used_nothing() -> None:
    history = arranged([], [])
    view = known_at(history, np.arange(1), np.array([START * 86_400.0]))
    found = count(history, view, np.array([float(START)]))
    assert found.used.tolist() == [[0] * len(COUNTED)]
    assert found.free_day.tolist() == [[START] * len(COUNTED)]


@pytest.mark.parametrize("rule", COUNTED, ids=lambda rule: rule.id)
def test_clocks_that_go_back_across_midnight_hide_no_contact(rule: Frequency) -> None:
    """The older of two contacts is of the later day: the oldest in the window, and today's."""
    today = START + 40
    kind = (
        float(CODES["channel"].index(rule.channels[0])),
        float(CODES["direction"].index(rule.directions[0])),
        float(CODES["outcome"].index(rule.outcomes[0])),
        float(CODES["place"].index(rule.places[0])),
        NAN,
    )
    first = today - rule.days + 1
    own = [
        (0, first * 86_400.0, float(first), *kind),
        (0, first * 86_400.0 + 1, float(first - 1), *kind),
    ]
    history = arranged(own, [])
    view = known_at(history, np.arange(1), np.array([(today + 1) * 86_400.0]))
    found = count(history, view, np.array([float(today)]))
    assert found.used[0, COUNTED.index(rule)] == 1
