"""Half of what the service can do, for minutes: its memory and latencies from start to end."""

import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import servers
from benchmarks.asked import asked
from benchmarks.boosters import fitted, portfolio, write_bundle
from benchmarks.features import Say
from benchmarks.lines import Worker
from benchmarks.report import Table, Topic
from benchmarks.servers import Server
from benchmarks.serving import ONE, SHAPE, bundles, server_core

CONNECTIONS = 32
SPEED_AT = 8  # connections
SPEED_SECONDS = 5.0
LOOKS = 10.0  # seconds between two looks at the memory
SETTLING = 0.1  # of the time is left out of the slope


def measure(
    folder: Path, minutes: float, say: Say, fitted_on: int, trees: int, accounts: int = 1_000
) -> Topic:
    """Find the speed, then send half of it evenly for so many minutes."""
    say("simulating, fitting, and writing the requests")
    drawn = portfolio(folder / "fitted", fitted_on)
    write_bundle(drawn, fitted(drawn, SHAPE, trees), bundles(folder) / "cure")
    requests = str(asked(folder, accounts).ours)
    with (
        Worker(sys.executable, "benchmarks.load") as load,
        servers.ours(folder / "running", bundles(folder), [server_core()]) as server,
    ):
        (speed,) = load.ask(
            "closed",
            port=server.port,
            streams=[(ONE, requests, SPEED_AT)],
            warm=1.0,
            seconds=SPEED_SECONDS,
        )
        rate = speed["per_second"] / 2
        say(f"{rate:,.0f} requests a second for {minutes:g} minutes")
        watch = Watch(server, min(LOOKS, minutes * 6))
        found = load.ask(
            "paced",
            port=server.port,
            stream=(ONE, requests, CONNECTIONS),
            rate=rate,
            seconds=minutes * 60,
        )
        watch.stop()
    return _topic(speed["per_second"], found, watch.seen)


class Watch:
    """Looks at the memory of all processes of a server until it is stopped."""

    def __init__(self, server: Server, pause: float) -> None:
        self._server = server
        self._pause = pause
        self._stopped = threading.Event()
        self._start = time.monotonic()
        self.seen: list[tuple[float, float]] = []  # seconds since the start, PSS in MB
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look a last time."""
        self._stopped.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        self._look()
        while not self._stopped.wait(self._pause):
            self._look()

    def _look(self) -> None:
        held = sum(each.pss for each in self._server.memory())
        self.seen.append((time.monotonic() - self._start, held))


def slope(seen: list[tuple[float, float]]) -> float:
    """MB a minute that the memory grows by, by least squares, once it has settled."""
    settled = [look for look in seen if look[0] >= SETTLING * seen[-1][0]]
    seconds, held = np.array(settled).T
    return float(np.polyfit(seconds / 60, held, 1)[0])


def _topic(speed: float, found: dict[str, Any], seen: list[tuple[float, float]]) -> Topic:
    held = [pss for _, pss in seen]
    memory = (f"{held[0]:.1f}", f"{held[-1]:.1f}", f"{min(held):.1f}", f"{max(held):.1f}")
    whole, halves = found, found["halves"]
    rows = [
        (name, f"{each['p50'] * 1e3:.2f}", f"{each['p99'] * 1e3:.2f}")
        for name, each in zip(("all", "first half", "second half"), (whole, *halves), strict=True)
    ]
    return Topic(
        "The service for minutes",
        [
            f"One worker on one core, SQLite; {SPEED_AT} connections get {speed:,.0f} decisions a "
            f"second of single accounts. Half of that, {found['per_second']:,.0f}, is sent evenly "
            f"for {seen[-1][0] / 60:.1f} minutes, whether or not those before are answered: "
            f"{found['answered']:,} requests, {found['errors']:,} errors, the slowest answer "
            f"after {found['most'] * 1e3:,.0f} ms.",
        ],
        [
            Table(
                ("memory of all processes, PSS MB", "at start", "at end", "least", "most", "slope"),
                [("", *memory, f"{slope(seen):+.2f} a minute")],
            ),
            Table(("latency", "p50, ms", "p99, ms"), rows),
        ],
        {"speed": speed, "found": found, "memory": seen},
    )
