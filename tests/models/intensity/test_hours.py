"""The first hour allowed: walked across boundaries and clock changes, and against a scan."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from features.clock import day_number
from models.intensity.hours import earliest

NEW_YORK = "America/New_York"


def from_local(day: str, time: str, zone: str, *, fold: int = 0) -> float:
    """UTC seconds of a wall clock time; `fold` 1 is the second of two."""
    wall = datetime.fromisoformat(f"{day}T{time}").replace(fold=fold, tzinfo=ZoneInfo(zone))
    return wall.timestamp()


def found(as_of: float, zone: str, start: float, end: float, ready: str | None = None) -> str:
    """The first instant allowed, as local wall clock time with its offset."""
    day = date.min if ready is None else date.fromisoformat(ready)
    at = earliest(as_of, day_number(day), zone, start, end)
    return datetime.fromtimestamp(at, ZoneInfo(zone)).isoformat()


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("00:00:00", "2026-11-23T08:00:00-05:00"),
        ("07:59:59", "2026-11-23T08:00:00-05:00"),
        ("07:59:59.750000", "2026-11-23T08:00:00-05:00"),
        ("08:00:00", "2026-11-23T08:00:00-05:00"),
        ("12:34:56.789012", "2026-11-23T12:34:56.789012-05:00"),
        ("20:59:59", "2026-11-23T20:59:59-05:00"),
        ("20:59:59.999999", "2026-11-23T20:59:59.999999-05:00"),
        ("21:00:00", "2026-11-24T08:00:00-05:00"),
        ("23:59:59", "2026-11-24T08:00:00-05:00"),
    ],
)
def test_contact_is_allowed_from_the_start_to_just_before_the_end(time: str, expected: str) -> None:
    assert found(from_local("2026-11-23", time, NEW_YORK), NEW_YORK, 8, 21) == expected


@pytest.mark.parametrize(
    ("zone", "as_of", "hours", "expected"),
    [
        # In spring the clocks skip the hour from 2, in autumn the one from 1 comes twice.
        (NEW_YORK, "2026-03-07T22:00-05:00", (8, 21), "2026-03-08T08:00:00-04:00"),
        (NEW_YORK, "2026-10-31T22:00-04:00", (8, 21), "2026-11-01T08:00:00-05:00"),
        (NEW_YORK, "2026-03-08T01:59:59-05:00", (2, 3), "2026-03-09T02:00:00-04:00"),
        (NEW_YORK, "2026-03-08T01:00-05:00", (2.5, 9), "2026-03-08T03:00:00-04:00"),
        (NEW_YORK, "2026-11-01T00:30-04:00", (1, 2), "2026-11-01T01:00:00-04:00"),
        (NEW_YORK, "2026-11-01T01:59:59-04:00", (1, 2), "2026-11-01T01:59:59-04:00"),
        (NEW_YORK, "2026-11-01T01:50-04:00", (1, 1.5), "2026-11-01T01:00:00-05:00"),
        (NEW_YORK, "2026-11-01T01:30-05:00", (1, 1.5), "2026-11-02T01:00:00-05:00"),
        ("Europe/London", "2026-03-28T23:00+00:00", (8, 21), "2026-03-29T08:00:00+01:00"),
        ("Europe/London", "2026-10-24T23:00+01:00", (8, 21), "2026-10-25T08:00:00+00:00"),
        ("Europe/London", "2026-03-29T00:59:59+00:00", (1, 2), "2026-03-30T01:00:00+01:00"),
        ("Europe/London", "2026-10-25T01:45+01:00", (1, 1.5), "2026-10-25T01:00:00+00:00"),
        # Midnight is skipped in Beirut and Santiago, and the hour before it comes twice.
        ("Asia/Beirut", "2026-03-28T23:59:59+02:00", (0, 1), "2026-03-30T00:00:00+03:00"),
        ("Asia/Beirut", "2026-03-28T23:59:59+02:00", (0, 21), "2026-03-29T01:00:00+03:00"),
        ("America/Santiago", "2026-09-05T23:30-04:00", (0, 9), "2026-09-06T01:00:00-03:00"),
        ("America/Santiago", "2026-04-04T23:50-03:00", (23, 23.5), "2026-04-04T23:00:00-04:00"),
        ("Asia/Shanghai", "2026-03-08T22:00+08:00", (8, 22), "2026-03-09T08:00:00+08:00"),
        # Half an hour is skipped from 2, and comes twice from half past 1.
        ("Australia/Lord_Howe", "2026-10-04T01:59+10:30", (2, 9), "2026-10-04T02:30:00+11:00"),
        ("Australia/Lord_Howe", "2026-04-05T01:59:59+11:00", (1.5, 1.75),
         "2026-04-05T01:30:00+10:30"),
        # 30 December 2011 did not happen in Apia.
        ("Pacific/Apia", "2011-12-29T21:00-10:00", (8, 21), "2011-12-31T08:00:00+14:00"),
    ],
)  # fmt: skip
def test_hours_follow_the_clock_at_the_debtors_place(
    zone: str, as_of: str, hours: tuple[float, float], expected: str
) -> None:
    assert found(datetime.fromisoformat(as_of).timestamp(), zone, *hours) == expected


@pytest.mark.parametrize(
    ("zone", "as_of", "ready", "expected"),
    [
        (NEW_YORK, "2026-11-23T12:00-05:00", "2026-11-22", "2026-11-23T12:00:00-05:00"),
        (NEW_YORK, "2026-11-23T12:00-05:00", "2026-11-23", "2026-11-23T12:00:00-05:00"),
        (NEW_YORK, "2026-11-23T12:00-05:00", "2026-11-24", "2026-11-24T08:00:00-05:00"),
        (NEW_YORK, "2026-10-20T12:00-04:00", "2026-11-02", "2026-11-02T08:00:00-05:00"),
        ("Pacific/Kiritimati", "2026-11-23T12:00+14:00", "2026-11-24", "2026-11-24T08:00:00+14:00"),
        ("Pacific/Niue", "2026-11-23T12:00-11:00", "2026-11-24", "2026-11-24T08:00:00-11:00"),
        ("Pacific/Apia", "2011-12-29T12:00-10:00", "2011-12-30", "2011-12-31T08:00:00+14:00"),
    ],
)
def test_contact_waits_for_the_local_day(zone: str, as_of: str, ready: str, expected: str) -> None:
    assert found(datetime.fromisoformat(as_of).timestamp(), zone, 8, 21, ready) == expected


def test_a_day_that_the_clocks_return_to_is_not_the_next_day_yet() -> None:
    # In Santiago 5 April 2026 begins only after 23:00 of the 4th has come twice.
    second_23 = from_local("2026-04-04", "23:10", "America/Santiago", fold=1)
    at = found(second_23, "America/Santiago", 0, 24, "2026-04-05")
    assert at == "2026-04-05T00:00:00-04:00"


def test_a_whole_day_is_always_open() -> None:
    assert earliest(1.5, 0, "UTC", 0, 24) == 1.5


@pytest.mark.parametrize(("start", "end"), [(9, 9), (21, 8), (-1, 5), (8, 24.5)])
def test_hours_that_no_day_has_are_refused(start: float, end: float) -> None:
    with pytest.raises(ValueError, match="no hours of a day"):
        earliest(0, 0, "UTC", start, end)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        earliest(0, 0, "Mars/Olympus", 8, 21)


CHANGES = [
    (NEW_YORK, "2026-03-08T07:00+00:00"),
    (NEW_YORK, "2026-11-01T06:00+00:00"),
    ("Europe/London", "2026-03-29T01:00+00:00"),
    ("Asia/Beirut", "2026-03-28T22:00+00:00"),
    ("Asia/Beirut", "2026-10-24T21:00+00:00"),
    ("America/Santiago", "2026-09-06T04:00+00:00"),
    ("America/Santiago", "2026-04-05T03:00+00:00"),
    ("Australia/Lord_Howe", "2026-10-03T15:30+00:00"),
    ("Pacific/Apia", "2011-12-30T10:00+00:00"),
    ("Asia/Shanghai", "2026-06-01T00:00+00:00"),
]


@example(CHANGES[6], -100, 0, 0, 1)
@given(
    st.sampled_from(CHANGES),
    st.integers(-30 * 60, 30 * 60),
    st.integers(-1, 2),
    st.integers(0, 46),
    st.integers(1, 48),
)
def test_it_is_the_first_minute_that_qualifies(
    change: tuple[str, str], minutes: int, days: int, start: int, length: int
) -> None:
    zone, hours = ZoneInfo(change[0]), (start / 2, min(start + length, 48) / 2)
    begin = datetime.fromisoformat(change[1]) + timedelta(minutes=minutes)
    ready = begin.astimezone(zone).date() + timedelta(days=days)

    def qualifies(at: datetime) -> bool:
        wall = at.astimezone(zone)
        return wall.date() >= ready and hours[0] <= wall.hour + wall.minute / 60 < hours[1]

    at = begin
    while not qualifies(at):
        at += timedelta(minutes=1)
    first = earliest(begin.timestamp(), day_number(ready), change[0], *hours)
    assert datetime.fromtimestamp(first, UTC) == at
