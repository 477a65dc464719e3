"""/readyz: what keeps decisions from being made or recorded, and what does not."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import sqlalchemy as sa

from models.generation import Generation
from models.intensity.plan import read_plan
from models.intensity.rules.book import RULES
from models.intensity.rules.version import RULES_VERSION
from service import readiness as module
from service.app import create_app
from service.database import connect, upgrade
from service.log.writer import Lately
from service.readiness import FAILED_SECONDS, Readiness
from service.settings import Settings
from tests.scraped import samples
from tests.service.conftest import NOW, Client
from tests.service.test_plans import published

NEVER = Lately(None, None)


def of_log(engine: sa.Engine, generation: Generation, lately: Lately = NEVER) -> str | None:
    return Readiness(engine, lambda: generation, lambda: lately, lambda: NOW).log()


def told(client: Client, status: int) -> dict[str, Any]:
    answered = client.get("/readyz")
    assert answered.status_code == status, answered.text
    body: dict[str, Any] = answered.json()
    assert body["ready"] == (status == 200) == (not body["failed"])
    return body


def test_all_parts_are_told(client: Client, generation: Generation) -> None:
    body = told(client, 200)
    assert body["log"] == {"writable": True, "problem": None}
    assert body["rules"]["in_force"] > 20
    assert body["prices"] is None
    assert body["models"]["bundles"]["cure"]["sha256"] == generation.bundles["cure"].sha256


def test_a_sqlite_file_that_cannot_be_written_is_told(
    database_url: str, generation: Generation
) -> None:
    path = database_url.removeprefix("sqlite:///")
    engine = sa.create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    assert of_log(engine, generation) == "database only reads"
    client = Client(create_app(Settings(auth="off"), engine, lambda: generation, lambda: NOW))
    body = told(client, 503)
    assert body["failed"] == [body["log"]["problem"]] == ["database only reads"]


def test_a_sqlite_file_that_another_program_locks_is_told(
    engine: sa.Engine, generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCKED_MILLISECONDS", 1)
    with engine.connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        assert of_log(engine, generation) == "database is locked"
        # Where the service itself has just written, it is that which holds the lock.
        assert of_log(engine, generation, Lately(monotonic(), None)) is None
        other.rollback()
    assert of_log(engine, generation) is None
    with engine.connect() as connection:  # whoever gets that connection next waits as before
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 5_000


def test_a_problem_is_forgotten_as_soon_as_the_log_takes_decisions(
    engine: sa.Engine, generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCKED_MILLISECONDS", 1)
    monkeypatch.setattr(module, "KNOWN_SECONDS", 1_000.0)
    now = NEVER
    readiness = Readiness(engine, lambda: generation, lambda: now, lambda: NOW)
    with engine.connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        assert readiness.log() == "database is locked"
        other.rollback()
    assert readiness.log() == "database is locked"  # it is not asked anew
    now = Lately(monotonic(), None)
    assert readiness.log() is None


def test_a_postgresql_that_only_reads_is_told(postgres_url: str, generation: Generation) -> None:
    upgrade(postgres_url)
    engine = connect(postgres_url)
    assert of_log(engine, generation) is None
    name = sa.make_url(postgres_url).database
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    engine.dispose()
    assert of_log(engine, generation) == "database only reads"
    engine.dispose()


def test_a_role_that_may_not_record_is_told(postgres_url: str, generation: Generation) -> None:
    upgrade(postgres_url)
    owner = connect(postgres_url)
    with owner.begin() as connection:
        connection.exec_driver_sql("CREATE ROLE readiness_reader LOGIN")
        connection.exec_driver_sql(
            "GRANT SELECT ON ALL TABLES IN SCHEMA public TO readiness_reader"
        )
    url = sa.make_url(postgres_url).set(username="readiness_reader")
    reader = connect(url.render_as_string(hide_password=False))
    try:
        assert of_log(reader, generation) == "database lets this role record nothing"
    finally:
        reader.dispose()
        with owner.begin() as connection:
            connection.exec_driver_sql("DROP OWNED BY readiness_reader")
            connection.exec_driver_sql("DROP ROLE readiness_reader")
        owner.dispose()


def test_a_writer_that_fails_is_told_until_it_may_try_again(
    engine: sa.Engine, generation: Generation
) -> None:
    now = monotonic()
    not_taken = "database did not take the last decisions"
    assert of_log(engine, generation, Lately(None, now)) == not_taken
    assert of_log(engine, generation, Lately(now - 1, now)) == not_taken
    assert of_log(engine, generation, Lately(now, now - 1)) is None
    assert of_log(engine, generation, Lately(None, now - FAILED_SECONDS - 1)) is None


def test_a_decision_that_could_not_be_recorded_makes_the_service_unready(
    engine: sa.Engine, generation: Generation, body: dict[str, Any]
) -> None:
    app = create_app(Settings(auth="off"), engine, lambda: generation, lambda: NOW)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON decisions BEGIN SELECT json('{'); END"
        )
    client = Client(app)
    assert client.post("/v1/decisions", json=body).status_code in (500, 503)
    assert told(client, 503)["failed"] == ["database did not take the last decisions"]
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
    assert client.post("/v1/decisions", json=body).status_code == 200


def test_the_database_is_asked_once_however_many_ask(
    engine: sa.Engine, generation: Generation
) -> None:
    asked = []
    sa.event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    found = Readiness(engine, lambda: generation, lambda: NEVER, lambda: NOW)
    threads = [threading.Thread(target=found.log) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked.count("BEGIN IMMEDIATE") == 1


@pytest.mark.parametrize(("over", "stale"), [(-1.0, False), (0.0, False), (0.001, True)])
def test_a_plan_is_stale_once_its_decisions_are(
    engine: sa.Engine, generation: Generation, tmp_path: Path, over: float, stale: bool
) -> None:
    plan = read_plan(published(tmp_path, generation))
    planned = replace(generation, plan=plan)
    valid_days = generation.policy.valid_days
    days = valid_days + over
    clock = plan.terms.as_of + timedelta(days=days)
    app = create_app(Settings(auth="off"), engine, lambda: planned, lambda: clock)
    body = told(Client(app), 200)  # stale prices are told: decisions go on
    assert body["prices"] == {
        "plan": plan.terms.run_id,
        "as_of": plan.terms.as_of.isoformat(),
        "age_days": days,
        "valid_days": valid_days,
        "stale": stale,
        "fits": True,
    }
    metrics = samples(Client(app).get("/metrics").text)
    assert metrics["curescore_prices_age_days",] == pytest.approx(days)
    assert metrics["curescore_prices_valid_days",] == valid_days
    assert metrics["curescore_prices_fit",] == 1


def test_a_plan_of_other_rules_does_not_fit(
    engine: sa.Engine, generation: Generation, tmp_path: Path
) -> None:
    plan = read_plan(published(tmp_path, generation))
    other = replace(plan, terms=plan.terms.model_copy(update={"rules": "others"}))
    planned = replace(generation, plan=other)
    app = create_app(Settings(auth="off"), engine, lambda: planned, lambda: NOW)
    assert not told(Client(app), 200)["prices"]["fits"]


def test_rules_that_begin_later_are_told_and_none_at_all_is_no_service(
    engine: sa.Engine, generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    dated = [rule for rule in RULES if rule.effective_from is not None]
    assert dated
    before = datetime(1990, 1, 1, tzinfo=UTC)
    app = create_app(Settings(auth="off"), engine, lambda: generation, lambda: before)
    rules = told(Client(app), 200)["rules"]
    assert rules == {
        "version": RULES_VERSION,
        "in_force": len(RULES) - len(dated),
        "later": len(dated),
    }
    monkeypatch.setattr(module, "RULES", tuple(dated))
    assert told(Client(app), 503)["failed"] == ["no rule is in force on this date"]
