"""Uniting: what is stored of an account joins the rows of a body that is decided."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from features.clock import midnight_after
from service.bodies.decoding import Decoded
from service.bodies.inputs import decided_on
from service.bodies.schemas import EVENTS_MAX, STATEMENTS_MAX, DecisionBody
from service.errors import unavailable
from service.happened.latest import Line, Row
from service.happened.store import Happened
from service.instants import instant, microseconds, utc_text

DEBTOR_DAYS = timedelta(days=40)  # contacts with the debtor that are looked at: rules need 31
_DAY = 86_400_000_000  # microseconds

Rows = list[dict[str, Any]]

_encode = msgspec.json.Encoder().encode


class Held(NamedTuple):
    """What is stored of accounts, and of contacts with debtors, oldest first."""

    accounts: dict[str, list[Row]]
    debtors: dict[str, list[Row]]


def held_of(happened: Happened | Line, decoded: Collection[Decoded]) -> Held:
    """What is stored that these bodies may be united with, by one query.

    ProblemError `unavailable` where it cannot be read now.
    """
    held = Held(defaultdict(list), defaultdict(list))
    if not decoded:
        return held
    accounts = {each.body.account.account_id for each in decoded}
    debtors = {each.body.account.debtor_id for each in decoded} - {None}
    since = min(each.as_of for each in decoded) - DEBTOR_DAYS
    until = max(each.as_of for each in decoded)
    try:
        rows = happened.of_accounts(accounts, debtors, since=since, until=until)
    except SQLAlchemyError:
        raise unavailable() from None
    for row in rows:
        if row.account_id in accounts:
            held.accounts[row.account_id].append(row)
        if row.kind == "contact" and row.debtor_id is not None and row.debtor_id in debtors:
            held.debtors[row.debtor_id].append(row)
    return held


def united(decoded: Decoded, held: Held, supposed: Collection[str] = ()) -> Decoded:
    """The body with what happened up to its `as_of`; itself where that adds nothing.

    A row that was sent wins over a stored one of its id, but for payments taken back since.
    Lists that are only `supposed` stay as they are.
    """
    account = decoded.body.account
    own = held.accounts.get(account.account_id, ())
    with_debtor = held.debtors.get(account.debtor_id, ()) if account.debtor_id else ()
    others = [row for row in with_debtor if row.account_id != account.account_id]
    if not own and not others:
        return decoded
    sent = msgspec.json.decode(decoded.inputs)
    lists = {
        "statements": _statements(sent["statements"], own, decoded),
        "payments": _payments(sent.get("payments", []), own, decoded.as_of),
        **_contacts(sent, own, others, decoded.as_of),
    }
    changed = {
        name: rows
        for name, rows in lists.items()
        if name not in supposed and rows != sent.get(name, [])
    }
    if not changed:
        return decoded
    whole = sent | changed
    inputs = _encode({name: whole[name] for name in DecisionBody.model_fields if name in whole})
    return Decoded(decided_on(inputs), decoded.as_of, inputs)


def _statements(sent: Rows, own: Iterable[Row], decoded: Decoded) -> Rows:
    """The statements, with the outcomes that are known; of those of one day the one told last."""
    timezone, cut = decoded.body.account.timezone, decoded.as_of.timestamp()
    known = {
        row.at: _row(row)
        for row in own
        if row.kind == "outcome" and midnight_after(float(row.at // _DAY), timezone) <= cut
    }
    days = {statement["statement_date"] for statement in sent}
    added = [row for row in known.values() if row["statement_date"] not in days]
    return _newest(sent + added, lambda row: row["statement_date"], STATEMENTS_MAX)


def _payments(sent: Rows, own: Iterable[Row], as_of: datetime) -> Rows:
    cut = microseconds(as_of)
    stored = {
        row.event_id: _as_known(row, as_of)
        for row in own
        if row.kind == "payment" and row.at <= cut
    }
    mended = [_taken_back(row, stored.pop(row["payment_id"], None)) for row in sent]
    return _newest(
        mended + list(stored.values()), lambda row: _instant(row["received_at"]), EVENTS_MAX
    )


def _as_known(row: Row, as_of: datetime) -> dict[str, Any]:
    """A stored payment, without a reversal that came later.

    One whose instant was not told counts from when it was told: nothing else says when.
    """
    payment = _row(row)
    if not payment["reversed"]:
        return payment
    at = payment.get("reversed_at")
    if at is None:
        at = max(payment["received_at"], utc_text(instant(row.recorded_at)), key=_instant)
    if _instant(at) <= as_of:
        return payment | {"reversed_at": at}
    before = {name: value for name, value in payment.items() if name != "reversed_at"}
    return before | {"reversed": False}


def _taken_back(sent: dict[str, Any], stored: dict[str, Any] | None) -> dict[str, Any]:
    """A payment that was sent, taken back where the stored one of its id is."""
    if sent["reversed"] or stored is None or not stored["reversed"]:
        return sent
    # Not before it was received, by what was sent.
    at = max(stored["reversed_at"], sent["received_at"], key=_instant)
    return sent | {"reversed": True, "reversed_at": at}


def _contacts(
    sent: dict[str, Any], own: Iterable[Row], others: Iterable[Row], as_of: datetime
) -> dict[str, Rows]:
    """Both lists of contacts; a contact that was sent in either is in neither again."""
    cut, since = microseconds(as_of), microseconds(as_of - DEBTOR_DAYS)
    lists: dict[str, Rows] = {name: sent.get(name, []) for name in ("contacts", "debtor_contacts")}
    ids = {row["contact_id"] for rows in lists.values() for row in rows}
    stored = {
        "contacts": [row for row in own if row.kind == "contact" and row.at <= cut],
        "debtor_contacts": [row for row in others if since < row.at <= cut],
    }
    return {
        name: _newest(
            rows + [_row(row) for row in stored[name] if row.event_id not in ids],
            lambda row: _instant(row["at"]),
            EVENTS_MAX,
        )
        for name, rows in lists.items()
    }


def _newest(rows: Rows, when: Callable[[dict[str, Any]], Any], most: int) -> Rows:
    """The rows, or the newest of them where they are more than a body may have."""
    return rows if len(rows) <= most else sorted(rows, key=when)[-most:]


def _row(row: Row) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.json.decode(row.body)
    return told


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
