"""Decisions are found by their treatment: kinds get it, in three bits that were free.

Each record is read for it, a batch at a time, inside one transaction. What refuses changes of the
log is set aside for that, and put back as it was. The codes stand here as they were at this
revision, whatever the service does later.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op
from backports.zstd import ZstdError

from service.migrations.records_0002 import treatment_of

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BATCH = 1_000
_TREATMENT = 60  # the bit at which it begins
_TREATMENTS = {
    "wait": 1,
    "remind": 2,
    "negotiate": 3,
    "offer_plan": 4,
    "hardship_review": 5,
    "trace": 6,
    "escalate": 7,
}
_OTHERS = (1 << _TREATMENT) - 1  # the bits of a kind that were there before
_UNREADABLE = (ZstdError, ValueError, LookupError, TypeError, msgspec.MsgspecError)
_LATER = ("decision_rules", "supersessions")  # which have the kind of a decision too


def upgrade() -> None:
    """Give each kind the treatment that its record holds."""
    connection = op.get_bind()
    with _changing("decisions", *_LATER):
        for batch in _records(connection):
            _note(connection, batch)
        decisions = sa.table("decisions", sa.column("decision_id"), sa.column("kind"))
        for name in _LATER:
            table = sa.table(name, sa.column("decision_id"), sa.column("kind"))
            its = sa.select(decisions.c.kind).where(decisions.c.decision_id == table.c.decision_id)
            # Of a decision that is not there the kind stays.
            known = sa.func.coalesce(its.scalar_subquery(), table.c.kind)
            treatment = known.bitwise_and(~_OTHERS)
            connection.execute(table.update().values(kind=table.c.kind.bitwise_or(treatment)))


def downgrade() -> None:
    """Decisions can no longer be searched by their treatment."""
    connection = op.get_bind()
    with _changing("decisions", *_LATER):
        for name in ("decisions", *_LATER):
            kind = sa.column("kind", sa.BigInteger)
            connection.execute(sa.table(name, kind).update().values(kind=kind.bitwise_and(_OTHERS)))


def _records(connection: sa.Connection) -> Iterator[list[Any]]:
    """The id and the packed record of every decision, a batch at a time."""
    table = sa.table("decisions", sa.column("decision_id"), sa.column("record"))
    key = table.c.decision_id
    batch = sa.select(table).order_by(key).limit(_BATCH)
    page = batch
    while rows := connection.execute(page).all():
        yield list(rows)
        page = batch.where(key > rows[-1].decision_id)


def _note(connection: sa.Connection, rows: list[Any]) -> None:
    """Give the kinds of these decisions their treatments."""
    alike: dict[int, list[Any]] = defaultdict(list)
    for decision_id, record in rows:
        alike[_number(record)].append(decision_id)
    table = sa.table("decisions", sa.column("decision_id"), sa.column("kind", sa.BigInteger))
    for treatment, ids in alike.items():
        noted = table.c.kind.bitwise_or(treatment << _TREATMENT)
        connection.execute(table.update().where(table.c.decision_id.in_(ids)).values(kind=noted))


def _number(record: bytes) -> int:
    """The treatment's number; 0 where the record cannot be read, which keeps no log from moving."""
    try:
        return _TREATMENTS.get(treatment_of(record), 0)
    except _UNREADABLE:
        return 0


@contextmanager
def _changing(*tables: str) -> Iterator[None]:
    """The log lets its rows be changed, until the context ends."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        for table in tables:
            op.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only")
        yield
        for table in tables:
            op.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_append_only")
        return
    query = sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name")
    names = [f"{table}_no_update" for table in tables]
    made = [connection.execute(query, {"name": name}).scalar_one() for name in names]
    for name in names:
        op.execute(f"DROP TRIGGER {name}")
    yield
    for statement in made:
        connection.exec_driver_sql(statement)
