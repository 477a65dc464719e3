"""`curescore replay`: decisions of a service and of a night, made again elsewhere."""

import json
import re
import shutil
import sqlite3
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from service.bodies import examples
from tests import plain
from tests.nights import AS_OF, arguments, decisions, outcome
from tests.policies import PACKAGED
from tests.policyfolders import policy_folder
from tests.servers import (
    completed_here,
    curescore,
    curescore_here,
    curescore_json_here,
    serving,
)

EXPLORATION = b"""
[exploration]
experiment = "autumn-2026"
key = "never to be told 0123456789"
share = 0.4
challenger_share = 0.3
"""
ARMS = {"ordinary", "explore", "challenger"}


@pytest.fixture(scope="module")
def home(bundle_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with a policy that explores, a challenger, and its own decision log."""
    folder = tmp_path_factory.mktemp("replaying")
    policy = folder / "policy.toml"
    policy.write_bytes(PACKAGED + EXPLORATION)
    environment = {
        "CURESCORE_HOME": str(folder / "home"),
        "CURESCORE_MODELS": str(bundle_dir),
        "CURESCORE_POLICY": str(policy),
        "CURESCORE_CHALLENGER": str(policy_folder(folder, "challenger")),
        "CURESCORE_AUTH": "off",
    }
    curescore_here(environment, "db", "upgrade")
    return environment


@pytest.fixture(scope="module")
def later(home: dict[str, str]) -> dict[str, str]:
    """The same home, in which nothing tells any more what was served."""
    kept = ("CURESCORE_HOME", "CURESCORE_DATABASE_URL")
    return {name: home[name] for name in kept if name in home}


@pytest.fixture(scope="module")
def answered(
    home: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, Any]]:
    """What a service answered that has ended since."""
    items = [examples.decision("USD") for _ in range(20)]
    for i, item in enumerate(items):
        item["account"] |= {"account_id": f"B-{i}", "days_past_due": 45, "past_due_amount": 900.0}
    with serving(home, tmp_path_factory.mktemp("server") / "output.txt") as server:
        url = f"{server.address}/v1/decisions"
        alone = plain.post(url, json=items.pop(), timeout=60)
        batch = plain.post(f"{url}:batch", json={"items": items}, timeout=60)
    assert alone.status_code == batch.status_code == 200
    return [alone.json(), *(each["decision"] for each in batch.json()["results"])]


def test_what_the_service_answered_is_replayed_after_it_has_ended(
    answered: list[dict[str, Any]], later: dict[str, str]
) -> None:
    by_arm = {each["intensity"]["arm"]: each for each in answered}
    assert set(by_arm) == ARMS
    for record in (answered[0], *by_arm.values()):
        told = curescore_json_here(later, "replay", record["decision_id"])
        assert told["identical"]
        assert told["differences"] == []
        assert told["probability"] == record["score"]["probability"]
        assert told["level"] == record["intensity"]["level"]
        assert told["versions"] == record["versions"]
        assert told["contributions"] > 60
        assert told["fields"] > 100


def test_what_a_night_decided_is_replayed_from_its_columns(
    home: dict[str, str], later: dict[str, str], portfolio: Path, tmp_path: Path
) -> None:
    out = tmp_path / "night"
    curescore_here(home, *arguments(portfolio, out, "--as-of", AS_OF, "--record"))
    decided = decisions(out)
    assert set(decided["arm"]) == ARMS
    for _, row in decided.drop_duplicates("arm").iterrows():
        told = curescore_json_here(later, "replay", row["decision_id"])
        assert told["identical"]
        assert (told["actor"], told["contributions"]) == ("nightly", 5)
        assert told["probability"] == row["probability"]


def test_people_are_told_what_was_replayed_and_not_of_whom(
    answered: list[dict[str, Any]], later: dict[str, str]
) -> None:
    record = answered[0]
    printed = curescore(later, "replay", record["decision_id"])
    assert record["decision_id"] in printed
    assert record["versions"]["bundle_sha256"] in printed
    assert re.search(r"^identical: [0-9]+ fields, [0-9]+ contributions$", printed, re.MULTILINE)
    assert record["account_id"] not in printed


@pytest.mark.parametrize(
    ("given", "said"),
    [("7", "is not the id of a decision"), (str(uuid4()), "is that of no recorded decision")],
)
def test_an_id_of_nothing_is_bad_input(given: str, said: str, home: dict[str, str]) -> None:
    code, told = outcome(home, "replay", given)
    assert code == 2
    assert said in told
    assert "decision_id of a record" in told


def test_what_differs_and_what_is_missing_ends_with_code_1(
    answered: list[dict[str, Any]], later: dict[str, str], tmp_path: Path
) -> None:
    decision_id = answered[0]["decision_id"]
    # LightGBM's own contributions differ from those of the tables in their last digits.
    limited = completed_here(
        later | {"CURESCORE_TABLE_LIMIT": "0"}, "replay", decision_id, "--json"
    )
    assert json.loads(limited.stdout)["identical"]
    home = Path(later["CURESCORE_HOME"])
    forged = shutil.copy(home / "decisions.db", tmp_path / "forged.db")
    with sqlite3.connect(forged) as connection:
        connection.execute("DROP TRIGGER decisions_no_update")
        connection.execute("UPDATE decisions SET level = (level + 1) % 5")
    connection.close()
    url = {"CURESCORE_DATABASE_URL": f"sqlite:///{forged}"}
    changed = completed_here(later | url, "replay", decision_id, "--json")
    told = json.loads(changed.stdout)
    assert changed.returncode == 1
    assert not told["identical"]
    (difference,) = told["differences"]
    assert difference["field"] == "stored level"
    assert difference["stored"] == (difference["replayed"] + 1) % 5
    database = f"sqlite:///{home / 'decisions.db'}"
    elsewhere = {"CURESCORE_HOME": str(tmp_path), "CURESCORE_DATABASE_URL": database}
    code, said = outcome(elsewhere, "replay", decision_id)
    assert code == 1
    assert "cannot be replayed: the bundle" in said
    assert "put its folder back" in said
