"""Visits: planned on an approved decision and an agreed appointment, made, recorded, closed."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from models.generation import Generation
from service.app import create_app
from service.errors import ProblemError
from service.log.decisions import DecisionLog
from service.settings import Settings
from tests.service.conftest import NOW
from tests.service.desks import (
    ACCOUNT,
    AGREED,
    ALL,
    Desk,
    Json,
    approved,
    desk_on,
    so_late,
    steps_on,
)

BOTH = pytest.mark.parametrize("desk", ["database_url", "postgres_url"], indirect=True)


@pytest.fixture
def late(body: Json) -> Json:
    return so_late(body)


@pytest.fixture
def desk(request: pytest.FixtureRequest, generation: Generation) -> Iterator[Desk]:
    """On SQLite, or where BOTH says so on each database."""
    url = request.getfixturevalue(getattr(request, "param", "database_url"))
    with desk_on(url, generation) as made:
        yield made


@pytest.fixture
def decision_id(desk: Desk, late: Json) -> str:
    return approved(desk, late)


@pytest.fixture
def step(decision_id: str) -> Callable[..., Json]:
    return steps_on(decision_id)


@BOTH
def test_a_visit_goes_from_step_to_step(desk: Desk, step: Callable[..., Json]) -> None:
    for i, name in enumerate(ALL):
        assert desk.told(step(name)) == {"received": 1, "new": 1, "known": 0}
        (found,) = desk.find(account_id=ACCOUNT)
        assert found["state"] == name
        assert [each["step"] for each in found["steps"]] == list(ALL[: i + 1])
    assert found["appointment_at"] == AGREED["appointment_at"]
    assert found["steps"][2]["reason"] == "lost_job"
    assert found["steps"][0]["actor"] == "strategy"
    assert desk.find(state="closed") == [found]
    assert desk.find(state="planned") == []
    assert desk.find(visit_id=found["visit_id"]) == [found]
    assert desk.find(visit_id=str(UUID(int=1))) == []


@BOTH
def test_what_was_told_is_known_and_all_can_be_told_at_once(
    desk: Desk, step: Callable[..., Json]
) -> None:
    every = [step(name) for name in ALL]
    assert desk.told(*every) == {"received": 5, "new": 5, "known": 0}
    assert desk.told(*every) == {"received": 5, "new": 0, "known": 5}
    assert desk.told(every[0]) == {"received": 1, "new": 0, "known": 1}


@pytest.mark.parametrize(
    ("before", "name"),
    [
        ((), "made"),
        ((), "closed"),
        (("planned",), "recorded"),
        (("planned",), "followed_up"),
        (("planned", "made"), "closed"),
        (("planned", "made", "recorded"), "made"),
        (("planned", "closed"), "made"),
    ],
)
def test_no_step_comes_out_of_order(
    desk: Desk, step: Callable[..., Json], before: tuple[str, ...], name: str
) -> None:
    if before:
        desk.told(*(step(each) for each in before))
    error = desk.refused("visit-out-of-order", step(name, note="now"))
    assert error["pointer"] == "/0/step"


def test_a_visit_that_was_planned_can_be_called_off(desk: Desk, step: Callable[..., Json]) -> None:
    desk.told(step("planned"), step("closed", result="called_off"))
    assert desk.find(state="closed")[0]["promise"] == "none"


def test_it_is_planned_on_an_effective_decision_of_the_account_alone(
    desk: Desk, step: Callable[..., Json], late: Json
) -> None:
    proposed = desk.strategy.post("/v1/decisions", json=late).json()["decision_id"]
    late["account"]["account_id"] = "A-other"
    other = desk.strategy.post("/v1/decisions", json=late).json()["decision_id"]
    for decision_id, told in (
        (proposed, "proposed"),
        (other, "no decision of the account"),
        (str(UUID(int=1)), "no decision of the account"),
    ):
        error = desk.refused("visit-not-decided", step("planned", decision_id=decision_id))
        assert told in error["problem"]
    early = step("planned", at="2025-07-03T07:00:00-04:00")
    assert "later" in desk.refused("visit-not-decided", early)["problem"]
    assert desk.told(step("planned"))["new"] == 1


def test_nobody_comes_without_an_appointment(desk: Desk, step: Callable[..., Json]) -> None:
    plain = AGREED | {"contact_id": "C-plain", "appointment_at": None}
    other = AGREED | {"contact_id": "C-other", "account_id": "A-other"}
    passed = AGREED | {"contact_id": "C-passed", "appointment_at": "2025-07-02T10:00:00-04:00"}
    assert desk.strategy.post("/v1/contacts", json=[plain, other, passed]).status_code == 200
    for contact_id in ("C-plain", "C-other", "C-passed", "C-nobody-knows"):
        error = desk.refused("visit-not-agreed", step("planned", contact_id=contact_id))
        assert error["pointer"] == "/0/contact_id"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"outcome": ...}, "/0/outcome"),
        ({"outcome": "refused"}, "/0/promised_amount"),
        ({"promised_on": "2025-06-30"}, "/0/promised_on"),
        ({"at": "2025-07-03T07:00:00-04:00"}, "/0/at"),
        ({"at": "2025-07-04T07:00:00-04:00"}, "/0/at"),
        ({"attitude": "kind"}, "/0/attitude"),
        ({"met": "debtor"}, "/0/met"),
        ({"note": "n" * 501}, "/0/note"),
        ({"note": "\x1b[31m"}, "/0/note"),
        ({"visit_id": "V-1"}, "/0/visit_id"),
        ({"step": "done"}, "/0/step"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_recorded(
    desk: Desk, step: Callable[..., Json], changes: Json, pointer: str
) -> None:
    desk.told(step("planned"), step("made"))
    assert desk.refused("validation", step("recorded", **changes))["pointer"] == pointer


def test_an_appointment_is_for_one_visit(desk: Desk, step: Callable[..., Json]) -> None:
    first, second = step("planned"), step("planned", visit_id=str(uuid4()))
    error = desk.refused("visit-not-agreed", first, second)
    assert error["pointer"] == "/1/contact_id"
    desk.told(first)
    desk.refused("visit-not-agreed", second)
    desk.told(step("closed", result="called_off"), second)


def test_nobody_comes_long_before_the_appointment(desk: Desk, step: Callable[..., Json]) -> None:
    later = AGREED | {"contact_id": "C-later", "appointment_at": "2025-07-03T14:00:00Z"}
    assert desk.strategy.post("/v1/contacts", json=later).status_code == 200
    desk.told(step("planned", contact_id="C-later"))
    assert desk.refused("validation", step("made"))["pointer"] == "/0/at"


@pytest.mark.parametrize("flag", ["dispute", "deceased", "cease_contact"])
def test_what_was_sent_since_keeps_a_visit_from_being_planned(
    desk: Desk, step: Callable[..., Json], late: Json, flag: str
) -> None:
    late["account"][flag] = True
    assert desk.strategy.post("/v1/decisions", json=late).json()["intensity"]["level"] == 0
    answered = desk.tell(step("planned"))
    assert answered.status_code == 409
    assert answered.json()["type"] == "urn:curescore:problem:beyond-a-rule"
    assert desk.rows() == [0, 1]


def test_nobody_else_takes_the_id_of_a_visits_contact(
    desk: Desk, step: Callable[..., Json]
) -> None:
    contact = AGREED | {"contact_id": f"visit-{step('made')['visit_id']}", "account_id": "A-other"}
    refused = desk.strategy.post("/v1/contacts", json=[contact])
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/0/contact_id"


def test_what_is_wrong_with_its_promise_is_told_of_the_step(
    desk: Desk, step: Callable[..., Json]
) -> None:
    desk.told(step("planned"), step("made"))
    error = desk.refused("validation", step("recorded", promised_on="2099-01-01"))
    assert error["pointer"] == "/0/promised_on"


def test_a_visit_stays_with_its_account(desk: Desk, step: Callable[..., Json]) -> None:
    desk.told(step("planned"))
    other = step("made", account_id="A-other")
    assert desk.refused("event-of-another-account", other)["pointer"] == "/0/account_id"


def test_where_nobody_was_met_nothing_was_said(desk: Desk, step: Callable[..., Json]) -> None:
    desk.told(step("planned"), step("made", met="nobody"))
    assert desk.refused("validation", step("recorded"))["pointer"] == "/0/attitude"
    nothing = dict.fromkeys(("attitude", "outcome", "reason"), ...)
    nothing |= {"promised_amount": ..., "promised_on": ...}
    desk.told(step("recorded", note="The house stands empty.", **nothing))


def test_it_counts_as_a_contact_of_the_account(
    desk: Desk, step: Callable[..., Json], late: Json
) -> None:
    desk.told(step("planned"), step("made"))
    inputs = contacts_of(desk, late)
    assert [inputs[-1][name] for name in ("channel", "outcome")] == ["visit", "conversation"]
    desk.told(step("recorded"))
    (contact,) = [each for each in contacts_of(desk, late) if each["channel"] == "visit"]
    assert (contact["outcome"], contact["promised_amount"]) == ("promise", 200.0)
    held = desk.strategy.post("/v1/decisions", json=late).json()["intensity"]
    assert held["level"] <= 1
    assert "promise_not_due" in [rule["rule"] for rule in held["binding_rules"]]


def contacts_of(desk: Desk, body: Json) -> list[Json]:
    made = desk.strategy.post("/v1/decisions", json=body).json()
    inputs = DecisionLog(desk.engine).inputs(UUID(made["decision_id"]))
    assert inputs is not None
    return list(msgspec.json.decode(inputs)["contacts"])


@pytest.mark.parametrize(
    ("promised_on", "paid", "days", "told"),
    [
        ("2025-07-10", 0, 1, "open"),
        ("2025-07-10", 200.0, 1, "open"),
        ("2025-07-10", 200.0, 10, "kept"),
        ("2025-07-10", 199.99, 10, "broken"),
        (..., 200.0, 10, "undated"),
    ],
)
def test_its_promise_is_judged_by_payments(
    desk: Desk,
    step: Callable[..., Json],
    generation: Generation,
    promised_on: Any,
    paid: float,
    days: int,
    told: str,
) -> None:
    desk.told(step("planned"), step("made"), step("recorded", promised_on=promised_on))
    later = Desk(
        create_app(Settings(), desk.engine, lambda: generation, lambda: NOW + timedelta(days)),
        desk.engine,
        "later",
    )
    if paid:
        payment = {"payment_id": "P-2", "account_id": ACCOUNT, "amount": paid, "reversed": False}
        at = {"received_at": "2025-07-03T20:00:00-04:00"}
        assert later.strategy.post("/v1/payments", json=payment | at).status_code == 200
    assert later.find(account_id=ACCOUNT)[0]["promise"] == told


@BOTH
def test_two_who_tell_the_same_step_at_once_tell_it_once(
    desk: Desk, step: Callable[..., Json]
) -> None:
    desk.told(step("planned"))
    visiting = desk.app.state.parts.visiting

    def note(i: int) -> str:
        told = msgspec.json.encode(step("made", note=f"by {i}"))
        try:
            visiting.note(told, "strategy", NOW)
        except ProblemError as problem:
            return problem.kind
        return "done"

    with ThreadPoolExecutor(4) as pool:
        ended = sorted(pool.map(note, range(4)))
    assert ended == ["done", *["visit-out-of-order"] * 3]
    assert desk.rows() == [2, 2]


def test_its_pages_tell_it_in_both_languages(desk: Desk, step: Callable[..., Json]) -> None:
    desk.told(step("planned", note="Ring twice."), step("made"), step("recorded"))
    visit_id = step("made")["visit_id"]
    for path, words in (
        (f"/review/visits/{visit_id}", ("not yet due", "lost the job", "the debtor")),
        (
            f"/review/visits/{visit_id}/plan",
            ("4,200.00 USD", "2025-07-03 Thursday 08:30 (America/New_York)", "Ring twice"),
        ),
    ):
        shown = desk.reviewer.get(path)
        assert shown.status_code == 200
        for word in words:
            assert word in shown.text, (path, word)
        assert "承诺" in desk.reviewer.get(path, params={"lang": "zh"}).text
        assert desk.strategy.get(path).status_code == 403
    for wrong in ("V-1", UUID(int=1)):
        assert desk.reviewer.get(f"/review/visits/{wrong}").status_code == 404
        assert desk.reviewer.get(f"/review/visits/{wrong}/plan").status_code == 404


@BOTH
def test_pages_of_a_search_follow_each_other(desk: Desk, decision_id: str) -> None:
    ids = {str(uuid4()) for _ in range(5)}
    agreed = [AGREED | {"contact_id": f"C-{visit_id}"} for visit_id in ids]
    assert desk.strategy.post("/v1/contacts", json=agreed).status_code == 200
    told = {"account_id": ACCOUNT, "step": "planned", "at": "2025-07-03T08:00:00-04:00"}
    told |= {"decision_id": decision_id, "place": "work"}
    own = [{"visit_id": visit_id, "contact_id": f"C-{visit_id}"} for visit_id in ids]
    desk.told(*(each | told for each in own))
    for conditions in ({}, {"state": "planned"}, {"account_id": ACCOUNT}):
        seen: list[str] = []
        cursor = None
        while True:
            wanted = {**conditions, "limit": 2, "cursor": cursor}
            page = desk.reviewer.post("/v1/visits:search", json=wanted).json()
            seen += [visit["visit_id"] for visit in page["visits"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert sorted(seen) == sorted(ids)
