"""The decision log: append-only, durable before anything is answered."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from time import monotonic
from typing import Any

import sqlalchemy as sa

from service.database import BUSY_SECONDS, DECISIONS
from service.records import Entry, Record, utc_text

_SEPARATOR = "\n"  # around every rule in the column, so that one name never matches in another


class BusyError(Exception):
    """Other writers kept the database for longer than one may wait."""


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for; None leaves a condition out. Instants: from inclusive, until not."""

    account_id: str | None = None
    decided_from: datetime | None = None
    decided_until: datetime | None = None
    stage: str | None = None
    tier: str | None = None
    level: int | None = None
    status: str | None = None
    rule: str | None = None
    model: str | None = None


class DecisionLog:
    """Decisions in the database of `engine`: SQLite or PostgreSQL."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        # SQLite has one writer at a time, and a queue in this process is fair where its
        # busy handler is not: waiters there starve for seconds.
        self._turn = Lock() if engine.dialect.name == "sqlite" else None

    def record(self, entries: Sequence[Entry], patience: float = BUSY_SECONDS) -> None:
        """Store the entries in one transaction; on return they are durable.

        BusyError, or sqlalchemy.exc.OperationalError, where other writers keep a SQLite
        database for `patience` seconds.
        """
        rows = [_row(entry) for entry in entries]
        with self._writing(patience) as connection:
            connection.execute(DECISIONS.insert(), rows)

    @contextmanager
    def _writing(self, patience: float) -> Iterator[sa.Connection]:
        """A transaction; for SQLite, at its turn and with what is left of the patience."""
        if self._turn is None:
            with self._engine.begin() as connection:
                yield connection
            return
        until = monotonic() + patience
        if not self._turn.acquire(timeout=max(0.0, patience)):
            raise BusyError
        try:
            with self._engine.begin() as connection, _waiting(connection, until - monotonic()):
                yield connection
        finally:
            self._turn.release()

    def read(self, decision_id: str) -> Record | None:
        """The record of that id, or None."""
        query = sa.select(DECISIONS.c.record).where(DECISIONS.c.decision_id == decision_id)
        with self._engine.connect() as connection:
            text = connection.execute(query).scalar()
        return None if text is None else json.loads(text)

    def search(self, query: Query, limit: int, before: str | None = None) -> list[Record]:
        """Up to `limit` records that meet all conditions, newest first.

        `before` is the id of the last record already seen.
        """
        statement = (
            sa.select(DECISIONS.c.record)
            .where(*_conditions(query, before))
            .order_by(DECISIONS.c.decision_id.desc())
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [json.loads(text) for text in connection.execute(statement).scalars()]


@contextmanager
def _waiting(connection: sa.Connection, seconds: float) -> Iterator[None]:
    """Inside, SQLite waits that long for the writers of other processes."""
    wait = "PRAGMA busy_timeout = {}"
    connection.exec_driver_sql(wait.format(max(0, int(1000 * seconds))))
    try:
        yield
    finally:  # the pool hands the connection to others
        connection.exec_driver_sql(wait.format(1000 * BUSY_SECONDS))


def _row(entry: Entry) -> dict[str, Any]:
    record = entry.record
    score, intensity = record["score"], record["intensity"]
    rules = [rule["rule"] for rule in intensity["binding_rules"]]
    return {
        "decision_id": record["decision_id"],
        "account_id": record["account_id"],
        "as_of": utc_text(datetime.fromisoformat(record["as_of"])),
        "decided_at": record["decided_at"],
        "stage": score["stage"],
        "tier": score["tier"],
        "level": intensity["level"],
        "status": record["status"],
        "target": score["target"],
        "bundle_sha256": record["versions"]["bundle_sha256"],
        "rules": _SEPARATOR.join(["", *rules, ""]),
        "actor": record["actor"],
        "record": entry.record_json,
        "inputs": entry.inputs_json,
    }


def _conditions(query: Query, before: str | None) -> list[sa.ColumnElement[bool]]:
    columns = DECISIONS.c
    equal = {
        columns.account_id: query.account_id,
        columns.stage: query.stage,
        columns.tier: query.tier,
        columns.level: query.level,
        columns.status: query.status,
        columns.bundle_sha256: query.model,
    }
    conditions = [column == value for column, value in equal.items() if value is not None]
    if query.decided_from is not None:
        conditions.append(columns.decided_at >= utc_text(query.decided_from))
    if query.decided_until is not None:
        conditions.append(columns.decided_at < utc_text(query.decided_until))
    if query.rule is not None:
        within = f"{_SEPARATOR}{query.rule}{_SEPARATOR}"
        conditions.append(columns.rules.contains(within, autoescape=True))
    if before is not None:
        conditions.append(columns.decision_id < before)
    return conditions
