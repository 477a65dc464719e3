"""What holds between the fields of a body that is to be decided."""

from collections.abc import Hashable, Iterator, Sequence
from datetime import date, datetime, timedelta
from operator import attrgetter
from zoneinfo import ZoneInfo

from features.clock import day_number, instant_of, midnight_after
from features.tables import PROMISE_DAYS
from service.bodies.schemas import LISTS, AccountBody, ContactBody, DecisionBody, PaymentBody
from service.errors import FieldError, pointer, shown

CLOCK_SLACK = timedelta(minutes=5)
Path = tuple[str | int, ...]

_OWNERS = {
    False: ("names another account", "Leave it out, or send the account's own."),
    True: ("names this account", "Send the account's own contacts in contacts."),
}
_TWO_DAYS = timedelta(days=2)

_account_id = attrgetter("account_id")


def between_fields(
    body: DecisionBody, as_of: datetime, now: datetime, base: Path
) -> Iterator[FieldError]:
    """What is wrong between fields of the body, or of its struct, that is decided at `as_of`.

    `base` is the path that leads to the body in what was sent. Almost every body is sound: each
    check looks at its rows together first, and one by one only where that finds something.
    """
    if as_of > now + CLOCK_SLACK:
        yield FieldError(
            pointer((*base, "as_of")),
            "lies in the future",
            f"Send an instant up to {now.isoformat(timespec='seconds')}, or leave it out.",
            shown(as_of.isoformat()),
        )
    yield from _account(body.account, as_of, (*base, "account"))
    yield from _statements(body, as_of, base)
    if body.payments:
        yield from _payments(body.payments, as_of, base)
    timezone = body.account.timezone
    if body.contacts:
        yield from _contacts("contacts", body.contacts, as_of, timezone, base)
    if body.debtor_contacts:
        yield from _contacts("debtor_contacts", body.debtor_contacts, as_of, timezone, base)
    yield from _owners(body, base)


def _payments(payments: Sequence[PaymentBody], as_of: datetime, base: Path) -> Iterator[FieldError]:
    received = [payment.received_at for payment in payments]
    yield from _later_than(as_of, "payments", "received_at", received, base)
    yield from repeated("payment_id", [row.payment_id for row in payments], (*base, "payments"))
    for i, payment in enumerate(payments):
        if payment.reversed_at is not None:
            yield from _reversal(payment, payment.reversed_at, as_of, (*base, "payments", i))


def _contacts(
    table: str, contacts: Sequence[ContactBody], as_of: datetime, timezone: str, base: Path
) -> Iterator[FieldError]:
    yield from _later_than(as_of, table, "at", [contact.at for contact in contacts], base)
    yield from repeated("contact_id", [row.contact_id for row in contacts], (*base, table))
    for i, contact in enumerate(contacts):
        if contact.promised_amount == 0 or contact.promised_on is not None:
            yield from _promise(contact, timezone, (*base, table, i))


def _account(account: AccountBody, as_of: datetime, base: Path) -> Iterator[FieldError]:
    opened_on = account.opened_on
    # Two days are more than between the dates of any two places.
    if opened_on is not None and opened_on > as_of.date() - _TWO_DAYS:
        today = as_of.astimezone(ZoneInfo(account.timezone)).date()
        if opened_on > today:
            yield FieldError(
                pointer((*base, "opened_on")),
                "lies after as_of",
                f"Send a day up to {today}, or null where it is not known.",
                shown(str(opened_on)),
            )
    # A late account that owes nothing is refused by a kind of its own.
    if account.days_past_due > 0 and 0 < account.balance < account.past_due_amount:
        yield FieldError(
            pointer((*base, "past_due_amount")),
            "is more than the balance, which it is a part of",
            f"Send an amount up to {account.balance:f}".rstrip("0").rstrip(".") + ".",
            shown(account.past_due_amount),
        )


def _reversal(
    payment: PaymentBody, at: datetime, as_of: datetime, base: Path
) -> Iterator[FieldError]:
    if payment.reversed and at > as_of:
        problem = "lies after as_of"
        remedy = "Send reversed false and leave reversed_at out: it was not known yet."
        yield FieldError(pointer((*base, "reversed_at")), problem, remedy, shown(at.isoformat()))
    else:
        yield from reversal(payment, at, base)


def reversal(payment: PaymentBody, at: datetime, base: Path) -> Iterator[FieldError]:
    """What is wrong with a payment that was taken back at that instant."""
    if not payment.reversed:
        problem = "is given, but reversed is false"
        remedy = "Send reversed true, or leave reversed_at out."
    elif at < payment.received_at:
        problem = "lies before received_at"
        remedy = f"Send an instant from {payment.received_at.isoformat()}, or leave it out."
    else:
        return
    yield FieldError(pointer((*base, "reversed_at")), problem, remedy, shown(at.isoformat()))


def _promise(contact: ContactBody, timezone: str, base: Path) -> Iterator[FieldError]:
    day = contact.at.astimezone(ZoneInfo(timezone)).date()
    yield from promise(contact, day, day, base)


def promise(contact: ContactBody, first: date, latest: date, base: Path) -> Iterator[FieldError]:
    """What is wrong with what was promised in a contact of a day from `first` to `latest`."""
    if contact.outcome == "promise" and contact.promised_amount == 0:
        yield FieldError(
            pointer((*base, "promised_amount")),
            "is a promise of nothing",
            "Leave promised_amount out where no amount was promised.",
            shown(contact.promised_amount),
        )
    if contact.promised_on is None:
        return
    last = latest + timedelta(days=PROMISE_DAYS)
    if not first <= contact.promised_on <= last:
        side = "before" if contact.promised_on < first else f"over {PROMISE_DAYS} days after"
        yield FieldError(
            pointer((*base, "promised_on")),
            f"lies {side} the day of the contact",
            f"Send a day from {first} to {last}, or null where none was named.",
            shown(str(contact.promised_on)),
        )


def _statements(body: DecisionBody, as_of: datetime, base: Path) -> Iterator[FieldError]:
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
    yield from repeated("statement_date", days, (*base, "statements"))


def _later_than(
    as_of: datetime, table: str, name: str, instants: Sequence[datetime], base: Path
) -> Iterator[FieldError]:
    if max(instants) <= as_of:
        return
    for i, at in enumerate(instants):
        if at > as_of:
            yield FieldError(
                pointer((*base, table, i, name)),
                "lies after as_of",
                f"Leave it out: nothing after {as_of.isoformat()} may be known.",
                shown(at.isoformat()),
            )


def repeated(name: str, values: Sequence[Hashable], base: Path) -> Iterator[FieldError]:
    """What stands in the field of more than one row of the list that `base` leads to."""
    if len(set(values)) == len(values):
        return
    first: dict[Hashable, int] = {}
    for i, value in enumerate(values):
        earlier = first.setdefault(value, i)
        if earlier != i:
            yield FieldError(
                pointer((*base, i, name)),
                f"is that of {pointer((*base, earlier))} too",
                "Send each one once.",
                shown(str(value)),
            )


def _owners(body: DecisionBody, base: Path) -> Iterator[FieldError]:
    """Rows of another account among the account's, and its own among those of others."""
    own = body.account.account_id
    for table in LISTS:
        rows = getattr(body, table)
        if not rows or not any(map(_account_id, rows)):  # no id is empty
            continue
        of_others = table == "debtor_contacts"
        problem, remedy = _OWNERS[of_others]
        for i, row in enumerate(rows):
            if row.account_id is not None and (row.account_id == own) == of_others:
                place = pointer((*base, table, i, "account_id"))
                yield FieldError(place, problem, remedy, shown(row.account_id))
