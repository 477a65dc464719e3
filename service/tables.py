"""The tables of the service's database. Ids and instants are those of service.instants."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

METADATA = sa.MetaData()


class _Bytes(sa.types.TypeDecorator[UUID]):
    """A UUID as its 16 bytes, where the database has no type for it; they sort alike."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: UUID | None, dialect: sa.Dialect) -> bytes | None:
        return None if value is None else value.bytes

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> UUID | None:
        return None if value is None else UUID(bytes=value)


ID = sa.Uuid().with_variant(_Bytes(16), "sqlite")


def insert_new(table: sa.Table, dialect: str) -> "sqlite.Insert | postgresql.Insert":
    """An INSERT that passes over rows that are there already."""
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return insert(table).on_conflict_do_nothing()


def sortable(length: int) -> sa.types.TypeEngine[str]:
    """Text whose order is that of its bytes in both databases."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


DECISIONS = sa.Table(
    "decisions",
    METADATA,
    sa.Column("decision_id", ID, primary_key=True),
    sa.Column("as_of", sa.BigInteger, nullable=False),
    sa.Column("decided_at", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.BigInteger, nullable=False),  # service.log.kinds
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("level", sa.SmallInteger, nullable=False),
    sa.Column("account_id", sortable(64), nullable=False),
    sa.Column("stage", sa.String(16), nullable=False),
    sa.Column("tier", sa.String(16), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("target", sa.String(32), nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("record", sa.LargeBinary, nullable=False),  # service.log.packing, and the inputs too
    sa.Column("inputs", sa.LargeBinary, nullable=False),
    sa.Index("decisions_by_account", "account_id", "decision_id", "kind"),
    sa.Index("decisions_by_kind", "kind", "decision_id"),
)

# The rules that bound: one row for each of a decision, with its kind.
RULES = sa.Table(
    "decision_rules",
    METADATA,
    sa.Column("rule", sortable(64), primary_key=True),
    sa.Column("kind", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("decision_id", ID, primary_key=True),
    sqlite_with_rowid=False,
)

# What decided, each once: service.log.generations.
GENERATIONS = sa.Table(
    "generations",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("document", sa.Text, nullable=False),
)

# The first answer to each key that a caller sent with a request, to be given again.
IDEMPOTENCY = sa.Table(
    "idempotency",
    METADATA,
    sa.Column("caller", sa.String(64), primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("body_sha256", sa.LargeBinary, nullable=False),
    sa.Column("answer", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

# The chunks of nightly runs whose decisions are recorded.
RECORDED_CHUNKS = sa.Table(
    "recorded_chunks",
    METADATA,
    sa.Column("run_id", ID, primary_key=True),
    sa.Column("chunk", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("decisions", sa.Integer, nullable=False),
    sa.Column("recorded_at", sa.BigInteger, nullable=False),
)

KEYS = sa.Table(
    "keys",
    METADATA,
    sa.Column("key_sha256", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("scope", sa.String(16), nullable=False),
    sa.Column("created_at", sortable(32), nullable=False),
    sa.Column("revoked_at", sortable(32)),
    sa.Column("expires_at", sortable(32)),
    sa.Column("requests_per_second", sa.Integer),  # None: as the service's setting has it
)

# When each key was last used, which the service alone writes; to the minute.
KEY_USES = sa.Table(
    "key_uses",
    METADATA,
    sa.Column("key_sha256", sa.String(64), primary_key=True),
    sa.Column("last_used_at", sortable(32), nullable=False),
)

# Browsers that a reviewer signed in with, by the digest of what their cookie holds.
SESSIONS = sa.Table(
    "sessions",
    METADATA,
    sa.Column("session_sha256", sa.String(64), primary_key=True),
    sa.Column("key_sha256", sa.String(64), nullable=False),
    sa.Column("created_at", sortable(32), nullable=False),
    sa.Column("last_used_at", sortable(32), nullable=False),
    sa.Column("ended_at", sortable(32)),
    sa.Index("sessions_by_use", "last_used_at"),
)

# Reports on the whole portfolio, which pages show: compressed JSON.
REPORTS = sa.Table(
    "reports",
    METADATA,
    sa.Column("report_id", ID, primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("made_at", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("document", sa.LargeBinary, nullable=False),
    sa.Index("reports_by_kind", "kind", "report_id"),
)

# Contacts, payments and outcomes, by their senders' own ids; what is sent anew with other content
# is the next version. `at`: when it happened, of an outcome 00:00 UTC of its statement's date.
EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("kind", sa.String(8), primary_key=True),
    sa.Column("event_id", sortable(64), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("account_id", sortable(64), nullable=False),
    sa.Column("debtor_id", sortable(64)),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("recorded_at", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),  # JSON
    sa.Index("events_by_account", "account_id", "kind", "at"),
    sa.Index("events_by_debtor", "debtor_id", "at"),
)

# The steps of visits, numbered from 0.
VISITS = sa.Table(
    "visits",
    METADATA,
    sa.Column("visit_id", ID, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("step", sa.String(16), nullable=False),
    sa.Column("account_id", sortable(64), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("recorded_at", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),  # JSON
    sa.Index("visits_by_account", "account_id", "visit_id"),
    sa.Index("visits_by_step", "step", "recorded_at", "visit_id"),
)

# Which decision was superseded by which; `kind` is that of the superseded one, as superseded.
SUPERSESSIONS = sa.Table(
    "supersessions",
    METADATA,
    sa.Column("decision_id", ID, primary_key=True),
    sa.Column("kind", sa.BigInteger, nullable=False),  # service.log.kinds
    sa.Column("superseded_by", ID, nullable=False, unique=True),
    sa.Index("supersessions_by_kind", "kind", "decision_id"),
)

# Each batch that a pruning removed: service.log.pruning.
PRUNINGS = sa.Table(
    "prunings",
    METADATA,
    sa.Column("pruning_id", ID, primary_key=True),
    sa.Column("batch", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("inactive_since", sa.BigInteger, nullable=False),
    sa.Column("accounts", sa.Integer, nullable=False),
    sa.Column("decisions", sa.Integer, nullable=False),
    sa.Column("keys", sa.Integer, nullable=False),
    sa.Column("events", sa.Integer, nullable=False, server_default="0"),  # visits' steps too
    sa.Column("completed", sa.Boolean, nullable=False),
)

# A row here opens the log to pruning until its transaction ends. None can be committed: what
# it refers to cannot be there.
PRUNING_NOW = sa.Table(
    "pruning_now",
    METADATA,
    sa.Column(
        "id", sa.Integer, sa.CheckConstraint("id = 1"), primary_key=True, autoincrement=False
    ),
    sa.Column(
        "until",
        sa.Integer,
        sa.CheckConstraint("until = 0"),
        sa.ForeignKey("pruning_now.id", deferrable=True, initially="DEFERRED"),
        nullable=False,
    ),
)
