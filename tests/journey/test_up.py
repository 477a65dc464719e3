"""`curescore up`, which `make run` calls: from nothing to an answer."""

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import plain
from tests.servers import ROOT, Server, completed, curescore, serving
from tests.waits import until


@contextmanager
def up(home: Path, *arguments: str) -> Iterator[tuple[Server, str]]:
    """The service that `up` starts, and what it printed until it was ready."""
    with serving(environment(home), home / "output.txt", "up", *arguments) as server:
        yield server, server.output.read_text()


def environment(home: Path) -> dict[str, str]:
    return {"CURESCORE_HOME": str(home), "CURESCORE_AUTH": "off"}


def address(printed: str, label: str) -> str:
    found = re.search(rf"^{label}: +(http\S+)$", printed, re.MULTILINE)
    assert found is not None, printed
    return found[1]


def test_from_nothing_to_an_answer_and_back_quickly(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed: the line that is printed for it cannot be tried")
    with up(tmp_path) as (_, printed):
        assert "simulating" in printed
        line = re.search(r"^ +(curl .*)$", printed, re.MULTILINE)
        assert line is not None, printed
        pasted = subprocess.run(
            ["bash", "-c", line[1]], cwd=ROOT, capture_output=True, text=True, check=True
        )
        first = json.loads(pasted.stdout)
        assert 0 < first["score"]["probability"] < 1
        assert "openapi.json" in plain.get(address(printed, "API")).text
        assert first["decision_id"] in plain.get(address(printed, "Review pages")).text

    with up(tmp_path) as (server, printed):
        assert "simulating" not in printed
        assert "champion" not in printed
        read = plain.get(f"{server.address}/v1/decisions/{first['decision_id']}")
        assert read.json()["score"] == first["score"]

    other = tmp_path / "other tables"
    simulated = ("--accounts", "3000", "--months", "10", "--seed", "9", "--currency", "EUR")
    curescore(environment(tmp_path), "simulate", *simulated, "--out", str(other))
    with up(tmp_path, "--data", str(other)) as (server, printed):
        assert "cure version 2 is the champion" in printed
        body = json.loads((tmp_path / "example.json").read_text())
        decisions = f"{server.address}/v1/decisions"
        # Where the registry is slow to answer, the service begins with what it served last.
        until(lambda: plain.post(decisions, json=body).status_code == 200)
        answered = plain.post(decisions, json=body)
        assert answered.json()["currency"] == "EUR"
        assert answered.json()["versions"]["model"] == "cure/2"


@pytest.mark.parametrize("command", ["up", "serve"])
def test_a_port_that_is_taken_is_told_before_anything_is_done(command: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = completed(environment(tmp_path), command, "--port", str(port))
    assert done.returncode == 2
    assert f"is in use on this machine (got {port})" in done.stderr
    assert "PORT=" in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_data_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = completed(environment(tmp_path), "up", "--data", str(tmp_path / "nowhere.csv"))
    assert done.returncode == 2
    assert "nowhere.csv" in done.stderr
    assert "Name a folder of tables" in done.stderr
