"""Hours: from when on a contact may be made, by the clock at the debtor's place."""

from functools import lru_cache
from zoneinfo import ZoneInfo

from features.clock import DAY_SECONDS, instant_of

HOUR_SECONDS = 3_600.0


def earliest(as_of: float, ready_day: float, timezone: str, start: float, end: float) -> float:
    """First instant (UTC seconds) from `as_of` on at which the debtor's clock allows contact.

    That is on local day `ready_day` (days since 1970) or later, at `start` o'clock or later and
    before `end` o'clock (0 to 24): `as_of` itself where it is such an instant, a whole second
    otherwise. Where several rules give hours, hand over their latest start and earliest end.
    Hours that a clock change leaves out are not waited for, hours that come twice count twice.
    Raises ValueError where no hour lies between start and end, and
    zoneinfo.ZoneInfoNotFoundError for a zone that does not exist.
    """
    if not 0 <= start < end <= 24:
        raise ValueError(f"no hours of a day: from {start} to {end}")
    # Clocks are less than a day from UTC, so nothing before this lies on the local day.
    at = max(as_of, (ready_day - 1) * DAY_SECONDS)
    while True:
        for until, offset in _offsets(int(at // DAY_SECONDS), timezone):
            if at < until:
                found = _within(at, ready_day, offset, start * HOUR_SECONDS, end * HOUR_SECONDS)
                if found < until:
                    return found
                at = until


def _within(at: float, ready_day: float, offset: float, opens: float, closes: float) -> float:
    """What `earliest` gives where the clock is ahead of UTC by `offset` seconds for ever."""
    first = max(at, ready_day * DAY_SECONDS - offset)
    midnight = (first + offset) // DAY_SECONDS * DAY_SECONDS
    time = first + offset - midnight
    if time < opens:
        return midnight + opens - offset
    if time >= closes:
        return midnight + DAY_SECONDS + opens - offset
    return first


@lru_cache(maxsize=65_536)
def _offsets(day: int, timezone: str) -> tuple[tuple[float, float], ...]:
    """The zone's offsets from UTC on a UTC day: until when (UTC seconds), and how many seconds.

    At most one change a day is looked for: in tzdata no two are closer than six days.
    """
    zone = ZoneInfo(timezone)
    low, high = day * int(DAY_SECONDS), (day + 1) * int(DAY_SECONDS)
    before, after = _offset(low, zone), _offset(high, zone)
    until = float(high)
    if before == after:
        return ((until, before),)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle, zone) == before:
            low = middle
        else:
            high = middle
    return ((float(high), before), (until, after))


def _offset(at: float, zone: ZoneInfo) -> float:
    offset = instant_of(at).astimezone(zone).utcoffset()
    assert offset is not None  # the instant is aware
    return offset.total_seconds()
