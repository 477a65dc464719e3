"""Reading what is told to have happened: bodies into events, or all that is wrong with them."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

import msgspec

from service.bodies.between import CLOCK_SLACK, Path, promise, repeated, reversal
from service.bodies.checks import read_instants_of
from service.bodies.happened import (
    AT_ONCE,
    ContactEvent,
    EventKind,
    OutcomeEvent,
    PaymentEvent,
)
from service.bodies.schemas import Body, ContactBody, PaymentBody, StatementBody
from service.bodies.several import each_of
from service.bodies.structs import struct_of
from service.bodies.validation import read
from service.errors import FieldError, invalid, pointer, shown
from service.happened.store import Event
from service.instants import microseconds

# What a statement's day is over by first, anywhere: where clocks are 14 hours ahead of UTC.
FIRST_MIDNIGHT = timedelta(hours=10)
_DAY = timedelta(days=1)
VISIT = "visit-"  # begins the ids of the contacts that visits are

_encode = msgspec.json.Encoder().encode


class _Form(NamedTuple):
    """How events of one kind are sent, and stored."""

    sent: type[Body]
    row: type[Body]
    at: Callable[[Any], datetime]
    errors: Callable[[Any, datetime, Path], Iterator[FieldError]]


def events_of(kind: EventKind, content: bytes, now: datetime) -> list[Event]:
    """The events that a body tells, one or a list of them; ProblemError for anything wrong.

    An event's time zone is not told with it: what depends on it is allowed for in any.
    """
    events = each_of(
        content, AT_ONCE, "event", lambda sent, place: event_of(kind, sent, now, place)
    )
    ids = [event.event_id for event in events]
    errors = [*_visits(kind, events), *repeated(f"{kind}_id", ids, ())]
    if errors:
        raise invalid(errors)
    return events


def event_of(kind: EventKind, sent: Any, now: datetime, place: Path) -> Event:
    """The event that a JSON value tells, `place` being the path to it; ProblemError as above."""
    form = _FORMS[kind]
    body: Any = read(form.sent, sent, place)
    errors = list(form.errors(body, now, place))
    if errors:
        raise invalid(errors)
    return Event(
        event_id=getattr(body, f"{kind}_id"),
        account_id=body.account_id,
        debtor_id=getattr(body, "debtor_id", None),
        at=microseconds(form.at(body)),
        body=_row(form, sent, place),
        place=place,
    )


def _visits(kind: EventKind, events: Sequence[Event]) -> Iterator[FieldError]:
    """What is wrong with contacts that are told under the ids of visits."""
    for event in events:
        if kind == "contact" and event.event_id.startswith(VISIT):
            place = pointer((*event.place, "contact_id"))
            remedy = "Tell visits to /v1/visits; another contact takes another id."
            yield FieldError(place, f"begins with {VISIT}", remedy, shown(event.event_id))


def _row(form: _Form, sent: dict[str, Any], place: Path) -> bytes:
    """The row as it is stored: texts as they were sent, numbers as they were understood."""
    fields = {name: value for name, value in sent.items() if name in form.row.model_fields}
    try:
        row = msgspec.convert(fields, struct_of(form.row))
        encoded = _encode(row)
        if read_instants_of([(form.row, [row])]):  # as whoever decides will
            return encoded
    except (msgspec.MsgspecError, ValueError):
        pass
    problem = "does not meet the schema that /docs shows"
    raise invalid([FieldError(pointer(place), problem, "See /docs.")])


def _contact(contact: ContactEvent, now: datetime, place: Path) -> Iterator[FieldError]:
    yield from _ahead("at", contact.at, now, place)
    day = contact.at.astimezone(UTC).date()
    yield from promise(contact, day - _DAY, day + _DAY, place)


def _payment(payment: PaymentEvent, now: datetime, place: Path) -> Iterator[FieldError]:
    yield from _ahead("received_at", payment.received_at, now, place)
    if payment.reversed_at is not None:
        yield from _ahead("reversed_at", payment.reversed_at, now, place)
        yield from reversal(payment, payment.reversed_at, place)


def _outcome(outcome: OutcomeEvent, now: datetime, place: Path) -> Iterator[FieldError]:
    day = outcome.statement_date
    if _midnight(day) + FIRST_MIDNIGHT > now + CLOCK_SLACK:
        yield FieldError(
            pointer((*place, "statement_date")),
            "is a day that is not over yet",
            "Send it from 00:00 of the next day.",
            shown(day.isoformat()),
        )


def _ahead(name: str, at: datetime, now: datetime, place: Path) -> Iterator[FieldError]:
    if at > now + CLOCK_SLACK:
        yield FieldError(
            pointer((*place, name)),
            "lies in the future",
            f"Send it once it has happened: it is {now.isoformat(timespec='seconds')}.",
            shown(at.isoformat()),
        )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


_FORMS: dict[EventKind, _Form] = {
    "contact": _Form(ContactEvent, ContactBody, lambda body: body.at, _contact),
    "payment": _Form(PaymentEvent, PaymentBody, lambda body: body.received_at, _payment),
    "outcome": _Form(
        OutcomeEvent, StatementBody, lambda body: _midnight(body.statement_date), _outcome
    ),
}
