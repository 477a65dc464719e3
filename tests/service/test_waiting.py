"""Nobody waits for long: not for the writers of a database, and not for a slow body."""

import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import uvicorn

from models.generation import Generation
from service.app import create_app
from service.bodies import examples
from service.database import BUSY_SECONDS
from service.settings import Settings
from tests import plain
from tests.servers import Server, free_port, serving

SLACK = 3.0  # seconds; two cores, shared by all the tests
CALLERS = 60
TELLERS = 30  # more than may wait


@contextmanager
def blocked(path: Path) -> Iterator[None]:
    """Another connection is in the middle of a write."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.fixture
def server(tmp_path: Path, bundle_dir: Path, empty_database: Path) -> Iterator[Server]:
    here = {
        "CURESCORE_HOME": str(tmp_path),
        "CURESCORE_MODELS": str(bundle_dir),
        "CURESCORE_AUTH": "off",
    }
    shutil.copy(empty_database, tmp_path / "decisions.db")
    with serving(here, tmp_path / "output.txt") as started:
        yield started


def test_a_blocked_database_holds_up_no_reader_and_no_writer_for_long(
    server: Server, tmp_path: Path, body: dict[str, Any]
) -> None:
    url = f"{server.address}/v1/decisions"
    decision_id = plain.post(url, json=body).json()["decision_id"]

    def post(_: int) -> tuple[httpx.Response, float]:
        started = time.monotonic()
        answered = plain.post(url, json=body, timeout=60)
        return answered, time.monotonic() - started

    def tell(i: int) -> int:
        told = examples.payments() | {"payment_id": f"P-{i}"}
        return plain.post(f"{server.address}/v1/payments", json=told, timeout=60).status_code

    with ThreadPoolExecutor(CALLERS + TELLERS) as threads:
        with blocked(tmp_path / "decisions.db"):
            posts = [threads.submit(post, i) for i in range(CALLERS)]
            told = [threads.submit(tell, i) for i in range(TELLERS)]
            time.sleep(1.5)
            for path in ("/healthz", "/v1/models", f"/v1/decisions/{decision_id}"):
                assert plain.get(server.address + path, timeout=2).status_code == 200
            unready = plain.get(f"{server.address}/readyz", timeout=5)
            assert unready.status_code == 503
            assert unready.json()["failed"] == ["database is locked"]
            assert not all(done.done() for done in posts)
            answers = [done.result() for done in posts]
            assert {done.result() for done in told} == {503}
        for answered, seconds in answers:
            assert answered.status_code == 503
            assert answered.json()["type"] == "urn:curescore:problem:unavailable"
            assert answered.headers["retry-after"] == "1"
            assert seconds < BUSY_SECONDS + SLACK
    assert plain.post(url, json=body).status_code == 200
    found = plain.post(f"{url}:search", json={}).json()["decisions"]
    assert len(found) == 2  # nothing that was refused


@pytest.fixture
def address(engine: sa.Engine, generation: Generation) -> Iterator[tuple[str, int]]:
    """Host and port of the app on a real socket, in this process."""
    app = create_app(Settings(auth="off", body_limit=1024), engine, lambda: generation)
    port = free_port()
    running = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None))
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield "127.0.0.1", port
    running.should_exit = True
    thread.join()


@pytest.mark.parametrize("length", [500, 5_000], ids=["within the limit", "too large"])
def test_a_body_that_does_not_arrive_is_refused_and_the_connection_closed(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    monkeypatch.setattr("service.bodylimit.BODY_SECONDS", 1.0)
    head = (
        "POST /v1/decisions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{{"
    )
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(head.encode())
        started = time.monotonic()
        for _ in range(3):  # a byte now and then does not help
            time.sleep(0.2)
            connection.sendall(b" ")
        answered = b""
        while part := connection.recv(65_536):
            answered += part
    assert 0.5 < time.monotonic() - started < 1 + SLACK
    assert answered.startswith(b"HTTP/1.1 408")
    assert b"urn:curescore:problem:body-too-slow" in answered


def test_a_decision_may_take_longer_than_its_body(
    address: tuple[str, int],
    monkeypatch: pytest.MonkeyPatch,
    body: dict[str, Any],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr("service.bodylimit.BODY_SECONDS", 0.5)
    body = {name: body[name] for name in ("as_of", "account", "statements")}
    body["statements"] = body["statements"][-1:]
    with ThreadPoolExecutor(1) as threads:
        with blocked(tmp_path / "decisions.db"):
            url = f"http://127.0.0.1:{address[1]}/v1/decisions"
            decided = threads.submit(plain.post, url, json=body, timeout=30)
            time.sleep(1.5)
        assert decided.result().status_code == 200, decided.result().text
