"""Facts of real panels: promises, payments, dials and reasons, walked across each boundary."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.clock import date_of, day_number, midnight_after
from features.panel import Contacts, Fixed, Payments, Statements, known_at, panel
from features.tables import CONTACTS, MONEY_DECIMALS, REASONS, codes_of
from models.account import Account
from models.intensity.facts import facts
from models.intensity.policy import load_policy

ZONE = "America/New_York"
STATEMENT = date(2026, 3, 31)
SECOND = timedelta(seconds=1)
CODES = {
    name: {**codes_of(CONTACTS, name), None: np.nan}
    for name in ("channel", "direction", "outcome", "reason")
}
POLICY = load_policy()


class Paid(NamedTuple):
    at: datetime
    amount: float
    reversed: bool = False
    reversed_at: datetime | None = None


class Said(NamedTuple):
    at: datetime
    until: date | None = None
    amount: float = np.nan
    outcome: str = "promise"
    appointment: datetime | None = None
    channel: str = "call"
    direction: str = "out"
    reason: str | None = None


class Found(NamedTuple):
    """The facts of one account; `promise_until` as an instant, None where no promise holds."""

    today: date
    received: float
    promise_until: datetime | None
    visit_agreed: bool
    unreached: int
    stated: str | None
    paid_month: float

    def covers(self, past_due: float) -> bool:
        """Whether the payments since the last statement cover what is past due."""
        return round(self.received, MONEY_DECIMALS) >= round(past_due, MONEY_DECIMALS)


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
    paid_months: Sequence[float] | None = None,
    others: Sequence[Said] = (),
    grace_days: int = 2,
    **settings: int,
) -> Found:
    """The facts of an account that stands between two others with events of their own.

    `paid_months` are the amounts paid of its statements, `settings` those of the policy.
    """
    neighbours = (Said(fourth(1), APRIL[29], reason="forgot", appointment=local(APRIL[29])),) * 2
    history = panel(
        Fixed(*(np.zeros(3),) * 3, *(np.ones(3, bool),) * 2),
        _statements(statements, paid_months),
        _payments([*(Paid(fourth(1), 9_999),) * 2, *paid], [0, 2, *(1,) * len(paid)]),
        _contacts([*neighbours, *said], [0, 2, *(1,) * len(said)]),
        _contacts([*neighbours, *others], [0, 2, *(1,) * len(others)]),
    )
    view = known_at(history, np.array([0, 1, 2]), np.full(3, as_of.timestamp()))
    policy = POLICY.model_copy(
        update={
            "promise_grace_days": grace_days,
            "treatment": POLICY.treatment.model_copy(update=settings),
        }
    )
    together = facts(history, view, [account] * 3, policy)
    alone = facts(history, view.take(np.array([1])), [account], policy)
    for values, value in zip(together, alone, strict=True):
        np.testing.assert_array_equal(values[1:2], value)
    row = alone._make(values[0] for values in alone)
    ends = None if np.isnan(row.promise_ends) else datetime.fromtimestamp(row.promise_ends, UTC)
    stated = None if np.isnan(row.stated) else REASONS[int(row.stated)]
    return Found(
        date_of(row.today),
        row.received,
        ends,
        bool(row.visit_agreed),
        int(row.unreached),
        stated,
        row.paid_month,
    )


def _statements(days: Sequence[date], paid: Sequence[float] | None) -> Statements:
    # the neighbours have a statement later than any of the account's, to be kept apart from
    rows = [(0, date(2026, 4, 30)), *((1, day) for day in days), (2, STATEMENT)]
    day = np.array([day_number(d) for _, d in rows])
    known = np.array([midnight_after(d, ZONE) for d in day])
    values = [np.full(len(rows), 100.0) for _ in range(6)]
    if paid is not None:
        values[2] = np.array([7_777, *paid, 7_777])
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
    visit = [np.nan if s.appointment is None else s.appointment.timestamp() for s in said]
    wall = [s.at.astimezone(ZoneInfo(ZONE)) for s in said]
    return Contacts(
        np.array(account),
        np.array([s.at.timestamp() for s in said]),
        np.array([float(at.hour) for at in wall]),
        np.array([float(CODES["channel"][s.channel]) for s in said]),
        np.array([float(CODES["direction"][s.direction]) for s in said]),
        np.array([float(CODES["outcome"][s.outcome]) for s in said]),
        np.array([float(CODES["reason"][s.reason]) for s in said]),
        np.array([s.amount for s in said]),
        np.array(until),
        np.array(visit),
        np.array([day_number(at.date()) for at in wall]),
        *(np.full(len(said), np.nan) for _ in range(2)),
    )


def test_of_an_account_that_has_done_nothing_little_is_known() -> None:
    assert found(fourth()) == Found(APRIL[3], 0, None, False, 0, None, 100)


@pytest.mark.parametrize(
    ("zone", "utc", "today"),
    [
        (ZONE, "2026-03-08T04:59:59", date(2026, 3, 7)),
        (ZONE, "2026-03-08T05:00", date(2026, 3, 8)),
        (ZONE, "2026-03-09T03:59:59", date(2026, 3, 8)),  # the clocks have changed
        (ZONE, "2026-03-09T04:00", date(2026, 3, 9)),
        ("Asia/Shanghai", "2026-04-03T16:00", APRIL[3]),
        ("Pacific/Apia", "2011-12-30T09:59:59", date(2011, 12, 29)),
        ("Pacific/Apia", "2011-12-30T10:00", date(2011, 12, 31)),
    ],
)
def test_today_is_the_date_at_the_debtors_place(zone: str, utc: str, today: date) -> None:
    as_of = datetime.fromisoformat(f"{utc}+00:00")
    assert found(as_of, account=replace(ACCOUNT, timezone=zone)).today == today


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
    assert (found(as_of, paid, [PROMISE]).promise_until is not None) == held


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
    assert found(local(APRIL[4]), paid).covers(100) == in_transit


def test_cents_that_floats_cannot_add_still_cover() -> None:
    paid = [Paid(fourth(hour), 0.1) for hour in range(3)]
    assert 0.1 + 0.1 + 0.1 != 0.3
    assert found(local(APRIL[4]), paid).covers(0.3)
    paid = [Paid(fourth(hour), 33.33) for hour in range(6)]
    assert found(local(APRIL[4]), paid).covers(199.98)


def test_cents_that_floats_cannot_add_keep_a_promise() -> None:
    paid = [Paid(fourth(13 + k), 33.33) for k in range(6)]
    assert sum(p.amount for p in paid) != 199.98
    for amount, kept in ((199.98, True), (199.9801, False)):
        until = found(local(APRIL[4]), paid, [Said(fourth(), APRIL[9], amount)]).promise_until
        assert (until is None) == kept


def test_a_new_statement_ends_the_transit() -> None:
    paid = [Paid(fourth(), 100)]
    days = [STATEMENT, APRIL[29]]
    midnight = local(date(2026, 5, 1))
    assert found(midnight - SECOND, paid, statements=days).received == 100
    assert found(midnight, paid, statements=days).received == 0


def test_without_a_statement_nothing_is_in_transit() -> None:
    paid = [Paid(fourth(), 100)]
    assert found(local(APRIL[4]), paid, statements=[APRIL[29]]).received == 0
    assert found(local(APRIL[4]), paid, statements=[]).received == 0


# --- What is paid in a month


@pytest.mark.parametrize(
    ("paid_months", "last", "expected"),
    [
        ([50], 6, 50),
        ([50, 80], 6, 65),
        ([80, 10, 50], 6, 50),
        ([0.1, 0, 0.2, 0], 6, 0.05),
        ([80, 10, np.nan], 6, 45),
        ([80, np.nan, np.nan], 2, np.nan),  # nothing known of the last two
        ([80, 10, 50], 2, 30),
        ([80, 10, 50], 1, 50),
        ([9, 8, 7, 6, 5, 4, 3, 2, 1], 36, 5),
        ([], 6, np.nan),
    ],
)
def test_the_middle_of_the_amounts_paid_lately(
    paid_months: list[float], last: int, expected: float
) -> None:
    days = [date(2025, 6 + k, 28) if k < 7 else date(2026, k - 6, 28) for k in range(9)]
    days = days[9 - len(paid_months) :]
    got = found(fourth(), statements=days, paid_months=paid_months, plan_statements=last)
    assert got.paid_month == pytest.approx(expected, nan_ok=True)


def test_a_statement_that_is_not_known_yet_says_nothing_of_what_is_paid() -> None:
    days, midnight = [STATEMENT, APRIL[29]], local(date(2026, 5, 1))
    assert found(midnight - SECOND, statements=days, paid_months=[10, 90]).paid_month == 10
    assert found(midnight, statements=days, paid_months=[10, 90]).paid_month == 50


# --- Dials since the debtor was last reached


def dial(day: int, hour: int = 12, outcome: str = "no_answer") -> Said:
    return Said(local(APRIL[day - 1], hour), outcome=outcome)


@pytest.mark.parametrize(
    ("between", "dials"),
    [
        ([], 3),
        ([dial(5, outcome="wrong_party")], 4),
        ([dial(5, outcome="conversation")], 2),
        ([dial(5, outcome="promise")], 2),
        ([dial(5, outcome="refused")], 2),
        ([dial(5)._replace(direction="in")], 2),
        ([dial(5, outcome="sent")._replace(channel="sms", direction="in")], 2),
        ([dial(5, outcome="refused")._replace(channel="visit")], 2),
        ([dial(5, outcome="sent")._replace(channel="sms")], 3),
        ([dial(5)._replace(channel="visit")], 3),
        ([dial(8, outcome="conversation")], 0),
        ([dial(8, outcome="conversation"), dial(9)], 1),
        ([dial(11, outcome="conversation")], 3),  # not known yet
    ],
)
def test_dials_count_since_the_debtor_was_reached(between: list[Said], dials: int) -> None:
    said = [dial(4), *between, dial(6), dial(7)]
    assert found(local(APRIL[9], 12), said=said).unreached == dials


@pytest.mark.parametrize(("hour", "dials"), [(11, 2), (12, 1), (13, 1)])
def test_who_was_reached_on_another_account_was_reached(hour: int, dials: int) -> None:
    said, others = [dial(4), dial(6)], [dial(4, hour, "conversation"), dial(8)]
    assert found(local(APRIL[9], 12), said=said, others=others).unreached == dials


def test_what_happens_later_on_another_account_is_not_known_yet() -> None:
    said, others = [dial(4)], [dial(9, 13, "conversation")]
    assert found(local(APRIL[8], 12), said=said, others=others).unreached == 1


@pytest.mark.parametrize(("days", "dials"), [(1, 1), (2, 1), (3, 2), (6, 2), (7, 3), (366, 3)])
def test_dials_count_for_so_many_days_today_included(days: int, dials: int) -> None:
    """Dials late on the 4th, early on the 8th and on the 10th, seen at noon of the 10th."""
    said = [dial(4, 23), dial(8, 0), dial(10, 1)]
    assert found(local(APRIL[9], 12), said=said, unreachable_days=days).unreached == dials


# --- The reason that was stated


def test_the_latest_reason_counts() -> None:
    said = [
        dial(4, 9)._replace(reason="forgot"),
        dial(4, 10)._replace(reason="illness", direction="in"),
        dial(4, 11),
        dial(4, 13)._replace(reason="family"),
    ]
    assert found(fourth(12), said=said).stated == "illness"
    assert found(fourth(13), said=said).stated == "family"


@pytest.mark.parametrize(("days", "stated"), [(6, None), (7, "illness"), (8, "illness")])
def test_a_reason_counts_for_so_many_days_today_included(days: int, stated: str | None) -> None:
    """Stated early on the 4th, and read late on the 10th."""
    said = [dial(4, 0)._replace(reason="illness")]
    assert found(local(APRIL[9], 23), said=said, stated_days=days).stated == stated


def test_every_reason_is_told_as_itself() -> None:
    for reason in REASONS:
        assert found(fourth(), said=[dial(4, 9)._replace(reason=reason)]).stated == reason
