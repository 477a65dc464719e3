"""Processes that are measured, and the lines of JSON by which they are told what to do.

Both ends of the line are here. It runs in the peers' environment too, so it imports nothing
that is not Python's own.
"""

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / "build" / "peers" / "bin" / "python"  # made by `make bench`
ONE_THREAD = (
    "LOKY_MAX_CPU_COUNT",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "POLARS_MAX_THREADS",
)

Action = Callable[..., Any]


class WorkerError(Exception):
    """A measured process that failed; what it said went to stderr."""


def core() -> int | None:
    """The core to which every measured process is pinned; None where that cannot be done."""
    return max(os.sched_getaffinity(0)) if sys.platform == "linux" else None


class Worker:
    """A process of one thread on the pinned core that stays warm between its measurements."""

    def __init__(self, python: Path | str, module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(  # noqa: S603 (our own modules)
            [python, "-m", module, *arguments],
            cwd=ROOT,
            env=os.environ | dict.fromkeys(ONE_THREAD, "1"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._name = " ".join([module, *arguments])

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        if error is not None:
            self._process.kill()
        self._process.communicate()

    def ask(self, action: str, **arguments: Any) -> Any:
        """What the worker answers; WorkerError where it fails or ends."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps([action, arguments]) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise WorkerError(f"{self._name} ended with code {self._process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(f"{self._name}, {action}: {answer['error']}")
        return answer["result"]


def serve(actions: Mapping[str, Action]) -> None:
    """Pin this process and carry out what is asked for on stdin, until that ends."""
    pinned = core()
    if pinned is not None:
        os.sched_setaffinity(0, {pinned})
    answers = _own_stdout()
    for line in sys.stdin:
        action, arguments = json.loads(line)
        try:
            answer = {"result": actions[action](**arguments)}
        except Exception as error:  # noqa: BLE001 (told to the process that asked)
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


def _own_stdout() -> IO[str]:
    """Stdout for answers alone: what libraries print goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers
