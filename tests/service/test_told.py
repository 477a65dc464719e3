"""What is told to have happened is read strictly: all that is wrong with it is pointed at."""

import json
from copy import deepcopy
from typing import Any

import pytest

from service.bodies import examples
from service.bodies.happened import EventKind
from service.errors import ProblemError
from service.happened.reading import events_of
from service.happened.store import Event
from tests.service.conftest import NOW

Body = dict[str, Any]

CALL = examples.contacts()[0]
PAYMENT = examples.payments() | {"reversed": False, "reversed_at": None}
OUTCOME = examples.outcomes()


def events(kind: EventKind, body: Any) -> list[Event]:
    return events_of(kind, json.dumps(body).encode(), NOW)


def wrong(kind: EventKind, body: Any) -> list[tuple[str, str]]:
    with pytest.raises(ProblemError) as raised:
        events(kind, body)
    assert raised.value.kind == "validation"
    return [(error.pointer, error.problem) for error in raised.value.errors]


@pytest.mark.parametrize(
    ("kind", "changes", "pointer", "problem"),
    [
        ("contact", {"at": "2025-07-03T12:05:01Z"}, "at", "lies in the future"),
        ("contact", {"at": "2025-07-03"}, "at", "String should match"),
        ("contact", {"channel": "pigeon"}, "channel", "is not one of the codes"),
        ("contact", {"account_id": None}, "account_id", "is not a text"),
        ("contact", {"chanel": "call"}, "chanel", "is not a known field"),
        ("contact", {"debtor_id": ""}, "debtor_id", "String should have at least 1 character"),
        (
            "contact",
            {"outcome": "promise", "promised_amount": 0},
            "promised_amount",
            "is a promise of nothing",
        ),
        ("contact", {"promised_on": "2025-06-29"}, "promised_on", "lies before the day"),
        ("contact", {"promised_on": "2026-07-04"}, "promised_on", "lies over 366 days after"),
        ("payment", {"received_at": "2025-07-03T12:05:01Z"}, "received_at", "lies in the future"),
        ("payment", {"amount": 0.00001}, "amount", "has more than 4 decimals"),
        (
            "payment",
            {"reversed_at": "2025-07-01T00:00:00Z"},
            "reversed_at",
            "is given, but reversed is false",
        ),
        (
            "payment",
            {"reversed": True, "reversed_at": "2025-06-30T12:59:59Z"},
            "reversed_at",
            "lies before received_at",
        ),
        (
            "payment",
            {"reversed": True, "reversed_at": "2025-07-03T12:05:01Z"},
            "reversed_at",
            "lies in the future",
        ),
        ("outcome", {"statement_date": "2025-07-04"}, "statement_date", "is a day that is not"),
        ("outcome", {"status": "closed"}, "status", "is not one of the codes"),
        ("outcome", {"outcome_id": "\u0000"}, "outcome_id", "holds a character"),
    ],
)
def test_what_is_wrong_is_pointed_at(
    kind: EventKind, changes: Body, pointer: str, problem: str
) -> None:
    good = {"contact": CALL, "payment": PAYMENT, "outcome": OUTCOME}[kind]
    bad = good | changes
    (error,) = wrong(kind, bad)
    assert error[0] == f"/{pointer}"
    assert error[1].startswith(problem)
    other = good | {f"{kind}_id": "another"}
    assert (f"/1/{pointer}", error[1]) in wrong(kind, [other, bad])


def test_bounds_are_where_they_should_be() -> None:
    for changes in (
        {"at": "2025-07-03T12:05:00Z"},
        {"promised_on": "2025-06-30"},  # a day of slack: the time zone is not told
        {"promised_on": "2026-07-03"},
        {"promised_amount": 0, "outcome": "refused"},
    ):
        events("contact", CALL | changes)
    taken_back = {"reversed": True, "reversed_at": PAYMENT["received_at"]}
    events("payment", PAYMENT | taken_back)
    # On Kiritimati, 14 hours ahead, the 3rd is over at 10:00 UTC, and it is 12:00.
    events("outcome", OUTCOME | {"statement_date": "2025-07-03"})


def test_a_missing_field_and_what_is_no_event() -> None:
    no_account = {name: value for name, value in CALL.items() if name != "account_id"}
    assert wrong("contact", no_account) == [("/account_id", "is missing")]
    assert wrong("contact", 7) == [("", "is not an object")]
    assert wrong("contact", [CALL, None]) == [("/1", "is not an object")]
    for many in ([], [CALL | {"contact_id": f"C-{i}"} for i in range(1_001)]):
        assert wrong("contact", many) == [("", "is not as many events as a list may have")]


def test_an_id_stands_once_in_a_list() -> None:
    assert wrong("contact", [CALL, deepcopy(CALL)]) == [("/1/contact_id", "is that of /0 too")]


@pytest.mark.parametrize("count", [5, 30])
def test_all_that_is_wrong_in_a_list_is_told_up_to_a_bound(count: int) -> None:
    many = [CALL | {"contact_id": f"C-{i}", "channel": "pigeon"} for i in range(count)]
    pointers = [pointer for pointer, _ in wrong("contact", many)][:20]
    assert pointers == [f"/{i}/channel" for i in range(min(count, 20))]
