"""A person's decision in the place of a recorded one: what it is, and what it may not be."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from models.generation import Generation
from models.intensity.policy import Policy, load_policy, policy_content
from models.intensity.words.overrides import OVERRIDES
from service.app import create_app
from service.bodies import examples
from service.database import connect, upgrade
from service.log.records import Record
from service.replay.replaying import replay
from service.security.keys import Keys
from service.served.kept import keep_bundle, keep_policy
from service.settings import Settings
from service.tables import DECISIONS, RULES, SUPERSESSIONS
from tests.service.conftest import BASE, NOW, Client

LOCAL = timedelta(hours=-4)  # where the example's debtor lives
REASON = {"reason": "local_knowledge", "text": "Back from hospital, says the branch."}
EXPLORATION = """
[exploration]
experiment = "autumn-2026"
key = "never to be told 0123456789"
share = 0.5
"""


@dataclass
class Service:
    """A service with keys; its clock and its generation are what they are set to."""

    engine: sa.Engine
    settings: Settings
    generation: Generation
    now: datetime = NOW
    clients: dict[str, Client] = field(default_factory=dict)

    def __post_init__(self) -> None:
        app = create_app(self.settings, self.engine, lambda: self.generation, lambda: self.now)
        keys = Keys(self.engine)
        for name, scope in (("strategy", "score"), ("anna", "review"), ("ben", "review")):
            token = keys.add(name, scope)  # type: ignore[arg-type]
            self.clients[name] = Client(app, {"Authorization": f"Bearer {token}"})

    def decided(self, **account: Any) -> Record:
        """The decision on the example's account, with changes."""
        body = examples.decision("USD")
        body["account"] |= account
        return self.decided_on(body)

    def decided_on(self, body: Record) -> Record:
        answered = self.clients["strategy"].post("/v1/decisions?reasons=all", json=body)
        assert answered.status_code == 200, answered.text
        record: Record = answered.json()
        return record

    def post(self, name: str, verb: str, decision_id: str, body: Any, **headers: str) -> Any:
        address = f"/v1/decisions/{decision_id}:{verb}?reasons=all"
        return self.clients[name].post(address, json=body, headers=headers)

    def overridden(self, record: Record, level: int, name: str = "anna", **more: Any) -> Record:
        answered = self.post(
            name, "override", record["decision_id"], {"level": level} | REASON | more
        )
        assert answered.status_code == 200, answered.text
        made: Record = answered.json()
        return made

    def approved(self, record: Record, name: str = "ben", **body: Any) -> Record:
        answered = self.post(name, "approve", record["decision_id"], body)
        assert answered.status_code == 200, answered.text
        made: Record = answered.json()
        return made

    def read(self, record: Record) -> Record:
        address = f"/v1/decisions/{record['decision_id']}?reasons=all"
        made: Record = self.clients["anna"].get(address).json()
        return made

    def found(self, **conditions: Any) -> list[str]:
        answered = self.clients["anna"].post("/v1/decisions:search", json=conditions)
        return [each["decision_id"] for each in answered.json()["decisions"]]


def problem_of(answered: Any, status: int, kind: str) -> Record:
    assert answered.status_code == status, answered.text
    told: Record = answered.json()
    assert told["type"] == f"urn:curescore:problem:{kind}"
    return told


def other_policy(service: Service, *changes: tuple[str, str]) -> Policy:
    """The packaged policy with other text in these places, kept as what is served is."""
    text = policy_content().decode()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = service.settings.home / "other.toml"
    path.write_text(text)
    keep_policy(service.settings.cache, path)
    return load_policy(path)


def rows(engine: sa.Engine) -> tuple[int, ...]:
    tables = (DECISIONS, RULES, SUPERSESSIONS)
    with engine.connect() as connection:
        count = (sa.select(sa.func.count()).select_from(table) for table in tables)
        return tuple(connection.execute(each).scalar_one() for each in count)


@pytest.fixture
def settings(tmp_path: Path, bundle_dir: Path) -> Settings:
    """Of a service that has kept what it served."""
    made = Settings(home=tmp_path, models=bundle_dir)
    keep_bundle(made.cache, bundle_dir)
    keep_policy(made.cache, None)
    return made


@pytest.fixture
def service(engine: sa.Engine, settings: Settings, generation: Generation) -> Service:
    return Service(engine, settings, generation)


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return str(request.getfixturevalue("database_url"))
    url = str(request.getfixturevalue("postgres_url"))
    upgrade(url)
    return url


@pytest.fixture
def each(urls: str, settings: Settings, generation: Generation) -> Iterator[Service]:
    """A service on each database."""
    engine = connect(urls)
    yield Service(engine, settings, generation)
    engine.dispose()


def test_an_override_is_the_decision_with_another_level(each: Service) -> None:
    before = each.decided(days_past_due=45, past_due_amount=900.0)
    level = before["intensity"]["level"] - 1
    assert level == 1
    made = each.overridden(before, level)
    assert made["status"] == "effective"
    assert made["supersedes"] == before["decision_id"]
    assert "superseded_by" not in made
    assert made["actor"] == "anna"
    assert made["override_reason"] == {"code": REASON["reason"], "text": REASON["text"]}
    assert made["decision_id"] != before["decision_id"]
    same = {"account_id", "as_of", "valid_until", "data_age_days", "currency", "score", "reasons"}
    same |= {"other_contributions", "inputs_sha256", "versions", "schema"}
    assert {name: made[name] for name in same} == {name: before[name] for name in same}
    intensity, was = made["intensity"], before["intensity"]
    for name in ("recommended", "arm", "propensities", "limits", "response_model", "rules_of"):
        assert intensity[name] == was[name]
    assert (intensity["level"], intensity["name"]) == (1, "remind")
    assert intensity["channels"] != was["channels"]
    assert intensity["smallest_change"] == {"kind": "rule", "rule": "override", "level": 2}
    assert intensity["other_changes"] == []
    assert intensity["levels"][1]["allowed"]
    assert not intensity["needs_approval"]
    superseded = before | {"status": "superseded", "superseded_by": made["decision_id"]}
    assert each.read(before) == superseded
    assert each.read(made) == made


def test_no_contact_may_be_given_and_is_told_as_a_person_s(service: Service) -> None:
    made = service.overridden(service.decided(), 0, reason="legal_advice", text=None)
    intensity = made["intensity"]
    assert (intensity["treatment"], intensity["because"]) == ("wait", "overridden")
    assert (intensity["channels"], intensity["earliest_contact_at"]) == ([], None)
    assert made["override_reason"] == {"code": "legal_advice", "text": None}
    assert "A person decided that no contact is made." in intensity["treatment_text"]


def test_the_stage_s_bounds_give_way_to_a_person(service: Service) -> None:
    before = service.decided()
    assert before["intensity"]["levels"][3]["taken_by"] == "stage_highest"
    made = service.overridden(before, 3)
    assert (made["status"], made["intensity"]["level"]) == ("effective", 3)


def test_level_4_waits_for_another_reviewer(each: Service) -> None:
    before = each.decided()
    proposed = each.overridden(before, 4)
    assert proposed["status"] == "proposed"
    assert proposed["intensity"]["needs_approval"]
    told = problem_of(
        each.post("anna", "approve", proposed["decision_id"], {}), 403, "own-decision"
    )
    assert "another reviewer's key" in told["detail"]
    made = each.approved(proposed, text="The branch agrees.")
    assert made["status"] == "effective"
    assert made["supersedes"] == proposed["decision_id"]
    assert made["override_reason"] == {"code": "approved", "text": "The branch agrees."}
    assert made["intensity"] == proposed["intensity"]
    assert each.read(proposed)["superseded_by"] == made["decision_id"]
    problem_of(each.post("ben", "approve", made["decision_id"], {}), 409, "not-proposed")


def test_what_the_policy_proposes_is_approved_by_anybody_else(
    service: Service, generation: Generation
) -> None:
    policy = other_policy(
        service,
        (
            'M1 = { lowest = "none", highest = "call" }',
            'M1 = { lowest = "escalate", highest = "escalate" }',
        ),
    )
    service.generation = replace(generation, policy=policy)
    before = service.decided()
    assert (before["status"], before["actor"]) == ("proposed", "strategy")
    made = service.approved(before, "anna")
    assert made["override_reason"] == {"code": "approved", "text": None}
    assert made["intensity"] == before["intensity"]  # nobody gave another level


def test_who_proposed_the_one_before_may_not_approve_either(service: Service) -> None:
    first = service.overridden(service.decided(), 4, "anna")
    lower = service.overridden(first, 1, "anna")
    again = service.overridden(lower, 4, "ben")
    problem_of(service.post("anna", "approve", again["decision_id"], {}), 403, "own-decision")


def test_a_protection_is_not_overridden(service: Service) -> None:
    before = service.decided(hardship=True)
    address = (before["decision_id"], {"level": 2} | REASON)
    counted = rows(service.engine)
    told = problem_of(service.post("anna", "override", *address), 409, "beyond-a-rule")
    (rule,) = told["rules"]
    assert (rule["rule"], rule["took_away"]) == ("hardship", "level:2->1")
    assert rule["citation"] in told["detail"]
    assert told["allowed_levels"] == [0, 1]
    assert rows(service.engine) == counted
    assert service.read(before) == before
    assert service.overridden(before, 0)["intensity"]["treatment"] == "hardship_review"


@pytest.mark.parametrize("flag", ["deceased", "bankruptcy", "dispute", "cease_contact"])
def test_a_protection_that_was_sent_since_is_not_passed_either(service: Service, flag: str) -> None:
    before = service.decided()
    service.decided(**{flag: True})
    address = (before["decision_id"], {"level": 2} | REASON)
    told = problem_of(service.post("anna", "override", *address), 409, "beyond-a-rule")
    assert [rule["rule"] for rule in told["rules"]] == [flag]
    assert told["allowed_levels"] == [0]
    assert service.read(before) == before


def contact(i: int, at: datetime, **more: Any) -> Record:
    return {
        "contact_id": f"dial-{i}",
        "at": at.isoformat(),
        "channel": "call",
        "direction": "out",
        "outcome": "no_answer",
    } | more


def test_a_contact_rule_is_not_overridden_whatever_the_stage_allows(service: Service) -> None:
    """Seven calls within seven days leave no call, nor what the stage leaves out."""
    body = examples.decision("USD")
    at = datetime.fromisoformat(body["as_of"])
    body["contacts"] = [contact(i, at - timedelta(hours=1 + i)) for i in range(7)]
    before = service.decided_on(body)
    for level in (2, 3):
        told = problem_of(
            service.post("anna", "override", before["decision_id"], {"level": level} | REASON),
            409,
            "beyond-a-rule",
        )
        assert [rule["rule"] for rule in told["rules"]] == ["us.reg_f.calls"]
    assert set(told["allowed_levels"]).isdisjoint((2, 3))


def happened(service: Service, contacts: list[Record]) -> None:
    """The contacts become known to the service."""
    with_account = [each | {"account_id": "A-1001"} for each in contacts]
    answered = service.clients["strategy"].post("/v1/contacts", json=with_account)
    assert answered.status_code == 200, answered.text


def test_rules_count_what_has_happened_since(service: Service) -> None:
    before = service.decided()
    happened(service, [contact(i, NOW - timedelta(hours=1 + i)) for i in range(7)])
    answered = service.post("anna", "override", before["decision_id"], {"level": 2} | REASON)
    told = problem_of(answered, 409, "beyond-a-rule")
    assert told["rules"][0]["rule"] == "us.reg_f.calls"
    assert "as of now" in told["detail"]


def test_an_approval_counts_what_has_happened_since(service: Service) -> None:
    proposed = service.overridden(service.decided(), 4)
    promised_on = (NOW + timedelta(days=9)).date().isoformat()
    happened(service, [contact(1, NOW, outcome="promise", promised_on=promised_on)])
    answered = service.post("ben", "approve", proposed["decision_id"], {})
    told = problem_of(answered, 409, "beyond-a-rule")
    assert told["rules"][0]["rule"] == "promise_not_due"
    assert told["allowed_levels"] == [0, 1]


def test_days_that_a_rule_has_closed_since_are_not_given(service: Service) -> None:
    """Calls that are some days old close the channel for fewer days than a decision is valid."""
    before = service.decided()
    assert before["intensity"]["earliest_contact_at"] is not None
    happened(service, [contact(i, NOW - timedelta(days=6, hours=i)) for i in range(7)])
    answered = service.post("anna", "override", before["decision_id"], {"level": 2} | REASON)
    told = problem_of(answered, 409, "beyond-a-rule")
    (rule,) = told["rules"]
    assert rule["rule"] == "us.reg_f.calls"
    assert rule["took_away"].startswith("time:")
    assert told["allowed_levels"] == [0, 1]


def test_an_account_that_has_ended_since_cannot_be_decided(service: Service) -> None:
    before = service.decided()
    outcome = {
        "outcome_id": "O-1",
        "account_id": "A-1001",
        "statement_date": "2025-07-02",
        "balance": 0,
        "days_past_due": 0,
        "status": "paid_off",
    }
    assert service.clients["strategy"].post("/v1/outcomes", json=outcome).status_code == 200
    answered = service.post("anna", "override", before["decision_id"], {"level": 2} | REASON)
    told = problem_of(answered, 409, "decided-otherwise")
    assert "new decision" in told["detail"]


@pytest.mark.parametrize("verb", ["override", "approve"])
def test_what_has_expired_is_decided_anew(service: Service, verb: str) -> None:
    before = service.overridden(service.decided(), 4)
    body = {"level": 1} | REASON if verb == "override" else {}
    until = datetime.fromisoformat(before["valid_until"])
    service.now = until
    told = problem_of(
        service.post("ben", verb, before["decision_id"], body), 409, "decision-expired"
    )
    assert "new decision" in told["detail"]
    service.now = until - timedelta(seconds=1)
    assert service.post("ben", verb, before["decision_id"], body).status_code == 200


def test_a_decision_is_superseded_once(service: Service) -> None:
    before = service.decided()
    made = service.overridden(before, 2)
    for verb, body in (("override", {"level": 0} | REASON), ("approve", {})):
        answered = service.post("ben", verb, before["decision_id"], body)
        told = problem_of(answered, 409, "already-superseded")
        assert told["superseded_by"] == made["decision_id"]


def test_the_same_level_is_no_override(service: Service) -> None:
    before = service.decided()
    body = {"level": before["intensity"]["level"]} | REASON
    problem_of(
        service.post("anna", "override", before["decision_id"], body), 409, "level-unchanged"
    )


def at_once(asked: list[tuple[Client, str, Record, dict[str, str]]]) -> list[httpx.Response]:
    """Answers to calls that arrive together, each at the app of its client."""

    async def run() -> list[httpx.Response]:
        async with AsyncExitStack() as stack:
            for app in {id(each[0].app): each[0].app for each in asked}.values():
                await stack.enter_async_context(app.router.lifespan_context(app))
            calls = []
            for client, address, body, headers in asked:
                transport = httpx.ASGITransport(client.app)
                made = httpx.AsyncClient(transport=transport, base_url=BASE)
                opened = await stack.enter_async_context(made)
                calls.append(opened.post(address, json=body, headers=client._headers | headers))
            return await asyncio.gather(*calls)

    return asyncio.run(run())


@pytest.fixture
def services(urls: str, settings: Settings, generation: Generation) -> Iterator[list[Client]]:
    """Anna at two services that share a database."""
    engines = [connect(urls), connect(urls)]
    service = Service(engines[0], settings, generation)
    anna = service.clients["anna"]
    app = create_app(settings, engines[1], lambda: generation, lambda: NOW)
    yield [anna, Client(app, anna._headers), service.clients["strategy"]]
    for engine in engines:
        engine.dispose()


def test_of_reviewers_who_come_at_once_one_succeeds(services: list[Client], urls: str) -> None:
    *both, strategy = services
    for _ in range(3):
        before = strategy.post("/v1/decisions", json=examples.decision("USD")).json()
        address = f"/v1/decisions/{before['decision_id']}:override"
        bodies = [{"level": i % 3 and 2} | REASON for i in range(8)]
        answers = at_once([(both[i % 2], address, body, {}) for i, body in enumerate(bodies)])
        (won,) = [each.json() for each in answers if each.status_code == 200]
        for each in answers:
            if each.status_code != 200:
                told = problem_of(each, 409, "already-superseded")
                assert told["superseded_by"] == won["decision_id"]
    engine = connect(urls)
    assert rows(engine)[::2] == (6, 3)
    engine.dispose()


def test_a_retry_that_comes_at_once_gets_the_first_answer_too(services: list[Client]) -> None:
    *both, strategy = services
    before = strategy.post("/v1/decisions", json=examples.decision("USD")).json()
    address, body = f"/v1/decisions/{before['decision_id']}:override", {"level": 2} | REASON
    answers = at_once([(each, address, body, {"Idempotency-Key": "one"}) for each in both])
    assert [each.status_code for each in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()


def test_a_retry_gets_the_first_answer(each: Service) -> None:
    before = each.decided()
    body, headers = {"level": 2} | REASON, {"Idempotency-Key": "one"}
    first = each.post("anna", "override", before["decision_id"], body, **headers)
    counted = rows(each.engine)
    again = each.post("anna", "override", before["decision_id"], body, **headers)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert rows(each.engine) == counted
    problem_of(each.post("ben", "override", before["decision_id"], body, **headers), 409,
               "already-superseded")  # fmt: skip
    other = {"level": 0} | REASON
    answered = each.post("anna", "override", before["decision_id"], other, **headers)
    problem_of(answered, 422, "idempotency-key-reused")


def test_each_status_is_found_alone_and_with_others(each: Service) -> None:
    late = {"days_past_due": 45, "past_due_amount": 900.0}
    records = [each.decided(account_id=f"A-{i}", hardship=i % 2 == 0, **late) for i in range(6)]
    assert each.found(status="superseded") == []
    proposed = each.overridden(records[1], 4)
    approved = each.approved(proposed)
    waiting = each.overridden(records[3], 4)
    lowered = each.overridden(records[0], 0)
    ids = [record["decision_id"] for record in records]

    def found(*expected: str, **conditions: Any) -> bool:
        return sorted(each.found(**conditions)) == sorted(expected)

    gone = [ids[1], proposed["decision_id"], ids[3], ids[0]]
    assert found(*gone, status="superseded")
    assert found(waiting["decision_id"], status="proposed")
    left = [ids[2], ids[4], ids[5], approved["decision_id"], lowered["decision_id"]]
    assert found(*left, status="effective")
    assert found(proposed["decision_id"], status="superseded", level=4)
    assert found(ids[1], proposed["decision_id"], status="superseded", account_id="A-1")
    assert found(approved["decision_id"], status="effective", account_id="A-1")
    assert found(ids[0], status="superseded", rule="hardship")
    assert found(ids[2], ids[4], status="effective", rule="hardship", level=1)
    model = records[0]["versions"]["bundle_sha256"]
    stage, tier = records[0]["score"]["stage"], records[0]["score"]["tier"]
    conditions = {"stage": stage, "tier": tier, "model": model, "level": 2}
    assert found(ids[1], ids[3], status="superseded", **conditions)
    later = (NOW + timedelta(seconds=1)).isoformat()
    assert found(status="superseded", decided_from=later)
    assert found(*ids, *(each["decision_id"] for each in (proposed, approved, waiting, lowered)))


def test_what_people_decide_replays_bit_for_bit(each: Service) -> None:
    before = each.decided(days_past_due=45, past_due_amount=900.0)
    none = each.overridden(before, 0)
    proposed = each.overridden(none, 4)
    approved = each.approved(proposed)
    for record in (before, none, proposed, approved):
        found = replay(each.engine, each.settings, UUID(record["decision_id"]))
        assert found is not None
        assert found.identical, found.compared.differences
    assert found.record["status"] == "effective"


def test_a_level_that_was_drawn_is_overridden_and_replays(
    service: Service, generation: Generation
) -> None:
    """The assignment stays what was drawn."""
    drawing = other_policy(service, ("[stages]", f"{EXPLORATION}[stages]"))
    service.generation = replace(generation, policy=drawing)
    arms = set()
    for i in range(12):
        before = service.decided(account_id=f"B-{i}", days_past_due=45, past_due_amount=900.0)
        was = before["intensity"]
        for level in {1, 2, 3} - {was["level"]}:
            made = service.overridden(before, level)
            told = made["intensity"]
            for name in ("recommended", "arm", "experiment", "propensities"):
                assert told[name] == was[name]
            change = {"kind": "rule", "rule": "override", "level": was["level"]}
            assert told["smallest_change"] == change
            found = replay(service.engine, service.settings, UUID(made["decision_id"]))
            assert found is not None
            assert found.identical, found.compared.differences
            break
        arms.add((was["arm"], was["level"] == was["recommended"]))
        page = service.clients["anna"].get(f"/review/decisions/{made['decision_id']}").text
        assert "a person gave another level" in page
    assert ("explore", False) in arms


def test_what_decided_is_found_again_once_another_decides(
    service: Service, generation: Generation
) -> None:
    before = service.decided()
    tighter = other_policy(service, ("annoyance_per_contact = 0.10", "annoyance_per_contact = 9"))
    service.generation = replace(generation, policy=tighter)
    made = service.overridden(before, 2)
    assert made["versions"] == before["versions"]
    found = replay(service.engine, service.settings, UUID(made["decision_id"]))
    assert found is not None
    assert found.identical, found.compared.differences


def test_rules_bind_as_the_current_policy_says(service: Service, generation: Generation) -> None:
    """A guideline that was told only, and binds now, is not overridden."""
    told_only = other_policy(service, ('advisory_rules = "apply"', 'advisory_rules = "tell"'))
    service.generation = replace(generation, policy=told_only)
    body = examples.decision("USD")
    at = datetime.fromisoformat(body["as_of"])
    body["contacts"] = [contact(i, at - timedelta(hours=1 + i)) for i in range(7)]
    before = service.decided_on(body)
    address = (before["decision_id"], {"level": 2} | REASON)
    service.generation = generation
    told = problem_of(service.post("anna", "override", *address), 409, "beyond-a-rule")
    assert [rule["rule"] for rule in told["rules"]] == ["us.reg_f.calls"]
    service.generation = replace(generation, policy=told_only)
    assert service.post("anna", "override", *address).status_code == 200


def test_what_decided_and_is_gone_decides_no_more(
    engine: sa.Engine, generation: Generation, tmp_path: Path, bundle_dir: Path
) -> None:
    service = Service(engine, Settings(home=tmp_path / "other"), generation)
    before = service.decided()
    service.generation = replace(generation, models={"cure": "cure/2"})
    answered = service.post("anna", "override", before["decision_id"], {"level": 2} | REASON)
    told = problem_of(answered, 409, "decided-otherwise")
    assert "new decision" in told["detail"]


def test_deciding_alone_is_not_enough(service: Service) -> None:
    before = service.decided()
    for verb, body in (("override", {"level": 2} | REASON), ("approve", {})):
        answered = service.post("strategy", verb, before["decision_id"], body)
        problem_of(answered, 403, "forbidden")


@pytest.mark.parametrize("name", ["nothing", "0197d028-6e00-7000-a5cb-7121c5c078dc"])
def test_what_was_never_decided_is_not_found(service: Service, name: str) -> None:
    problem_of(service.post("anna", "override", name, {"level": 2} | REASON), 404, "not-found")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"level": 5}, "/level"),
        ({"level": True}, "/level"),
        ({"reason": "because"}, "/reason"),
        ({"reason": "approved"}, "/reason"),
        ({"reason": "other", "text": None}, "/text"),
        ({"text": ""}, "/text"),
        ({"text": " "}, "/text"),
        ({"text": "a\nb"}, "/text"),
        ({"text": "x" * 501}, "/text"),
        ({"text": 1}, "/text"),
        ({"note": "x"}, "/note"),
    ],
)
def test_a_wrong_field_is_pointed_to(service: Service, wrong: Record, pointer: str) -> None:
    before = service.decided()
    body = {"level": 2} | REASON | wrong
    told = problem_of(
        service.post("anna", "override", before["decision_id"], body), 422, "validation"
    )
    assert [error["pointer"] for error in told["errors"]] == [pointer]
    assert service.read(before) == before


def test_every_reason_is_taken(service: Service) -> None:
    before = service.decided()
    for i, code in enumerate(OVERRIDES):
        before = service.overridden(before, i % 2 * 2, reason=code, text="x" * 500)
        assert before["override_reason"]["code"] == code


def test_what_people_write_is_not_logged(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service.overridden(service.decided(), 2)
    problem = service.post("anna", "override", "nothing", {"level": 2} | REASON)
    assert problem.status_code == 404
    assert REASON["text"] not in caplog.text
    assert "A-1001" not in caplog.text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_tells_what_took_whose_place(service: Service, language: str) -> None:
    before = service.decided()
    made = service.overridden(before, 2, text="<b>branch</b>")
    client = service.clients["anna"]

    def page(record: Record) -> str:
        return str(client.get(f"/review/decisions/{record['decision_id']}?lang={language}").text)

    assert f'href="/review/decisions/{made["decision_id"]}"' in page(before)
    shown = page(made)
    assert f'href="/review/decisions/{before["decision_id"]}"' in shown
    words = OVERRIDES["local_knowledge"]
    assert (words.en if language == "en" else words.zh) in shown
    assert "&lt;b&gt;branch&lt;/b&gt;" in shown


def test_a_page_asks_for_approval_only_while_it_waits(service: Service) -> None:
    proposed = service.overridden(service.decided(), 4)
    address = f"/review/decisions/{proposed['decision_id']}"
    asks = "A person must approve this level"
    assert asks in service.clients["ben"].get(address).text
    approved = service.approved(proposed)
    assert asks not in service.clients["ben"].get(address).text
    page = service.clients["ben"].get(f"/review/decisions/{approved['decision_id']}").text
    assert asks not in page
