"""The history on a decision's page: what was known then, gaps left open, events at their times."""

import json
from copy import deepcopy
from datetime import date
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from features.tables import CHANNELS, DIRECTIONS, OUTCOMES, PLACES, REASONS, STATUSES
from service.bodies import examples
from service.bodies.inputs import decided_on
from service.review.charts import Chart
from service.review.decision.cycles import MOST, Cycle, cycles_of
from service.review.decision.history import MOST as MOST_EVENTS
from service.review.decision.history import History, history, line
from service.review.labels.catalogue import LABELS


def of(body: dict[str, Any]) -> Any:
    """A body as it is read from the log."""
    return decided_on(msgspec.json.encode(body))


@pytest.fixture
def plain() -> dict[str, Any]:
    return deepcopy(examples.decision("USD"))


def statement(day: str, **changes: Any) -> dict[str, Any]:
    """A statement with a balance and no more than a day may leave out."""
    told = {"statement_date": day, "balance": 100.0, "days_past_due": 0, "status": "open"}
    return told | changes


def series(chart: Chart, name: str) -> list[Any]:
    """The values of the series with that label."""
    (found,) = [each for each in chart["series"] if each["name"] == LABELS[name].en]
    values: list[Any] = found["values"]
    return values


def names(chart: Chart) -> list[str]:
    return [each["name"] for each in chart["series"]]


def test_the_example_has_its_statements_and_the_account_as_it_stood(plain: dict[str, Any]) -> None:
    cycles = cycles_of(of(plain)).cycles
    assert [cycle.until.isoformat() for cycle in cycles] == [
        "2025-03-31",
        "2025-04-30",
        "2025-05-31",
        "2025-06-30",
        "2025-07-02",
    ]
    assert cycles[3] == Cycle(
        until=date(2025, 6, 30),
        is_open=False,
        days_past_due=10,
        stage="M1",
        balance=1840.55,
        due=92.0,
        paid=0,
        status="open",
        received=0.0,
        outward=1,
        inward=0,
    )
    assert cycles[2].received == 86.7
    last = cycles[-1]
    assert (last.is_open, last.days_past_due, last.balance) == (True, 12, 1840.55)
    assert (last.due, last.paid, last.status) == (None, None, None)


def test_what_is_not_known_is_a_gap_and_what_was_nothing_is_not(plain: dict[str, Any]) -> None:
    del plain["statements"][1]["amount_paid"], plain["payments"]
    shown = history(of(plain), "en")
    assert series(shown.payments, "history_paid") == [80.0, None, 86.7, 0, None]
    assert [cycle.received for cycle in shown.cycles] == [None] * 5
    assert (shown.payments_known, shown.contacts_known) == (False, True)
    assert shown.cycles[3].outward == 1
    assert shown.cycles[0].inward == 0
    # Nothing is drawn where none came.
    assert series(shown.payments, "history_out") == [None, None, None, 1, None]


def test_a_month_without_a_statement_is_a_gap(plain: dict[str, Any]) -> None:
    del plain["statements"][2]
    shown = history(of(plain), "en")
    assert shown.names == ["Mar 2025", "Apr 2025", "May 2025", "Jun 2025", "Jul 2, 2025"]
    assert series(shown.delinquency, "days_past_due") == [0, 0, None, 10, 12]
    assert series(shown.delinquency, "balance")[2] is None
    assert shown.cycles[2].received == 86.7  # what came in then is known


@pytest.mark.parametrize(
    ("days", "untils"),
    [
        (("2025-05-31", "2025-07-01"), 3),  # a cycle that ends a day later leaves no month out
        (("2025-05-01", "2025-05-31"), 3),  # two in one month are two
        (("2024-11-15", "2025-06-15"), 9),
    ],
)
def test_months_are_missing_only_where_there_is_room_for_a_statement(
    plain: dict[str, Any], days: tuple[str, ...], untils: int
) -> None:
    plain["statements"] = [statement(day) for day in days]
    cycles = cycles_of(of(plain)).cycles
    assert len(cycles) == untils
    assert all(one.until < other.until for one, other in pairwise(cycles))
    assert sum(cycle.balance is not None for cycle in cycles) == 3


def test_nothing_after_the_decision_is_shown(plain: dict[str, Any]) -> None:
    plain["as_of"] = "2025-06-29T23:30:00-04:00"
    plain["payments"].append(
        {
            "payment_id": "P-9",
            "received_at": "2025-06-30T12:00:00-04:00",
            "amount": 5.0,
            "reversed": False,
        }
    )
    shown = history(of(plain), "en")
    assert [cycle.until for cycle in shown.cycles][-2:] == [date(2025, 5, 31), date(2025, 6, 29)]
    assert [event.at for event in shown.events] == [
        "2025-06-27T10:15:00-04:00",
        "2025-05-20T12:00:00-04:00",
    ]


def test_a_payment_counts_until_it_is_known_to_have_been_taken_back(plain: dict[str, Any]) -> None:
    plain["payments"][0] |= {"reversed": True, "reversed_at": "2025-07-01T08:00:00-04:00"}
    shown = history(of(plain), "en")
    assert series(shown.payments, "history_received") == [None] * 5
    assert shown.events[-1].details == "taken back"
    plain["payments"][0]["reversed_at"] = "2025-07-03T08:00:00-04:00"
    shown = history(of(plain), "en")
    assert series(shown.payments, "history_received")[2] == 86.7
    assert shown.events[-1].details == ""


def test_long_histories_show_their_end_and_say_what_is_left_out(plain: dict[str, Any]) -> None:
    months = [(year, month) for year in (2022, 2023, 2024) for month in range(1, 13)]
    plain["statements"] = [statement(f"{year}-{month:02d}-15") for year, month in months]
    plain["as_of"] = "2025-01-10T09:00:00-05:00"
    plain["contacts"] = [
        {"contact_id": f"C-{i}", "channel": "sms", "direction": "out", "outcome": "sent"}
        | {"at": f"2024-12-{1 + i % 28:02d}T{i // 28:02d}:00:00-05:00"}
        for i in range(MOST_EVENTS + 5)
    ]
    plain["payments"] = [
        {"payment_id": "P-0", "amount": 1.0, "reversed": False}
        | {"received_at": "2022-12-20T12:00:00-05:00"}
    ]
    shown = history(of(plain), "en")
    assert len(shown.cycles) == MOST
    assert shown.left_out == 36 - (MOST - 1)
    assert (len(shown.events), shown.more_events) == (MOST_EVENTS, 5)
    assert shown.events[0].at > shown.events[-1].at
    assert all(cycle.received == 0.0 for cycle in shown.cycles)  # that payment came before them


def test_days_past_due_are_guided_by_the_ends_of_stages(plain: dict[str, Any]) -> None:
    guides = LABELS["stage_ends"].en
    assert names(history(of(plain), "en").delinquency)[2:] == [guides.format(days=30)]
    plain["statements"][1]["days_past_due"] = 31
    assert names(history(of(plain), "en").delinquency)[2:] == [
        guides.format(days=30),
        guides.format(days=60),
    ]
    plain["account"]["days_past_due"] = 400
    assert len(names(history(of(plain), "en").delinquency)) == 5


def test_events_are_told_in_words_at_the_debtors_place(plain: dict[str, Any]) -> None:
    plain["contacts"] += [
        {"contact_id": "C-2", "at": "2025-07-01T22:15:00Z", "channel": "call", "direction": "in"}
        | {"outcome": "promise", "reason": "lost_job", "promised_amount": 1234.5, "place": "home"}
        | {"promised_on": "2025-07-08", "appointment_at": "2025-07-05T13:00:00Z"}
    ]
    plain["debtor_contacts"] = [
        {"contact_id": "C-9", "at": "2025-06-28T10:00:00-04:00", "channel": "letter"}
        | {"direction": "out", "outcome": "sent"}
    ]
    newest, elsewhere, *_ = history(of(plain), "en").events
    assert newest.at == "2025-07-01T18:15:00-04:00"
    assert newest.what == "from the debtor · phone call · a promise"
    assert newest.details == (
        "Stated reason for being late: lost the job; Promised amount: 1,234.50\u00a0USD; "
        "Promised by: Jul 8, 2025; Appointment: Jul 5, 2025, 09:00:00 -04:00; Place: home"
    )
    assert elsewhere.details == "on another account of the debtor"
    cycles = history(of(plain), "en").cycles
    assert (cycles[-1].inward, cycles[-2].outward) == (1, 1)  # not the one on another account
    chinese = history(of(plain), "zh").events[0]
    assert chinese.what == "来自债务人 · 电话 · 承诺还款"


def test_every_code_has_its_words() -> None:
    wanted = [
        *(f"contact_{code}" for code in DIRECTIONS),
        *(f"outcome_{code}" for code in OUTCOMES),
        *(f"reason_{code}" for code in REASONS),
        *(f"place_{code}" for code in PLACES),
        *(f"account_{code}" for code in STATUSES),
    ]
    assert [name for name in wanted if name not in LABELS] == []


def test_strokes_stand_where_things_happened(plain: dict[str, Any]) -> None:
    shown: History = history(of(plain), "en")
    lanes = {lane.name: lane for lane in shown.lanes}
    payment, sent = lanes[LABELS["history_payments"].en], lanes[LABELS["history_out"].en]
    assert (payment.faint, sent.plain) == ("", "")  # the payment stayed, nobody was spoken to
    places = [float(path[1:].split()[0]) for path in (payment.plain, sent.faint)]
    assert 0 < places[0] < places[1] < 600
    days = (date(2025, 7, 2) - date(2025, 2, 28)).days
    assert places[1] == pytest.approx(600 * (1 - 5 / days), abs=5)
    assert LABELS["history_in"].en not in lanes
    assert [lane.on_paper for lane in shown.lanes] == [True, True, False, False]


def test_a_line_breaks_where_a_value_is_not_known() -> None:
    assert (
        line([0.0, 1.0, 2.0, 3.0], [0.0, 10.0, None, 5.0]) == "M0.0 25.0h0.1L1.0 3.0M3.0 14.0h0.1"
    )
    assert line([0.0, 1.0], [7.0, 7.0]) == "M0.0 14.0h0.1L1.0 14.0"
    assert line([0.0], [None]) == ""


def test_every_channel_and_outcome_can_be_shown(plain: dict[str, Any]) -> None:
    plain["contacts"] = [
        {"contact_id": f"C-{channel}-{outcome}-{direction}", "channel": channel}
        | {"direction": direction, "outcome": outcome, "at": "2025-06-27T10:15:00-04:00"}
        for channel in CHANNELS
        for outcome in OUTCOMES
        for direction in DIRECTIONS
    ]
    told = history(of(plain), "zh").events
    assert len({event.what for event in told}) == len(plain["contacts"]) + len(plain["payments"])


def test_inputs_of_a_nightly_run_are_shown_alike(plain: dict[str, Any]) -> None:
    nightly = json.loads(json.dumps(plain))
    rows = nightly["statements"]
    nightly["statements"] = {name: [row[name] for row in rows] for name in rows[0]}
    assert history(of(nightly), "en") == history(of(plain), "en")
