"""Folders as an export writes them, for tests of what is read from them."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tests.nights import decisions
from tests.servers import completed_here
from training.arrow import arrow_of
from training.tables import Tables, read_tables, write_tables

_INSTANT = pa.timestamp("us", "UTC")
DECISIONS = pa.schema(
    [
        *((name, pa.string()) for name in ("decision_id", "account_id")),
        ("as_of", _INSTANT),
        ("decided_at", _INSTANT),
        *((name, pa.string()) for name in ("actor", "status", "supersedes", "override_reason")),
        *((name, pa.string()) for name in ("target", "stage", "tier")),
        ("probability", pa.float64()),
        ("level", pa.int8()),
        ("recommended", pa.int8()),
        ("treatment", pa.string()),
        ("channels", pa.list_(pa.string())),
        *((name, pa.string()) for name in ("arm", "currency")),
        *((name, pa.float64()) for name in ("balance", "past_due_amount")),
        ("days_past_due", pa.int32()),
        *((name, pa.float64()) for name in ("cost", "net")),
        ("valid_until", _INSTANT),
        *((name, pa.string()) for name in ("model", "policy")),
    ]
)
RULES = pa.schema([(name, pa.string()) for name in ("decision_id", "rule", "took_away")])
VISITS = pa.schema(
    [
        ("visit_id", pa.string()),
        ("number", pa.int32()),
        ("step", pa.string()),
        ("account_id", pa.string()),
        ("at", _INSTANT),
        ("recorded_at", _INSTANT),
        ("actor", pa.string()),
    ]
)


def write_decisions(folder: Path, rows: pd.DataFrame) -> None:
    """Write `decisions.parquet`; columns that are not given are null."""
    _write(folder / "decisions.parquet", rows, DECISIONS)


def write_rules(folder: Path, rows: pd.DataFrame) -> None:
    _write(folder / "rules.parquet", rows, RULES)


def write_visits(folder: Path, rows: pd.DataFrame) -> None:
    _write(folder / "visits.parquet", rows, VISITS)


def decided_nights(
    portfolio: Path, environment: dict[str, str], folder: Path, nights: Iterable[datetime]
) -> None:
    """Decide the late accounts of a simulated portfolio as they were on each of the nights.

    The folder then holds the whole portfolio and what the nights decided.
    """
    tables = read_tables(portfolio)
    made, rules = [], []
    for as_of in nights:
        known = known_late(tables, as_of)
        night = folder / f"night-{as_of:%Y%m%d}"
        write_tables(known, night / "tables")
        done = completed_here(
            environment,
            *("score", "--data", str(night / "tables"), "--out", str(night / "run")),
            *("--as-of", as_of.isoformat(), "--workers", "1", "--json"),
        )
        assert done.returncode == 0, done.stderr
        decided = decisions(night / "run")
        made.append(_exported(decided, known))
        rules.append(_bound(decided))
    exported = folder / "exported"
    write_tables(Tables(*(getattr(tables, name) for name in SHARED)), exported)
    write_decisions(exported, pd.concat(made, ignore_index=True))
    write_rules(exported, pd.concat(rules, ignore_index=True))


SHARED = ("accounts", "statements", "payments", "contacts")


def known_late(tables: Tables, as_of: datetime) -> Tables:
    """The accounts that were late at the instant, as they were then."""
    day = pd.Timestamp(as_of.date())
    assert tables.payments is not None
    assert tables.contacts is not None
    # A day more, since a statement is known at midnight of the account's own time zone.
    statements = tables.statements[tables.statements["statement_date"] < day - pd.Timedelta("1D")]
    last = statements.groupby("account_id").last()
    owed = (last["days_past_due"] > 0) & (last["balance"] > 0) & (last["status"] == "open")
    last = last[owed]
    accounts = tables.accounts[tables.accounts["account_id"].isin(last.index)]
    accounts = accounts.set_index("account_id", drop=False)
    for name in ("balance", "days_past_due"):
        accounts[name] = last[name]
    due = last["amount_due"].fillna(last["balance"]).clip(upper=last["balance"])
    accounts["past_due_amount"] = due
    mine = accounts.index
    payments, contacts = tables.payments, tables.contacts
    payments = payments[(payments["received_at"] < as_of) & payments["account_id"].isin(mine)]
    contacts = contacts[(contacts["at"] < as_of) & contacts["account_id"].isin(mine)]
    return Tables(
        accounts.reset_index(drop=True),
        statements[statements["account_id"].isin(mine)],
        payments,
        contacts,
    )


def _exported(decided: pd.DataFrame, known: Tables) -> pd.DataFrame:
    """The nightly run's decisions with the columns of an export."""
    accounts = known.accounts.set_index("account_id")
    chosen = [
        levels[level] for levels, level in zip(decided["levels"], decided["level"], strict=True)
    ]
    owned: dict[str, Any] = {
        name: decided["account_id"].map(accounts[name])
        for name in ("balance", "past_due_amount", "days_past_due")
    }
    priced = {name: [level[name] for level in chosen] for name in ("cost", "net")}
    return decided.assign(actor="nightly", supersedes=None, override_reason=None, **owned, **priced)


def _bound(decided: pd.DataFrame) -> pd.DataFrame:
    rows = [
        (decision_id, rule["rule"], rule["took_away"])
        for decision_id, rules in zip(decided["decision_id"], decided["binding_rules"], strict=True)
        for rule in rules
    ]
    return pd.DataFrame(rows, columns=RULES.names)


def _write(path: Path, rows: pd.DataFrame, schema: pa.Schema) -> None:
    missing = [name for name in schema.names if name not in rows]
    whole = rows.assign(**dict.fromkeys(missing))
    pq.write_table(arrow_of(whole[schema.names]).cast(schema), path)
