"""Sessions of reviewers' browsers, and reports that pages show.

Reports are append-only like the rest of the log.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "sessions",
        sa.Column("session_sha256", sa.String(64), primary_key=True),
        sa.Column("key_sha256", sa.String(64), nullable=False),
        sa.Column("created_at", _sortable(32), nullable=False),
        sa.Column("last_used_at", _sortable(32), nullable=False),
        sa.Column("ended_at", _sortable(32)),
    )
    op.create_index("sessions_by_use", "sessions", ["last_used_at"])
    op.create_table(
        "reports",
        sa.Column("report_id", _id(), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("reports_by_kind", "reports", ["kind", "report_id"])
    if op.get_context().dialect.name == "sqlite":
        _make_sqlite_triggers()
    else:
        op.execute(
            "CREATE TRIGGER reports_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reports "
            "FOR EACH STATEMENT EXECUTE FUNCTION curescore_append_only()"
        )


def downgrade() -> None:
    """Sign everybody out, and lose the reports that were published."""
    op.drop_table("reports")
    op.drop_table("sessions")


def _id() -> sa.types.TypeEngine[Any]:
    return sa.Uuid().with_variant(sa.LargeBinary(16), "sqlite")


def _sortable(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def _make_sqlite_triggers() -> None:
    refused = "BEGIN SELECT RAISE(ABORT, 'reports is append-only'); END"
    op.execute(f"CREATE TRIGGER reports_no_update BEFORE UPDATE ON reports {refused}")
    op.execute(f"CREATE TRIGGER reports_no_delete BEFORE DELETE ON reports {refused}")
    # A number that is not given is -1 here, which no row has.
    op.execute(
        "CREATE TRIGGER reports_no_replace BEFORE INSERT ON reports WHEN EXISTS ("
        "SELECT 1 FROM reports WHERE report_id = NEW.report_id OR rowid = NEW.rowid) "
        "BEGIN SELECT RAISE(ABORT, 'reports has this row'); END"
    )
