"""Drift of the score: how the scores of the last day lie, beside those of training.

Drift is the population stability index (models.score.reference) of the log-odds that were decided
on, over the bins of the bundle that decided. They are counted by the hour, in each process; where
several answer, each counts into a file of its own and whoever is asked adds them up.
"""

import os
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.score.bundle import Bundle
from models.score.reference import shares_of, stability_index
from models.target import TARGETS

HOURS = 24
LEAST = 500  # decisions: of fewer, chance alone would look like drift
_HOUR = 3_600  # seconds
_BINS = 64  # a reference of more is not compared; training makes about ten
_AT, _OF, _COUNTS = 0, 1, 2  # of a row: its hour, its bundle, then the bins
_SHAPE = (len(TARGETS), HOURS, _COUNTS + _BINS)

_EMPTY = np.zeros(_SHAPE[-1], np.int64).data

Rows = NDArray[np.int64]


class Drift(NamedTuple):
    """How many decisions were counted, and their drift; None where they are too few."""

    decisions: int
    psi: float | None


class Scores:
    """Counts the scores that a process decides on; tells the drift over all processes."""

    def __init__(self, shared: Path | None, clock: Callable[[], float] = time.time) -> None:
        """`shared` is the folder of the processes' files; None: there is one process."""
        self._shared = shared
        self._clock = clock
        self._lock = Lock()
        self._edges: dict[str, tuple[int, list[float]]] = {}  # by the bundle's digest
        if shared is None:
            self._counted: Rows = np.zeros(_SHAPE, np.int64)
        else:
            path = shared / f"scores_{os.getpid()}.counts"
            self._counted = np.memmap(path, np.int64, "w+", shape=_SHAPE)
        # A look into a memoryview costs a third of one into an array.
        self._rows = [[row.data for row in of_target] for of_target in self._counted]

    def count(self, bundle: Bundle, log_odds: Iterable[float]) -> None:
        """Count scores that the bundle gave."""
        digest, edges = self._of(bundle)
        if len(edges) >= _BINS:
            return
        hour = int(self._clock() // _HOUR)
        row = self._rows[TARGETS.index(bundle.target)][hour % HOURS]
        with self._lock:
            if row[_AT] != hour or row[_OF] != digest:
                row[:] = _EMPTY
                row[_AT], row[_OF] = hour, digest
            for value in log_odds:
                row[_COUNTS + bisect_left(edges, value)] += 1

    def drift(self, bundle: Bundle) -> Drift:
        """The drift of what the bundle decided in the last HOURS, of which one still runs."""
        digest, edges = self._of(bundle)
        counts = np.zeros(_BINS, np.int64)
        hour = int(self._clock() // _HOUR)
        for rows in self._every():
            of_target = rows[TARGETS.index(bundle.target)]
            recent = (of_target[:, _OF] == digest) & (of_target[:, _AT] > hour - HOURS)
            counts += of_target[recent, _COUNTS:].sum(axis=0)
        total = int(counts.sum())
        if total < LEAST:
            return Drift(total, None)
        found = np.append(counts[: len(edges) + 1], 0).astype(np.float64)  # no score is missing
        return Drift(total, stability_index(shares_of(bundle.reference["score"]), found))

    def _of(self, bundle: Bundle) -> tuple[int, list[float]]:
        """What the bundle is known by, and the edges of its bins."""
        known = self._edges.get(bundle.sha256)
        if known is None:
            score: dict[str, Any] = bundle.reference["score"]
            known = self._edges[bundle.sha256] = int(bundle.sha256[:15], 16), score["edges"]
        return known

    def _every(self) -> Iterator[Rows]:
        if self._shared is None:
            yield self._counted
            return
        for path in self._shared.glob("scores_*.counts"):
            yield np.fromfile(path, np.int64).reshape(_SHAPE)
