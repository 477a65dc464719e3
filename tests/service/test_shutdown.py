"""Servers that are stopped, and workers that die: what was accepted is answered and kept."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from service.database import connect, upgrade
from service.log.decisions import DecisionLog
from service.tables import DECISIONS
from tests import plain
from tests.servers import Server, serving

CALLERS = 12
END_SECONDS = 30
PATIENCE_SECONDS = 60.0


def environment(home: Path, models: Path, database: str) -> dict[str, str]:
    return {
        "CURESCORE_HOME": str(home),
        "CURESCORE_MODELS": str(models),
        "CURESCORE_AUTH": "off",
        "CURESCORE_DATABASE_URL": database,
    }


@contextmanager
def locked(engine: sa.Engine) -> Iterator[None]:
    """Nobody else can write; readers go on."""
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else "BEGIN")
        if not sqlite:
            connection.exec_driver_sql(f"LOCK TABLE {DECISIONS.name} IN EXCLUSIVE MODE")
        yield
        connection.rollback()


@contextmanager
def served(
    tmp_path: Path, bundle_dir: Path, database: str, workers: int
) -> Iterator[tuple[Server, sa.Engine]]:
    here = environment(tmp_path, bundle_dir, database)
    engine = connect(database)
    arguments = ("serve", "--workers", str(workers))
    with serving(here, tmp_path / "output.txt", *arguments) as server:
        yield server, engine
    engine.dispose()


def wait_for(condition: Any) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def workers_of(server: Server) -> list[int]:
    """The processes that the server has started to answer requests."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int(folder.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            line = folder.joinpath("cmdline").read_text()
        except OSError:  # it has ended meanwhile
            continue
        if parent == server.process.pid and "spawn_main" in line:
            found.append(int(folder.name))
    return sorted(found)


@pytest.mark.parametrize(("kind", "workers"), [("sqlite", 1), ("postgresql", 1), ("postgresql", 2)])
def test_what_was_accepted_is_answered_and_kept_before_a_server_ends(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    bundle_dir: Path,
    body: dict[str, Any],
    kind: str,
    workers: int,
) -> None:
    if kind == "sqlite":
        database = request.getfixturevalue("database_url")
    else:
        database = request.getfixturevalue("postgres_url")
        upgrade(database)
    with served(tmp_path, bundle_dir, database, workers) as (server, engine):
        clients = [httpx.Client(base_url=server.address, timeout=60) for _ in range(CALLERS)]
        for client in clients:  # each is connected
            assert client.post("/v1/decisions", json=body).status_code == 200

        def post(client: httpx.Client) -> httpx.Response:
            return client.post("/v1/decisions", json=body)

        with ThreadPoolExecutor(CALLERS) as threads, locked(engine):
            asked = [threads.submit(post, client) for client in clients]
            time.sleep(1.0)  # they are inside, and wait for the database
            assert not any(each.done() for each in asked)
            server.process.send_signal(signal.SIGTERM)
            wait_for(lambda: server.output.read_text().count("Shutting down") == workers)
        answers = [each.result() for each in asked]
        server.process.wait(END_SECONDS)
        for client in clients:
            client.close()
        assert [each.status_code for each in answers] == [200] * CALLERS
        log = DecisionLog(engine)
        for each in answers:
            assert log.read(UUID(each.json()["decision_id"])) is not None
    output = server.output.read_text()
    assert "Traceback" not in output
    assert "Cancel" not in output


def test_a_worker_that_dies_is_replaced_and_nothing_answered_is_lost(
    postgres_url: str, tmp_path: Path, bundle_dir: Path, body: dict[str, Any]
) -> None:
    upgrade(postgres_url)
    with served(tmp_path, bundle_dir, postgres_url, 2) as (server, engine):
        url = f"{server.address}/v1/decisions"
        answered = [plain.post(url, json=body, timeout=30) for _ in range(20)]
        before = workers_of(server)
        assert len(before) == 2
        os.kill(before[0], signal.SIGKILL)
        wait_for(lambda: len(workers_of(server)) == 2 and workers_of(server) != before)
        wait_for(lambda: answers(url, body))
        answered += [plain.post(url, json=body, timeout=30) for _ in range(20)]
        assert {each.status_code for each in answered} == {200}
        log = DecisionLog(engine)
        assert all(log.read(UUID(each.json()["decision_id"])) for each in answered)


def test_workers_end_with_the_service_that_is_killed(
    postgres_url: str, tmp_path: Path, bundle_dir: Path, body: dict[str, Any]
) -> None:
    upgrade(postgres_url)
    with served(tmp_path, bundle_dir, postgres_url, 2) as (server, _):
        url = f"{server.address}/v1/decisions"
        assert answers(url, body)
        server.process.kill()
        wait_for(lambda: not answers(url, body))


def answers(url: str, body: dict[str, Any]) -> bool:
    try:
        return plain.post(url, json=body, timeout=30).status_code == 200
    except httpx.TransportError:
        return False
