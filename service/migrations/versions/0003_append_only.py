"""What is recorded stays: changing it is refused, removing it too but for pruning, which is logged.

A later migration that builds one of these tables anew must make its triggers anew as well.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LOG = (
    "decisions",
    "decision_rules",
    "generations",
    "idempotency",
    "recorded_chunks",
    "prunings",
)
PRUNED = ("decisions", "decision_rules", "idempotency")

# SQLite replaces a row (INSERT OR REPLACE) without asking a trigger for deletions: what makes
# each row the same, beside its number, and whether a second one is an error or, as its writers
# ask, nothing.
SAME = {
    "decisions": ("decision_id = NEW.decision_id", "ABORT"),
    "generations": ("sha256 = NEW.sha256", "IGNORE"),
    "idempotency": ("caller = NEW.caller AND key = NEW.key", "IGNORE"),
    "recorded_chunks": ("run_id = NEW.run_id AND chunk = NEW.chunk", "IGNORE"),
    "prunings": ("pruning_id = NEW.pruning_id AND batch = NEW.batch", "ABORT"),
}


def upgrade() -> None:
    """Make the log of prunings and the triggers."""
    _make_tables()
    if op.get_context().dialect.name == "sqlite":
        _make_sqlite_triggers()
    else:
        _make_postgresql_triggers()


def downgrade() -> None:
    """Lose the log of prunings; what is recorded can be changed and removed again."""
    sqlite = op.get_context().dialect.name == "sqlite"
    for table in LOG:
        for kind in ("no_update", "no_delete", "no_replace") if sqlite else ("append_only",):
            on = "" if sqlite else f" ON {table}"
            op.execute(f"DROP TRIGGER IF EXISTS {table}_{kind}{on}")
    if not sqlite:
        op.execute("DROP FUNCTION curescore_append_only()")
    op.drop_table("pruning_now")
    op.drop_table("prunings")


def _id() -> sa.types.TypeEngine[Any]:
    return sa.Uuid().with_variant(sa.LargeBinary(16), "sqlite")


def _make_tables() -> None:
    op.create_table(
        "prunings",
        sa.Column("pruning_id", _id(), primary_key=True),
        sa.Column("batch", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("inactive_since", sa.BigInteger, nullable=False),
        sa.Column("accounts", sa.Integer, nullable=False),
        sa.Column("decisions", sa.Integer, nullable=False),
        sa.Column("keys", sa.Integer, nullable=False),
        sa.Column("completed", sa.Boolean, nullable=False),
    )
    # A row here opens the log to pruning. None can be committed: the row 0 that it asks for at
    # the end of its transaction cannot be.
    op.create_table(
        "pruning_now",
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


def _make_sqlite_triggers() -> None:
    for table in LOG:
        refused = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refused}")
        closed = "WHEN NOT EXISTS (SELECT 1 FROM pruning_now) " if table in PRUNED else ""
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {closed}{refused}")
    for table, (same, action) in SAME.items():
        message = f", '{table} has this row'" if action == "ABORT" else ""
        # A number that is not given is -1 here, which no row has.
        given = f"{same} OR rowid = NEW.rowid"
        twice = f"EXISTS (SELECT 1 FROM {table} WHERE {given})"  # nosec B608  # noqa: S608
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {twice} "
            f"BEGIN SELECT RAISE({action}{message}); END"
        )


def _make_postgresql_triggers() -> None:
    # Temporary tables come last: one named like ours must not open the log.
    schema = op.get_bind().exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    # For whole statements: nothing is added to the cost of a row. TRUNCATE is never let through.
    op.execute(
        "CREATE FUNCTION curescore_append_only() RETURNS trigger LANGUAGE plpgsql "
        f"SET search_path = {schema}, pg_temp AS $$ BEGIN "  # nosec B608
        "IF TG_OP = 'DELETE' AND TG_NARGS = 1 THEN "
        "IF EXISTS (SELECT FROM pruning_now) THEN RETURN NULL; END IF; "
        "END IF; "
        "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; "
        "END $$"
    )
    for table in LOG:
        argument = "'pruned'" if table in PRUNED else ""
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION curescore_append_only({argument})"
        )
