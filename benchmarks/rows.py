"""Contributions of rows by one method, measured alike on both sides."""

from collections.abc import Callable
from functools import partial

import lightgbm
import numpy as np
from numpy.typing import NDArray

from benchmarks.lines import Action
from benchmarks.measures import cpu_seconds, median_seconds

Floats = NDArray[np.float64]
Explain = Callable[[Floats], Floats]

CALLS = 100  # for one row
WARM = 3


class Rows:
    """The rows to explain [n × k], and how `method` makes an explaining function of a booster."""

    def __init__(self, method: Callable[[lightgbm.Booster], Explain], rows: Floats) -> None:
        self._method = method
        self._rows = rows
        self._explain: Explain

    @property
    def actions(self) -> dict[str, Action]:
        """What is answered."""
        return {
            "build": self.build,
            "values": self.values,
            "seconds": self.seconds,
            "one": self.one,
        }

    def build(self, path: str) -> float:
        """Read the booster and return the seconds of making what explains it, once warm."""
        booster = lightgbm.Booster(model_file=path)
        made = [self._method(booster)]
        seconds = cpu_seconds(lambda: made.append(self._method(booster)))
        self._explain = made[-1]
        for i in range(WARM):
            self._explain(self._rows[i : i + 1])
        return seconds

    def values(self, path: str) -> None:
        """Write the contributions of all rows [n × k]."""
        np.save(path, self._explain(self._rows))

    def seconds(self) -> float:
        """Seconds for all rows."""
        return cpu_seconds(lambda: self._explain(self._rows))

    def one(self) -> float:
        """Median seconds for one row alone."""
        singles = [self._rows[i : i + 1] for i in range(min(CALLS, len(self._rows)))]
        return median_seconds([partial(self._explain, row) for row in singles])
