"""Rows of the decision log, put there as the service's role would: through SQL alone."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa

from service.instants import microseconds, new_id
from service.tables import (
    DECISIONS,
    EVENTS,
    GENERATIONS,
    IDEMPOTENCY,
    RECORDED_CHUNKS,
    REPORTS,
    RULES,
    SUPERSESSIONS,
    VISITS,
)

KIND = 1 << 57


def decided(
    connection: sa.Connection, account_id: str, at: datetime, rules: Sequence[str] = ("plan_kept",)
) -> UUID:
    """Record a decision on the account, made at that instant and bound by these rules."""
    decision_id = new_id(at)
    row = {
        "decision_id": decision_id,
        "account_id": account_id,
        "as_of": microseconds(at),
        "decided_at": microseconds(at),
        "kind": KIND,
        "generation": 1,
        "level": 1,
        "stage": "M1",
        "tier": "low",
        "status": "effective",
        "target": "cure",
        "actor": "test",
        "record": b"record",
        "inputs": b"inputs",
    }
    connection.execute(DECISIONS.insert(), row)
    if rules:
        bound = [{"rule": rule, "kind": KIND, "decision_id": decision_id} for rule in rules]
        connection.execute(RULES.insert(), bound)
    return decision_id


def keyed(connection: sa.Connection, key: str, at: datetime) -> None:
    """Keep the answer to a request that was sent with an idempotency key."""
    row = {"caller": "test", "key": key, "body_sha256": b"sha", "answer": b"answer"}
    connection.execute(IDEMPOTENCY.insert(), row | {"created_at": microseconds(at)})


def happened(connection: sa.Connection, account_id: str, at: datetime, event_id: str = "E") -> None:
    """Keep a contact of the account, and the first step of a visit."""
    told = {"account_id": account_id, "at": microseconds(at), "recorded_at": microseconds(at)}
    told |= {"actor": "test", "body": b"{}"}
    event = {"kind": "contact", "event_id": event_id, "version": 0, "debtor_id": None}
    connection.execute(EVENTS.insert(), told | event)
    connection.execute(
        VISITS.insert(), told | {"visit_id": new_id(at), "number": 0, "step": "planned"}
    )


def every_table(connection: sa.Connection, at: datetime) -> None:
    """A row in each table of the log but that of prunings."""
    decision_id = decided(connection, "A-1", at)
    happened(connection, "A-1", at)
    superseded = {"decision_id": decision_id, "kind": KIND, "superseded_by": new_id(at)}
    connection.execute(SUPERSESSIONS.insert(), superseded)
    keyed(connection, "key", at)
    connection.execute(GENERATIONS.insert(), {"sha256": "0" * 64, "document": "{}"})
    chunk = {"run_id": new_id(at), "chunk": 0, "decisions": 1, "recorded_at": 0}
    connection.execute(RECORDED_CHUNKS.insert(), chunk)
    report = {"report_id": new_id(at), "kind": "kpi", "made_at": 0, "actor": "a", "document": b""}
    connection.execute(REPORTS.insert(), report)


def accounts(engine: sa.Engine) -> list[str]:
    """The account of each decision in the log, in order."""
    query = sa.select(DECISIONS.c.account_id).order_by(DECISIONS.c.account_id)
    with engine.connect() as connection:
        return list(connection.execute(query).scalars())


def day(text: str) -> datetime:
    """00:00 UTC of a day."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
