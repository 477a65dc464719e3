"""The service as a process of its own, over a real socket."""

import json
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.database import connect
from service.log.decisions import DecisionLog
from tests.servers import Server, completed, serving

MEGABYTE = 2**20


def environment(home: Path, models: Path, auth: str = "off") -> dict[str, str]:
    return {
        "CURESCORE_HOME": str(home),
        "CURESCORE_MODELS": str(models),
        "CURESCORE_AUTH": auth,
    }


@contextmanager
def started(home: Path, bundle_dir: Path, empty_database: Path) -> Iterator[Server]:
    shutil.copy(empty_database, home / "decisions.db")
    here = environment(home, bundle_dir)
    with serving(here, home / "output.txt", "serve", "--access-log") as server:
        yield server


@pytest.fixture
def own_server(tmp_path: Path, bundle_dir: Path, empty_database: Path) -> Iterator[Server]:
    """For a test that ends it."""
    with started(tmp_path, bundle_dir, empty_database) as server:
        yield server


@pytest.fixture(scope="module")
def server(
    bundle_dir: Path, empty_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with started(tmp_path_factory.mktemp("server"), bundle_dir, empty_database) as server:
        yield server


def test_an_answered_decision_outlives_kill_9(
    own_server: Server, tmp_path: Path, body: dict[str, Any]
) -> None:
    record = httpx.post(f"{own_server.address}/v1/decisions", json=body).json()
    own_server.process.send_signal(signal.SIGKILL)
    own_server.process.wait()
    engine = connect(f"sqlite:///{tmp_path / 'decisions.db'}")
    kept = DecisionLog(engine).read(record["decision_id"])
    engine.dispose()
    assert kept is not None
    assert kept["score"] == record["score"]


def chunks(megabytes: int) -> Iterator[bytes]:
    for _ in range(megabytes):
        yield b" " * MEGABYTE


def test_thirty_megabytes_get_a_clean_413(server: Server, body: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/json"}
    url = f"{server.address}/v1/decisions:batch"
    with httpx.Client() as client:
        for content in (b" " * 30 * MEGABYTE, chunks(30), chunks(11)):
            answered = client.post(url, content=content, headers=headers)
            assert answered.status_code == 413
            assert answered.json()["type"] == "urn:curescore:problem:body-too-large"
        assert client.post(f"{server.address}/v1/decisions", json=body).status_code == 200
    declared = f"POST /v1/decisions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {10**12}\r\n\r\n"
    assert b"413" in raw(server, declared.encode()).splitlines()[0]


def port_of(server: Server) -> int:
    return int(server.address.rsplit(":", 1)[1])


def raw(server: Server, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port_of(server)), timeout=10) as connection:
        connection.sendall(request)
        return connection.recv(65_536)


def test_a_client_that_asks_first_is_refused_before_it_sends(server: Server) -> None:
    head = (
        "POST /v1/decisions HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\n"
        f"Content-Type: application/json\r\nContent-Length: {30 * MEGABYTE}\r\n\r\n"
    )
    assert raw(server, head.encode()).startswith(b"HTTP/1.1 413")


def test_logs_hold_no_account_and_a_stop_is_graceful(
    own_server: Server, body: dict[str, Any]
) -> None:
    body["account"]["account_id"] = "secret-account"
    httpx.post(f"{own_server.address}/v1/decisions", json=body)
    httpx.post(f"{own_server.address}/v1/decisions", json=body | {"statements": []})
    httpx.post(f"{own_server.address}/v1/decisions:search", json={"account_id": "secret-account"})
    own_server.process.send_signal(signal.SIGTERM)
    assert own_server.process.wait(30) in (0, -signal.SIGTERM)
    output = own_server.output.read_text()
    assert '"route": "/v1/decisions:search"' in output
    assert "secret-account" not in output


def test_the_access_log_holds_no_path_and_no_query(server: Server) -> None:
    httpx.get(f"{server.address}/v1/models?key=cs_secret")
    httpx.get(f"{server.address}/v1/policy%3Fkey=cs_encoded?key=cs_secret")
    httpx.get(f"{server.address}/{'p' * 20_000}")
    lines = [json.loads(line) for line in log_lines(server)]
    access = [line for line in lines if line["logger"] == "service.access"]
    assert {"/v1/models": 200, "none": 404}.items() <= {
        line["route"]: line["status"] for line in access
    }.items()
    output = server.output.read_text()
    assert "cs_" not in output
    assert max(map(len, output.splitlines())) < 500


def log_lines(server: Server) -> list[str]:
    """What it wrote to the log: all but the line that says where it serves."""
    lines = server.output.read_text().splitlines()
    return [line for line in lines if not line.startswith("serving on")]


def test_a_client_that_hangs_up_is_no_error(server: Server) -> None:
    head = (
        "POST /v1/decisions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
    )
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port_of(server)), timeout=10) as connection:
            connection.sendall(head.encode())
            time.sleep(0.2)  # else the server may see nothing but the end
    until = time.monotonic() + 10
    while server.output.read_text().count("hung up") < 3 and time.monotonic() < until:
        time.sleep(0.05)
    output = server.output.read_text()
    assert output.count('"message": "a client hung up before its body was whole"') == 3
    assert "ERROR" not in output
    assert "Traceback" not in output


def test_serve_refuses_a_database_without_tables(tmp_path: Path, bundle_dir: Path) -> None:
    done = completed(environment(tmp_path, bundle_dir), "serve")
    assert done.returncode == 1
    assert "curescore db upgrade" in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_without_keys_stays_on_this_machine(tmp_path: Path, bundle_dir: Path) -> None:
    done = completed(environment(tmp_path, bundle_dir), "serve", "--host", "0.0.0.0")
    assert done.returncode == 2
    assert "CURESCORE_AUTH" in done.stderr


def test_more_than_one_worker_needs_postgresql(
    tmp_path: Path, bundle_dir: Path, empty_database: Path
) -> None:
    shutil.copy(empty_database, tmp_path / "decisions.db")
    done = completed(environment(tmp_path, bundle_dir), "serve", "--workers", "2")
    assert done.returncode == 2
    assert "CURESCORE_DATABASE_URL" in done.stderr


def test_all_wrong_settings_are_told_at_once(tmp_path: Path, bundle_dir: Path) -> None:
    env = environment(tmp_path, tmp_path / "nowhere", "none") | {"CURESCORE_BODY_LIMIT": "many"}
    done = completed(env, "serve")
    assert done.returncode == 2
    for name in ("AUTH", "BODY_LIMIT", "MODELS"):
        assert f"CURESCORE_{name}" in done.stderr


def test_serve_without_a_champion_says_what_to_run(tmp_path: Path, empty_database: Path) -> None:
    env = {"CURESCORE_HOME": str(tmp_path), "CURESCORE_AUTH": "off"}
    shutil.copy(empty_database, tmp_path / "decisions.db")
    done = completed(env, "serve")
    assert done.returncode == 1
    assert "curescore train" in done.stderr
    assert not (tmp_path / "mlflow.db").exists()
