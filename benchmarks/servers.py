"""The servers that are compared, each a process of its own on one core."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any

from benchmarks.lines import ONE_THREAD, ROOT
from benchmarks.processes import Held, cpu_seconds, held, of_session

HERE = Path(sys.executable).parent
IMAGE = ROOT / "build" / "serving" / "bin"  # made by `make bench`: what the image holds
MLSERVER = ROOT / "build" / "mlserver" / "bin" / "mlserver"
HOST = "127.0.0.1"
START_SECONDS = 90.0
END_SECONDS = 20.0
LOOK = 0.01  # seconds between two looks whether it is ready

Environment = Mapping[str, str]


class ServerError(Exception):
    """A server that ended, or answered what it should not; what it said last is in the message."""


def cores() -> list[int]:
    """The cores that processes may run on here."""
    return sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A process that serves, from the moment it is ready to the end of the context."""

    def __init__(
        self,
        command: Sequence[str | Path],
        folder: Path,
        port: int,
        ready: str,
        environment: Environment = MappingProxyType({}),
        cores: Sequence[int] = (),
    ) -> None:
        self._command = [*_pinned(cores), *map(str, command)]
        self._folder = folder
        self.port = port
        self._ready = ready
        self._environment = os.environ | dict.fromkeys(ONE_THREAD, "1") | dict(environment)
        self._said = folder / "said.txt"
        self.seconds = 0.0  # from the start of the process until it was ready

    def __enter__(self) -> "Server":
        self._folder.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(  # noqa: S603 (commands of this module)
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            while not self._is_ready():
                if self._process.poll() is not None or time.perf_counter() > start + START_SECONDS:
                    raise ServerError(f"{self._command} did not start:\n{self.said()}")
                time.sleep(LOOK)
        except BaseException:
            self._end()
            raise
        self.seconds = time.perf_counter() - start
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._end()

    def ask(self, path: str, body: bytes) -> Any:
        """What it answers to a body; ServerError where that is not 200."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise ServerError(f"{path}: {response.status} {content[:500]!r}")
        return json.loads(content)

    def cpu(self) -> float:
        """Seconds of the processor that all its processes have used."""
        return sum(map(cpu_seconds, self._processes()))

    def memory(self) -> list[Held]:
        """What each of its processes holds, the largest first."""
        return sorted(map(held, self._processes()), reverse=True)

    def said(self) -> str:
        """The last lines that it printed."""
        return "\n".join(self._said.read_text(errors="replace").splitlines()[-15:])

    def _processes(self) -> list[int]:
        return of_session(self._process.pid)

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", self._ready)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _end(self) -> None:
        """End every process of the session, by force those that do not end by themselves."""
        for pid in self._processes():
            _signal(pid, signal.SIGTERM)
        until = time.monotonic() + END_SECONDS
        while (left := self._processes()) and time.monotonic() < until:
            self._process.poll()
            time.sleep(LOOK)
        for pid in left:
            _signal(pid, signal.SIGKILL)
        self._process.wait()


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _pinned(cores: Sequence[int]) -> list[str]:
    if not cores or sys.platform != "linux":
        return []
    return ["taskset", "--cpu-list", ",".join(map(str, cores))]


def curescore() -> Path:
    """The command in the environment of the image, or in this one."""
    return (IMAGE if IMAGE.exists() else HERE) / "curescore"


def ours(
    folder: Path, bundles: Path, cores: Sequence[int], workers: int = 1, database: str = ""
) -> Server:
    """Our service with new tables, in SQLite in the folder or in the database."""
    home = folder / "home"
    home.mkdir(parents=True)
    environment = {
        "CURESCORE_HOME": str(home),
        "CURESCORE_MODELS": str(bundles),
        "CURESCORE_AUTH": "off",
        "CURESCORE_DATABASE_URL": database,
    }
    command, port = curescore(), free_port()
    subprocess.run(  # noqa: S603 (our own command)
        [command, "db", "upgrade"],
        cwd=folder,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    words: list[str | Path] = [command, "serve", "--port", str(port), "--workers", str(workers)]
    return Server(words, folder, port, "/readyz", environment, cores)


def mlserver(folder: Path, booster: Path, cores: Sequence[int]) -> Server:
    """MLServer with its LightGBM runtime, in the process that answers."""
    folder.mkdir(parents=True, exist_ok=True)
    model = {
        "name": "booster",
        "implementation": "mlserver_lightgbm.LightGBMModel",
        "parameters": {"uri": str(booster)},
    }
    port = free_port()
    settings = {
        "debug": False,
        "host": HOST,
        "http_port": port,
        "grpc_port": free_port(),
        "metrics_port": free_port(),
        "parallel_workers": 0,
    }
    (folder / "model-settings.json").write_text(json.dumps(model))
    (folder / "settings.json").write_text(json.dumps(settings))
    return Server([MLSERVER, "start", "."], folder, port, "/v2/models/booster/ready", cores=cores)


def mlflow(folder: Path, model: Path, cores: Sequence[int]) -> Server:
    """`mlflow models serve` of a saved model."""
    port = free_port()
    words = ["models", "serve", "--model-uri", str(model), "--env-manager", "local"]
    words += ["--host", HOST, "--port", str(port), "--workers", "1"]
    # It starts uvicorn by name.
    environment = {
        "PATH": f"{HERE}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    return Server([HERE / "mlflow", *words], folder, port, "/ping", environment, cores)


def trivial(folder: Path, cores: Sequence[int]) -> Server:
    """What answers without any work."""
    port = free_port()
    words = [sys.executable, "-m", "benchmarks.trivial", str(port)]
    environment = {"PYTHONPATH": str(ROOT)}
    return Server(words, folder, port, "/", environment, cores)
