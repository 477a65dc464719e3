"""The decision log and its migrations on both databases."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from models.decision import Decision
from models.generation import Generation
from service.app import create_app
from service.database import DatabaseError, assert_durable, connect, upgrade
from service.instants import microseconds
from service.log.decisions import DecisionLog, Query
from service.log.inserts import Inserts
from service.log.kinds import kind_of
from service.log.records import Entry
from service.security.keys import Keys
from service.settings import Settings
from service.tables import DECISIONS, RULES
from tests.service.conftest import Client
from tests.storing import AT, made, put, stored


@pytest.fixture(params=["sqlite", "postgresql"])
def log_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """An engine of a database of each kind, with all tables."""
    sqlite = request.param == "sqlite"
    new = f"sqlite:///{tmp_path / 'new' / 'log.db'}"
    url = new if sqlite else request.getfixturevalue("postgres_url")
    upgrade(url)
    engine = connect(url)
    yield engine
    engine.dispose()


@pytest.fixture
def log(log_engine: sa.Engine) -> DecisionLog:
    return DecisionLog(log_engine)


def entries(engine: sa.Engine, decision: Decision, count: int) -> list[Entry]:
    return [one for one, _ in made(engine, decision, count)]


@pytest.mark.parametrize("way", ["put", "copy"])
def test_what_is_recorded_is_read_back_whole(
    log_engine: sa.Engine, log: DecisionLog, decision: Decision, way: str
) -> None:
    pairs = made(log_engine, decision, 3, inputs='{"名":0.1}'.encode())
    with log_engine.begin() as connection:
        getattr(Inserts(log_engine), way)(connection, [one for one, _ in pairs])
        getattr(Inserts(log_engine), way)(connection, [])
    for one, record in pairs:
        assert log.read(one.decision_id) == record
        assert log.inputs(str(one.decision_id)) == '{"名":0.1}'.encode()
    assert log.read("0198a5b0-0000-7000-8000-000000000000") is None
    assert log.inputs("0198a5b0-0000-7000-8000-000000000000") is None


@pytest.mark.parametrize("way", ["put", "copy"])
def test_columns_and_rules_stand_beside_the_record(
    log_engine: sa.Engine, decision: Decision, way: str
) -> None:
    ((one, _),) = made(log_engine, decision)
    one = one._replace(rules=("plan_kept", "hardship"))
    with log_engine.begin() as connection:
        getattr(Inserts(log_engine), way)(connection, [one])
    with log_engine.connect() as connection:
        row = connection.execute(sa.select(DECISIONS)).one()
        rules = connection.execute(sa.select(RULES).order_by(RULES.c.rule)).all()
    for name in DECISIONS.c.keys():  # noqa: SIM118 (it iterates over the columns)
        assert getattr(row, name) == getattr(one, name)
    assert (row.decided_at, row.stage, row.target) == (microseconds(AT), "M1", "cure")
    same = (one.kind, one.decision_id)
    assert [tuple(rule) for rule in rules] == [("hardship", *same), ("plan_kept", *same)]


@pytest.mark.parametrize("way", ["put", "copy"])
def test_a_group_is_recorded_whole_or_not_at_all(
    log_engine: sa.Engine, log: DecisionLog, decision: Decision, way: str
) -> None:
    group = entries(log_engine, decision, 3)
    put(log_engine, group[:1])
    with pytest.raises(sa.exc.IntegrityError), log_engine.begin() as connection:
        getattr(Inserts(log_engine), way)(connection, [*group[1:], group[0]])
    assert len(log.search(Query(), 10).records) == 1


def test_many_threads_lose_nothing(
    log_engine: sa.Engine, log: DecisionLog, decision: Decision
) -> None:
    every = entries(log_engine, decision, 160)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda one: put(log_engine, [one]), every))
    found = log.search(Query(), 200).records
    assert {one["decision_id"] for one in found} == {str(one.decision_id) for one in every}


def test_search_pages_through_everything_once_newest_first(
    log_engine: sa.Engine, log: DecisionLog, decision: Decision
) -> None:
    every = stored(log_engine, decision, 25)
    seen: list[str] = []
    before = None
    for size in (10, 10, 5):
        page = log.search(Query(), 10, before)
        assert len(page.records) == size
        seen += [record["decision_id"] for record in page.records]
        before = page.next_before
        if len(seen) == 10:  # what arrives meanwhile belongs to no later page
            stored(log_engine, decision, first=100)
    assert before is None
    assert seen == [record["decision_id"] for record in reversed(every)]


def varied(engine: sa.Engine, decision: Decision) -> list[Entry]:
    """Seven decisions: two of another account, one of another kind and bound by two rules."""
    every = entries(engine, decision, 7)
    sha256 = str(decision.versions["bundle_sha256"])
    own = decision.intensity.treatment
    for i in (4, 5):
        kind = kind_of("M1", every[i].tier, every[i].level, "proposed", sha256, own)
        every[i] = every[i]._replace(account_id="B_1", status="proposed", kind=kind)
    every[6] = every[6]._replace(
        stage="M4+",
        tier="doubtful",
        level=4,
        kind=kind_of("M4+", "doubtful", 4, "effective", sha256, "trace"),
        rules=("plan_kept", "hardship"),
    )
    return every


def test_search_meets_every_condition(
    log_engine: sa.Engine, log: DecisionLog, decision: Decision
) -> None:
    put(log_engine, varied(log_engine, decision))
    sha256, own = decision.versions["bundle_sha256"], decision.account_id
    second = timedelta(seconds=1)
    for query, count in [
        (Query(account_id="B_1"), 2),
        (Query(account_id="B%"), 0),
        (Query(status="proposed"), 2),
        (Query(status="superseded"), 0),
        (Query(stage="M4+"), 1),
        (Query(tier="doubtful"), 1),
        (Query(level=4), 1),
        (Query(level=0), 0),
        (Query(treatment="trace"), 1),
        (Query(treatment=decision.intensity.treatment), 6),
        (Query(treatment="wait"), 0),
        (Query(treatment="trace", rule="hardship", level=4), 1),
        (Query(account_id="B_1", treatment="trace"), 0),
        (Query(account_id=own, treatment="trace"), 1),
        (Query(rule="hardship"), 1),
        (Query(rule="hard"), 0),
        (Query(rule="plan%kept"), 0),
        (Query(model=sha256), 7),
        (Query(model="0" * 64), 0),
        (Query(model=f"{sha256}0"), 0),
        (Query(model="no SHA-256"), 0),
        (Query(account_id="B_1", status="effective"), 0),
        (Query(account_id=own, rule="hardship"), 1),
        (Query(account_id=own, rule="hardship", level=1), 0),
        (Query(account_id="B_1", rule="hardship"), 0),
        (Query(rule="hardship", stage="M4+", model=sha256), 1),
        (Query(rule="hardship", stage="M1"), 0),
        (Query(stage="M1", decided_from=AT + 5 * second), 1),
        (Query(decided_from=AT + 2 * second), 5),
        (Query(decided_until=AT + 2 * second), 2),
        (Query(decided_from=AT + 2 * second - timedelta(microseconds=1)), 5),
        (Query(decided_from=AT + 2 * second + timedelta(microseconds=1)), 4),
        (Query(decided_from=AT, decided_until=AT), 0),
    ]:
        for limit in (1, 100):  # page by page, and in one
            found, before = [], None
            while True:
                page = log.search(query, limit, before)
                found += [record["decision_id"] for record in page.records]
                before = page.next_before
                if before is None:
                    break
            assert found == sorted(found, reverse=True)
            assert len(found) == count, query


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


def test_the_service_works_on_each_database(
    log_engine: sa.Engine, generation: Generation, body: dict[str, Any]
) -> None:
    app = create_app(Settings(auth="keys"), log_engine, lambda: generation)
    token = Keys(log_engine).add("both", "admin")
    client = Client(app, {"Authorization": f"Bearer {token}"})
    assert client.get("/readyz").json()["ready"]
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
