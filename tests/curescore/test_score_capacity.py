"""`curescore score --capacity`: levels that need no more than there is, by one plan for all."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import settings

from features.clock import CYCLE_DAYS
from features.tables import FLAGS
from models.intensity.ladder import RESOURCES
from models.intensity.plan import latest, read_plan
from models.intensity.policy import load_policy
from tests.nights import (
    AS_OF,
    SCARCE,
    arguments,
    capacity_file,
    contents,
    decisions,
    killed_when,
    outcome,
    refused,
    undisturbed,
)
from tests.servers import ROOT, curescore_here, curescore_json_here

USE = load_policy(None).numbers.use
CAPS = {*FLAGS, "promise_not_due", "plan_kept", "payment_in_transit"}
# What a run names itself by, and what a capacity alone tells of.
OWN = ["decision_id", "decided_at", "prices", "planned"]


def used(decided: pd.DataFrame) -> dict[str, float]:
    """What the levels use a day of each resource, by the policy."""
    per_day = USE[decided["level"]].sum(axis=0) / CYCLE_DAYS
    return dict(zip(RESOURCES, per_day.tolist(), strict=True))


def rows(out: Path) -> list[dict[str, Any]]:
    return pq.read_table(out / "decisions").to_pylist()


def test_a_capacity_that_is_not_scarce_changes_nothing(
    night, portfolio: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    out, home = tmp_path / "night", tmp_path / "home"
    plenty = capacity_file(tmp_path, {"agent_minutes": 1e9})
    words = arguments(portfolio, out, "--as-of", AS_OF, "--capacity", str(plenty), "--no-publish")
    summary = curescore_json_here(environment | {"CURESCORE_HOME": str(home)}, *words)
    one, other = (pq.read_table(folder / "decisions") for folder in (night["out"], out))
    assert other.drop_columns(OWN).to_pylist() == one.drop_columns(OWN).to_pylist()
    assert pq.read_table(out / "refused").equals(pq.read_table(night["out"] / "refused"))
    assert all(other["planned"].to_pylist())
    assert not any(one["planned"].to_pylist())
    assert set(one["prices"].to_pylist()) == {None}
    told = summary["capacity"]
    assert (told["lowered"], told["keeps_minimum"]) == (0, True)
    assert set(told["prices"].values()) == {0.0}
    assert told["per_day"] == {"agent_minutes": 1e9, "letters": None, "visits": None}
    for name in ("level", "treatment", "rules", "use_per_day", "not_decided"):
        assert summary[name] == night["summary"][name]
    assert night["summary"]["capacity"] is None
    assert not (home / "plans").exists()


def test_no_more_is_needed_than_there_is(shared, night) -> None:
    decided, needed = decisions(shared["out"]), used(decisions(night["out"]))
    within = used(decided)
    assert shared["summary"]["use_per_day"] == pytest.approx(within)
    assert night["summary"]["use_per_day"] == pytest.approx(needed)
    for name, most in SCARCE.items():
        assert needed[name] > 1.3 * most
        assert 0.9 * most < within[name] < most * (1 + 1e-12)  # as sums are rounded
    assert decided["account_id"].tolist() == decisions(night["out"])["account_id"].tolist()
    assert refused(shared["out"]).equals(refused(night["out"]))


def test_the_prices_stand_with_the_run_and_explain_the_levels(shared) -> None:
    run = json.loads((shared["out"] / "run.json").read_text())
    assert run["capacity"] == SCARCE | {"visits": None}
    prices = shared["summary"]["capacity"]["prices"]
    assert prices["agent_minutes"] > 0
    assert prices["visits"] == 0
    price = USE @ [prices[name] for name in RESOURCES]
    others = 0
    for row in rows(shared["out"]):
        assert row["prices"] == run["run_id"]
        levels = row["levels"]
        assert [each["price"] for each in levels] == pytest.approx(price.tolist())
        best = max(levels, key=lambda each: (each["allowed"], each["net"], -each["level"]))
        others += row["level"] != best["level"]
        assert levels[row["level"]]["allowed"]
        assert not (row["planned"] and row["treatment"] == "hardship_review" and row["level"] > 1)
    assert others <= 2 * len(SCARCE)  # those that share what prices leave over


def test_the_summary_tells_who_was_moved_and_why(
    shared, night, portfolio: Path, here: dict[str, str], capacity: Path
) -> None:
    decided, free = decisions(shared["out"]), decisions(night["out"])
    told = shared["summary"]["capacity"]
    assert told["lowered"] == (decided["level"] < free["level"]).sum() > 10
    assert not (decided["level"] > free["level"]).any()
    assert -1e-6 < told["bound"] - told["value"] < 0.001 * told["bound"]
    levels = decided["level"].to_numpy()
    net = [
        row[level]["value"] - row[level]["cost"]
        for row, level in zip(decided["levels"], levels, strict=True)
    ]
    # Accounts under a protection or hold are left out of it.
    uncapped = [CAPS.isdisjoint(each["taken_by"] for each in row) for row in decided["levels"]]
    assert told["value"] == pytest.approx(np.array(net)[uncapped].sum())
    took: dict[str, set[int]] = {}
    late: dict[str, set[int]] = {}
    for i, bound in enumerate(decided["binding_rules"]):
        for rule in bound:
            kind = late if rule["took_away"].startswith("time:") else took
            kind.setdefault(rule["rule"], set()).add(i)
    assert shared["summary"]["rules"] == {
        "took": {rule: len(found) for rule, found in took.items()},
        "delayed": {
            rule: len(found - took.get(rule, set()))
            for rule, found in late.items()
            if found - took.get(rule, set())
        },
    }
    assert len(took["capacity"]) >= told["lowered"]
    assert shared["summary"]["treatment"] == decided["treatment"].value_counts().to_dict()
    words = arguments(portfolio, shared["out"], "--capacity", str(capacity))
    printed = curescore_here(here, *words)
    assert "restricted by capacity" in printed
    assert f"{told['lowered']} accounts got a lower level for want of capacity" in printed
    assert "warning: the capacity" not in printed


def test_the_plan_of_a_run_is_published(shared, here: dict[str, str]) -> None:
    folder = latest(Path(here["CURESCORE_HOME"]) / "plans")
    own = latest(shared["out"] / "plan")
    assert folder is not None
    assert own is not None
    assert contents(folder) == contents(own)
    plan, decided = read_plan(own), decisions(shared["out"])
    assert plan.terms.run_id == decided["prices"].iloc[0]
    assert len(plan.keys) == decided["planned"].sum()


def minimum(folder: Path) -> Path:
    """The packaged policy, but that stage M3 asks for a call at least."""
    path = folder / "policy.toml"
    text = (ROOT / "models/intensity/policy.toml").read_text()
    before = 'M3 = { lowest = "remind"'
    assert before in text
    path.write_text(text.replace(before, 'M3 = { lowest = "call"'))
    return path


def test_a_capacity_below_the_lowest_levels_is_told(
    portfolio: Path, here: dict[str, str], tmp_path: Path
) -> None:
    little = capacity_file(tmp_path, {"agent_minutes": 10})
    out = tmp_path / "night"
    words = arguments(portfolio, out, "--as-of", AS_OF, "--capacity", str(little), "--no-publish")
    told = curescore_here(here | {"CURESCORE_POLICY": str(minimum(tmp_path))}, *words)
    assert "warning: the capacity does not suffice for the stages' lowest levels" in told
    decided = decisions(out)
    assert (decided.loc[decided["stage"] == "M3", "level"] < 2).any()
    assert used(decided)["agent_minutes"] <= 10


@pytest.mark.prove
def test_a_run_killed_in_each_phase_gives_the_same_bytes(
    portfolio: Path, environment: dict[str, str], capacity: Path, tmp_path: Path
) -> None:
    out, here = tmp_path / "night", environment | {"CURESCORE_HOME": str(tmp_path)}
    words = arguments(portfolio, out, "--as-of", AS_OF, "--capacity", str(capacity))
    kept, parts = out / ".work" / "kept", out / "decisions"
    moments: list[Callable[[], bool]] = [
        lambda: (kept / "numbers-00001.npz").exists(),  # assessing
        lambda: (kept / "numbers-00004.npz").exists(),  # sharing
        lambda: (parts / "part-00001.parquet").exists(),  # deciding
    ]
    full = settings().max_examples > 1_000
    for has_come in moments if full else moments[-1:]:
        assert killed_when(here, words, has_come)
        assert not (out / "summary.json").exists()
    curescore_here(here, *words)
    more = ("--capacity", str(capacity))
    whole = undisturbed(out, here, portfolio, tmp_path / "undisturbed", *more)
    assert contents(out) == contents(whole)
    assert not (out / ".work").exists()


def test_a_lost_chunk_is_assessed_again_and_decided_by_the_same_plan(
    shared, portfolio: Path, here: dict[str, str], capacity: Path, tmp_path: Path
) -> None:
    out = Path(shutil.copytree(shared["out"], tmp_path / "copied"))
    whole = contents(out)
    (out / "summary.json").unlink()
    (out / "decisions" / "part-00002.parquet").unlink()
    curescore_here(here, *arguments(portfolio, out, "--capacity", str(capacity)))
    assert contents(out) == whole


def test_another_capacity_is_refused_and_nothing_is_touched(
    shared, night, portfolio: Path, here: dict[str, str], capacity: Path, tmp_path: Path
) -> None:
    before = contents(shared["out"])
    other = capacity_file(tmp_path, SCARCE | {"letters": 2})
    for out, more in (
        (shared["out"], ("--capacity", str(other))),
        (shared["out"], ()),
        (night["out"], ("--capacity", str(capacity))),
    ):
        code, said = outcome(here, *arguments(portfolio, out, *more))
        assert (code, "--capacity was" in said) == (2, True), said
    assert contents(shared["out"]) == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[per_day]\nagent_minutes = -1\n", "agent_minutes"),
        (None, "No such file"),
    ],
)
def test_a_capacity_file_with_a_mistake_begins_nothing(
    text: str | None, told: str, portfolio: Path, here: dict[str, str], tmp_path: Path
) -> None:
    path, out = tmp_path / "capacity.toml", tmp_path / "night"
    if text is not None:
        path.write_text(text)
    code, said = outcome(here, *arguments(portfolio, out, "--capacity", str(path)))
    assert (code, told in said) == (2, True), said
    assert str(path) in said
    assert not out.exists()
