"""Checking what came in: the schema's bounds first, then what holds between fields."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from features.clock import day_number, instant_of, midnight_after
from features.tables import PROMISE_DAYS
from service.changes import CHANGES_COLUMNS, PricesBody
from service.columns import remedy
from service.errors import FieldError, invalid, pointer, shown
from service.schemas import (
    BATCH_MAX,
    COLUMNS,
    EVENTS_MAX,
    STATEMENTS_MAX,
    AccountBody,
    Body,
    ContactBody,
    DecisionBody,
    PaymentBody,
    PlanBody,
    StatementBody,
)

CLOCK_SLACK = timedelta(minutes=5)

AnyBody = TypeVar("AnyBody", bound=Body)
AnyDecision = TypeVar("AnyDecision", bound=DecisionBody)
_Path = tuple[str | int, ...]

_INNER: dict[tuple[str, ...], type[Body]] = {
    ("account",): AccountBody,
    ("account", "plan"): PlanBody,
    ("prices",): PricesBody,
    ("statements",): StatementBody,
    ("payments",): PaymentBody,
    ("contacts",): ContactBody,
    ("debtor_contacts",): ContactBody,
}
_COLUMNS = COLUMNS | CHANGES_COLUMNS
_LISTS = ("statements", "payments", "contacts", "debtor_contacts")
_PROBLEMS = {
    "missing": "is missing",
    "extra_forbidden": "is not a known field",
    "finite_number": "is not a finite number",
    "literal_error": "is not one of the codes",
    "model_type": "is not an object",
    "model_attributes_type": "is not an object",
    "list_type": "is not a list",
    "string_type": "is not a text",
    "float_type": "is not a number",
    "int_type": "is not a whole number",
    "bool_type": "is not true or false",
}
_EVENTS = f"Send a list of up to {EVENTS_MAX:,}, or null where they are not known."
_REMEDIES = {
    "account": "Send the account as an object.",
    "plan": "Send the plan as an object, or null where there is none.",
    "statements": f"Send a list of 1 to {STATEMENTS_MAX} statements.",
    "payments": _EVENTS,
    "contacts": _EVENTS,
    "debtor_contacts": _EVENTS,
    "changes": "Send the changes as an object; /docs shows its fields.",
    "prices": "Send the price of each resource that is to have another, as an object.",
    "without_rules": "Send a list of the ids of rules.",
    "items": f"Send a list of 1 to {BATCH_MAX:,} items.",
    "cursor": "Send the next_cursor of the page before, or leave it out.",
}
_OWNERS = {
    False: ("names another account", "Leave it out, or send the account's own."),
    True: ("names this account", "Send the account's own contacts in contacts."),
}


@dataclass(frozen=True, slots=True)
class Checked:
    """A body that met every check, with the instant it is to be decided at."""

    body: DecisionBody
    as_of: datetime


def read(schema: type[AnyBody], value: Any, base: _Path = ()) -> AnyBody:
    """`value` as a body of that schema; ProblemError `validation` lists what is wrong.

    `base` is the path that leads to `value` in what was sent.
    """
    try:
        return schema.model_validate(value)
    except ValidationError as failure:
        details = failure.errors(include_url=False)
        raise invalid([_field_error(schema, detail, base) for detail in details]) from None


def read_decision(
    schema: type[AnyDecision], value: Any, now: datetime, base: _Path = ()
) -> Checked:
    """A body to be decided; ProblemError `validation` lists what is wrong with it."""
    body = read(schema, value, base)
    as_of = body.as_of or now
    errors = list(_between_fields(body, as_of, now, base))
    if errors:
        raise invalid(errors)
    return Checked(body, as_of)


def _field_error(schema: type[Body], detail: ErrorDetails, base: _Path) -> FieldError:
    path = detail["loc"]
    kind = detail["type"]
    owner = _owner(schema, path[:-1])
    name = str(path[-1]) if path else ""
    problem = _PROBLEMS.get(kind) or (detail["msg"] if kind == "cell" else _lowered(detail["msg"]))
    value = None if kind == "missing" else shown(detail["input"])
    return FieldError(pointer(base + path), problem, _remedy(owner, kind, name, detail), value)


def _lowered(message: str) -> str:
    """pydantic's sentence ("Input should be …") as the rest of ours."""
    return message.replace("Input should", "should").replace("List should", "should")


def _owner(schema: type[Body], path: _Path) -> type[Body] | None:
    """The schema of the object that `path` leads to; None where it leads to a list."""
    if path and isinstance(path[-1], str) and path[0] in _LISTS:
        return None
    names = tuple(part for part in path if isinstance(part, str))
    return _INNER.get(names) if names else schema


def _remedy(owner: type[Body] | None, kind: str, name: str, detail: ErrorDetails) -> str:
    given = detail.get("ctx", {}).get("remedy")
    if given is not None:
        return str(given)
    if owner is not None and kind == "extra_forbidden":
        return _other_names(owner, name)
    column = _COLUMNS.get(owner, {}).get(name) if owner is not None else None
    if column is not None:
        return remedy(column)
    return _REMEDIES.get(name, "Send an object; /docs shows its fields.")


def _other_names(owner: type[Body], name: str) -> str:
    names = list(owner.model_fields)
    near = get_close_matches(name[:64], names, n=1)
    if near:
        return f"Did you mean {near[0]}?"
    return f"Known fields: {', '.join(names)}."


def _between_fields(
    body: DecisionBody, as_of: datetime, now: datetime, base: _Path
) -> Iterator[FieldError]:
    if as_of > now + CLOCK_SLACK:
        yield FieldError(
            pointer((*base, "as_of")),
            "lies in the future",
            f"Send an instant up to {now.isoformat(timespec='seconds')}, or leave it out.",
            shown(as_of.isoformat()),
        )
    yield from _account(body.account, as_of, (*base, "account"))
    yield from _statements(body, as_of, base)
    payments = body.payments or ()
    yield from _later_than(
        as_of, "payments", "received_at", [payment.received_at for payment in payments], base
    )
    yield from _repeated("payments", "payment_id", [row.payment_id for row in payments], base)
    for i, payment in enumerate(payments):
        yield from _reversal(payment, as_of, (*base, "payments", i))
    zone = ZoneInfo(body.account.timezone)
    yield from _contacts("contacts", body.contacts or (), as_of, zone, base)
    yield from _contacts("debtor_contacts", body.debtor_contacts or (), as_of, zone, base)
    yield from _owners(body, base)


def _contacts(
    table: str, contacts: Sequence[ContactBody], as_of: datetime, zone: ZoneInfo, base: _Path
) -> Iterator[FieldError]:
    yield from _later_than(as_of, table, "at", [contact.at for contact in contacts], base)
    yield from _repeated(table, "contact_id", [row.contact_id for row in contacts], base)
    for i, contact in enumerate(contacts):
        yield from _promise(contact, zone, (*base, table, i))


def _account(account: AccountBody, as_of: datetime, base: _Path) -> Iterator[FieldError]:
    today = as_of.astimezone(ZoneInfo(account.timezone)).date()
    if account.opened_on is not None and account.opened_on > today:
        yield FieldError(
            pointer((*base, "opened_on")),
            "lies after as_of",
            f"Send a day up to {today}, or null where it is not known.",
            shown(str(account.opened_on)),
        )
    # A late account that owes nothing is refused by a kind of its own.
    if account.days_past_due > 0 and 0 < account.balance < account.past_due_amount:
        yield FieldError(
            pointer((*base, "past_due_amount")),
            "is more than the balance, which it is a part of",
            f"Send an amount up to {account.balance:f}".rstrip("0").rstrip(".") + ".",
            shown(account.past_due_amount),
        )


def _reversal(payment: PaymentBody, as_of: datetime, base: _Path) -> Iterator[FieldError]:
    at = payment.reversed_at
    if at is None:
        return
    if not payment.reversed:
        problem = "is given, but reversed is false"
        remedy = "Send reversed true, or leave reversed_at out."
    elif at > as_of:
        problem = "lies after as_of"
        remedy = "Send reversed false and leave reversed_at out: it was not known yet."
    elif at < payment.received_at:
        problem = "lies before received_at"
        remedy = f"Send an instant from {payment.received_at.isoformat()}, or leave it out."
    else:
        return
    yield FieldError(pointer((*base, "reversed_at")), problem, remedy, shown(at.isoformat()))


def _promise(contact: ContactBody, zone: ZoneInfo, base: _Path) -> Iterator[FieldError]:
    if contact.outcome == "promise" and contact.promised_amount == 0:
        yield FieldError(
            pointer((*base, "promised_amount")),
            "is a promise of nothing",
            "Leave promised_amount out where no amount was promised.",
            shown(contact.promised_amount),
        )
    if contact.promised_on is None:
        return
    first = contact.at.astimezone(zone).date()
    last = first + timedelta(days=PROMISE_DAYS)
    if not first <= contact.promised_on <= last:
        side = "before" if contact.promised_on < first else f"over {PROMISE_DAYS} days after"
        yield FieldError(
            pointer((*base, "promised_on")),
            f"lies {side} the day of the contact",
            f"Send a day from {first} to {last}, or null where none was named.",
            shown(str(contact.promised_on)),
        )


def _statements(body: DecisionBody, as_of: datetime, base: _Path) -> Iterator[FieldError]:
    cut, timezone = as_of.timestamp(), body.account.timezone
    days = [statement.statement_date for statement in body.statements]
    if midnight_after(day_number(max(days)), timezone) > cut:
        for i, day in enumerate(days):
            known = midnight_after(day_number(day), timezone)
            if known > cut:
                yield FieldError(
                    pointer((*base, "statements", i, "statement_date")),
                    "is not known yet at as_of",
                    f"A statement counts from {instant_of(known).isoformat()}, 00:00 of the "
                    "next day in the account's time zone; leave it out until then.",
                    shown(day.isoformat()),
                )
    yield from _repeated("statements", "statement_date", days, base)


def _later_than(
    as_of: datetime, table: str, name: str, instants: Sequence[datetime], base: _Path
) -> Iterator[FieldError]:
    for i, at in enumerate(instants):
        if at > as_of:
            yield FieldError(
                pointer((*base, table, i, name)),
                "lies after as_of",
                f"Leave it out: nothing after {as_of.isoformat()} may be known.",
                shown(at.isoformat()),
            )


def _repeated(
    table: str, name: str, values: Sequence[Hashable], base: _Path
) -> Iterator[FieldError]:
    if len(set(values)) == len(values):
        return
    first: dict[Hashable, int] = {}
    for i, value in enumerate(values):
        earlier = first.setdefault(value, i)
        if earlier != i:
            yield FieldError(
                pointer((*base, table, i, name)),
                f"is that of {pointer((*base, table, earlier))} too",
                "Send each one once.",
                shown(str(value)),
            )


def _owners(body: DecisionBody, base: _Path) -> Iterator[FieldError]:
    """Rows of another account among the account's, and its own among those of others."""
    own = body.account.account_id
    for table in _LISTS:
        of_others = table == "debtor_contacts"
        problem, remedy = _OWNERS[of_others]
        for i, row in enumerate(getattr(body, table) or ()):
            if row.account_id is not None and (row.account_id == own) == of_others:
                place = pointer((*base, table, i, "account_id"))
                yield FieldError(place, problem, remedy, shown(row.account_id))
