"""The database of the service: its tables, and what is asserted before it is trusted."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "curescore_version"  # other tools that share a database own alembic_version
BUSY_SECONDS = 5
CONNECT_SECONDS = 5

METADATA = sa.MetaData()


def sortable(length: int) -> sa.types.TypeEngine[str]:
    """Text whose order is that of its bytes in both databases."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


DECISIONS = sa.Table(
    "decisions",
    METADATA,
    sa.Column("decision_id", sortable(36), primary_key=True),
    sa.Column("account_id", sa.String(64), nullable=False),
    sa.Column("as_of", sortable(32), nullable=False),
    sa.Column("decided_at", sortable(32), nullable=False),
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
    sa.Index("decisions_by_account", "account_id", "decision_id"),
    sa.Index("decisions_by_time", "decided_at"),
    sa.Index("decisions_by_level", "level", "decision_id"),
    sa.Index("decisions_by_stage", "stage", "tier", "decision_id"),
)

KEYS = sa.Table(
    "keys",
    METADATA,
    sa.Column("key_sha256", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("scope", sa.String(16), nullable=False),
    sa.Column("created_at", sortable(32), nullable=False),
    sa.Column("revoked_at", sortable(32)),
)


class DatabaseError(Exception):
    """A database that must not be used as it is: what is wrong, and how to mend it."""


def connect(url: str) -> sa.Engine:
    """An engine whose every connection commits durably.

    DatabaseError where SQLite's file is not there: only `upgrade` makes one.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if not Path(parsed.database or "").is_file():
            raise DatabaseError(
                f"there is no database at {parsed.database}; run: curescore db upgrade, or name "
                "the right CURESCORE_HOME or CURESCORE_DATABASE_URL"
            )
        engine = sa.create_engine(
            parsed, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS}
        )
        sa.event.listen(engine, "connect", _sqlite_settings)
        return engine
    return sa.create_engine(
        parsed,
        hide_parameters=True,  # parameters hold personal data, messages end up in logs
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "options": "-c synchronous_commit=on -c timezone=UTC",
        },
    )


def _sqlite_settings(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def assert_durable(engine: sa.Engine) -> None:
    """DatabaseError unless a commit survives loss of power, by the database's own word."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            wanted = {"journal_mode": "wal", "synchronous": "2"}  # 2 is FULL
            query = "PRAGMA {}"
        else:
            wanted = {"synchronous_commit": "on", "fsync": "on", "full_page_writes": "on"}
            query = "SHOW {}"
        for name, value in wanted.items():
            got = str(connection.exec_driver_sql(query.format(name)).scalar())
            if got != value:
                raise DatabaseError(
                    f"the database's {name} is {got}, not {value}: an answered decision could "
                    f"be lost with the power; use a database where {name} is {value}"
                )


def upgrade(url: str) -> str:
    """Bring the tables up to this version's and return the revision they are at."""
    return _migrate(url, "head", command.upgrade)


def downgrade(url: str, revision: str) -> str:
    """Take the tables back to an earlier revision (`base`: to none)."""
    return _migrate(url, revision, command.downgrade)


def _migrate(url: str, revision: str, move: Callable[[Config, str], None]) -> str:
    config = _config()
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        Path(parsed.database).touch(mode=0o600)
    engine = connect(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        move(config, revision)
        reached = _revision(connection)
    engine.dispose()
    return reached or "base"


def assert_migrated(engine: sa.Engine) -> None:
    """DatabaseError unless the tables are exactly those of this version."""
    with engine.connect() as connection:
        got = _revision(connection)
    if got != _head():
        state = "has no tables yet" if got is None else f"is at revision {got}, not {_head()}"
        raise DatabaseError(f"the database {state}; run: curescore db upgrade")


def _revision(connection: sa.Connection) -> str | None:
    options = {"version_table": VERSION_TABLE}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


@cache
def _head() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
