"""Callers who ask for decisions all the time, and remember every answer they got."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

CALLERS = 8
PAUSE = 0.1  # seconds before a caller whose call failed tries again
MEDIA_TYPE = "application/problem+json"


@dataclass
class Answers:
    """What callers saw: the first answer to each key, problems by type, and broken calls."""

    decided: dict[str, Any] = field(default_factory=dict)
    problems: Counter[str] = field(default_factory=Counter)
    broken: int = 0  # calls that ended without an answer
    wrong: list[str] = field(default_factory=list)  # what no caller should ever see


class Load:
    """CALLERS threads on one address, each with a key of its own for every call.

    A call that was not answered is made again with its key, so that the service has every chance
    to decide twice.
    """

    def __init__(self, address: str, body: dict[str, Any], rest: float) -> None:
        self.answers = Answers()
        self._rest = rest
        self._address = address
        self._body = body
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._call) for _ in range(CALLERS)]

    def decided(self) -> int:
        """How many keys have their decision by now."""
        with self._lock:
            return len(self.answers.decided)

    def wait_for(self, more: int, seconds: float = 60.0) -> None:
        """Until so many more are decided; AssertionError where that takes too long."""
        wanted, until = self.decided() + more, time.monotonic() + seconds
        while self.decided() < wanted:
            assert time.monotonic() < until, self.answers.problems
            time.sleep(0.01)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _call(self) -> None:
        key = str(uuid4())
        with httpx.Client(base_url=self._address, timeout=20) as client:
            while not self._stop.is_set():
                try:
                    answered = client.post(
                        "/v1/decisions", json=self._body, headers={"Idempotency-Key": key}
                    )
                except httpx.TransportError:
                    with self._lock:
                        self.answers.broken += 1
                    time.sleep(PAUSE)
                    continue
                if self._keep(key, answered):
                    key = str(uuid4())
                    time.sleep(self._rest)
                else:
                    time.sleep(PAUSE)

    def _keep(self, key: str, answered: httpx.Response) -> bool:
        """Remember the answer; whether it was a decision."""
        with self._lock:
            if answered.status_code == 200:
                self.answers.decided[key] = answered.json()
                return True
            if answered.headers.get("content-type") != MEDIA_TYPE:
                self.answers.wrong.append(f"{answered.status_code} {answered.text[:200]}")
            else:
                self.answers.problems[answered.json()["type"].rpartition(":")[2]] += 1
            if answered.status_code not in (409, 503):
                self.answers.wrong.append(f"{answered.status_code} {answered.text[:200]}")
            return False


@contextmanager
def load(address: str, body: dict[str, Any], rest: float = 0.0) -> Iterator[Load]:
    """Callers who call until the block is left, with so many seconds of rest in between."""
    running = Load(address, body, rest)
    running.start()
    try:
        yield running
    finally:
        running.stop()
