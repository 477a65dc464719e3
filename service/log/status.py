"""What the service's database holds, and whether it is fit to be served."""

from dataclasses import dataclass

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError

from features.errors import InputError
from service.database import MIGRATIONS, DatabaseError, assert_durable, revision_of
from service.tables import METADATA


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a database.

    `kind` is its name and version; `durable` is what keeps a commit from surviving loss of power,
    None where nothing does; `size` is in bytes; `rows` are those of each table that is there, None
    where the role may not read it.
    """

    kind: str
    revision: str | None
    head: str | None
    not_durable: str | None
    size: int
    rows: dict[str, int | None]


def status(engine: sa.Engine) -> Status:
    """The state of the database; also of one whose tables are another version's."""
    try:
        assert_durable(engine)
        not_durable = None
    except DatabaseError as error:
        not_durable = str(error)
    with engine.connect() as connection:
        there = sa.inspect(connection).get_table_names()
        version = ".".join(str(part) for part in connection.dialect.server_version_info or ())
        return Status(
            kind=f"{connection.dialect.name} {version}",
            revision=revision_of(connection),
            head=_scripts().get_current_head(),
            not_durable=not_durable,
            size=_size(connection),
            rows={name: _count(connection, name) for name in METADATA.tables if name in there},
        )


def losses(engine: sa.Engine, revision: str) -> list[str]:
    """What a downgrade to `revision` would do: a sentence for each step. Nothing is done.

    InputError where there is no such revision, or the tables are not beyond it.
    """
    with engine.connect() as connection:
        current = revision_of(connection)
    try:
        steps = list(_scripts().iterate_revisions(current, revision)) if current else []
    except RevisionError:
        steps = []
    if not steps:
        remedy = f"The tables are at {current or 'none'}; name an earlier one, or base"
        raise InputError("REVISION", "is not earlier", remedy, revision)
    return [f"{step.revision}: {step.module.downgrade.__doc__}" for step in steps]


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(MIGRATIONS)


def _size(connection: sa.Connection) -> int:
    if connection.dialect.name == "sqlite":
        query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    else:
        query = "SELECT pg_database_size(current_database())"
    return int(connection.exec_driver_sql(query).scalar_one())


def _count(connection: sa.Connection, table: str) -> int | None:
    if connection.dialect.name == "postgresql":
        may = sa.select(sa.func.has_table_privilege(table, "SELECT"))
        if not connection.execute(may).scalar_one():
            return None
    query = sa.select(sa.func.count()).select_from(METADATA.tables[table])
    return int(connection.execute(query).scalar_one())
