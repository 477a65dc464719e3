"""What may be supposed of a recorded decision: the form, and what was typed into it.

The model reads statements and events; the rules and what contact is worth follow from the
account's own figures. Where the newest statement says the same as the account, both are one figure
to whoever supposes another, and are altered together.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from features.tables import FLAGS
from service.errors import FieldError, pointer
from service.review.forms import Form

PAYMENTS_SHOWN = 3  # the last ones
ACCOUNT = ("days_past_due", "past_due_amount", "balance")
STATEMENT = ("days_past_due", "balance", "amount_due", "amount_paid", "credit_limit")
ALIKE = "alike"  # the box that alters the newest statement with the account
NEW_AMOUNT, NEW_AT = "payment.new.amount", "payment.new.at"
SUPPOSED_ID = "supposed"  # of a payment that there was not

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")

Body = dict[str, Any]


class Supposed(NamedTuple):
    """What was typed, as changes to the body; `places` are the form's fields by JSON pointer.

    `carried` are the fields of the newest statement that were altered with the account's.
    """

    changes: Body
    places: dict[str, str]
    carried: tuple[str, ...]


class Payment(NamedTuple):
    """A payment that may be altered, and where it stands in the list."""

    at: int
    row: Body

    @property
    def field(self) -> str:
        """The field of its amount."""
        return f"payment.{self.at}"


def recorded_fields(body: Body) -> dict[str, str]:
    """The form as it is before anything is typed: every field of text, and the boxes ticked."""
    account, newest = body["account"], body["statements"][newest_of(body)]
    fields = {f"account.{name}": plain(account.get(name)) for name in ACCOUNT}
    fields |= {f"statement.{name}": plain(newest.get(name)) for name in STATEMENT}
    fields |= {each.field: plain(each.row["amount"]) for each in last_payments(body)}
    fields |= {NEW_AMOUNT: "", NEW_AT: _local(body)}
    fields |= {f"flag.{flag}": "on" for flag in FLAGS if account[flag]}
    return fields | {ALIKE: "on"}


def supposed(body: Body, typed: Form) -> Supposed:
    """The changes that were typed; `changes` is empty where nothing was."""
    account = _altered(body["account"], ACCOUNT, "account", typed)
    account |= {
        flag: ticked
        for flag in FLAGS
        if (ticked := f"flag.{flag}" in typed) != body["account"][flag]
    }
    i = newest_of(body)
    statement = _altered(body["statements"][i], STATEMENT, "statement", typed)
    carried = _carried(body, account, statement) if ALIKE in typed else {}
    places = {pointer(("account", name)): f"account.{name}" for name in ACCOUNT}
    for name in STATEMENT:
        owner = "account" if name in carried else "statement"
        places[pointer(("statements", i, name))] = f"{owner}.{name}"
    payments, places_of_payments = _payments(body, typed)
    changes: Body = {"account": account} if account else {}
    if statement or carried:
        rows = list(body["statements"])
        rows[i] = rows[i] | statement | carried
        changes["statements"] = rows
    if payments is not None:
        changes["payments"] = payments
    return Supposed(changes, places | places_of_payments, tuple(carried))


def fields_at_fault(errors: Sequence[FieldError], places: Mapping[str, str]) -> set[str]:
    """The form's fields that these errors are about."""
    found = (places.get(error.pointer.removeprefix("/changes")) for error in errors)
    return {name for name in found if name is not None}


def altered_fields(body: Body, made: Supposed) -> list[tuple[str, Any, Any]]:
    """Each figure that is supposed to be another: its field, as recorded and as supposed."""
    found: list[tuple[str, Any, Any]] = []
    for name, value in made.changes.get("account", {}).items():
        kind = "flag" if name in FLAGS else "account"
        found.append((f"{kind}.{name}", body["account"].get(name), value))
    if "statements" in made.changes:
        i = newest_of(body)
        old, new = body["statements"][i], made.changes["statements"][i]
        found += [
            (f"statement.{name}", old.get(name), new.get(name))
            for name in STATEMENT
            if old.get(name) != new.get(name)
        ]
    return found + _altered_payments(body, made)


def agreed(body: Body) -> dict[str, float]:
    """Figures that the newest statement shares with the account, by how much the latter is more.

    Days past due go on after the statement: they agree too where they are more by these days.
    """
    account, newest = body["account"], body["statements"][newest_of(body)]
    late = account["days_past_due"] - newest["days_past_due"]
    as_of = datetime.fromisoformat(body["as_of"]).astimezone(ZoneInfo(account["timezone"]))
    since = (as_of.date() - date.fromisoformat(newest["statement_date"])).days
    found = {"days_past_due": late} if late in (0, since) else {}
    return found | ({"balance": 0} if account["balance"] == newest["balance"] else {})


def newest_of(body: Body) -> int:
    """Where the newest statement stands."""
    days = [row["statement_date"] for row in body["statements"]]
    return days.index(max(days))


def last_payments(body: Body) -> list[Payment]:
    """The last payments, the newest first."""
    rows = body.get("payments") or []
    each = [Payment(i, row) for i, row in enumerate(rows)]
    each.sort(key=lambda payment: datetime.fromisoformat(payment.row["received_at"]), reverse=True)
    return each[:PAYMENTS_SHOWN]


def plain(value: float | None) -> str:
    """A number as it is typed: no separators, no zeros at the end."""
    return "" if value is None else f"{value:.4f}".rstrip("0").rstrip(".")


def _typed(text: str) -> Any:
    """What was typed as a value: None where nothing was; a text that is no number as it is."""
    told = text.strip()
    if not told:
        return None
    if _NUMBER.fullmatch(told) is None:
        return told
    return float(told) if "." in told else int(told)


def _altered(row: Body, names: Sequence[str], prefix: str, typed: Form) -> Body:
    """The fields of the row that were typed to be others."""
    values = {
        name: _typed(typed[f"{prefix}.{name}"]) for name in names if f"{prefix}.{name}" in typed
    }
    return {name: value for name, value in values.items() if value != row.get(name)}


def _carried(body: Body, account: Body, statement: Body) -> Body:
    """What the newest statement says of a figure that the account is supposed to have."""
    return {
        name: max(account[name] - more, 0) if name == "days_past_due" else account[name]
        for name, more in agreed(body).items()
        if name not in statement and isinstance(account.get(name), int | float)
    }


def _payments(body: Body, typed: Form) -> tuple[list[Body] | None, dict[str, str]]:
    """The list of payments that is supposed, None where it is as recorded; and its places."""
    given = {
        each.at: _typed(typed[each.field]) for each in last_payments(body) if each.field in typed
    }
    rows: list[Body] = []
    places: dict[str, str] = {}
    for i, row in enumerate(body.get("payments") or []):
        amount = given.get(i, row["amount"])
        if amount is None:  # emptied: left out
            continue
        places[pointer(("payments", len(rows), "amount"))] = f"payment.{i}"
        rows.append(row if amount == row["amount"] else row | {"amount": amount})
    amount = _typed(typed.get(NEW_AMOUNT, ""))
    if amount is not None:
        for name, field in (("amount", NEW_AMOUNT), ("received_at", NEW_AT)):
            places[pointer(("payments", len(rows), name))] = field
        rows.append(_new_payment(body, amount, typed.get(NEW_AT, "")))
    return (None if rows == (body.get("payments") or []) else rows), places


def _new_payment(body: Body, amount: Any, at: str) -> Body:
    ids = {row["payment_id"] for row in body.get("payments") or []}
    k = next(k for k in range(len(ids) + 1) if f"{SUPPOSED_ID}-{k}" not in ids)
    try:
        local = datetime.fromisoformat(at.strip())
    except ValueError:
        received_at = at  # the check of the body tells that it is none
    else:
        zone = ZoneInfo(body["account"]["timezone"])
        received_at = (local if local.tzinfo else local.replace(tzinfo=zone)).isoformat()
    return {
        "payment_id": f"{SUPPOSED_ID}-{k}",
        "received_at": received_at,
        "amount": amount,
        "reversed": False,
    }


def _altered_payments(body: Body, made: Supposed) -> list[tuple[str, Any, Any]]:
    if "payments" not in made.changes:
        return []
    after = {row["payment_id"]: row["amount"] for row in made.changes["payments"]}
    before = {row["payment_id"]: row["amount"] for row in body.get("payments") or []}
    found: list[tuple[str, Any, Any]] = [
        (each.field, each.row["amount"], after.get(each.row["payment_id"]))
        for each in last_payments(body)
        if after.get(each.row["payment_id"]) != each.row["amount"]
    ]
    return found + [
        (NEW_AMOUNT, None, amount) for name, amount in after.items() if name not in before
    ]


def _local(body: Body) -> str:
    """The minute of the decision at the debtor's place, as a browser's field has it."""
    as_of = datetime.fromisoformat(body["as_of"])
    return as_of.astimezone(ZoneInfo(body["account"]["timezone"])).strftime("%Y-%m-%dT%H:%M")
