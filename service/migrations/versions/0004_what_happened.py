"""What happened after a decision: events, visits, who superseded it; keys that expire.

Events, visits and supersessions are append-only like the rest of the log; pruning removes them.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PRUNED = ("events", "visits", "supersessions")

# What makes each row the same, beside its number: a second one is nothing, as its writers ask.
SAME = {
    "events": "kind = NEW.kind AND event_id = NEW.event_id AND version = NEW.version",
    "visits": "visit_id = NEW.visit_id AND number = NEW.number",
    "supersessions": "decision_id = NEW.decision_id OR superseded_by = NEW.superseded_by",
}


def upgrade() -> None:
    """Make the tables of what happened, and the new columns of keys and prunings."""
    _make_tables()
    op.add_column("keys", sa.Column("expires_at", _sortable(32)))
    op.add_column("keys", sa.Column("requests_per_second", sa.Integer))
    events = sa.Column("events", sa.Integer, nullable=False, server_default="0")
    op.add_column("prunings", events)
    if op.get_context().dialect.name == "sqlite":
        _make_sqlite_triggers()
    else:
        _make_postgresql_triggers()


def downgrade() -> None:
    """Lose all contacts, payments, outcomes and visits, which decision superseded which, when keys
    expire and were used.
    """
    for table in (*PRUNED, "key_uses"):
        op.drop_table(table)
    op.drop_column("prunings", "events")
    op.drop_column("keys", "requests_per_second")
    op.drop_column("keys", "expires_at")


def _id() -> sa.types.TypeEngine[Any]:
    return sa.Uuid().with_variant(sa.LargeBinary(16), "sqlite")


def _sortable(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def _make_tables() -> None:
    op.create_table(
        "events",
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("event_id", _sortable(64), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("account_id", _sortable(64), nullable=False),
        sa.Column("debtor_id", _sortable(64)),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("events_by_account", "events", ["account_id", "kind", "at"])
    op.create_index("events_by_debtor", "events", ["debtor_id", "at"])
    op.create_table(
        "visits",
        sa.Column("visit_id", _id(), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("account_id", _sortable(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("visits_by_account", "visits", ["account_id", "visit_id"])
    op.create_index("visits_by_step", "visits", ["step", "recorded_at", "visit_id"])
    op.create_table(
        "supersessions",
        sa.Column("decision_id", _id(), primary_key=True),
        sa.Column("kind", sa.BigInteger, nullable=False),
        sa.Column("superseded_by", _id(), nullable=False, unique=True),
    )
    op.create_index("supersessions_by_kind", "supersessions", ["kind", "decision_id"])
    op.create_table(
        "key_uses",
        sa.Column("key_sha256", sa.String(64), primary_key=True),
        sa.Column("last_used_at", _sortable(32), nullable=False),
    )


def _make_sqlite_triggers() -> None:
    for table in PRUNED:
        refused = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        closed = "WHEN NOT EXISTS (SELECT 1 FROM pruning_now) "
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refused}")
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {closed}{refused}")
        # A number that is not given is -1 here, which no row has.
        given = f"{SAME[table]} OR rowid = NEW.rowid"
        twice = f"EXISTS (SELECT 1 FROM {table} WHERE {given})"  # nosec B608  # noqa: S608
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {twice} "
            "BEGIN SELECT RAISE(IGNORE); END"
        )


def _make_postgresql_triggers() -> None:
    for table in PRUNED:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION curescore_append_only('pruned')"
        )
