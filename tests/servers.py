"""The command line and the service for tests: as processes of their own, or the command here."""

import io
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from curescore import main
from tests import plain

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 120
RUN_SECONDS = 300


@dataclass
class Server:
    """A running service: its process, address, and the file that takes what it prints."""

    process: subprocess.Popen[bytes]
    address: str
    output: Path


def command(*arguments: str) -> list[str]:
    """The command line of curescore with these arguments."""
    return [sys.executable, "-m", "curescore.main", *arguments]


def completed(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, run to its end, whatever that was."""
    return subprocess.run(
        command(*arguments),
        env=os.environ | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_SECONDS,
    )


def completed_here(
    environment: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """The command, run to its end in this process: another would import for seconds first."""
    printed, said = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed), redirect_stderr(said):
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["curescore", *arguments])
        with pytest.raises(SystemExit) as ended:
            main.run()
    code = ended.value.code or 0
    assert isinstance(code, int)
    return subprocess.CompletedProcess(arguments, code, printed.getvalue(), said.getvalue())


def curescore(environment: Mapping[str, str], *arguments: str) -> str:
    """What the command printed on stdout; fails with its stderr where it failed."""
    return _printed(completed(environment, *arguments))


def curescore_json(environment: Mapping[str, str], *arguments: str) -> Any:
    """The one JSON document that the command printed with --json."""
    return json.loads(curescore(environment, *arguments, "--json"))


def curescore_here(environment: Mapping[str, str], *arguments: str) -> str:
    """As `curescore`, in this process."""
    return _printed(completed_here(environment, *arguments))


def curescore_json_here(environment: Mapping[str, str], *arguments: str) -> Any:
    """As `curescore_json`, in this process."""
    return json.loads(curescore_here(environment, *arguments, "--json"))


def _printed(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(environment: Mapping[str, str], output: Path, *arguments: str) -> Iterator[Server]:
    """A service that is ready, ended when the block is left.

    It is started by `curescore serve`, or by the command and options in `arguments`.
    """
    port = free_port()
    with output.open("wb") as sink:
        process = subprocess.Popen(
            command(*(arguments or ("serve",)), "--port", str(port)),
            env=os.environ | environment,
            cwd=ROOT,
            stdout=sink,
            stderr=sink,
        )
        started = Server(process, f"http://127.0.0.1:{port}", output)
        try:
            until_ready(started)
            yield started
        finally:
            process.kill()
            process.wait()


def until_ready(server: Server) -> None:
    """Return when the service is ready; AssertionError, with what it printed, where it never is."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.process.poll() is None:
        try:
            if plain.get(f"{server.address}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(server.output.read_text())
