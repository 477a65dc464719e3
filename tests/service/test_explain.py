"""What a change does: every change that a decision names is made, and seen to do what was said."""

import logging
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.panel import known_at
from models.assessed import assess
from models.decide import decide
from models.generation import Generation
from models.intensity.ladder import RESOURCES
from models.intensity.plan import Terms, read_plan, write_plan
from models.intensity.rules.version import RULES_VERSION
from service.answers import ExplanationAnswer, ProblemAnswer
from service.app import create_app
from service.bodies import examples
from service.bodies.panels import panel_of
from service.bodies.schemas import DecisionBody
from service.errors import TYPE_PREFIX
from service.security.keys import Keys
from service.served.reload import load_generation
from service.settings import Settings
from tests.bundles import small_bundle
from tests.service.conftest import NOW, Client

Body = dict[str, Any]

DIALS = [
    {"contact_id": f"D-{i}", "at": f"2025-06-2{i}T10:15:00-04:00", "channel": "call"}
    | {"direction": "out", "outcome": "no_answer"}
    for i in range(8)
]
TALK = DIALS[0] | {"contact_id": "T", "at": "2025-07-01T10:15:00-04:00", "outcome": "conversation"}
# Fields of the account, and lists, in place of the example's.
VARIANTS: dict[str, tuple[Body, Body]] = {
    "as it is": ({}, {}),
    "much past due": ({"past_due_amount": 460.0}, {}),
    "M2": ({"days_past_due": 45, "past_due_amount": 900.0}, {}),
    "M3 in hardship": ({"days_past_due": 75, "past_due_amount": 1400.0, "hardship": True}, {}),
    "M4+": ({"days_past_due": 120, "past_due_amount": 1800.0}, {}),
    "M2 in dispute": ({"days_past_due": 45, "past_due_amount": 900.0, "dispute": True}, {}),
    "M2, spoken to": ({"days_past_due": 45, "past_due_amount": 900.0}, {"contacts": [TALK]}),
    "M3, unreachable": ({"days_past_due": 75, "past_due_amount": 1400.0}, {"contacts": DIALS}),
    "M2 in Massachusetts": (
        {"days_past_due": 45, "past_due_amount": 900.0, "jurisdiction": "US-MA"},
        {"contacts": DIALS[-2:]},
    ),
}


def variant(name: str) -> Body:
    account, lists = VARIANTS[name]
    body = examples.decision("USD")
    body["account"] |= account
    return body | deepcopy(lists)


def explain(client: Client, body: Body, query: str = "", **changes: Any) -> Body:
    answered = client.post(f"/v1/decisions:explain{query}", json={**body, "changes": changes})
    assert answered.status_code == 200, answered.text
    told: Body = answered.json()
    ExplanationAnswer.model_validate(told)
    return told


def decided(client: Client, body: Body, query: str = "") -> Body:
    answered = client.post(f"/v1/decisions{query}", json=body)
    assert answered.status_code == 200, answered.text
    record: Body = answered.json()
    return record


def changes_of(record: Body) -> list[Body]:
    intensity = record["intensity"]
    first = intensity["smallest_change"]
    return [first, *intensity["other_changes"]] if first else []


def made(change: Body, back: float = 0.0) -> Body:
    """The change as a caller sends it; `back` is how far it stays behind."""
    kind = change["kind"]
    if kind == "rule":
        return {"without_rules": [change["rule"]]}
    was, to = change[f"was_{kind}"], change[f"to_{kind}"]
    value = to - back if to > was else to + back
    if kind == "days":
        return {"account": {"days_past_due": round(value)}}
    if kind == "amount":
        return {"account": {change["field"]: round(value, 4)}}
    return {"prices": {change["resource"]: value}} if kind == "price" else {"probability": value}


BACK = {"probability": 1e-9, "amount": 1e-4, "days": 1, "price": 1e-9}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_change_that_is_told_moves_the_level_there_and_not_just_before(
    client: Client, name: str
) -> None:
    body = variant(name)
    record = decided(client, body)
    level = record["intensity"]["level"]
    assert changes_of(record)
    for change in changes_of(record):
        there = explain(client, body, **made(change))
        assert there["before"]["intensity"] == record["intensity"]
        assert there["moved"]["level"] == {"from": level, "to": change["level"]}, change
        assert there["after"]["intensity"]["level"] == change["level"] != level
        if change["kind"] != "rule":
            before = explain(client, body, **made(change, BACK[change["kind"]]))
            assert before["moved"]["level"] == {"from": level, "to": level}, change


def test_changes_of_every_kind_are_among_those_that_were_made(client: Client) -> None:
    records = [decided(client, variant(name)) for name in VARIANTS]
    kinds = {change["kind"] for record in records for change in changes_of(record)}
    assert kinds == {"probability", "amount", "price", "days", "rule"}
    assert len({record["intensity"]["level"] for record in records}) >= 4


CHANGED: list[Body] = [
    {"account": {"past_due_amount": 700.0, "balance": 1900.5}},
    {"account": {"days_past_due": 64, "jurisdiction": "CN", "timezone": "Asia/Shanghai"}},
    {"account": {"vulnerable": True}},
    {"account": {"plan": {"months": 6, "instalment": 20.0, "kept": True}, "opened_on": None}},
    {"payments": None, "contacts": []},
    {"statements": examples.decision("USD")["statements"][1:], "debtor_contacts": [TALK]},
]


@pytest.mark.parametrize("changes", CHANGED)
def test_after_is_the_decision_on_a_body_that_was_changed_by_hand(
    client: Client, body: Body, changes: Body
) -> None:
    told = explain(client, body, "?reasons=3", **changes)
    by_hand = body | {name: value for name, value in changes.items() if name != "account"}
    by_hand["account"] = body["account"] | changes.get("account", {})
    for side, sent in (("before", body), ("after", by_hand)):
        record = decided(client, sent, "?reasons=3")
        assert told[side] == {name: record[name] for name in told[side]}
        assert len(told[side]["reasons"]) == 3
    rise = told["after"]["score"]["probability"] - told["before"]["score"]["probability"]
    assert told["moved"]["probability"] == rise


def test_moved_tells_treatment_rules_and_time(client: Client) -> None:
    body = variant("M2") | {"as_of": "2025-07-02T21:30:00-04:00"}
    told = explain(client, body, account={"dispute": True})
    moved = told["moved"]
    assert moved["treatment"] == {"from": "negotiate", "to": "wait"}
    assert moved["earliest_contact_at"] == {"from": "2025-07-03T08:00:00-04:00", "to": None}
    (added,) = moved["binding_rules"]["added"]
    (removed,) = moved["binding_rules"]["removed"]
    assert (added["rule"], removed["rule"]) == ("dispute", "us.reg_f.hours")
    assert added["took_away"] == f"level:{moved['level']['from']}->0"
    same = explain(client, body, account={"dispute": False})["moved"]
    assert same["binding_rules"] == {"added": [], "removed": []}
    assert same["probability"] == 0


@pytest.mark.parametrize("reasons", ["0", "2", "all"])
@pytest.mark.parametrize("probability", [1e-300, 0.25, 1 - 2**-53])
def test_a_supposed_probability_has_no_reasons_and_adds_up(
    client: Client, body: Body, reasons: str, probability: float
) -> None:
    told = explain(client, body, f"?reasons={reasons}", probability=probability)
    after, score = told["after"], told["after"]["score"]
    assert score["probability"] == probability
    assert after["reasons"] == []
    total = score["base_log_odds"] + after["other_contributions"]
    assert total == pytest.approx(score["log_odds"], abs=1e-9)
    assert 1 / (1 + np.exp(-score["log_odds"])) == pytest.approx(probability)
    shares = sum(reason["contribution"] for reason in told["before"]["reasons"])
    whole = score["base_log_odds"] + shares + told["before"]["other_contributions"]
    assert whole == pytest.approx(told["before"]["score"]["log_odds"], abs=1e-6)


def test_supposed_prices_stand_in_place_of_those_named_alone(client: Client) -> None:
    body = variant("M4+")
    prices = {"agent_minutes": 0.25, "letters": 3.0, "visits": 40.0}
    each = [explain(client, body, prices={name: price}) for name, price in prices.items()]
    every = explain(client, body, prices=prices)
    levels = [told["after"]["intensity"]["levels"] for told in (*each, every)]
    assert all(level["price"] == 0 for level in every["before"]["intensity"]["levels"])
    for at in range(5):
        parts = [prices_of[at]["price"] for prices_of in levels[:3]]
        assert levels[3][at]["price"] == pytest.approx(sum(parts))
    assert min(level[4]["price"] for level in levels) > 0


def test_sentences_are_in_the_language_asked_for(client: Client, body: Body) -> None:
    content = {**body, "changes": {"account": {"past_due_amount": 93.0}}}
    answered = client.post("/v1/decisions:explain", json=content, headers={"Accept-Language": "zh"})
    assert answered.headers["content-language"] == "zh"
    for side in ("before", "after"):
        assert "概率" in answered.json()[side]["reasons"][0]["text"]
        assert "提醒" in answered.json()[side]["intensity"]["treatment_text"]


def test_nothing_is_recorded_and_no_log_names_the_account(
    client: Client, body: Body, caplog: pytest.LogCaptureFixture
) -> None:
    body["account"]["account_id"] = "secret-account"
    with caplog.at_level(logging.DEBUG):
        explain(client, body, account={"balance": 2000.0})
        client.post("/v1/decisions:explain", json={**body, "changes": {"account": {"balance": 0}}})
    assert client.post("/v1/decisions:search", json={}).json()["decisions"] == []
    assert "secret-account" not in caplog.text


def test_as_of_is_one_instant_on_both_sides(
    engine: sa.Engine, generation: Generation, body: Body
) -> None:
    ticks = iter(NOW + timedelta(minutes=i) for i in range(100))
    client = Client(create_app(Settings(auth="off"), engine, lambda: generation, ticks.__next__))
    del body["as_of"]
    told = explain(client, body, "?reasons=all", account={"past_due_amount": 93.0})
    moved = told["moved"]["earliest_contact_at"]
    assert moved["from"] == moved["to"] is not None


def test_a_rise_is_not_told_between_two_targets(
    engine: sa.Engine, generation: Generation, body: Body, tmp_path: Path
) -> None:
    early = load_generation(Settings(models=small_bundle(tmp_path / "e", target="early_warning")))
    both = replace(
        generation,
        bundles=generation.bundles | early.bundles,
        models=generation.models | early.models,
    )
    client = Client(create_app(Settings(auth="off"), engine, lambda: both, lambda: NOW))
    told = explain(client, body, account={"days_past_due": 0, "past_due_amount": 0})
    assert told["after"]["score"]["target"] == "early_warning"
    assert told["moved"]["probability"] is None
    score = explain(
        client, body, account={"days_past_due": 0, "past_due_amount": 0}, probability=0.9
    )["after"]
    total = score["score"]["base_log_odds"] + score["other_contributions"]
    assert total == pytest.approx(score["score"]["log_odds"], abs=1e-9)


@pytest.mark.parametrize(("scope", "status"), [("score", 200), ("review", 200)])
def test_keys_that_score_or_review_may_ask(
    keyed_app: Any, keys: Keys, body: Body, scope: Any, status: int
) -> None:
    content = {**body, "changes": {"probability": 0.5}}
    assert Client(keyed_app).post("/v1/decisions:explain", json=content).status_code == 401
    client = Client(keyed_app, {"Authorization": f"Bearer {keys.add('one', scope)}"})
    assert client.post("/v1/decisions:explain", json=content).status_code == status


TWICE = examples.decision("USD")["payments"] * 2
BAD: list[tuple[Any, str, str, str]] = [
    (None, "/changes", "is not an object", "Send an object"),
    ([], "/changes", "is not an object", "Send an object"),
    ({}, "/changes", "changes nothing", "Send at least one of account, statements, payments"),
    ({"acount": {}}, "/changes/acount", "is not a known field", "Did you mean account?"),
    ({"as_of": None}, "/changes/as_of", "is not a known field", "Known fields: account"),
    ({"probability": 0}, "/changes/probability", "is a certainty", "Send a number above 0 and"),
    ({"probability": 1}, "/changes/probability", "is a certainty", "Send a number above 0 and"),
    ({"probability": 1.1}, "/changes/probability", "should be less", "Send a number from 0 to 1"),
    ({"probability": True}, "/changes/probability", "is not a number", "Send a number from 0"),
    ({"prices": 3}, "/changes/prices", "is not an object", "Send the price of each resource"),
    ({"prices": {"letters": -1}}, "/changes/prices/letters", "should be greater", "Send a number"),
    ({"prices": {"letter": 1}}, "/changes/prices/letter", "is not a known", "Did you mean letters"),
    ({"without_rules": "x"}, "/changes/without_rules", "is not a list", "Send a list of the ids"),
    ({"without_rules": ["us.reg_f.call"]}, "/changes/without_rules/0", "is not the id of a rule",
     "Did you mean us.reg_f.calls?"),
    ({"without_rules": ["dispute", {}]}, "/changes/without_rules/1", "is not the id of a rule",
     "Known rules: deceased, "),
    ({"account": []}, "/changes/account", "is not an object", "Send the account as an object"),
    ({"account": {"past_due": 1}}, "/changes/account/past_due", "is not a known", "Did you mean"),
    ({"account": {"a/b": 1}}, "/changes/account/a~1b", "is not a known", "Known fields"),
    ({"account": {"balance": "1"}}, "/changes/account/balance", "is not a number", "Send a number"),
    ({"account": {"plan": {"months": 1}}}, "/changes/account/plan/instalment", "is missing",
     "Send a number"),
    ({"account": {"past_due_amount": 2000}}, "/changes/account/past_due_amount",
     "is more than the balance", "Send an amount up to 1840.55."),
    ({"account": {"balance": 50}}, "/account/past_due_amount", "is more than the balance", "Send"),
    ({"account": {"timezone": "Asia/Tokyo"}, "payments": TWICE}, "/changes/payments/1/payment_id",
     "is that of /changes/payments/0 too", "Send each one once."),
    ({"statements": []}, "/changes/statements", "should have at least 1 item", "Send a list of 1"),
    ({"contacts": [{"x": 1}]}, "/changes/contacts/0/contact_id", "is missing", "Send a text"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "pointer", "said", "remedy"), BAD)
def test_a_wrong_change_is_refused_at_its_place(
    client: Client, body: Body, changes: Any, pointer: str, said: str, remedy: str
) -> None:
    answered = client.post("/v1/decisions:explain", json={**body, "changes": changes})
    assert answered.status_code == 422, answered.text
    ProblemAnswer.model_validate(answered.json())
    assert answered.json()["type"] == f"{TYPE_PREFIX}validation"
    error = answered.json()["errors"][0]
    assert error["pointer"] == pointer
    assert error["problem"].startswith(said)
    assert error["remedy"].startswith(remedy)


def test_what_is_wrong_without_the_changes_is_told_at_its_place(client: Client, body: Body) -> None:
    answered = client.post("/v1/decisions:explain", json=body)
    assert [error["pointer"] for error in answered.json()["errors"]] == ["/changes"]
    body["account"]["balance"] = "much"
    content = {**body, "chnges": {}, "changes": {"account": {"balance": 2000.0}}}
    errors = client.post("/v1/decisions:explain", json=content).json()["errors"]
    assert [error["pointer"] for error in errors] == ["/account/balance", "/chnges"]
    assert errors[1]["remedy"] == "Did you mean changes?"
    assert client.post("/v1/decisions:explain", json=[]).status_code == 422


REFUSED = [
    ({"account": {"days_past_due": 0}}, "no-model-for-stage", "/changes/account/days_past_due"),
    ({"account": {"currency": "EUR"}}, "currency-mismatch", "/changes/account/currency"),
    ({"account": {"past_due_amount": 0}}, "nothing-owed", "/changes/account/past_due_amount"),
]


@pytest.mark.parametrize(("changes", "kind", "pointer"), REFUSED)
def test_a_refusal_is_the_problem_that_a_decision_would_have(
    client: Client, body: Body, changes: Body, kind: str, pointer: str
) -> None:
    answered = client.post("/v1/decisions:explain", json={**body, "changes": changes})
    body["account"] |= changes["account"]
    plain = client.post("/v1/decisions", json=body)
    assert answered.status_code == plain.status_code == 422
    assert answered.json()["type"] == plain.json()["type"] == TYPE_PREFIX + kind
    assert answered.json()["errors"][0]["pointer"] == pointer
    assert answered.json()["detail"] == plain.json()["detail"]
    on_both = client.post("/v1/decisions:explain", json={**body, "changes": {"probability": 0.5}})
    assert on_both.json() == plain.json()


def test_an_account_that_ended_is_told_by_the_list_that_says_so(client: Client, body: Body) -> None:
    ended = deepcopy(body["statements"])
    ended[-1]["status"] = "sold"
    content = {**body, "changes": {"statements": ended}}
    problem = client.post("/v1/decisions:explain", json=content).json()
    assert problem["type"] == f"{TYPE_PREFIX}account-ended"
    assert problem["errors"][0]["pointer"] == "/changes/statements"


FLAGS = {
    "deceased": 0, "bankruptcy": 0, "cease_contact": 0, "dispute": 0, "represented": 0,
    "complaint": 0, "hardship": 1, "vulnerable": 1,
}  # fmt: skip


@pytest.mark.parametrize("flag", FLAGS)
def test_without_a_protection_an_account_is_as_if_unflagged(client: Client, flag: str) -> None:
    plain = variant("M2")
    flagged = plain | {"account": plain["account"] | {flag: True}}
    told = explain(client, flagged, without_rules=[flag])
    assert told["before"]["intensity"]["level"] == FLAGS[flag]
    without = decided(client, plain)["intensity"]
    assert without["level"] > 1
    assert told["after"]["intensity"] == without
    (gone,) = [each for each in told["moved"]["binding_rules"]["removed"] if each["rule"] == flag]
    assert gone["took_away"] == f"level:{without['level']}->{FLAGS[flag]}"


PLAN = {"months": 6, "instalment": 150.0, "kept": True}
PROMISE = TALK | {"contact_id": "P", "outcome": "promise", "promised_on": "2025-07-05"}
PAID = {"payment_id": "P-9", "received_at": "2025-07-01T12:00:00-04:00", "amount": 900.0}
HOLDS: dict[str, Body] = {
    "plan_kept": {"account": variant("M2")["account"] | {"plan": PLAN}},
    # By letter: what was said at a call would keep calls away by another rule.
    "promise_not_due": {"contacts": [PROMISE | {"channel": "letter", "direction": "in"}]},
    "payment_in_transit": {"payments": [PAID | {"reversed": False}]},
}


@pytest.mark.parametrize("hold", HOLDS)
def test_without_a_hold_the_level_is_what_it_would_be(client: Client, hold: str) -> None:
    told = explain(client, variant("M2") | HOLDS[hold], without_rules=[hold])
    before, after = told["before"]["intensity"], told["after"]["intensity"]
    assert before["level"] == 1
    assert after["level"] > 1
    (gone,) = [each for each in told["moved"]["binding_rules"]["removed"] if each["rule"] == hold]
    assert gone["took_away"] == f"level:{after['level']}->1"
    # The others stay: one that is left out lifts none but itself.
    both = variant("M2") | HOLDS[hold]
    both["account"] = both["account"] | {"dispute": True}
    assert explain(client, both, without_rules=[hold])["after"]["intensity"]["level"] == 0
    lifted = explain(client, both, without_rules=[hold, "dispute", "dispute"])
    assert lifted["after"]["intensity"]["level"] == after["level"]


def planned(generation: Generation, body: Body, level: int, folder: Path) -> Generation:
    """The generation with a plan that has this account at that level, at a price for minutes."""
    read = DecisionBody.model_validate(body)
    assert read.as_of is not None
    panel, account = panel_of([read]), read.account.account()
    view = known_at(panel, np.zeros(1, np.int64), np.array([read.as_of.timestamp()]))
    keys = assess(generation, [account], panel, view, 0, keyed=True).keys
    terms = Terms(
        run_id="run",
        as_of=read.as_of,
        decided_at=read.as_of,
        prices={"agent_minutes": 0.01, "letters": 0.0, "visits": 0.0},
        capacity=dict.fromkeys(RESOURCES),
        use=dict.fromkeys(RESOURCES, 0.0),
        value=0.0,
        bound=0.0,
        keeps_minimum=True,
        bundles={target: bundle.sha256 for target, bundle in generation.bundles.items()},
        policy_sha256=generation.policy.sha256,
        currencies=dict(generation.policy.currencies),
        rules=RULES_VERSION,
        n=1,
    )
    made = replace(
        generation, plan=read_plan(write_plan(folder, terms, keys, np.array([level], np.uint8)))
    )
    assert decide(made, [account], panel, view)[0].intensity.planned  # type: ignore[union-attr]
    return made


def test_a_change_leaves_the_level_of_the_plan_behind(
    engine: sa.Engine, generation: Generation, tmp_path: Path
) -> None:
    body = variant("M2")
    with_plan = planned(generation, body, 1, tmp_path / "plans")
    client = Client(create_app(Settings(auth="off"), engine, lambda: with_plan, lambda: NOW))
    record = decided(client, body)
    (change,) = changes_of(record)
    assert (record["intensity"]["level"], change["kind"], change["rule"]) == (1, "rule", "capacity")
    leaving: list[Body] = [made(change), {"prices": {}}, {"account": {"past_due_amount": 899.0}}]
    for changes in leaving:
        told = explain(client, body, **changes)
        assert (told["before"]["intensity"]["planned"], told["after"]["intensity"]["planned"]) == (
            True,
            False,
        )
        assert told["moved"]["level"] == {"from": 1, "to": change["level"]}
    # A flag only caps what has been chosen: it does not end the plan's hold.
    staying: list[Body] = [{"past_due_amount": 900.0}, {"hardship": True}]
    for account in staying:
        kept = explain(client, body, account=account)
        assert kept["after"]["intensity"]["planned"]
        assert kept["moved"]["level"] == {"from": 1, "to": 1}
    minutes = told["after"]["intensity"]["levels"][2]["price"]
    assert minutes > 0
    free = explain(client, body, prices={"agent_minutes": 0})["after"]["intensity"]
    assert {level["price"] for level in free["levels"]} == {0}
    letters = explain(client, body, prices={"letters": 1.0})["after"]["intensity"]
    assert letters["levels"][2]["price"] == minutes


def test_the_document_describes_changes_of_which_none_is_required(client: Client) -> None:
    document = client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    assert "required" not in schemas["AccountChanges"]
    assert "required" not in schemas["ChangesBody"]
    assert set(schemas["AccountChanges"]["properties"]) == set(schemas["AccountBody"]["properties"])
    assert schemas["ExplainBody"]["properties"]["changes"] == {
        "$ref": "#/components/schemas/ChangesBody"
    }
    content = document["paths"]["/v1/decisions:explain"]["post"]["requestBody"]["content"]
    example = content["application/json"]["example"]
    assert client.post("/v1/decisions:explain", json=example).status_code == 200


EDGES: list[Any] = [
    0, -1, 1, 0.5, 1e-4, 12, 36_500, 1e11, 5e-324, 1e308, "", "US-MA", "CN", "Asia/Kathmandu",
    "A-1", True, False, None, [], {}, "dispute", ["us.reg_f.calls"], ["capacity"], [TALK], [PAID],
    DIALS,
]  # fmt: skip
FIELDS = st.sampled_from(sorted(examples.decision("USD")["account"]))
VALUES = st.sampled_from(EDGES)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "account": st.dictionaries(FIELDS, VALUES, max_size=2) | VALUES,
        "payments": VALUES,
        "contacts": VALUES,
        "debtor_contacts": VALUES,
        "probability": VALUES,
        "prices": st.dictionaries(st.sampled_from(RESOURCES), VALUES, max_size=3) | VALUES,
        "without_rules": VALUES,
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(VARIANTS)), changes=CHANGES)
def test_no_changes_break_the_service(client: Client, name: str, changes: Body) -> None:
    answered = client.post("/v1/decisions:explain", json={**variant(name), "changes": changes})
    if answered.status_code == 200:
        ExplanationAnswer.model_validate(answered.json())
        return
    assert answered.status_code == 422, answered.text
    ProblemAnswer.model_validate(answered.json())
    for error in answered.json().get("errors", []):
        assert error["pointer"].startswith(("/changes", "/account/past_due_amount"))
