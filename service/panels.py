"""Validated bodies as a panel: the step before the one path that all features take."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from features.clock import day_number, midnight_after
from features.panel import Contacts, Fixed, Panel, Payments, Statements, panel
from features.tables import ACCOUNTS, CONTACTS, STATEMENTS, codes_of, point_number
from service.schemas import ContactBody, DecisionBody, StatementBody

_PRODUCT = codes_of(ACCOUNTS, "product")
_SECURITY = codes_of(ACCOUNTS, "security")
_STATUS = codes_of(STATEMENTS, "status")
_CHANNEL = codes_of(CONTACTS, "channel")
_DIRECTION = codes_of(CONTACTS, "direction")
_OUTCOME = codes_of(CONTACTS, "outcome")
_REASON = codes_of(CONTACTS, "reason")
_PLACE = codes_of(CONTACTS, "place")

_NAN = float("nan")
_Row = tuple[float, ...]


def panel_of(bodies: Sequence[DecisionBody]) -> Panel:
    """The panel of these accounts, in their order."""
    return panel(
        _fixed(bodies),
        Statements._make(_columns(Statements._fields, _statement_rows(bodies))),
        Payments._make(_columns(Payments._fields, _payment_rows(bodies))),
        _contacts(bodies, [body.contacts for body in bodies]),
        _contacts(bodies, [body.debtor_contacts for body in bodies]),
    )


def _columns(fields: tuple[str, ...], rows: Iterable[_Row]) -> tuple[Any, ...]:
    """Rows as one array per field; the first, the position of the account, as integers."""
    flat = np.array(list(rows), dtype=np.float64).reshape(-1, len(fields)).T.copy()
    return flat[0].astype(np.int64), *flat[1:]


def _statement_rows(bodies: Sequence[DecisionBody]) -> Iterator[_Row]:
    for i, body in enumerate(bodies):
        for statement in body.statements:
            yield i, *_statement(statement, body.account.timezone)


def _payment_rows(bodies: Sequence[DecisionBody]) -> Iterator[_Row]:
    for i, body in enumerate(bodies):
        for payment in body.payments or ():
            at = payment.reversed_at
            reversed_at = _NAN if at is None else at.timestamp()
            received_at = payment.received_at.timestamp()
            yield i, received_at, payment.amount, payment.reversed, reversed_at


def _contacts(
    bodies: Sequence[DecisionBody], lists: Sequence[Sequence[ContactBody] | None]
) -> Contacts | None:
    """One list of contacts of each body, with days and hours at its account's place."""
    if not any(lists):
        return None
    rows = (
        (i, *_contact(contact, zone))
        for i, (body, contacts) in enumerate(zip(bodies, lists, strict=True))
        for zone in [ZoneInfo(body.account.timezone)]
        for contact in contacts or ()
    )
    return Contacts._make(_columns(Contacts._fields, rows))


def _fixed(bodies: Sequence[DecisionBody]) -> Fixed:
    accounts = [body.account for body in bodies]
    opened = [_NAN if a.opened_on is None else day_number(a.opened_on) for a in accounts]
    return Fixed(
        opened_day=np.array(opened, dtype=np.float64),
        product=np.array([_PRODUCT[a.product] for a in accounts], dtype=np.float64),
        security=np.array([_SECURITY[a.security] for a in accounts], dtype=np.float64),
        payments_known=np.array([body.payments is not None for body in bodies]),
        contacts_known=np.array([body.contacts is not None for body in bodies]),
    )


def _known(value: float | None) -> float:
    return _NAN if value is None else value


def _statement(statement: StatementBody, timezone: str) -> _Row:
    day = day_number(statement.statement_date)
    return (
        day,
        midnight_after(day, timezone),
        statement.balance,
        _known(statement.amount_due),
        _known(statement.amount_paid),
        statement.days_past_due,
        _known(statement.credit_limit),
        _STATUS[statement.status],
    )


def _contact(contact: ContactBody, zone: ZoneInfo) -> _Row:
    local = contact.at.astimezone(zone)
    promised = contact.promised_on
    until = _NAN if promised is None else midnight_after(day_number(promised), zone.key)
    return (
        contact.at.timestamp(),
        local.hour + local.minute / 60 + local.second / 3600,
        _CHANNEL[contact.channel],
        _DIRECTION[contact.direction],
        _OUTCOME[contact.outcome],
        _NAN if contact.reason is None else _REASON[contact.reason],
        _known(contact.promised_amount),
        until,
        _NAN if contact.appointment_at is None else contact.appointment_at.timestamp(),
        day_number(local.date()),
        _NAN if contact.contact_point_id is None else point_number(contact.contact_point_id),
        _NAN if contact.place is None else _PLACE[contact.place],
    )
