"""What the database itself refuses: to change or remove what is recorded, and to whom."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from features.errors import InputError
from models.decision import Decision
from models.generation import Generation
from service.app import create_app
from service.database import (
    VERSION_TABLE,
    DatabaseError,
    assert_closed,
    assert_durable,
    assert_migrated,
    connect,
    upgrade,
)
from service.instants import new_id
from service.log import grants
from service.log.nights import Nights
from service.log.records import entry
from service.log.status import status
from service.security.keys import Keys
from service.settings import Settings
from service.tables import IDEMPOTENCY, METADATA, PRUNING_NOW, PRUNINGS
from tests.logged import accounts, decided, every_table, keyed
from tests.service.conftest import Client

NOW = datetime(2025, 7, 3, 12, tzinfo=UTC)
LOG = (
    "decisions",
    "decision_rules",
    "generations",
    "idempotency",
    "recorded_chunks",
    "prunings",
    "events",
    "visits",
    "supersessions",
    "reports",
)
PRUNED = ("decisions", "decision_rules", "idempotency", "events", "visits", "supersessions")
OPEN = {"id": 1, "until": 0}


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """A database of each kind with a row in each table of the log, as its owner."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'log.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
    yield from filled(url)


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[sa.Engine]:
    yield from filled(postgres_url)


def filled(url: str) -> Iterator[sa.Engine]:
    upgrade(url)
    engine = connect(url)
    with engine.begin() as connection:
        every_table(connection, NOW)
        connection.execute(PRUNINGS.insert(), PRUNING)
    yield engine
    engine.dispose()


PRUNING = {
    "pruning_id": UUID(int=7),
    "batch": 0,
    "at": 0,
    "actor": "test",
    "inactive_since": 0,
    "accounts": 0,
    "decisions": 0,
    "keys": 0,
    "completed": True,
}


def attempt(engine: sa.Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)


def while_pruning(engine: sa.Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(PRUNING_NOW.insert(), OPEN)
        connection.exec_driver_sql(statement)


def updates(engine: sa.Engine, table: str) -> list[str]:
    column = METADATA.tables[table].columns[0].name
    truncate = [] if engine.dialect.name == "sqlite" else [f"TRUNCATE {table}"]
    return [f"UPDATE {table} SET {column} = {column}", *truncate]


def contents(engine: sa.Engine) -> dict[str, list[Any]]:
    with engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(sa.select(table))]
            for name, table in METADATA.tables.items()
        }


def test_every_table_is_of_the_log_or_known_not_to_be() -> None:
    assert set(METADATA.tables) == {*LOG, "keys", "key_uses", "sessions", "pruning_now"}


def test_no_row_is_changed_or_removed(engine: sa.Engine) -> None:
    before = contents(engine)
    for table in LOG:
        assert before[table]
        for change in [*updates(engine, table), f"DELETE FROM {table}"]:
            with pytest.raises(sa.exc.IntegrityError, match="append-only"):
                attempt(engine, change)
    assert contents(engine) == before


@pytest.mark.parametrize("table", LOG)
def test_no_row_is_replaced(tmp_path: Path, table: str) -> None:
    url = f"sqlite:///{tmp_path / 'log.db'}"
    for engine in filled(url):
        before = contents(engine)
        columns = METADATA.tables[table].columns
        keys = {column.name for column in columns if column.primary_key}
        values = ", ".join(
            name if name in keys else f"cast({name} AS blob)"
            for name in columns.keys()  # noqa: SIM118 (it is no dict)
        )
        with engine.connect() as connection:
            try:
                connection.exec_driver_sql(
                    f"INSERT OR REPLACE INTO {table} SELECT {values} FROM {table}"
                )
            except sa.exc.IntegrityError:
                connection.rollback()
            connection.commit()
        assert contents(engine) == before


@pytest.mark.parametrize("table", sorted(set(LOG) - {"decision_rules"}))  # its rows have no number
def test_no_row_is_replaced_by_its_number(tmp_path: Path, table: str) -> None:
    url = f"sqlite:///{tmp_path / 'log.db'}"
    for engine in filled(url):
        before = contents(engine)
        columns = [column for column in METADATA.tables[table].columns if column.name != "id"]
        names = ", ".join(column.name for column in columns)
        values = ", ".join(
            f"cast(randomblob(16) AS {'text' if isinstance(column.type, sa.String) else 'blob'})"
            if column.primary_key or column.unique
            else column.name
            for column in columns
        )
        with engine.connect() as connection:
            try:
                connection.exec_driver_sql(
                    f"INSERT OR REPLACE INTO {table} (rowid, {names}) "
                    f"SELECT rowid, {values} FROM {table}"
                )
            except sa.exc.IntegrityError:
                connection.rollback()
            connection.commit()
        assert contents(engine) == before


def test_a_temporary_table_opens_nothing(postgres: sa.Engine) -> None:
    before = contents(postgres)
    with postgres.connect() as connection:
        connection.exec_driver_sql("CREATE TEMPORARY TABLE pruning_now (id int)")
        connection.exec_driver_sql("INSERT INTO pg_temp.pruning_now VALUES (1)")
        with pytest.raises(sa.exc.IntegrityError, match="append-only"):
            connection.exec_driver_sql("DELETE FROM decisions")
    assert contents(postgres) == before


def test_a_log_that_another_program_left_open_is_refused(tmp_path: Path) -> None:
    for engine in filled(f"sqlite:///{tmp_path / 'log.db'}"):
        assert_closed(engine)
        with sqlite3.connect(tmp_path / "log.db") as other:  # it checks no foreign keys
            other.execute("INSERT INTO pruning_now VALUES (1, 0)")
        other.close()
        with pytest.raises(DatabaseError, match="DELETE FROM pruning_now"):
            assert_closed(engine)


def test_only_pruning_removes_and_only_what_may_go(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(PRUNING_NOW.insert(), OPEN)
        for table in PRUNED:
            connection.execute(METADATA.tables[table].delete())
        connection.execute(PRUNING_NOW.delete())
    assert accounts(engine) == []
    for table in set(LOG) - set(PRUNED):
        with pytest.raises(sa.exc.IntegrityError, match="append-only"):
            while_pruning(engine, f"DELETE FROM {table}")


def test_nothing_is_changed_or_truncated_while_pruning(engine: sa.Engine) -> None:
    for table in LOG:
        for change in updates(engine, table):
            with pytest.raises(sa.exc.IntegrityError, match="append-only"):
                while_pruning(engine, change)


@pytest.mark.parametrize("row", [OPEN, {"id": 1, "until": 1}, {"id": 0, "until": 0}])
def test_the_log_is_never_left_open_to_pruning(engine: sa.Engine, row: dict[str, int]) -> None:
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(PRUNING_NOW.insert(), row)
    with engine.connect() as connection:
        assert connection.execute(sa.select(PRUNING_NOW)).all() == []


def test_a_second_answer_to_a_key_is_passed_over_as_asked(engine: sa.Engine) -> None:
    insert = sqlite.insert if engine.dialect.name == "sqlite" else postgresql.insert
    again = insert(IDEMPOTENCY).on_conflict_do_nothing().returning(IDEMPOTENCY.c.key)
    row = {"caller": "test", "body_sha256": b"", "answer": b"other", "created_at": 0}
    with engine.begin() as connection:
        rows = [row | {"key": key} for key in ("key", "new")]
        assert connection.execute(again, rows).scalars().all() == ["new"]
    with engine.connect() as connection:
        answers = connection.execute(sa.select(IDEMPOTENCY.c.key, IDEMPOTENCY.c.answer)).all()
    assert sorted(map(tuple, answers)) == [("key", b"answer"), ("new", b"other")]


# Roles


def as_role(owner: sa.Engine, role: str) -> sa.Engine:
    return connect(owner.url.set(username=role).render_as_string(hide_password=False))


@pytest.fixture
def roles(postgres: sa.Engine) -> Iterator[tuple[sa.Engine, sa.Engine]]:
    """Engines of the service's role and of that which prunes."""
    names = ("curescore_service", "curescore_prune")
    make_roles(postgres, names)
    grants.grant(postgres, {names[0]: grants.SERVICE, names[1]: grants.PRUNE})
    service, prune = (as_role(postgres, name) for name in names)
    yield service, prune
    service.dispose()
    prune.dispose()
    drop_roles(postgres, names)


def make_roles(engine: sa.Engine, names: tuple[str, ...]) -> None:
    with engine.begin() as connection:
        for name in names:
            connection.exec_driver_sql(f'CREATE ROLE "{name}" LOGIN')


def drop_roles(engine: sa.Engine, names: tuple[str, ...]) -> None:
    with engine.begin() as connection:
        for name in names:
            connection.exec_driver_sql(f'DROP OWNED BY "{name}"')
            connection.exec_driver_sql(f'DROP ROLE "{name}"')


REFUSED = (
    "UPDATE {0} SET {1} = {1}",
    "DELETE FROM {0}",
    "TRUNCATE {0}",
    "ALTER TABLE {0} ADD COLUMN more integer",
    "ALTER TABLE {0} DISABLE TRIGGER ALL",
    "DROP TABLE {0}",
    "CREATE TRIGGER more BEFORE INSERT ON {0} EXECUTE FUNCTION curescore_append_only()",
)


# Tables that are none of the log: how many of these the service may all the same.
ITS_OWN = {"key_uses": 1, "sessions": 2}


def test_the_services_role_only_reads_and_adds(roles: tuple[sa.Engine, sa.Engine]) -> None:
    service, _ = roles
    columns = {name: table.columns[0].name for name, table in METADATA.tables.items()}
    for table, column in (columns | {VERSION_TABLE: "version_num"}).items():
        for statement in REFUSED[ITS_OWN.get(table, 0) :]:
            with pytest.raises(sa.exc.ProgrammingError, match=r"denied|owner"):
                attempt(service, statement.format(table, column))


def test_a_role_is_told_the_status_as_far_as_it_may_see(
    roles: tuple[sa.Engine, sa.Engine],
) -> None:
    service, prune = (status(engine).rows for engine in roles)
    assert service["decisions"] == prune["decisions"]
    assert service["prunings"] is None
    assert prune["generations"] is None


def test_neither_role_can_undo_the_protection(roles: tuple[sa.Engine, sa.Engine]) -> None:
    statements = [
        "DROP FUNCTION curescore_append_only() CASCADE",
        "CREATE OR REPLACE FUNCTION curescore_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RETURN NULL; END'",
        "SET session_replication_role = replica",
        "CREATE TABLE more (id integer)",
        "INSERT INTO keys SELECT * FROM keys",
        f"UPDATE {VERSION_TABLE} SET version_num = '0001'",
    ]
    for engine in roles:
        for statement in statements:
            with pytest.raises(sa.exc.ProgrammingError):
                attempt(engine, statement)


def test_the_pruning_role_adds_no_decision_and_changes_none(
    roles: tuple[sa.Engine, sa.Engine],
) -> None:
    _, prune = roles
    with pytest.raises(sa.exc.ProgrammingError, match="permission"), prune.begin() as connection:
        decided(connection, "A-2", NOW)
    with pytest.raises(sa.exc.IntegrityError, match="append-only"):
        attempt(prune, "DELETE FROM decisions")
    for statement in ("UPDATE decisions SET level = 0", "TRUNCATE decisions"):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            while_pruning(prune, statement)


def test_the_service_works_under_its_role(
    roles: tuple[sa.Engine, sa.Engine],
    postgres: sa.Engine,
    generation: Generation,
    body: dict[str, Any],
) -> None:
    service, _ = roles
    assert_migrated(service)
    assert_durable(service)
    token = Keys(postgres).add("strategy", "admin")
    app = create_app(Settings(auth="keys"), service, lambda: generation)
    client = Client(app, {"Authorization": f"Bearer {token}", "Idempotency-Key": "once"})
    record = client.post("/v1/decisions", json=body).json()
    assert client.post("/v1/decisions", json=body).json() == record
    assert client.get(f"/v1/decisions/{record['decision_id']}").json() == record
    found = client.post("/v1/decisions:search", json={"account_id": record["account_id"]}).json()
    assert found == {"decisions": [record], "next_cursor": None}


def test_a_night_is_recorded_under_it_too(
    roles: tuple[sa.Engine, sa.Engine], decision: Decision
) -> None:
    service, _ = roles
    run = new_id(NOW)
    made, _ = entry(decision, b"{}", decided_at=NOW, actor="night", generation=1)
    assert Nights(service).record(run, 1, [made])
    assert not Nights(service).record(run, 1, [made])
    assert Nights(service).recorded(run) == {1: 1}


def test_who_could_change_the_log_is_told(
    roles: tuple[sa.Engine, sa.Engine], postgres: sa.Engine
) -> None:
    service, prune = roles
    assert grants.changing(service) == []
    assert grants.changing(prune) == ["DELETE"]
    assert grants.changing(postgres) == ["UPDATE", "DELETE", "TRUNCATE"]


def test_a_grant_takes_away_what_it_does_not_give(
    roles: tuple[sa.Engine, sa.Engine], postgres: sa.Engine
) -> None:
    service, _ = roles
    with postgres.begin() as connection:
        connection.exec_driver_sql("GRANT ALL ON ALL TABLES IN SCHEMA public TO curescore_service")
    assert grants.changing(service) == ["UPDATE", "DELETE", "TRUNCATE"]
    for _ in range(2):
        grants.grant(postgres, {"curescore_service": grants.SERVICE})
        assert grants.changing(service) == []
    with service.begin() as connection:
        keyed(connection, "again", NOW)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("ALTER ROLE {0} SUPERUSER", "superuser"),
        ("GRANT {1} TO {0}", "owner"),
        ("GRANT UPDATE ON decisions TO PUBLIC", "may UPDATE on decisions"),
        ("GRANT pg_write_all_data TO {0}", "may UPDATE on decisions"),
    ],
)
def test_a_role_that_could_do_more_is_refused(postgres: sa.Engine, more: str, told: str) -> None:
    names = ('the "service"',)
    quoted = '"the ""service"""'
    with postgres.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {quoted}")
        owner = connection.exec_driver_sql("SELECT current_user").scalar()
        # Not the superuser himself, of whom nobody may become a member in passing.
        connection.exec_driver_sql("CREATE ROLE holder")
        for table in [*METADATA.tables, VERSION_TABLE]:
            connection.exec_driver_sql(f"ALTER TABLE {table} OWNER TO holder")
    try:
        grants.grant(postgres, {names[0]: grants.SERVICE})
        with postgres.begin() as connection:
            connection.exec_driver_sql(more.format(quoted, "holder"))
        with pytest.raises(InputError, match=told):
            grants.grant(postgres, {names[0]: grants.SERVICE})
    finally:
        with postgres.begin() as connection:
            connection.exec_driver_sql(f'REASSIGN OWNED BY holder TO "{owner}"')
            connection.exec_driver_sql(f"DROP OWNED BY holder, {quoted}")
            connection.exec_driver_sql(f"DROP ROLE holder, {quoted}")


def test_a_role_that_is_not_there_is_told(postgres: sa.Engine) -> None:
    with pytest.raises(InputError, match="CREATE ROLE"):
        grants.grant(postgres, {"nobody": grants.SERVICE})
