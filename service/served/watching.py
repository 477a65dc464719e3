"""The process that watches the registry, and the hand that starts it, and starts it anew."""

import logging
import logging.config
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from models.processes import end_with_parent
from service.served.candidates import Candidate
from service.served.gathering import Gathering
from service.served.looking import Looking
from service.served.published import Published, What, is_whole
from service.served.registry import ModelsError
from service.served.unneeded import leave_out
from service.settings import Settings

FIRST_LOOK_SECONDS = 10.0  # to wait for, at most, where there is something to serve already
FIRST_FETCH_SECONDS = 300.0  # where there is nothing yet
_RESTART_SECONDS = 5.0
_STEPS_BACK = 10  # nice
_LOGGER = logging.getLogger(__name__)

Log = Mapping[str, Any]


class Watching:
    """A process that watches the registry, started anew where it ends."""

    def __init__(self, settings: Settings, log: Log) -> None:
        """Start it; `log` is the configuration of its logging."""
        self._settings, self._log = settings, log
        self._stopping = threading.Event()
        self._process, self._looked = self._started()
        self._thread = threading.Thread(target=self._keep_alive, name="watching", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait for its first look.

        What was served before is served where that takes long, or the registry does not answer.
        Raises ModelsError where there is no such thing, or features.errors.InputError.
        """
        problem: str | None = "the registry has not answered yet"
        try:
            if self._looked.poll(self._patience()):
                problem = self._looked.recv()
        except EOFError:
            problem = "the process that watches the registry ended: its log says why"
        if problem is None:
            return
        if Published.read(self._settings.cache) is None:
            raise ModelsError(problem)
        _LOGGER.warning("%s: what was last served is served again", problem)

    def stop(self) -> None:
        """End it for good."""
        self._stopping.set()
        self._process.kill()  # what it writes appears whole or not at all
        self._thread.join()
        self._process.kill()  # one that was started anew meanwhile
        self._process.join()

    def _patience(self) -> float:
        """Seconds to wait for the first look: few where all is there that will be served."""
        settings, now = self._settings, Published.read(self._settings.cache)
        there = now is not None and all(is_whole(settings.cache, p) for p in now.parts.values())
        known = there and settings.policy is None and settings.challenger is None
        return FIRST_LOOK_SECONDS if known else FIRST_FETCH_SECONDS

    def _started(self) -> tuple[SpawnProcess, Connection]:
        context = get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(
            target=watch, args=(self._settings, dict(self._log), theirs), name="watching"
        )
        process.start()
        theirs.close()
        return process, ours

    def _keep_alive(self) -> None:
        while not self._stopping.is_set():
            connection.wait([self._process.sentinel])
            if self._process.exitcode == 0 or self._stopping.wait(_RESTART_SECONDS):
                return
            _LOGGER.warning("the process that watches the registry ended: it is started anew")
            self._process, _ = self._started()


@contextmanager
def watched(settings: Settings, log: Log) -> Iterator[Watching | None]:
    """The registry is watched while the block runs; None where the settings name the models."""
    if settings.models is not None:
        yield None
        return
    _check_policies(settings)
    watching = Watching(settings, log)
    try:
        yield watching
    finally:
        watching.stop()


def watch(settings: Settings, log: dict[str, Any], looked: Connection) -> None:
    """Look at the registry for ever, or once where the settings say so, and tell of the first look.

    Runs in a process of its own, which ends with its parent, however that ends.
    """
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the service
    logging.config.dictConfig(log)
    leave_out()
    looking = Looking(settings, _of_settings(settings))
    store = _store(settings)
    problem = looking.look()
    with suppress(BrokenPipeError), looked:  # whoever started it waits no longer
        looked.send(problem)
    os.nice(_STEPS_BACK)
    gathering = Gathering(settings)
    if not settings.reload_seconds:
        gathering.gather()
        return
    gathering.start()
    while True:
        time.sleep(settings.reload_seconds)
        if _store(settings) not in (None, store):
            os._exit(1)  # its client reads on what was there before: a new process sees what is
        published = looking.published
        looking.look()
        if looking.published != published:
            gathering.soon()


def _check_policies(settings: Settings) -> None:
    """ModelsError where a policy that the settings name is not signed, and they ask for that."""
    if settings.public_key is not None and (settings.policy or settings.challenger):
        leave_out()
        from service.served.reload import require_named_signed  # imports what serving takes

        require_named_signed(settings)


def _of_settings(settings: Settings) -> dict[What, Candidate]:
    """The policies that the settings name, as they are now, in the cache."""
    _check_policies(settings)
    named: dict[What, Path | None] = {"policy": settings.policy, "challenger": settings.challenger}
    found: dict[What, Candidate] = {}
    for what, path in named.items():
        if path is not None:
            from models.signed import signature_beside  # imports much that is not needed else
            from service.served.kept import keep_policy

            kept, signature = keep_policy(settings.cache, path), signature_beside(path)
            found[what] = Candidate(f"CURESCORE_{what.upper()}", kept.name, kept, signature)
    return found


def _store(settings: Settings) -> int | None:
    """What tells a local store's file from another of its name; None without such a file."""
    kind, _, path = settings.tracking.partition(":///")
    try:
        return Path(path).stat().st_ino if kind == "sqlite" else None
    except OSError:
        return None
