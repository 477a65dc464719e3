"""Holds of real panels: promises, plans and payments in transit, walked across each boundary."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.clock import day_number, midnight_after
from features.panel import Contacts, Fixed, Payments, Statements, known_at, panel
from features.tables import CONTACTS, codes_of
from models.account import Account, Plan
from models.intensity.choose import choose
from models.intensity.policy import load_policy
from models.intensity.situation import Situation, situation

ZONE = "America/New_York"
STATEMENT = date(2026, 3, 31)
SECOND = timedelta(seconds=1)
OUTCOMES = codes_of(CONTACTS, "outcome")


class Paid(NamedTuple):
    at: datetime
    amount: float
    reversed: bool = False
    reversed_at: datetime | None = None


class Said(NamedTuple):
    at: datetime
    until: date | None
    amount: float = np.nan
    outcome: str = "promise"
    appointment: datetime | None = None


def local(day: date, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(ZONE))


APRIL = [date(2026, 4, day) for day in range(1, 31)]


def fourth(hour: int = 12) -> datetime:
    """An hour of 4 April."""
    return local(APRIL[3], hour)


ACCOUNT = Account(
    account_id="A1",
    product="credit_card",
    security="none",
    currency="USD",
    balance=1_000,
    past_due_amount=100,
    days_past_due=40,
    jurisdiction="US",
    timezone=ZONE,
)


def found(
    as_of: datetime,
    paid: Sequence[Paid] = (),
    said: Sequence[Said] = (),
    *,
    account: Account = ACCOUNT,
    statements: Sequence[date] = (date(2026, 2, 28), STATEMENT),
    grace_days: int = 2,
) -> Situation:
    """The situation of an account that stands between two others with events of their own."""
    history = panel(
        Fixed(*(np.zeros(3),) * 3, *(np.ones(3, bool),) * 2),
        _statements(statements),
        _payments([*(Paid(fourth(1), 9_999),) * 2, *paid], [0, 2, *(1,) * len(paid)]),
        _contacts([*(Said(fourth(1), APRIL[29]),) * 2, *said], [0, 2, *(1,) * len(said)]),
    )
    view = known_at(history, np.array([0, 1, 2]), np.full(3, as_of.timestamp()))
    return situation(history, view, 1, account, grace_days)


def _statements(days: Sequence[date]) -> Statements:
    # the neighbours have a statement later than any of the account's, to be kept apart from
    rows = [(0, date(2026, 4, 30)), *((1, day) for day in days), (2, STATEMENT)]
    day = np.array([day_number(d) for _, d in rows])
    known = np.array([midnight_after(d, ZONE) for d in day])
    values = (np.full(len(rows), 100.0) for _ in range(6))
    return Statements(np.array([account for account, _ in rows]), day, known, *values)


def _payments(paid: Sequence[Paid], account: Sequence[int]) -> Payments:
    return Payments(
        np.array(account),
        np.array([p.at.timestamp() for p in paid]),
        np.array([p.amount for p in paid]),
        np.array([float(p.reversed) for p in paid]),
        np.array([np.nan if p.reversed_at is None else p.reversed_at.timestamp() for p in paid]),
    )


def _contacts(said: Sequence[Said], account: Sequence[int]) -> Contacts:
    until = [np.nan if s.until is None else midnight_after(day_number(s.until), ZONE) for s in said]
    other = (np.zeros(len(said)) for _ in range(3))
    return Contacts(
        np.array(account),
        np.array([s.at.timestamp() for s in said]),
        *other,
        np.array([float(OUTCOMES[s.outcome]) for s in said]),
        np.full(len(said), np.nan),
        np.array([s.amount for s in said]),
        np.array(until),
        np.array([np.nan if s.appointment is None else s.appointment.timestamp() for s in said]),
    )


def test_an_account_that_has_done_nothing_is_not_held() -> None:
    assert found(fourth()) == Situation(None, False, False)


# --- Appointments


@pytest.mark.parametrize(
    ("contact", "agreed"),
    [
        (Said(fourth(9), None, outcome="conversation"), False),
        (Said(fourth(9), None, outcome="conversation", appointment=fourth(12)), True),
        (Said(fourth(9), None, outcome="conversation", appointment=fourth(12) - SECOND), False),
        (Said(fourth(13), None, outcome="conversation", appointment=fourth(15)), False),
    ],
    ids=["none", "still to come", "past", "not known yet"],
)
def test_a_visit_is_agreed_until_its_appointment(contact: Said, agreed: bool) -> None:
    assert found(fourth(12), said=[contact]).visit_agreed == agreed


# --- Promises


PROMISE = Said(fourth(), APRIL[9], 80)  # on the 4th, to pay 80 by the 10th


@pytest.mark.parametrize(
    ("as_of", "held"),
    [
        (PROMISE.at - SECOND, False),
        (PROMISE.at, True),
        (local(APRIL[9], 23, 59), True),
        (local(APRIL[10]), True),  # the day has passed: grace
        (local(APRIL[12]) - SECOND, True),
        (local(APRIL[12]), False),  # broken
        (local(APRIL[12]) + SECOND, False),
    ],
)
def test_a_promise_holds_until_its_grace_is_over(as_of: datetime, held: bool) -> None:
    until = found(as_of, said=[PROMISE]).promise_until
    assert until == (local(APRIL[12]) if held else None)


def test_without_grace_a_promise_holds_to_the_end_of_its_day() -> None:
    midnight = local(APRIL[10])
    assert found(midnight - SECOND, said=[PROMISE], grace_days=0).promise_until == midnight
    assert found(midnight, said=[PROMISE], grace_days=0).promise_until is None


@pytest.mark.parametrize(
    ("promised", "ends_utc_hour"),
    [(date(2026, 3, 6), 4), (date(2026, 10, 30), 5)],  # clocks change on 8 March, 1 November
)
def test_grace_is_counted_in_days_of_the_debtor_across_clock_changes(
    promised: date, ends_utc_hour: int
) -> None:
    made = local(promised - timedelta(days=1))
    day_after_grace = promised + timedelta(days=3)
    ends = datetime(*day_after_grace.timetuple()[:3], ends_utc_hour, tzinfo=UTC)
    said = [Said(made, promised)]
    days = [date(2026, 2, 28)]
    assert found(ends - SECOND, said=said, statements=days).promise_until == ends
    assert found(ends, said=said, statements=days).promise_until is None


@pytest.mark.parametrize(
    ("paid", "held"),
    [
        ([Paid(fourth(13), 79.99)], True),
        ([Paid(fourth(13), 80)], False),
        ([Paid(fourth(13), 80.01)], False),
        ([Paid(fourth(13), 26.7), Paid(fourth(14), 26.7), Paid(fourth(15), 26.6)], False),
        ([Paid(fourth(), 80)], False),  # at the instant of the promise
        ([Paid(fourth() - SECOND, 80)], True),  # paid before: not what was promised
        ([Paid(fourth(13), 80, reversed=True)], True),
        ([Paid(local(APRIL[5]), 80)], True),  # after as_of: not known yet
    ],
)
def test_a_promise_kept_early_holds_no_longer(paid: list[Paid], held: bool) -> None:
    as_of = local(APRIL[4])
    account = replace(ACCOUNT, past_due_amount=1_000)
    assert (found(as_of, paid, [PROMISE], account=account).promise_until is not None) == held


@pytest.mark.parametrize("amount", [np.nan, 0.0])
def test_a_promise_without_amount_is_kept_by_any_payment(amount: float) -> None:
    said = [Said(fourth(), APRIL[9], amount)]
    assert found(local(APRIL[4]), said=said).promise_until is not None
    assert found(local(APRIL[4]), [Paid(fourth(13), 0.01)], said).promise_until is None


def test_the_latest_promise_counts() -> None:
    later = Said(fourth(13), APRIL[19], 50)
    earlier_due = Said(fourth(13), APRIL[5], 50)
    assert found(local(APRIL[14]), said=[PROMISE, later]).promise_until == local(APRIL[22])
    assert found(local(APRIL[8]), said=[PROMISE, earlier_due]).promise_until is None
    # before the later one was made, the earlier one stood
    assert found(fourth(12), said=[PROMISE, later]).promise_until == local(APRIL[12])


def test_a_new_promise_after_a_broken_one_holds() -> None:
    again = Said(local(APRIL[14]), APRIL[19], 80)
    assert found(local(APRIL[15]), said=[PROMISE, again]).promise_until == local(APRIL[22])


@pytest.mark.parametrize(
    "said",
    [
        Said(fourth(), None, 80),
        Said(fourth(), APRIL[9], 80, outcome="conversation"),
        Said(fourth(), APRIL[9], 80, outcome="refused"),
    ],
)
def test_what_is_no_dated_promise_does_not_hold(said: Said) -> None:
    assert found(local(APRIL[4]), said=[said]).promise_until is None


@given(st.permutations([(6, 10.0), (9, 80.0), (9, np.nan), (5, 500.0)]))
def test_the_order_of_rows_does_not_matter(rows: list[tuple[int, float]]) -> None:
    said = [Said(fourth(), APRIL[day], amount) for day, amount in rows]
    paid = [Paid(fourth(13), 50)]
    assert found(local(APRIL[4]), paid, said).promise_until == local(APRIL[12])


# --- Payments in transit


@pytest.mark.parametrize(
    ("paid", "in_transit"),
    [
        ([Paid(local(APRIL[1]), 99.99)], False),
        ([Paid(local(APRIL[1]), 100)], True),
        ([Paid(local(APRIL[1]), 100.01)], True),
        ([Paid(local(APRIL[1]), 33.3), Paid(fourth(), 66.7)], True),
        ([Paid(local(APRIL[1]), 100, reversed=True)], False),
        ([Paid(local(APRIL[1]), 100, True, local(APRIL[4]))], False),
        ([Paid(local(APRIL[1]), 100, True, local(APRIL[4]) + SECOND)], True),  # not known yet
        ([Paid(local(APRIL[0]), 100)], True),  # 00:00 of the day after the statement's
        ([Paid(local(APRIL[0]) - SECOND, 100)], False),  # its own day: in the statement
        ([Paid(local(APRIL[4]), 100)], True),  # at as_of
        ([Paid(local(APRIL[4]) + SECOND, 100)], False),  # not known yet
    ],
)
def test_payments_since_the_statement_cover_the_past_due(
    paid: list[Paid], in_transit: bool
) -> None:
    assert found(local(APRIL[4]), paid).in_transit == in_transit


def test_cents_that_floats_cannot_add_still_cover() -> None:
    paid = [Paid(fourth(hour), 0.1) for hour in range(3)]
    account = replace(ACCOUNT, past_due_amount=0.3)
    assert 0.1 + 0.1 + 0.1 != 0.3
    assert found(local(APRIL[4]), paid, account=account).in_transit
    paid = [Paid(fourth(hour), 33.33) for hour in range(6)]
    assert found(local(APRIL[4]), paid, account=replace(ACCOUNT, past_due_amount=199.98)).in_transit


def test_a_new_statement_ends_the_transit() -> None:
    paid = [Paid(fourth(), 100)]
    days = [STATEMENT, APRIL[29]]
    midnight = local(date(2026, 5, 1))
    assert found(midnight - SECOND, paid, statements=days).in_transit
    assert not found(midnight, paid, statements=days).in_transit


def test_where_nothing_is_past_due_or_known_nothing_is_in_transit() -> None:
    paid = [Paid(fourth(), 100)]
    assert not found(local(APRIL[4]), paid, account=replace(ACCOUNT, past_due_amount=0)).in_transit
    assert not found(local(APRIL[4]), paid, statements=[APRIL[29]]).in_transit
    assert not found(local(APRIL[4]), paid, statements=[]).in_transit


# --- Plans, and the way to the level


@pytest.mark.parametrize("kept", [True, False])
def test_a_plan_holds_while_it_is_kept(kept: bool) -> None:
    account = replace(ACCOUNT, plan=Plan(months=6, instalment=20, kept=kept))
    assert found(fourth(), account=account).plan_kept == kept


@pytest.mark.parametrize(
    ("as_of", "level"), [(local(APRIL[12]) - SECOND, 1), (local(APRIL[12]), 3)]
)
def test_a_promise_lowers_the_level_until_it_is_broken(as_of: datetime, level: int) -> None:
    policy = load_policy()
    state = found(as_of, said=[PROMISE], grace_days=policy.promise_grace_days)
    assert choose(policy, ACCOUNT, "M2", "high", state).level == level
