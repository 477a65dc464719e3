"""The page of policies: what is in force, and what the registry tells of it."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.generation import Generation
from models.intensity.cells import CONTACTS
from models.intensity.ladder import RESOURCES
from models.intensity.plan import read_plan
from models.intensity.policy import load_policy, policy_content
from models.intensity.rules.book import RULES
from models.score.reasons import Language
from models.stage import STAGES
from service.review.labels.catalogue import LABELS
from service.review.policy.rules import rules_view
from service.review.policy.value import value_view
from service.served.evidence import VALUE
from tests.service.conftest import Client
from tests.service.evidences import REASON, Told
from tests.service.test_plans import published
from tests.service.told_pages import (
    Document,
    change_evidence,
    changed_client,
    document_of,
    documents,
    misshape,
    read,
    serving,
    told_client,
)

# Of MLflow's use of SQLAlchemy.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")

KEY = "0123456789abcdef0123456789abcdef"
EXPLORATION = f'\n[exploration]\nexperiment = "spring"\nkey = "{KEY}"\nshare = 0.05\n'


@pytest.fixture(scope="module")
def value(told: Told) -> Document:
    return document_of(told, "champion", VALUE, "policy")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_packaged_policy_says_that_every_effect_is_assumed(
    client: Client, language: Language
) -> None:
    page = read(client, f"/review/policies?lang={language}")
    for name in (
        *("policy_all_assumed", "policy_not_registered", "policy_no_challenger"),
        *("policy_no_experiment", "prices_none", "worth_none", "promotion_none"),
    ):
        assert LABELS[name].of(language) in page.text, name
    assert load_policy().sha256 in page.text
    (chart,) = page.charts
    assert len(chart["categories"]) == len(STAGES) * CONTACTS
    assert len(chart["series"]) == 4  # what is assumed of each tier, and no estimate


def test_the_ladder_is_that_of_the_policy(client: Client) -> None:
    page, policy = read(client, "/review/policies"), load_policy()
    rows = page.table("Level")
    assert [row[3] for row in rows] == [f"{rung.unit_cost:.2f}" for rung in policy.rungs]
    assert "phone call 3 · letter 0.25" in rows[3][2]
    assert rows[4][0] == "4 · escalation needs approval"
    M2 = next(row for row in page.table("Stage") if row[0] == "M2")  # noqa: N806
    assert M2[1:] == ["1 · reminder", "3 · intensive contact", "17%", "27%", "36%", "17%", "3%"]


def test_what_policies_are_worth_is_that_of_the_document(
    told: Told, engine: sa.Engine, value: Document
) -> None:
    page = read(told_client(told, engine), "/review/policies")
    for name in ("done", "call_everyone", "thresholds", "assumed", "estimated", "proposed"):
        figure = value["policies"][name]["net_dr"]
        told_as = [f"{round(figure[end]) + 0:,}" for end in ("value", "low", "high")]
        label = LABELS[f"compared_{name}"].en
        rows = [row for table in page.tables for row in table if row and row[0].startswith(label)]
        assert rows[0][1] == f"{told_as[0]} [{told_as[1]}, {told_as[2]}]"
        if name != "done":
            above = value["policies"][name]["minus"]["done"]
            drawn = page.charts[2]["series"][0]["values"]
            assert above["value"] in drawn
    assert "registry, version 1" in page.text
    used = value["rows"]
    assert f"{used['used']:,} assignments of {used['accounts']:,} accounts" in page.text
    assert REASON in page.text
    assert "better by judgement" in page.text


def test_cautions_follow_from_the_document(value: Document) -> None:
    weak = {
        **value,
        "doubt": {"why": "not_randomised", "seen": "0 of 10"},
        "horizon_cycles": 3,
        "cells": [],
        "warnings": ["The score was trained on statements until 2025-02-28. As far as they are"],
    }
    done = {**value["policies"]["done"], "effective_size": 12.0, "unsupported_share": 0.25}
    weak["policies"] = {**value["policies"], "done": done}
    cautions = value_view(weak, "en")["cautions"]
    for said in (
        "Levels were not drawn at random",
        "A cure counts within 3 cycles",
        "No effect could be estimated",
        "what was done: 25% of its levels could not have been assigned",
        "what was done: what was assigned agrees with it so seldom that it is worth 12",
        "The score was trained on statements until Feb 28, 2025",
    ):
        assert any(each.startswith(said) for each in cautions), said
    assert len(value_view(weak, "zh")["cautions"]) == len(cautions)


def test_the_policy_proposed_is_held_against_that_of_then(value: Document) -> None:
    policies = dict(value["policies"])
    minus = {"current": {"value": 5.0, "low": -2.0, "high": 12.0}}
    policies["proposed"] = {
        **policies["proposed"],
        "minus": {**policies["proposed"]["minus"], **minus},
    }
    policies.setdefault("current", policies["assumed"])
    judged = value_view({**value, "policies": policies}, "en")["judged"]
    assert judged["reading"] == "same"
    assert judged["told"].endswith("less that of the policy of then: 5 [-2, 12].")


def test_a_comparison_of_another_policy_is_not_shown(
    told: Told, tmp_path: Path, engine: sa.Engine
) -> None:
    def exchange(document: Document) -> None:
        policy = document["models"]["policy"]
        first, second = sorted(policy["versions"], key=lambda each: each["version"])[:2]
        first["run_id"], second["run_id"] = second["run_id"], first["run_id"]

    page = read(
        changed_client(told, tmp_path, engine, change_evidence(exchange)), "/review/policies"
    )
    assert LABELS["policy_other"].en in page.text
    assert LABELS["worth_none"].en in page.text


def test_without_its_comparison_a_version_is_still_named(
    told: Told, tmp_path: Path, engine: sa.Engine
) -> None:
    def lose(cache: Path) -> None:
        for path in documents(cache, VALUE):
            path.unlink()

    page = read(changed_client(told, tmp_path, engine, lose), "/review/policies")
    assert "registry, version 1" in page.text
    assert LABELS["worth_none"].en in page.text


@pytest.mark.parametrize("place", [("rows",), ("policies", "done"), ("policies",)])
def test_a_comparison_of_another_shape_takes_no_page_away(
    told: Told, tmp_path: Path, engine: sa.Engine, place: tuple[str, ...]
) -> None:
    page = read(changed_client(told, tmp_path, engine, misshape(VALUE, *place)), "/review/policies")
    assert LABELS["worth_none"].en in page.text


def test_prices_are_those_of_the_plan_in_force(
    engine: sa.Engine, generation: Generation, tmp_path: Path
) -> None:
    plan = read_plan(published(tmp_path, generation))
    page = read(serving(engine, generation, plan=plan), "/review/policies")
    rows = page.table("Resource")
    assert len(rows) == len(RESOURCES)
    assert rows[0] == ["one minute of an agent", "0.2500", "4,799.5", "4,800.0"]
    assert rows[1][3] == "no limit"
    assert plan.terms.run_id in page.text
    assert "none of its levels holds" not in page.text
    late = plan.terms.as_of + timedelta(days=2, hours=1)
    page = read(serving(engine, generation, plan=plan, at=late), "/review/policies")
    assert "The plan is 2.0 days old" in page.text
    other = replace(plan, terms=plan.terms.model_copy(update={"rules": "others"}))
    page = read(serving(engine, generation, plan=other), "/review/policies")
    assert LABELS["prices_do_not_fit"].en in page.text


def test_the_experiment_is_told_but_never_its_key(
    engine: sa.Engine, generation: Generation, tmp_path: Path
) -> None:
    file = tmp_path / "policy.toml"
    file.write_bytes(policy_content() + EXPLORATION.encode())
    policy = load_policy(file)
    challenger = load_policy()
    client = serving(engine, generation, policy, challenger=challenger)
    html = client.get("/review/policies").text
    assert KEY not in html
    page = read(client, "/review/policies")
    assert "spring" in page.text
    assert re.search(r"Level drawn at random\s*5\.0%", page.text)
    assert re.search(r"Ordinary: the level recommended\s*95\.0%", page.text)
    assert challenger.sha256 in page.text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_rule_is_told_in_words(client: Client, language: Language) -> None:
    page = read(client, f"/review/policies?lang={language}")
    for rule in RULES:
        assert rule.id in page.text
        assert rule.citation in page.text
    for place in rules_view(date(2025, 7, 3), "apply", language)["places"]:
        for row in place["rules"]:
            assert row["says"] != row["id"]
            if language == "zh":
                assert re.search(r"[\u4e00-\u9fff]", row["says"]), row["id"]
                assert re.search(r"[\u4e00-\u9fff]", row["holds_for"]), row["id"]


@pytest.mark.parametrize(
    ("today", "later"),
    [(date(2026, 8, 31), {"us_ny_nyc.dcwp.contacts"}), (date(2026, 9, 1), set[str]())],
)
def test_a_rule_is_marked_until_the_day_it_begins(today: date, later: set[str]) -> None:
    rows = [row for place in rules_view(today, "tell", "en")["places"] for row in place["rules"]]
    assert {row["id"] for row in rows if row["later"]} == later


def test_a_page_of_a_currency_with_another_rate_says_so(
    engine: sa.Engine, generation: Generation
) -> None:
    bundle = replace(generation.bundles["cure"], currency="CNY")
    client = serving(engine, generation, bundles={"cure": bundle}, at=datetime.now(UTC))
    assert "which is 7.00 CNY" in read(client, "/review/policies").text
