"""The service as a process of its own, over a real socket."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.database import connect
from service.decisions import DecisionLog

ROOT = Path(__file__).resolve().parents[2]
MEGABYTE = 2**20
START_SECONDS = 60


@dataclass
class Server:
    process: subprocess.Popen[bytes]
    address: str
    database: str
    output: Path


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "curescore.main", *arguments]


def environment(home: Path, bundle_dir: Path, auth: str = "off") -> dict[str, str]:
    return os.environ | {
        "CURESCORE_HOME": str(home),
        "CURESCORE_MODELS": str(bundle_dir),
        "CURESCORE_AUTH": auth,
    }


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def server(tmp_path: Path, bundle_dir: Path) -> Iterator[Server]:
    env = environment(tmp_path, bundle_dir)
    subprocess.run(command("db", "upgrade"), env=env, cwd=ROOT, check=True, capture_output=True)
    port = free_port()
    output = tmp_path / "output.txt"
    with output.open("wb") as sink:
        process = subprocess.Popen(
            command("serve", "--port", str(port)), env=env, cwd=ROOT, stdout=sink, stderr=sink
        )
        started = Server(
            process, f"http://127.0.0.1:{port}", f"sqlite:///{tmp_path / 'decisions.db'}", output
        )
        try:
            wait(started)
            yield started
        finally:
            process.kill()
            process.wait()


def wait(server: Server) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.process.poll() is None:
        try:
            if httpx.get(f"{server.address}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(server.output.read_text())


def test_an_answered_decision_outlives_kill_9(server: Server, body: dict[str, Any]) -> None:
    record = httpx.post(f"{server.address}/v1/decisions", json=body).json()
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    engine = connect(server.database)
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


def raw(server: Server, request: bytes) -> bytes:
    port = int(server.address.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        return connection.recv(65_536)


def test_a_client_that_asks_first_is_refused_before_it_sends(server: Server) -> None:
    head = (
        "POST /v1/decisions HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\n"
        f"Content-Type: application/json\r\nContent-Length: {30 * MEGABYTE}\r\n\r\n"
    )
    assert raw(server, head.encode()).startswith(b"HTTP/1.1 413")


def test_logs_hold_no_account_and_a_stop_is_graceful(server: Server, body: dict[str, Any]) -> None:
    body["account"]["account_id"] = "secret-account"
    httpx.post(f"{server.address}/v1/decisions", json=body)
    httpx.post(f"{server.address}/v1/decisions", json=body | {"statements": []})
    httpx.post(f"{server.address}/v1/decisions:search", json={"account_id": "secret-account"})
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(30) in (0, -signal.SIGTERM)
    output = server.output.read_text()
    assert "POST /v1/decisions" in output
    assert "secret-account" not in output


def run(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), env=env, cwd=ROOT, capture_output=True, text=True, timeout=60
    )


def test_serve_refuses_a_database_without_tables(tmp_path: Path, bundle_dir: Path) -> None:
    done = run(environment(tmp_path, bundle_dir), "serve")
    assert done.returncode == 1
    assert "curescore db upgrade" in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_without_keys_stays_on_this_machine(tmp_path: Path, bundle_dir: Path) -> None:
    done = run(environment(tmp_path, bundle_dir), "serve", "--host", "0.0.0.0")
    assert done.returncode == 2
    assert "CURESCORE_AUTH" in done.stderr


def test_all_wrong_settings_are_told_at_once(tmp_path: Path, bundle_dir: Path) -> None:
    env = environment(tmp_path, tmp_path / "nowhere", "none") | {"CURESCORE_BODY_LIMIT": "many"}
    done = run(env, "serve")
    assert done.returncode == 2
    for name in ("AUTH", "BODY_LIMIT", "MODELS"):
        assert f"CURESCORE_{name}" in done.stderr


def test_serve_without_a_champion_says_what_to_run(tmp_path: Path) -> None:
    env = environment(tmp_path, tmp_path)
    del env["CURESCORE_MODELS"]
    assert run(env, "db", "upgrade").returncode == 0
    done = run(env, "serve")
    assert done.returncode == 1
    assert "curescore train" in done.stderr
    assert not (tmp_path / "mlflow.db").exists()
