"""Bodies as a panel: each number as its plain formula has it, to the last bit."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.clock import day_number, midnight_after
from features.panel import Contacts, Panel, Payments, Statements, panel
from features.tables import ACCOUNTS, CONTACTS, STATEMENTS, Table, point_number
from service.bodies import examples
from service.bodies.decoding import decode_decision
from service.bodies.panels import panel_of
from service.bodies.schemas import DecisionBody

NOW = datetime(2199, 1, 1, tzinfo=UTC)
NAN = float("nan")
# Clocks that change, at whole minutes and (before 1950) at others; that are far off; that are odd.
ZONES = [
    "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Monrovia",
    "Europe/Amsterdam", "Pacific/Apia", "Pacific/Kiritimati", "America/St_Johns", "UTC",
]  # fmt: skip
OFFSETS = [UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=5, minutes=45))]


def instants() -> st.SearchStrategy[datetime]:
    seconds = st.floats(-2_177_000_000, 6_942_000_000)
    free = st.builds(datetime.fromtimestamp, seconds, st.sampled_from(OFFSETS))
    # Near the hours at which clocks change in New York, Berlin and Apia.
    changes = st.sampled_from([
        datetime(2025, 3, 9, 7, tzinfo=UTC), datetime(2025, 11, 2, 6, tzinfo=UTC),
        datetime(2025, 3, 30, 1, tzinfo=UTC), datetime(2011, 12, 30, 10, tzinfo=UTC),
        datetime(1937, 6, 30, 23, 40, 28, tzinfo=UTC), datetime(1972, 1, 7, 0, 44, 30, tzinfo=UTC),
    ])  # fmt: skip
    near = st.builds(lambda at, by: at + by, changes, st.timedeltas(timedelta(-2), timedelta(2)))
    return free | near


def codes(table: Table, column: str) -> st.SearchStrategy[str]:
    return st.sampled_from(table.column(column).codes)


AMOUNTS = st.integers(1, 10**15).map(lambda units: units / 10_000)
DAYS = st.dates(date(1901, 1, 1), date(2190, 1, 1))
STATEMENT = st.fixed_dictionaries(
    {"statement_date": DAYS.map(str), "balance": AMOUNTS, "days_past_due": st.integers(0, 400),
     "status": codes(STATEMENTS, "status")},
    optional=dict.fromkeys(("amount_due", "amount_paid", "credit_limit"), st.none() | AMOUNTS),
)  # fmt: skip
PAYMENT = st.builds(
    lambda at, later, amount: {
        "received_at": at.isoformat(), "amount": amount, "reversed": later is not None,
        "reversed_at": None if later is None else (at + later).isoformat(),
    },
    instants(), st.none() | st.timedeltas(timedelta(0), timedelta(400)), AMOUNTS,
)  # fmt: skip
CONTACT = st.builds(
    lambda at, due, row: {
        "at": at.isoformat(), "promised_on": due and str(at.date() + due), **row,
    },
    instants(),
    st.none() | st.timedeltas(timedelta(2), timedelta(300)),
    st.fixed_dictionaries(
        {name: codes(CONTACTS, name) for name in ("channel", "direction", "outcome")},
        optional={
            "place": st.none() | codes(CONTACTS, "place"),
            "reason": st.none() | codes(CONTACTS, "reason"),
            "promised_amount": st.none() | AMOUNTS,
            "appointment_at": st.none() | instants().map(datetime.isoformat),
            "contact_point_id": st.none() | st.sampled_from(["a", "b", "é"]),
        },
    ),
)  # fmt: skip


def numbered(name: str, rows: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(rows, max_size=4)
    return lists.map(lambda found: [row | {name: str(i)} for i, row in enumerate(found)])


EVENTS = {
    "payments": st.none() | numbered("payment_id", PAYMENT),
    "contacts": st.none() | numbered("contact_id", CONTACT),
    "debtor_contacts": st.none() | numbered("contact_id", CONTACT),
}
BODIES = st.builds(
    lambda account, statements, events: {
        "as_of": NOW.isoformat(),
        "account": examples.decision("USD")["account"] | account,
        "statements": statements,
        **events,
    },
    st.fixed_dictionaries(
        {
            "timezone": st.sampled_from(ZONES),
            "product": codes(ACCOUNTS, "product"),
            "security": codes(ACCOUNTS, "security"),
            "opened_on": st.none() | DAYS.map(str),
        }
    ),
    st.lists(STATEMENT, min_size=1, max_size=5, unique_by=lambda row: row["statement_date"]),
    st.fixed_dictionaries({}, optional=EVENTS),
)


def expected(bodies: list[DecisionBody]) -> Panel:
    """The panel by one plain formula per value, row by row."""
    fixed = panel_of(bodies).fixed  # drawn in test_schemas
    return panel(
        fixed,
        Statements._make(arrays(9, [
            (i, *statement(row, body.account.timezone))
            for i, body in enumerate(bodies) for row in body.statements
        ])),
        Payments._make(arrays(5, [
            (i, row.received_at.timestamp(), row.amount, row.reversed,
             NAN if row.reversed_at is None else row.reversed_at.timestamp())
            for i, body in enumerate(bodies) for row in body.payments or ()
        ])),
        Contacts._make(arrays(13, [
            (i, *contact(row, ZoneInfo(body.account.timezone)))
            for i, body in enumerate(bodies) for row in body.contacts or ()
        ])),
        Contacts._make(arrays(13, [
            (i, *contact(row, ZoneInfo(body.account.timezone)))
            for i, body in enumerate(bodies) for row in body.debtor_contacts or ()
        ])),
    )  # fmt: skip


def arrays(fields: int, rows: list[tuple[float, ...]]) -> Iterable[Any]:
    flat = np.array(rows, dtype=np.float64).reshape(-1, fields).T.copy()
    return flat[0].astype(np.int64), *flat[1:]


def known(value: float | None) -> float:
    return NAN if value is None else value


def number(table: Table, column: str, code: str | None) -> float:
    return NAN if code is None else table.column(column).codes.index(code)


def statement(row: Any, zone: str) -> tuple[float, ...]:
    day = day_number(row.statement_date)
    amounts = (row.balance, known(row.amount_due), known(row.amount_paid), row.days_past_due)
    status = number(STATEMENTS, "status", row.status)
    return day, midnight_after(day, zone), *amounts, known(row.credit_limit), status


def contact(row: Any, zone: ZoneInfo) -> tuple[float, ...]:
    local = row.at.astimezone(zone)
    due = row.promised_on
    return (
        row.at.timestamp(),
        local.hour + local.minute / 60 + local.second / 3600,
        *(
            number(CONTACTS, name, getattr(row, name))
            for name in ("channel", "direction", "outcome")
        ),
        number(CONTACTS, "reason", row.reason),
        known(row.promised_amount),
        NAN if due is None else midnight_after(day_number(due), zone.key),
        NAN if row.appointment_at is None else row.appointment_at.timestamp(),
        day_number(local.date()),
        NAN if row.contact_point_id is None else point_number(row.contact_point_id),
        number(CONTACTS, "place", row.place),
    )


def flat(made: Panel) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in made._asdict().items():
        parts = value._asdict() if hasattr(value, "_asdict") else {"": value}
        found |= {f"{name}.{part}": array for part, array in parts.items()}
    return found


@given(st.lists(BODIES, min_size=1, max_size=4))
def test_a_panel_is_that_of_the_plain_formulas(bodies: list[dict[str, Any]]) -> None:
    structs = [decode_decision(json.dumps(body).encode(), NOW).body for body in bodies]
    pydantic = [DecisionBody.model_validate(body) for body in bodies]
    wanted = flat(expected(pydantic))
    for made in (flat(panel_of(structs)), flat(panel_of(pydantic))):
        for name, array in wanted.items():
            # numba compiles anew for arrays of another kind than these.
            assert made[name].dtype == array.dtype
            assert made[name].flags.c_contiguous
            assert made[name].flags.writeable
            assert made[name].shape == array.shape
            assert made[name].tobytes() == array.tobytes(), name


def test_clocks_that_change_and_change_back_take_longer_than_a_day() -> None:
    # By this the offset at both ends of a day is that of all instants in it.
    zones = available_timezones()
    assert len(zones) > 400
    for zone in zones:
        data = files("tzdata.zoneinfo").joinpath(*zone.split("/")).read_bytes()
        changes = transitions(data)
        days = changes // 86_400
        for at in changes[:-1][days[1:] == days[:-1]].tolist():
            start = datetime.fromtimestamp(at // 86_400 * 86_400, UTC)
            ends = [each.astimezone(ZoneInfo(zone)) for each in (start, start + timedelta(1))]
            assert start.year < 1900 or ends[0].utcoffset() != ends[1].utcoffset(), (zone, start)


def transitions(data: bytes) -> np.ndarray:
    """The instants, in UTC seconds, at which a compiled zone changes (RFC 8536, version 2)."""

    def counts(start: int) -> list[int]:
        return [int(count) for count in np.frombuffer(data, ">i4", 6, start + 20)]

    isut, isstd, leap, times, types, letters = counts(0)
    second = 44 + times * 5 + types * 6 + letters + leap * 8 + isstd + isut
    return np.frombuffer(data, ">i8", counts(second)[3], second + 44).astype(np.int64)
