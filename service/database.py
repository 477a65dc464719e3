"""The database of the service: connections to it, and what is asserted before it is trusted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from service.tables import PRUNING_NOW

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "curescore_version"  # other tools that share a database own alembic_version
BUSY_SECONDS = 5
CONNECT_SECONDS = 5
# PostgreSQL gives up where SQLite does: whoever waits is answered then.
IN_TIME = f"SET statement_timeout = '{BUSY_SECONDS}s'"

LOCK_SECONDS = 2  # that writing what is told waits for another's lock


def wait_briefly(connection: sa.Connection) -> None:
    """Let the transaction wait for locks for LOCK_SECONDS at most; SQLite's wait BUSY_SECONDS."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{BUSY_SECONDS}s'")


# What each setting has to be, or may be instead where that waits for no less: SQLite's 2 is FULL
# and 3 EXTRA, PostgreSQL's remote_apply waits for standbys too.
_SQLITE_DURABLE = {"journal_mode": ("wal",), "synchronous": ("2", "3")}
_POSTGRESQL_DURABLE = {
    "synchronous_commit": ("on", "remote_apply"),
    "fsync": ("on",),
    "full_page_writes": ("on",),
}


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
            parsed,
            hide_parameters=True,
            pool_timeout=BUSY_SECONDS,
            connect_args={"timeout": BUSY_SECONDS},
        )
        sa.event.listen(engine, "connect", _sqlite_settings)
        return engine
    return sa.create_engine(
        parsed,
        hide_parameters=True,  # parameters hold personal data, messages end up in logs
        pool_pre_ping=True,
        pool_timeout=CONNECT_SECONDS,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            # A server that is gone without a word is given up soon, too.
            "tcp_user_timeout": 1000 * CONNECT_SECONDS,
            "keepalives_idle": CONNECT_SECONDS,
            "keepalives_interval": 1,
            "keepalives_count": CONNECT_SECONDS,
            "options": "-c synchronous_commit=on -c timezone=UTC",
        },
    )


def _sqlite_settings(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def driver_of(connection: sa.Connection) -> Any:
    """The driver's own connection."""
    return connection.connection.driver_connection


@contextmanager
def raised(connection: sa.Connection, statement: str) -> Iterator[None]:
    """Raises the driver's errors as SQLAlchemy does."""
    errors = connection.dialect.loaded_dbapi.Error
    try:
        yield
    except errors as error:
        raise sa.exc.DBAPIError.instance(
            statement, None, error, errors, hide_parameters=True, dialect=connection.dialect
        ) from error


def assert_durable(engine: sa.Engine) -> None:
    """DatabaseError unless a commit survives loss of power, by the database's own word."""
    with engine.connect() as connection:
        assert_durable_connection(connection)


def assert_durable_connection(connection: sa.Connection) -> None:
    """DatabaseError unless what this connection commits survives loss of power."""
    sqlite = connection.dialect.name == "sqlite"
    for name, (value, *better) in (_SQLITE_DURABLE if sqlite else _POSTGRESQL_DURABLE).items():
        query = f"PRAGMA {name}" if sqlite else f"SHOW {name}"
        got = str(connection.exec_driver_sql(query).scalar())
        if got not in (value, *better):
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
        try:
            move(config, revision)
        except CommandError as error:
            raise DatabaseError(f"{error}: it is of another version of curescore") from error
        reached = revision_of(connection)
    engine.dispose()
    return reached or "base"


def assert_migrated(engine: sa.Engine) -> None:
    """DatabaseError unless the tables are exactly those of this version."""
    with engine.connect() as connection:
        got = revision_of(connection)
    if got != _head():
        state = "has no tables yet" if got is None else f"is at revision {got}, not {_head()}"
        raise DatabaseError(f"the database {state}; run: curescore db upgrade")


def assert_closed(engine: sa.Engine) -> None:
    """DatabaseError where recorded decisions could be removed by anybody.

    What pruning opens the log with, it never commits; on SQLite a program that leaves foreign
    keys unchecked can.
    """
    query = sa.select(sa.func.count()).select_from(PRUNING_NOW)
    with engine.connect() as connection:
        if connection.execute(query).scalar():
            raise DatabaseError(
                "recorded decisions can be removed: somebody has committed a row to pruning_now; "
                "find out who, and close the log: DELETE FROM pruning_now"
            )


def revision_of(connection: sa.Connection) -> str | None:
    """The revision that the tables are at, None where there are none."""
    options = {"version_table": VERSION_TABLE}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


@cache
def _head() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
