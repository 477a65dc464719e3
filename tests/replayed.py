"""A portfolio sent to the service as time passes: what is known at an instant, and what follows."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pandas as pd

from curescore.bodies import bodies, late_accounts
from curescore.nightly.as_sent import as_sent
from training.tables import Tables

BATCH = 1_000
SETTLED = timedelta(days=2)  # after its date a statement is known wherever the account is
_AT = {"payments": "received_at", "contacts": "at"}


def then(tables: Tables, as_of: datetime) -> Tables:
    """The portfolio as it was known: rows up to then, accounts as the last statement left them."""
    statements = _stated(tables.statements, as_of)
    known = {"statements": statements, "accounts": _accounts(tables.accounts, statements)}
    known |= {
        name: rows[rows[at] <= as_of]
        for name, at in _AT.items()
        if (rows := getattr(tables, name)) is not None
    }
    return as_sent(replace(tables, assignments=None, segments=None, **known), as_of)


def sent_at(tables: Tables, as_of: datetime) -> list[dict[str, Any]]:
    """The bodies of the accounts that could be decided then."""
    known = then(tables, as_of)
    return list(bodies(known, late_accounts(known), as_of))


def decided(client: httpx.Client, sent: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The decisions on these bodies, all of which are decided."""
    for start in range(0, len(sent), BATCH):
        part = {"items": sent[start : start + BATCH]}
        answered = client.post("/v1/decisions:batch", json=part)
        assert answered.status_code == 200, answered.text
        for result in answered.json()["results"]:
            assert result["decision"] is not None, result["problem"]
            yield result["decision"]


def followed(tables: Tables, last: Mapping[str, datetime]) -> dict[str, list[dict[str, Any]]]:
    """What happened to each account after it was `last` decided on, as it is told; by its call.

    Payments that were taken back since are told once more.
    """
    rows = {"outcomes": _after(tables.statements, tables.statements["statement_date"], last)}
    rows["outcomes"].insert(0, "outcome_id", [f"o{i}" for i in range(len(rows["outcomes"]))])
    if tables.payments is not None:
        at = tables.payments["received_at"]
        latest = tables.payments["reversed_at"].fillna(at)
        rows["payments"] = _after(tables.payments, latest.where(latest > at, at), last)
    if tables.contacts is not None:
        rows["contacts"] = _after(tables.contacts, tables.contacts["at"], last)
    return {name: [_told(row) for row in frame.to_dict("records")] for name, frame in rows.items()}


def tell(client: httpx.Client, happened: Mapping[str, list[dict[str, Any]]]) -> None:
    """Send what happened; the service knows none of it yet."""
    for name, rows in happened.items():
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            answered = client.post(f"/v1/{name}", json=part)
            assert answered.status_code == 200, answered.text
            assert answered.json()["new"] == len(part)


def _stated(statements: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    day = pd.Timestamp((as_of - SETTLED).date())
    return statements[statements["statement_date"] <= day]


def _accounts(accounts: pd.DataFrame, statements: pd.DataFrame) -> pd.DataFrame:
    """The accounts that had a statement; what is past due was asked for before, and not paid."""
    by_account = statements.sort_values(["account_id", "statement_date"]).groupby("account_id")
    asked = by_account["amount_due"].shift(1)
    last = statements.assign(asked=asked).loc[by_account.tail(1).index].set_index("account_id")
    there = accounts[accounts["account_id"].isin(last.index)]
    last = last.loc[there["account_id"]]
    owed = (last["asked"] - last["amount_paid"]).clip(lower=0, upper=last["balance"].clip(lower=0))
    late = last["days_past_due"].to_numpy() > 0
    return there.assign(
        balance=last["balance"].to_numpy(),
        days_past_due=last["days_past_due"].to_numpy(),
        past_due_amount=owed.round(4).fillna(0).where(late, 0).to_numpy(),
    )


def _after(rows: pd.DataFrame, at: pd.Series, last: Mapping[str, datetime]) -> pd.DataFrame:
    """Those rows of the accounts decided on that were not known when they last were."""
    decided_at = rows["account_id"].map(last)
    known_from = at if at.dt.tz is not None else at.dt.tz_localize("UTC") + SETTLED
    return rows[(known_from > decided_at).to_numpy()].copy()


def _told(row: dict[Any, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row.items() if not pd.isna(value)}


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return value.isoformat() if value.tzinfo else value.date().isoformat()
    return value
