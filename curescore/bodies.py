"""Request bodies out of tables: the accounts of a portfolio as the HTTP API takes them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from features.clock import instant_of
from training.debtors import DAYS, DEBTOR_CONTACTS, contacts_of_debtors
from training.panels import panel_of
from training.tables import Tables

_LISTS = ("statements", "payments", "contacts")
_PLAN = ("months", "instalment", "kept")


def last_known(tables: Tables) -> datetime:
    """The first instant (UTC) at which every statement of the portfolio is known."""
    return instant_of(float(panel_of(tables).panel.known_at[:, -1].max()))


def late_accounts(tables: Tables) -> list[str]:
    """Ids of the accounts that are late, owe and are open: those that can be decided."""
    accounts = tables.accounts
    statements = tables.statements.sort_values("statement_date", kind="stable")
    last = statements.drop_duplicates("account_id", keep="last").set_index("account_id")["status"]
    is_open = accounts["account_id"].map(last) == "open"
    late = (accounts["days_past_due"] > 0) & (accounts["past_due_amount"] > 0)
    return list(accounts.loc[late & (accounts["balance"] > 0) & is_open, "account_id"])


def bodies(tables: Tables, ids: list[str], as_of: datetime) -> Iterator[dict[str, Any]]:
    """The body of POST /v1/decisions of each of these accounts, in order.

    Payments and contacts are there (maybe empty) where the portfolio has that table, and so are
    contacts with the debtor on other accounts where it tells of some.
    """
    wanted = pd.Index(ids)
    rows = {
        name: _by_account(frame, wanted)
        for name, frame in tables.present().items()
        if name in _LISTS
    }
    others = contacts_of_debtors(tables)
    if others is not None:
        recent = (others["at"] > as_of - timedelta(days=DAYS)) & (others["at"] <= as_of)
        rows[DEBTOR_CONTACTS] = _by_account(others[recent], wanted)
    accounts = tables.accounts.set_index("account_id", drop=False).loc[wanted]
    for account in accounts.to_dict("records"):
        account_id = str(account["account_id"])
        lists = {name: found.get(account_id, []) for name, found in rows.items()}
        yield {"as_of": as_of.isoformat(), "account": _account(account), **lists}


def _by_account(frame: pd.DataFrame, ids: pd.Index) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in frame[frame["account_id"].isin(ids)].to_dict("records"):
        found.setdefault(row["account_id"], []).append(
            _known({name: value for name, value in row.items() if name != "account_id"})
        )
    return found


def _account(row: dict[Any, Any]) -> dict[str, Any]:
    """The account's row with its plan as an object of its own."""
    fields = _known(row)
    plan = {part: fields.pop(f"plan_{part}") for part in _PLAN if f"plan_{part}" in fields}
    return fields | {"plan": plan} if plan else fields


def _known(row: dict[Any, Any]) -> dict[str, Any]:
    """The values that are known, as JSON has them."""
    return {str(name): _plain(name, value) for name, value in row.items() if not pd.isna(value)}


def _plain(name: Any, value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return value.isoformat() if value.tzinfo else value.date().isoformat()
    return value
