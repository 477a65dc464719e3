"""Alembic's entry: runs the migrations on the connection that service.database hands over."""

from alembic import context
from sqlalchemy import Connection

from service.database import VERSION_TABLE
from service.tables import METADATA

LOCK = 0x63757265  # a number of ours among PostgreSQL's advisory locks
WAIT_MILLISECONDS = 10 * 60 * 1000


def lock(connection: Connection) -> None:
    """Wait until no other migration runs; until the transaction ends, none does beside this one."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA busy_timeout={WAIT_MILLISECONDS}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")


lock(context.config.attributes["connection"])
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
