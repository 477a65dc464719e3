"""Cycles: what was known of an account at its decision, statement by statement, with its events."""

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from models.stage import stage_of

MOST = 24  # cycles that are shown, the last ones
_MONTH = timedelta(days=31)
_GAP = timedelta(days=45)  # further apart than this, two statements have a month between them


class Event(NamedTuple):
    """A payment or a contact, at its time where the debtor is; `body` is as it was sent.

    `elsewhere`: a contact on another account of the debtor.
    """

    at: datetime
    kind: Literal["payment", "contact"]
    body: Any
    elsewhere: bool = False


class Cycle(NamedTuple):
    """What a cycle came to, None for what is not known.

    A month without a statement has only `until` and what happened in it; the last cycle, which
    `is_open`, tells the account as it stood at the decision. `received` is what came in and stayed.
    """

    until: date
    is_open: bool
    days_past_due: int | None
    stage: str | None
    balance: float | None
    due: float | None
    paid: float | None
    status: str | None
    received: float | None
    outward: int | None
    inward: int | None


class Cycles(NamedTuple):
    """The last cycles, oldest first, what happened in them, and how many statements are left out.

    `since` is the day after which they begin.
    """

    since: date
    cycles: list[Cycle]
    events: list[Event]
    left_out: int


class _End(NamedTuple):
    """The end of a cycle, and the statement that tells it, None where there is none."""

    until: date
    statement: Any = None
    is_open: bool = False


def cycles_of(body: Any) -> Cycles:
    """The cycles of a body that was decided on (service.bodies.inputs.decided_on)."""
    zone = ZoneInfo(body.account.timezone)
    today = body.as_of.astimezone(zone).date()
    # A statement is known from the next day on.
    known = sorted(
        (each for each in body.statements if each.statement_date < today),
        key=lambda each: each.statement_date,
    )
    ends = list(_ends(known, today))
    shown = ends[-MOST:]
    since = ends[-MOST - 1].until if len(ends) > MOST else shown[0].until - _MONTH
    events = sorted(_events(body, zone), key=lambda each: each.at)
    within = [each for each in events if since < each.at.date()]
    untils = [end.until for end in shown]
    happened: list[list[Event]] = [[] for _ in shown]
    for event in within:
        happened[bisect_left(untils, event.at.date())].append(event)
    cycles = [_cycle(end, body, its) for end, its in zip(shown, happened, strict=True)]
    left_out = len(known) - sum(end.statement is not None for end in shown)
    return Cycles(since, cycles, within, left_out)


def _ends(statements: Sequence[Any], today: date) -> Iterator[_End]:
    """The end of each cycle: statements, months that have none, and the day of the decision."""
    before = None
    told = [_End(each.statement_date, each) for each in statements]
    for end in (*told, _End(today, is_open=True)):
        if before is not None and end.until - before > _GAP:
            yield from map(_End, _between(before, end.until))
        yield end
        before = end.until


def _between(before: date, after: date) -> Iterator[date]:
    """The last days of the months that lie whole between two days."""
    for number in range(_number(before) + 1, _number(after)):
        year, month = divmod(number, 12)
        yield date(year, month + 1, monthrange(year, month + 1)[1])


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _events(body: Any, zone: ZoneInfo) -> Iterator[Event]:
    rows: tuple[tuple[Literal["payment", "contact"], str, Iterable[Any], bool], ...] = (
        ("payment", "received_at", body.payments or (), False),
        ("contact", "at", body.contacts or (), False),
        ("contact", "at", body.debtor_contacts or (), True),
    )
    for kind, field, sent, elsewhere in rows:
        for row in sent:
            at = getattr(row, field)
            if at <= body.as_of:
                yield Event(at.astimezone(zone), kind, row, elsewhere)


def _cycle(end: _End, body: Any, events: Sequence[Event]) -> Cycle:
    statement = end.statement
    told = body.account if end.is_open else statement
    days = None if told is None else told.days_past_due
    contacts = None if body.contacts is None else [e for e in events if _is_contact(e)]
    return Cycle(
        until=end.until,
        is_open=end.is_open,
        days_past_due=days,
        stage=None if days is None else stage_of(days),
        balance=None if told is None else told.balance,
        due=None if statement is None else statement.amount_due,
        paid=None if statement is None else statement.amount_paid,
        status=None if statement is None else statement.status,
        received=None if body.payments is None else _received(events, body.as_of),
        outward=None if contacts is None else _directed(contacts, "out"),
        inward=None if contacts is None else _directed(contacts, "in"),
    )


def _is_contact(event: Event) -> bool:
    return event.kind == "contact" and not event.elsewhere


def _received(events: Sequence[Event], as_of: datetime) -> float:
    payments = (event for event in events if event.kind == "payment")
    return float(sum(each.body.amount for each in payments if not was_reversed(each, as_of)))


def was_reversed(payment: Event, as_of: datetime) -> bool:
    """Whether a payment was known at that instant to have been taken back."""
    at = payment.body.reversed_at
    return bool(payment.body.reversed) and (at is None or at <= as_of)


def _directed(contacts: Sequence[Event], direction: str) -> int:
    return sum(event.body.direction == direction for event in contacts)
