"""What was measured of the servers in every round, and the figures picked from it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.measures import Spread, ratio, spread

OURS = "curescore"
PEER = "MLServer"
Figures = dict[str, Any]
Pick = Callable[[Figures], float]  # from what was measured in a round


@dataclass
class Found:
    """All rounds, and what holds for all of them."""

    accounts: int  # in one call
    seconds: float  # of each measurement
    trivial: dict[int, Figures]
    grown: str
    events: tuple[float, float]  # payments and contacts of the accounts with events
    rounds: list[Figures] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The servers, ours first."""
        return list(self.rounds[0]["servers"])

    @property
    def peers(self) -> list[str]:
        """The servers that are not ours."""
        return self.names[1:]

    @property
    def several(self) -> list[int]:
        """Numbers of connections above one."""
        return [count for count in self.rounds[0]["servers"][OURS]["ones"] if count > 1]

    @property
    def with_workers(self) -> bool:
        """Whether there was a PostgreSQL for several workers."""
        return "workers" in self.rounds[0]

    def each(self, pick: Pick) -> list[float]:
        """A figure of every round."""
        return [pick(found) for found in self.rounds]

    def spread(self, pick: Pick) -> Spread:
        """A figure's median over the rounds, least and greatest."""
        return spread(self.each(pick))

    def milliseconds(self, pick: Pick) -> Spread:
        """The same of a figure that is seconds."""
        return spread([1e3 * seconds for seconds in self.each(pick)])

    def ratio(self, pick: Pick, to: Pick) -> Spread:
        """How many times another figure it is, paired within each round."""
        return ratio(self.each(pick), self.each(to))

    def scaled(self) -> Spread:
        """How many times one worker's requests two would answer, on a core each."""
        pairs = zip(self.each(workers(1, "cpu")), self.each(workers(2, "cpu")), strict=True)
        return spread([2 * one / two for one, two in pairs])


def flush(found: Figures) -> float:
    """Seconds of one flush, measured next to our single accounts over one connection."""
    return float(found["servers"][OURS]["flush"])


def ones(name: str, count: int, figure: str, kind: str = "ones") -> Pick:
    """A figure of single accounts over so many connections."""
    return lambda found: float(found["servers"][name][kind][count][figure])


def less_flush(kind: str = "ones") -> Pick:
    """Our p50 over one connection, less one flush."""
    p50 = ones(OURS, 1, "p50", kind)
    return lambda found: p50(found) - flush(found)


def many(name: str) -> Pick:
    """p50 of a batch."""
    return lambda found: float(found["servers"][name]["many"]["p50"])


def beside(stream: int, figure: str) -> Pick:
    """A figure of our single accounts (0) or of the batches (1) when both are asked for."""
    return lambda found: float(found["servers"][OURS]["beside"][stream][figure])


def memory(name: str, figure: str) -> Pick:
    """Megabytes of a server after the load."""
    return lambda found: float(found["servers"][name]["memory"][figure])


def ready(name: str) -> Pick:
    """Seconds from the start of the process until it is ready."""
    return lambda found: float(found["servers"][name]["ready"])


def workers(count: int, figure: str) -> Pick:
    """A figure of so many workers on PostgreSQL."""
    return lambda found: float(found["workers"][count][figure])
