"""Seconds, memory, and the rounds in which contenders take turns; Python's own library only."""

import re
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

ALONE = 0.5  # seconds that calls for one account or row are repeated
LEAST_CALLS = 3

_RESET = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Spread:
    """The median over the rounds, and the least and greatest."""

    median: float
    least: float
    greatest: float

    def __str__(self) -> str:
        digits = 2 if self.median < 10 else 1 if self.median < 100 else 0
        return f"{self.median:.{digits}f} ({self.least:.{digits}f}–{self.greatest:.{digits}f})"


def spread(values: Sequence[float]) -> Spread:
    """Median, least and greatest."""
    return Spread(statistics.median(values), min(values), max(values))


def ratio(seconds: Sequence[float], ours: Sequence[float]) -> Spread:
    """How many times as long as ours it took: paired within each round."""
    return spread([other / own for other, own in zip(seconds, ours, strict=True)])


def take_turns(
    contenders: Mapping[str, Callable[[], float]], rounds: int
) -> dict[str, list[float]]:
    """Seconds of each contender in each round; each runs once a round, in the order given."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            seconds[name].append(run())
    return seconds


def cpu_seconds(run: Callable[[], Any]) -> float:
    """Seconds of the processor that one long call takes: what else the core does is left out."""
    start = time.process_time()
    run()
    return time.process_time() - start


def median_seconds(calls: Sequence[Callable[[], Any]]) -> float:
    """The median of the seconds of calls, made one after the other for ALONE seconds."""
    seconds: list[float] = []
    until = time.perf_counter() + ALONE
    for call in cycle(calls):
        start = time.perf_counter()
        call()
        end = time.perf_counter()
        seconds.append(end - start)
        if end > until and len(seconds) >= LEAST_CALLS:
            break
    return statistics.median(seconds)


def peak_memory(run: Callable[[], Any]) -> tuple[float, float] | None:
    """MB (10^6 bytes) resident before the call, and by how many the peak during it is above.

    None where the kernel does not tell (Linux does).
    """
    if not _RESET.exists():
        return None
    _RESET.write_text("5")  # the peak so far is forgotten
    before = _resident("VmRSS")
    run()
    return before, _resident("VmHWM") - before


def _resident(field: str) -> float:
    found = re.search(rf"^{field}:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024 / 1e6
