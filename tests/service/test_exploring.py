"""A policy that draws levels: what the service tells of it, and what it keeps to itself."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from models.generation import Generation
from models.intensity.policy import Policy, load_policy, parse_policy
from service.answers import BatchAnswer, ExplanationAnswer
from service.app import create_app
from service.bodies import examples
from service.served_answer import PolicyAnswer
from service.settings import Settings
from tests.estimates import ByDays, with_estimate
from tests.policies import PACKAGED
from tests.service.conftest import NOW, Client

Body = dict[str, Any]
KEY = "never to be told 0123456789"
EXPLORATION = f"""
[exploration]
experiment = "autumn-2026"
key = "{KEY}"
share = 0.5
challenger_share = 0.25
"""
ACCOUNTS = 60


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    path = tmp_path_factory.mktemp("policy") / "policy.toml"
    path.write_bytes(PACKAGED + EXPLORATION.encode())
    return load_policy(path)


@pytest.fixture
def exploring(engine: sa.Engine, generation: Generation, policy: Policy) -> Client:
    """A client of a service whose policy draws levels, and has no challenger."""
    return served(engine, replace(generation, policy=policy))


def served(engine: sa.Engine, generation: Generation) -> Client:
    return Client(create_app(Settings(auth="off"), engine, lambda: generation, lambda: NOW))


def bodies() -> list[Body]:
    """Accounts that differ in nothing but their ids, to which a call is recommended."""
    made = [examples.decision("USD") for _ in range(ACCOUNTS)]
    for i, body in enumerate(made):
        part = {"account_id": f"B-{i}", "days_past_due": 45, "past_due_amount": 900.0}
        body["account"] |= part
    return made


def decided(client: Client) -> list[Body]:
    """The records of the accounts."""
    answered = client.post("/v1/decisions:batch", json={"items": bodies()})
    assert answered.status_code == 200
    BatchAnswer.model_validate(answered.json())
    return [result["decision"] for result in answered.json()["results"]]


def arm(records: list[Body], name: str) -> list[int]:
    return [i for i, record in enumerate(records) if record["intensity"]["arm"] == name]


def test_a_record_tells_the_draw_and_every_chance(exploring: Client) -> None:
    records = decided(exploring)
    explored = arm(records, "explore")
    assert 15 < len(explored) < 45
    assert not arm(records, "challenger")
    levels = {records[i]["intensity"]["level"] for i in explored}
    assert levels == {1, 2, 3}
    for record in records:
        told = record["intensity"]
        assert (told["recommended"], told["experiment"]) == (2, "autumn-2026")
        expected = {"0": 0, "1": 1 / 6, "2": 2 / 3, "3": 1 / 6, "4": 0}
        assert told["propensities"] == pytest.approx(expected)
        assert {each["assumed_because"] for each in told["levels"][1:]} == {"no_estimate"}


def test_a_what_if_is_drawn_as_the_decision_was(exploring: Client) -> None:
    records = decided(exploring)
    moved = [i for i in arm(records, "explore") if records[i]["intensity"]["level"] != 2]
    for i in moved[:3]:
        told = explained(exploring, bodies()[i], account={"balance": 1900.0})
        after = told["after"]["intensity"]
        assert told["before"]["intensity"] == records[i]["intensity"]
        assert after["recommended"] == 2
        assert told["moved"]["level"]["from"] == told["moved"]["level"]["to"] == after["level"]
        assert (after["arm"], after["experiment"]) == ("explore", "autumn-2026")
        # Who is protected takes no part, whoever was drawn before.
        flagged = explained(exploring, bodies()[i], account={"hardship": True})["after"]
        assert (flagged["intensity"]["arm"], flagged["intensity"]["experiment"]) == (
            "ordinary",
            None,
        )


def test_without_the_experiment_the_level_is_the_one_recommended(exploring: Client) -> None:
    records = decided(exploring)
    for i in arm(records, "explore")[:6]:
        before = records[i]["intensity"]
        after = explained(exploring, bodies()[i], without_rules=["exploration"])["after"]
        told = after["intensity"]
        assert (told["level"], told["recommended"]) == (2, 2)
        assert (told["arm"], told["experiment"]) == ("ordinary", None)
        assert told["propensities"] == {"0": 0, "1": 0, "2": 1, "3": 0, "4": 0}
        if before["level"] != 2:
            change = {"kind": "rule", "rule": "exploration", "level": 2}
            assert (before["smallest_change"], before["other_changes"]) == (change, [])
        # Leaving out a rule that took nothing leaves the draw as it was.
        same = explained(exploring, bodies()[i], without_rules=["us.reg_f.calls"])["after"]
        assert same["intensity"]["level"] == before["level"]


def explained(client: Client, body: Body, **changes: Any) -> Body:
    answered = client.post("/v1/decisions:explain", json={**body, "changes": changes})
    assert answered.status_code == 200, answered.text
    told: Body = answered.json()
    ExplanationAnswer.model_validate(told)
    return told


def test_a_challenger_and_an_estimate_are_told(
    engine: sa.Engine, generation: Generation, policy: Policy
) -> None:
    bold = PACKAGED.replace(b'name = "default"', b'name = "bold"')
    assert bold != PACKAGED
    challenger = parse_policy(bold, "bold.toml")
    estimated = with_estimate(policy, ByDays())
    client = served(engine, replace(generation, policy=estimated, challenger=challenger))
    told = client.get("/v1/policy").json()
    PolicyAnswer.model_validate(told)
    assert told["estimate_sha256"] == ByDays.sha256
    assert told["challenger"] == {
        "name": "bold",
        "sha256": challenger.sha256,
        "estimate_sha256": None,
    }
    records = decided(client)
    other = arm(records, "challenger")
    assert 5 < len(other) < 25
    for i, record in enumerate(records):
        by = (challenger, None) if i in other else (policy, ByDays.sha256)
        versions = record["versions"]
        assert versions["policy"] == f"{by[0].name}@{by[0].sha256[:12]}"
        assert versions["estimate"] == by[1]
        levels = record["intensity"]["levels"]
        assert levels[2]["estimated"] == (i not in other)
        if i in other:
            continue
        adds = levels[2]["probability"] - levels[0]["probability"]
        assert levels[2]["effect_low"] < adds < levels[2]["effect_high"]
        assert record["intensity"]["response_model"] == "estimated"
    html = client.get(f"/review/decisions/{records[other[0]]['decision_id']}").text
    assert f"Decided by the challenger policy bold@{challenger.sha256[:12]}" in html


def test_the_policy_tells_the_experiment_and_its_shares(exploring: Client, client: Client) -> None:
    told = exploring.get("/v1/policy").json()
    PolicyAnswer.model_validate(told)
    assert told["policy"]["exploration"] == {
        "experiment": "autumn-2026",
        "share": 0.5,
        "challenger_share": 0.25,
    }
    assert (told["estimate_sha256"], told["challenger"]) == (None, None)
    assert client.get("/v1/policy").json()["policy"]["exploration"] is None


def test_the_key_of_the_experiment_is_in_no_answer_page_or_log(
    exploring: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        body = bodies()[0]
        record = exploring.post("/v1/decisions?reasons=all", json=body)
        identifier = record.json()["decision_id"]
        answers = [
            record,
            exploring.post("/v1/decisions:batch", json={"items": bodies()}),
            exploring.post("/v1/decisions:search", json={}),
            exploring.post("/v1/decisions:explain", json={**body, "changes": {"prices": {}}}),
            exploring.post("/v1/decisions", json={**body, "as_of": "never"}),
            *(
                exploring.get(path)
                for path in (
                    f"/v1/decisions/{identifier}",
                    "/v1/policy",
                    "/v1/models",
                    "/openapi.json",
                    "/docs",
                    "/metrics",
                    "/readyz",
                    "/review",
                    f"/review/decisions/{identifier}",
                    f"/review/decisions/{identifier}?lang=zh",
                )
            ),
        ]
    assert "autumn-2026" in answers[0].text
    assert not any(KEY in answered.text for answered in answers)
    assert KEY not in caplog.text


def test_a_key_that_is_wrong_is_not_told(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(PACKAGED + EXPLORATION.replace(KEY, "too short").encode())
    with pytest.raises(ValueError, match=r"exploration\.key") as caught:
        load_policy(path)
    assert "too short" not in str(caught.value)


def test_the_codes_of_assumed_effects_are_explained(client: Client) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    level, intensity = (schemas[name]["properties"] for name in ("LevelAnswer", "IntensityAnswer"))
    for code in (
        "no_estimate",
        "not_randomised",
        "wrong_propensities",
        "never_tried",
        "little_overlap",
        "few_assignments",
    ):
        assert f"`{code}`: " in level["assumed_because"]["description"]
    for name in ("arm", "experiment", "propensities", "recommended", "response_model"):
        assert intensity[name]["description"], name
