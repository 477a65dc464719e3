"""Validated bodies as a panel: the step before the one path that all features take."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import chain, repeat
from struct import pack_into
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from features.clock import DAY_SECONDS, midnight_after
from features.panel import Contacts, Fixed, Indices, Panel, Payments, Statements, panel
from features.tables import ACCOUNTS, CONTACTS, STATEMENTS, Table, codes_of, point_number
from service.bodies.schemas import ContactBody, DecisionBody

_NAN = float("nan")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = int(DAY_SECONDS)
_HOURS = [hour + minute / 60 for hour in range(24) for minute in range(60)]
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def _codes(table: Table, column: str) -> dict[str | None, float]:
    """The number of each code, as the panel holds it; NaN where there is none."""
    return {None: _NAN, **{code: float(k) for code, k in codes_of(table, column).items()}}


_PRODUCT = _codes(ACCOUNTS, "product")
_SECURITY = _codes(ACCOUNTS, "security")
_STATUS = _codes(STATEMENTS, "status")
_CHANNEL = _codes(CONTACTS, "channel")
_DIRECTION = _codes(CONTACTS, "direction")
_OUTCOME = _codes(CONTACTS, "outcome")
_REASON = _codes(CONTACTS, "reason")
_PLACE = _codes(CONTACTS, "place")


def panel_of(bodies: Sequence[DecisionBody]) -> Panel:
    """The panel of these accounts, in their order; of bodies or of their structs."""
    return panel(
        _fixed(bodies),
        _statements(bodies),
        _payments(bodies),
        _contacts(bodies, [body.contacts or () for body in bodies]),
        _contacts(bodies, [body.debtor_contacts or () for body in bodies]),
    )


def _fixed(bodies: Sequence[DecisionBody]) -> Fixed:
    accounts = [body.account for body in bodies]
    opened = [None if a.opened_on is None else _day(a.opened_on) for a in accounts]
    return Fixed(
        opened_day=np.array(opened, dtype=np.float64),
        product=np.array([_PRODUCT[a.product] for a in accounts], dtype=np.float64),
        security=np.array([_SECURITY[a.security] for a in accounts], dtype=np.float64),
        payments_known=np.array([body.payments is not None for body in bodies]),
        contacts_known=np.array([body.contacts is not None for body in bodies]),
    )


def _statements(bodies: Sequence[DecisionBody]) -> Statements:
    lists = [body.statements for body in bodies]
    rows = list(chain.from_iterable(lists))
    days = [_day(row.statement_date) for row in rows]
    columns = (
        days,
        map(midnight_after, days, _zones(bodies, lists)),
        [row.balance for row in rows],
        _known([row.amount_due for row in rows]),
        _known([row.amount_paid for row in rows]),
        [row.days_past_due for row in rows],
        _known([row.credit_limit for row in rows]),
        [_STATUS[row.status] for row in rows],
    )
    return Statements(_owners(lists), *_arrays(len(rows), columns))


def _payments(bodies: Sequence[DecisionBody]) -> Payments | None:
    lists = [body.payments or () for body in bodies]
    rows = list(chain.from_iterable(lists))
    if not rows:
        return None
    columns = (
        [row.received_at.timestamp() for row in rows],
        [row.amount for row in rows],
        [row.reversed for row in rows],
        [_NAN if row.reversed_at is None else row.reversed_at.timestamp() for row in rows],
    )
    return Payments(_owners(lists), *_arrays(len(rows), columns))


def _contacts(
    bodies: Sequence[DecisionBody], lists: Sequence[Sequence[ContactBody]]
) -> Contacts | None:
    """One list of contacts of each body, with days and hours at its account's place."""
    rows = list(chain.from_iterable(lists))
    if not rows:
        return None
    zones = list(_zones(bodies, lists))
    at, local_day, local_hour = _at_place([row.at - _EPOCH for row in rows], zones)
    points = {point: _point(point) for point in {row.contact_point_id for row in rows}}
    columns = (
        at,
        local_hour,
        [_CHANNEL[row.channel] for row in rows],
        [_DIRECTION[row.direction] for row in rows],
        [_OUTCOME[row.outcome] for row in rows],
        [_REASON[row.reason] for row in rows],
        _known([row.promised_amount for row in rows]),
        [
            _NAN if row.promised_on is None else midnight_after(_day(row.promised_on), zone)
            for row, zone in zip(rows, zones, strict=True)
        ],
        [_NAN if row.appointment_at is None else row.appointment_at.timestamp() for row in rows],
        local_day,
        [points[row.contact_point_id] for row in rows],
        [_PLACE[row.place] for row in rows],
    )
    return Contacts(_owners(lists), *_arrays(len(rows), columns))


def _arrays(rows: int, columns: tuple[Iterable[float], ...]) -> NDArray[np.float64]:
    """Columns of so many rows each as the rows of one array."""
    values = list(chain.from_iterable(columns))
    packed = bytearray(len(values) * 8)
    pack_into(f"{len(values)}d", packed, 0, *values)  # in half of the time of np.array
    return np.frombuffer(packed).reshape(-1, rows)


def _known(values: list[float | None]) -> list[float]:
    return [_NAN if value is None else value for value in values]


def _owners(lists: Sequence[Sequence[Any]]) -> Indices:
    """The position of the account of each row."""
    if len(lists) == 1:  # a single request, in a fifth of the time
        return np.zeros(len(lists[0]), np.int64)
    return np.repeat(np.arange(len(lists)), list(map(len, lists)))


def _zones(bodies: Sequence[DecisionBody], lists: Sequence[Sequence[Any]]) -> Iterable[str]:
    """The time zone of the account of each row."""
    zones = [body.account.timezone for body in bodies]
    return chain.from_iterable(map(repeat, zones, map(len, lists)))


def _point(contact_point_id: str | None) -> float:
    return _NAN if contact_point_id is None else point_number(contact_point_id)


def _day(day: date) -> float:
    """`features.clock.day_number`, in half of the time."""
    return float(day.toordinal() - _EPOCH_DAY)


def _at_place(
    since: list[timedelta], zones: list[str]
) -> tuple[list[float], list[float], list[float]]:
    """UTC seconds so long after 1970, and the days and hours (0 to 24) at places of these zones."""
    seconds, days, hours = [], [], []
    for at, zone in zip(since, zones, strict=True):
        day, second = at.days, at.seconds
        seconds.append(at.total_seconds() if at.microseconds else day * DAY_SECONDS + second)
        offset = _offset(day, zone)
        second += _offset_at(at, zone) if offset is None else offset
        if not 0 <= second < _DAY:
            later, second = divmod(second, _DAY)
            day += later
        days.append(float(day))
        hours.append(_HOURS[second // 60] + second % 60 / 3600)
    return seconds, days, hours


def _offset_at(since: timedelta, timezone: str) -> int:
    """Seconds by which clocks of the zone are ahead of UTC, so long after 1970 in UTC."""
    offset = (_EPOCH + since).astimezone(ZoneInfo(timezone)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


@lru_cache(maxsize=65_536)
def _offset(day: int, timezone: str) -> int | None:
    """`_offset_at` all through a day of UTC, numbered from 1970; None where it changes."""
    # No clock changes and changes back within a day.
    first, last = (_offset_at(timedelta(days), timezone) for days in (day, day + 1))
    return first if first == last else None
