"""The simulated calendar: when cycles end, and the instants of what happens within them."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from features.clock import day_number, midnight_after
from training.sources.simulated.people import ZONES

FIRST_YEAR = 2023  # the first cycle recorded ends in its January
SHORTEST_CYCLE = 28  # days

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Cycles:
    """Cycle `m` (from 0) of an account ends on its own day of the month, 1 to 28.

    `midnight[zone, day - low]` is the UTC second at which the day begins in the zone.
    """

    low: int
    midnight: Floats

    def end(self, month: int, day_of_month: Indices) -> Indices:
        """Day number on which cycle `month` (-1 for the one before the first) ends."""
        year, index = divmod(FIRST_YEAR * 12 + month, 12)
        return int(day_number(date(year, index + 1, 1))) + day_of_month - 1

    def instant(self, day: Indices, hour: Floats, zone: Indices) -> Floats:
        """UTC seconds, whole, of so many hours after the day's beginning in the zone."""
        return np.floor(self.midnight[zone, day - self.low] + hour * 3600)


def cycles_of(months: int) -> Cycles:
    """The calendar of that many cycles."""
    low = int(day_number(date(FIRST_YEAR - 1, 12, 1)))
    days = 31 * (months + 3)
    midnight = [[midnight_after(float(low + d - 1), zone) for d in range(days)] for zone in ZONES]
    return Cycles(low, np.array(midnight))
