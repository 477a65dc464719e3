"""Decisions in a packed form, what decided them once, their rules apart; answers by key; chunks.

What it converts by stands here, and in service.migrations.records_0002, as it was at this revision,
whatever the service does later. Both ways it goes through the rows in batches, inside one
transaction.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from alembic import op
from backports import zstd

from service.migrations.records_0002 import inputs_of, record_of

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BATCH = 500
_OLD, _NEW = "decisions_0001", "decisions_0002"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_STAGES = {"pre_due": 0, "M1": 1, "M2": 2, "M3": 3, "M4+": 4}
_TIERS = {"low": 0, "medium": 1, "high": 2, "doubtful": 3}
_STATUSES = {"proposed": 0, "effective": 1, "superseded": 2}

Row = dict[str, Any]


def upgrade() -> None:
    """Make the tables and pack the decisions that there are."""
    for name in ("account", "time", "level", "stage"):
        op.drop_index(f"decisions_by_{name}", "decisions")
    _set_aside(_OLD)
    _make_tables()
    _move(_OLD, _packed, _insert_packed)
    op.drop_table(_OLD)
    op.create_index("decisions_by_account", "decisions", ["account_id", "decision_id", "kind"])
    op.create_index("decisions_by_kind", "decisions", ["kind", "decision_id"])


def downgrade() -> None:
    """Unpack the decisions: none of them can be replayed any more, keys and known chunks go."""
    for name in ("account", "kind"):
        op.drop_index(f"decisions_by_{name}", "decisions")
    _set_aside(_NEW)
    _make_old_table()
    _move(_NEW, _unpacker(), _insert_unpacked)
    for table in (_NEW, "recorded_chunks", "idempotency", "decision_rules", "generations"):
        op.drop_table(table)
    op.create_index("decisions_by_account", "decisions", ["account_id", "decision_id"])
    op.create_index("decisions_by_time", "decisions", ["decided_at"])
    op.create_index("decisions_by_level", "decisions", ["level", "decision_id"])
    op.create_index("decisions_by_stage", "decisions", ["stage", "tier", "decision_id"])


# Tables


class _Bytes(sa.types.TypeDecorator[UUID]):
    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: UUID | None, dialect: sa.Dialect) -> bytes | None:
        return None if value is None else value.bytes

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> UUID | None:
        return None if value is None else UUID(bytes=value)


_ID = sa.Uuid().with_variant(_Bytes(16), "sqlite")


def _sortable(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def _set_aside(name: str) -> None:
    op.rename_table("decisions", name)
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"ALTER INDEX decisions_pkey RENAME TO {name}_pkey")


def _make_tables() -> None:
    op.create_table(
        "decisions",
        sa.Column("decision_id", _ID, primary_key=True),
        sa.Column("as_of", sa.BigInteger, nullable=False),
        sa.Column("decided_at", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.BigInteger, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("account_id", _sortable(64), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("tier", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("target", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("record", sa.LargeBinary, nullable=False),
        sa.Column("inputs", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "decision_rules",
        sa.Column("rule", _sortable(64), primary_key=True),
        sa.Column("kind", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("decision_id", _ID, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "generations",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_table(
        "idempotency",
        sa.Column("caller", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("body_sha256", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "recorded_chunks",
        sa.Column("run_id", _ID, primary_key=True),
        sa.Column("chunk", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("decisions", sa.Integer, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
    )
    if op.get_context().dialect.name == "postgresql":  # what is compressed is not to be again
        for column in ("record", "inputs"):
            op.execute(f"ALTER TABLE decisions ALTER COLUMN {column} SET STORAGE EXTERNAL")


def _make_old_table() -> None:
    op.create_table(
        "decisions",
        sa.Column("decision_id", _sortable(36), primary_key=True),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("as_of", _sortable(32), nullable=False),
        sa.Column("decided_at", _sortable(32), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("tier", sa.String(16), nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("target", sa.String(32), nullable=False),
        sa.Column("bundle_sha256", sa.String(64), nullable=False),
        sa.Column("rules", sa.Text, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("inputs", sa.Text, nullable=False),
    )


def _move(
    name: str, converted: Callable[[Row], Row], insert: Callable[[sa.Connection, list[Row]], None]
) -> None:
    connection = op.get_bind()
    table = sa.Table(name, sa.MetaData(), autoload_with=connection)
    if name == _NEW:
        table.c.decision_id.type = _ID
    for rows in _batches(connection, table):
        insert(connection, [converted(row) for row in rows])


def _batches(connection: sa.Connection, table: sa.Table) -> Iterator[list[Row]]:
    key = table.c.decision_id
    batch = sa.select(table).order_by(key).limit(_BATCH)
    page = batch
    while rows := [dict(row) for row in connection.execute(page).mappings()]:
        yield rows
        page = batch.where(key > rows[-1]["decision_id"])


# Up


def _packed(row: Row) -> Row:
    record = json.loads(row["record"])
    kind = (
        _STAGES[row["stage"]] << 57
        | _TIERS[row["tier"]] << 54
        | row["level"] << 51
        | _STATUSES[row["status"]] << 49
        | int(row["bundle_sha256"][:12], 16)
    )
    same = ("account_id", "stage", "tier", "level", "status", "target", "actor")
    return {name: row[name] for name in same} | {
        "decision_id": UUID(row["decision_id"]),
        "as_of": _microseconds(row["as_of"]),
        "decided_at": _microseconds(row["decided_at"]),
        "kind": kind,
        "document": _document(record),
        "rules": row["rules"].split("\n")[1:-1],
        "record": b"\x01" + zstd.compress(msgspec.msgpack.encode(record)),
        "inputs": b"\x01" + zstd.compress(row["inputs"].encode()),
    }


def _microseconds(text: str) -> int:
    return (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND


def _document(record: Row) -> str:
    """What the record says of what decided it, as the document of a generation."""
    versions = record["versions"]
    name, _, digits = versions["policy"].rpartition("@")
    estimate = versions.get("estimate")
    document = {
        "bundles": {
            record["score"]["target"]: {
                "name": versions["model"],
                "sha256": versions["bundle_sha256"],
                "features": None,
            }
        },
        "policy": {"name": name, "sha256": digits, "estimate_sha256": estimate},
        "challenger": None,
        "plan": versions["prices"],
        "rules": versions["rules"],
        "code": versions["code"],
        "tzdata": versions["tzdata"],
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _insert_packed(connection: sa.Connection, rows: list[Row]) -> None:
    numbers = {text: _number(connection, text) for text in {row["document"] for row in rows}}
    rules = [
        {"rule": rule, "kind": row["kind"], "decision_id": row["decision_id"]}
        for row in rows
        for rule in dict.fromkeys(row["rules"])
    ]
    for row in rows:
        row["generation"] = numbers[row.pop("document")]
        del row["rules"]
    connection.execute(_table("decisions", *rows[0], key=_ID).insert(), rows)
    if rules:
        connection.execute(_table("decision_rules", *rules[0], key=_ID).insert(), rules)


def _number(connection: sa.Connection, document: str) -> int:
    table = _table("generations", "id", "sha256", "document")
    sha256 = hashlib.sha256(document.encode()).hexdigest()
    query = sa.select(table.c.id).where(table.c.sha256 == sha256)
    found = connection.execute(query).scalar()
    if found is None:
        connection.execute(table.insert(), {"sha256": sha256, "document": document})
        found = connection.execute(query).scalar_one()
    return int(found)


def _table(name: str, *columns: str, key: Any = None) -> sa.TableClause:
    """A table by name, whose `decision_id` is of the type `key`."""
    kinds = {"decision_id": key}
    return sa.table(name, *(sa.column(column, kinds.get(column)) for column in columns))


# Down


def _unpacker() -> Callable[[Row], Row]:
    table = _table("generations", "id", "document")
    rows = op.get_bind().execute(sa.select(table.c.id, table.c.document))
    documents = {row.id: json.loads(row.document) for row in rows}

    def unpacked(row: Row) -> Row:
        record = record_of(row, documents[row["generation"]])
        rules = [rule["rule"] for rule in record["intensity"]["binding_rules"]]
        same = ("account_id", "stage", "tier", "level", "status", "target", "actor")
        return {name: row[name] for name in same} | {
            "decision_id": str(row["decision_id"]),
            "as_of": _text(row["as_of"]),
            "decided_at": _text(row["decided_at"]),
            "bundle_sha256": record["versions"]["bundle_sha256"],
            "rules": "\n".join(["", *rules, ""]),
            "record": json.dumps(record, separators=(",", ":"), allow_nan=False),
            "inputs": inputs_of(row["inputs"]).decode(),
        }

    return unpacked


def _text(microseconds: int) -> str:
    return (_EPOCH + microseconds * _MICROSECOND).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _insert_unpacked(connection: sa.Connection, rows: list[Row]) -> None:
    connection.execute(_table("decisions", *rows[0]).insert(), rows)
