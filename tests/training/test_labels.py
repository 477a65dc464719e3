"""Labels: what became of a late account, and what may not be known of it yet."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.clock import DAY_SECONDS
from features.panel import Panel, known_at, panel
from models.target import Outcome
from tests.histories import drawn, random_tables
from training.draws import LAST_DRAWN_DAY
from training.labels import CURE, Snapshots, as_at_night, snapshots


def months(*states: str) -> Panel:
    """One account with a statement per word: days past due, and the status where not open."""
    lines = []
    for k, state in enumerate(states):
        if state == "-":  # the month has no statement
            continue
        days_past_due, _, status = state.partition(":")
        lines.append(f"2024-{k + 1:02}-28 1000 50 0 {days_past_due} 5000 {status}")
    return drawn("\n".join(lines))


def first(*states: str, horizon: int = 1) -> Snapshots:
    """The snapshots of the first statement only."""
    found = snapshots(months(*states), Outcome("cure", horizon))
    return found.take(found.day == found.day.min(initial=np.inf))


@pytest.mark.parametrize(
    ("states", "horizon", "label"),
    [
        (("30", "0"), 1, 1),
        (("30", "1"), 1, 0),
        (("30", "60"), 1, 0),
        (("30", "30", "0"), 1, 0),
        (("30", "30", "0"), 2, 1),
        (("30", "0", "30"), 2, 1),
        (("30", "60", "90"), 2, 0),
        (("30", "30:paid_off"), 1, 1),
        (("30", "0:paid_off"), 1, 1),
        (("30", "0:charged_off"), 1, 0),
        (("30", "120:charged_off"), 1, 0),
        (("30", "60:charged_off", "0"), 2, 0),
        (("30", "0", "0:charged_off"), 2, 1),
        (("30", "0", "0:sold"), 2, 1),
    ],
)
def test_what_became_of_the_account(states: tuple[str, ...], horizon: int, label: int) -> None:
    assert first(*states, horizon=horizon).label.tolist() == [label]


@pytest.mark.parametrize(
    ("states", "horizon", "reason"),
    [
        (("30",), 1, "immature"),
        (("30", "30"), 2, "immature"),
        (("30", "0"), 2, "immature"),
        (("30", "30:paid_off"), 2, "immature"),  # the others of its month are not known either
        (("30", "-", "0"), 1, "missing"),
        (("30", "-", "0"), 2, "missing"),
        (("30", "0:restructured"), 1, "censored"),
        (("30", "30:sold"), 1, "censored"),
        (("30", "60:restructured", "0"), 2, "censored"),
    ],
)
def test_why_there_is_no_label(states: tuple[str, ...], horizon: int, reason: str) -> None:
    found = snapshots(months(*states), Outcome("cure", horizon))
    assert found.left.total > 0
    assert getattr(found.left, reason) >= 1
    assert months(*states).day[0, 0] not in found.day


@pytest.mark.parametrize(
    ("states", "horizon", "label"),
    [
        (("30", "0", "0", "0"), 1, 1),
        (("30", "0", "0", "30"), 1, 0),
        (("30", "0", "30", "0"), 1, 0),
        (("30", "30", "0", "0", "0"), 1, 0),  # begun too late
        (("30", "30", "0", "0", "0"), 2, 1),
        (("30", "0", "30", "30", "0"), 2, 0),
        (("30", "0", "30", "0", "0", "0"), 3, 1),  # the second run lasts
        (("30", "0", "0:paid_off", "0"), 1, 1),  # nothing is left to be late with
        (("30", "30", "0:paid_off", "0"), 1, 0),
        (("30", "0", "0:charged_off", "0"), 1, 0),
        (("30", "0", "0", "0", "0:sold"), 2, 1),
    ],
)
def test_a_sustained_cure_lasts_two_further_cycles(
    states: tuple[str, ...], horizon: int, label: int
) -> None:
    found = snapshots(months(*states), Outcome("cure", horizon, sustained=True))
    assert found.take(found.day == found.day.min()).label.tolist() == [label]


@pytest.mark.parametrize(
    ("states", "reason"),
    [
        (("30", "0", "0"), "immature"),
        (("30", "30", "30"), "immature"),
        (("30", "0", "-", "0", "0"), "missing"),
        (("30", "0", "0:sold", "0", "0"), "censored"),
    ],
)
def test_why_there_is_no_label_of_a_sustained_cure(states: tuple[str, ...], reason: str) -> None:
    found = snapshots(months(*states), Outcome("cure", 1, sustained=True))
    assert getattr(found.left, reason) >= 1
    assert months(*states).day[0, 0] not in found.day


@pytest.mark.parametrize(
    ("states", "horizon", "label"),
    [
        (("0", "0"), 1, 1),
        (("0", "30"), 1, 0),
        (("0", "0", "30"), 2, 0),
        (("0", "30", "0"), 2, 0),
        (("0", "0", "0"), 2, 1),
        (("0", "0:paid_off", "0"), 2, 1),
        (("0", "0:charged_off"), 1, 0),
        (("0", "30", "30:sold"), 2, 0),  # it was late before it was sold
    ],
)
def test_staying_current(states: tuple[str, ...], horizon: int, label: int) -> None:
    found = snapshots(months(*states), Outcome("early_warning", horizon))
    assert found.take(found.day == found.day.min()).label.tolist() == [label]
    assert set(found.stage) == {0}


@pytest.mark.parametrize(
    ("states", "reason"),
    [
        (("0", "0"), "immature"),
        (("0", "-", "0"), "missing"),
        (("0", "0:restructured", "0"), "censored"),
    ],
)
def test_why_it_is_not_known_whether_an_account_stayed_current(
    states: tuple[str, ...], reason: str
) -> None:
    found = snapshots(months(*states), Outcome("early_warning", 2))
    assert getattr(found.left, reason) >= 1
    assert months(*states).day[0, 0] not in found.day


def test_late_or_ended_accounts_cannot_stay_current() -> None:
    found = snapshots(months("30", "0:restructured", "0", "0"), Outcome("early_warning", 1))
    assert found.left.total == 2  # the third, and the fourth, which is immature
    assert len(found) == 1


def test_whole_accounts_are_drawn_where_there_are_more_rows_than_are_wanted() -> None:
    history = panel(*random_tables(5, accounts=400, months=12))
    every = snapshots(history, CURE, 1)
    some = every.thinned(len(every) // 2, seed=1)
    assert 0.3 * len(every) < len(some) < 0.7 * len(every)
    assert some.left.not_drawn == len(every) - len(some)
    assert len(every.take(np.isin(every.account, some.account))) == len(some)
    assert every.thinned(len(every), seed=1) is every


@pytest.mark.parametrize("state", ["0", "30:restructured", "30:charged_off", "30:sold"])
def test_only_open_late_accounts_are_in_the_population(state: str) -> None:
    assert snapshots(months(state, "0")).left.total == 0


def test_an_account_that_owes_nothing_is_not_late() -> None:
    history = drawn("2024-01-31 0 50 0 30 5000\n2024-02-29 100 50 0 30 5000")
    assert snapshots(history).left.total == 1


def test_stage_and_previous_stage_skip_no_month() -> None:
    found = snapshots(months("0", "30", "60", "-", "120", "120"))
    assert found.stage.tolist() == [1, 4]
    assert found.previous_stage.tolist() == [0, -1]
    assert snapshots(months("30", "0")).previous_stage.tolist() == [-1]


def test_statements_at_month_ends_are_one_cycle_apart() -> None:
    days = ("2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30")
    history = drawn("\n".join(f"{day} 1000 50 0 30 5000" for day in days))
    assert len(snapshots(history)) == 3
    assert snapshots(history).month.tolist() == [648, 649, 650]


@given(seed=st.integers(0, 50), horizon=st.integers(1, 3))
def test_a_snapshot_is_the_cut_at_as_of_and_its_label_lies_after(seed: int, horizon: int) -> None:
    history = panel(*random_tables(seed))
    found = snapshots(history, Outcome("cure", horizon), seed)
    row, newest = found.view.row, found.view.stop - 1
    cut = known_at(history, row, found.view.as_of)
    for ours, theirs in zip(found.view, cut, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(history.day[row, newest], found.day)
    assert (history.days_past_due[row, newest] > 0).all()
    assert (found.label_known_at > found.view.as_of).all()


@given(seed=st.integers(0, 50))
def test_as_of_and_stages_do_not_move_when_the_future_changes(seed: int) -> None:
    fixed, statements, *events = random_tables(seed)
    before = snapshots(panel(fixed, statements, *events), CURE, seed)
    after_day = np.median(statements.day)
    later = statements.day > after_day
    changed = statements._replace(
        days_past_due=np.where(
            later, 30 - np.minimum(statements.days_past_due, 30), statements.days_past_due
        ),
        balance=np.where(later, 77.0, statements.balance),
    )
    after = snapshots(panel(fixed, changed, *events), CURE, seed)
    mine, theirs = before.take(before.day <= after_day), after.take(after.day <= after_day)
    common = {(r, d): k for k, (r, d) in enumerate(zip(mine.account, mine.day, strict=True))}
    for k, key in enumerate(zip(theirs.account, theirs.day, strict=True)):
        if key in common:
            assert theirs.view.as_of[k] == mine.view.as_of[common[key]]
            assert theirs.previous_stage[k] == mine.previous_stage[common[key]]


def test_half_of_the_snapshots_are_taken_inside_the_cycle_where_events_are_known() -> None:
    fixed, statements, payments, contacts = random_tables(3, accounts=400)
    everyone = np.full(400, True)
    known = panel(fixed._replace(payments_known=everyone), statements, payments, contacts)
    unknown = panel(fixed._replace(payments_known=~everyone, contacts_known=~everyone), statements)
    found = snapshots(known, CURE, 3)
    statement_at = known.known_at[found.view.row, found.view.stop - 1]
    days = (found.view.as_of - statement_at) / DAY_SECONDS
    assert set(days) <= set(range(LAST_DRAWN_DAY + 1))
    assert len(found) > 400
    assert 0.4 < (days > 0).mean() < 0.6
    plain = snapshots(unknown, CURE, 3)
    at_statement = unknown.known_at[plain.view.row, plain.view.stop - 1]
    np.testing.assert_array_equal(plain.view.as_of, at_statement)
    np.testing.assert_array_equal(found.label, plain.label)


def test_a_night_meets_accounts_inside_their_cycle() -> None:
    history = panel(*random_tables(3, accounts=200))
    found = snapshots(history, CURE, 3)
    night = as_at_night(history, found)
    statement_at = history.known_at[found.view.row, found.view.stop - 1]
    np.testing.assert_array_equal(night, found.view.as_of > statement_at)
    assert 0 < night.sum() < len(found)
    at_statement = found.take(~night)
    assert as_at_night(history, at_statement).all()  # nothing is known of any other day


def test_days_are_drawn_from_account_and_date_whatever_else_there_is() -> None:
    fixed, statements, payments, contacts = random_tables(3, accounts=60)
    ids = np.array([f"a{n}" for n in range(60)])

    def drawn_days(kept: list[int], seed: int = 3) -> dict[tuple[str, float], float]:
        """Instants by account and date, of a portfolio of those accounts in that order."""
        new = {old: k for k, old in enumerate(kept)}

        def of(events):  # type: ignore[no-untyped-def]
            mine = np.isin(events.account, kept)
            rows = [values[mine] for values in events]
            rows[0] = np.array([new[a] for a in rows[0]], dtype=np.int64)
            return type(events)._make(rows)

        part = type(fixed)._make(values[kept] for values in fixed)
        history = panel(part, of(statements), of(payments), of(contacts))
        found = snapshots(history, CURE, seed, ids[kept])
        names = ids[kept][found.account]
        return dict(zip(zip(names, found.day, strict=True), found.view.as_of, strict=True))

    every = drawn_days(list(range(60)))
    assert drawn_days(list(range(59, -1, -1))) == every
    half = drawn_days(list(range(31, 60, 2)))
    assert len(half) > 5
    assert half.items() <= every.items()
    assert drawn_days(list(range(60)), seed=4) != every


def test_the_real_accounts_have_the_rows_that_were_counted(uci_csv) -> None:  # type: ignore[no-untyped-def]
    from training.panels import panel_of
    from training.sources.uci import import_uci

    found = snapshots(panel_of(import_uci(uci_csv)).panel)
    month, count = np.unique(found.month, return_counts=True)
    assert len(found) == 10_780
    assert found.left.immature == found.left.total - len(found)
    assert count[-1] == 3_260
    assert found.label[found.month == month[-1]].mean() == pytest.approx(0.308, abs=5e-4)
