"""The decision log and the keys of callers."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _sortable(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Make both tables."""
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
    op.create_index("decisions_by_account", "decisions", ["account_id", "decision_id"])
    op.create_index("decisions_by_time", "decisions", ["decided_at"])
    op.create_index("decisions_by_level", "decisions", ["level", "decision_id"])
    op.create_index("decisions_by_stage", "decisions", ["stage", "tier", "decision_id"])
    op.create_table(
        "keys",
        sa.Column("key_sha256", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("created_at", _sortable(32), nullable=False),
        sa.Column("revoked_at", _sortable(32)),
    )


def downgrade() -> None:
    """Drop both tables, with every decision in them."""
    op.drop_table("keys")
    op.drop_table("decisions")
