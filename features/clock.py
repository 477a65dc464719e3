"""Dates and instants as numbers: days and seconds since 1970-01-01, both in UTC."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, reset_tzpath

import numpy as np
from numpy.typing import NDArray

# Zones come from the tzdata package alone, in training as in a request: the system's own come
# and go with its updates, and a decision names the version it was made with.
reset_tzpath(to=())

DAY_SECONDS = 86_400.0
CYCLE_DAYS = 365.25 / 12  # one monthly cycle; statements are counted in these

_EPOCH = date(1970, 1, 1)


def day_number(day: date) -> float:
    """Days from 1970-01-01 to `day`."""
    return float((day - _EPOCH).days)


def date_of(day: float) -> date:
    """The date that `day_number` numbers."""
    return _EPOCH + timedelta(days=int(day))


@lru_cache(maxsize=65_536)
def midnight_after(day: float, timezone: str) -> float:
    """UTC seconds at which a statement of `day` becomes known.

    That is 00:00 of the next day in the account's time zone. Raises
    zoneinfo.ZoneInfoNotFoundError for a zone that does not exist.
    """
    following = date_of(day) + timedelta(days=1)
    return datetime.combine(following, time(), ZoneInfo(timezone)).timestamp()


def midnights_after(day: NDArray[np.float64], timezone: NDArray[np.str_]) -> NDArray[np.float64]:
    """`midnight_after` of each day and zone; one look-up each, so hand over distinct pairs."""
    return np.array([midnight_after(d, str(zone)) for d, zone in zip(day, timezone, strict=True)])


def instant_of(at: float) -> datetime:
    """The instant, in UTC, that lies so many seconds after 1970-01-01."""
    return datetime.fromtimestamp(at, UTC)
