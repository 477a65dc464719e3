"""What the notebook of contact's effects prints is what the project finds, or follows by hand."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from nbformat import NotebookNode

from features.clock import CYCLE_DAYS
from models.intensity.cells import LATE_STAGES
from models.intensity.ladder import CALL, LEVEL_NAMES, LEVELS
from models.stage import STAGES, stage_numbers
from tests.notebooks.conftest import Trained
from tests.notebooks.executed import execute, named, pictures, printed, words
from tests.policies import DOCUMENT
from training.assigned import Assigned, assigned
from training.labels import CURE
from training.panels import panel_of
from training.tables import Tables, read_tables

PROPENSITIES = [f"propensity_{level}" for level in LEVELS]
PROBABILITIES = [f"probability_{level}" for level in LEVELS]


@dataclass(frozen=True)
class Run:
    """The executed notebook, its tables, and the assignments with what is hidden of them."""

    notebook: NotebookNode
    figures: dict[str, Any]
    tables: Tables
    rows: Assigned
    hidden: pd.DataFrame  # a row for each assignment


@pytest.fixture(scope="module")
def run(trained: Trained) -> Run:
    """With the models of the training notebook."""
    notebook = execute("05_what_contact_changes", home=trained.home)
    figures = json.loads(printed(notebook, "stdout").splitlines()[-1])
    folder = trained.home / "assigned"
    tables = read_tables(folder)
    rows = assigned(tables, panel_of(tables).panel, CURE)
    return Run(notebook, figures, tables, rows, _hidden(folder, tables, rows))


def _hidden(folder: Path, tables: Tables, rows: Assigned) -> pd.DataFrame:
    truth = pd.read_parquet(folder / "truth.parquet")
    truth["statement_date"] = pd.to_datetime(truth["statement_date"])
    ids = tables.accounts["account_id"].to_numpy()[rows.account]
    wanted = pd.MultiIndex.from_arrays([ids, pd.to_datetime(rows.day, unit="D")])
    return truth.set_index(["account_id", "statement_date"]).loc[wanted]


def test_no_cell_complains_and_every_picture_is_there(run: Run) -> None:
    assert printed(run.notebook, "stderr") == ""
    assert pictures(run.notebook) == 10


def test_no_account_is_named(run: Run) -> None:
    assert not named(run.notebook, run.tables.accounts["account_id"])


def test_chances_are_those_of_the_table(run: Run) -> None:
    assert run.figures["n"] == len(run.rows) > 5_000
    assert (run.hidden["cured"].to_numpy() == run.rows.cured).all()
    table = run.tables.assignments
    assert table is not None
    drawn = table[PROPENSITIES].to_numpy()
    for s in range(len(LATE_STAGES)):
        here = run.rows.stage == s + 1
        assert np.bincount(run.rows.level[here], minlength=5).tolist() == run.figures["had"][s]
        assert sum(run.figures["chances"][s]) == pytest.approx(1)
        assert run.figures["possible"][s][0] == 1
    mean = np.average(run.figures["chances"], axis=0, weights=np.sum(run.figures["had"], axis=1))
    # Few assignments of the table have no outcome.
    assert mean == pytest.approx(drawn.mean(axis=0), abs=0.01)


def test_cells_are_counted_from_the_log_and_some_are_estimated(run: Run) -> None:
    cells = run.figures["cells"]
    assert [(c["stage"], c["level"]) for c in cells] == [
        (stage, level) for stage in LATE_STAGES for level in LEVELS[1:]
    ]
    assert [c["n"] for c in cells] == [n for of_stage in run.figures["had"] for n in of_stage[1:]]
    assert {c["estimated"] for c in cells} == {True, False}
    assert all(c["low"] < c["effect"] < c["high"] for c in cells if c["estimated"])


def test_true_effects_are_those_of_the_simulation(run: Run) -> None:
    probability = run.hidden[PROBABILITIES].to_numpy()
    effect = probability[:, 1:] - probability[:, :1]
    for s, told in enumerate(run.figures["true_effect"], start=1):
        assert told == pytest.approx(effect[run.rows.stage == s].mean(axis=0))


def test_what_is_said_of_cells_follows_from_them(run: Run) -> None:
    cells = run.figures["cells"]
    true = np.ravel(run.figures["true_effect"])
    assumed = np.ravel(run.figures["assumed_effect"])
    at = [k for k, cell in enumerate(cells) if cell["estimated"]]
    low, high = (np.array([cells[k][end] for k in at]) for end in ("low", "high"))
    assert run.figures["sure"] == (low * high > 0).sum() > 0
    assert run.figures["contradicted"] == ((assumed[at] - low) * (high - assumed[at]) < 0).sum()
    assert run.figures["covered"] == ((true[at] - low) * (high - true[at]) >= 0).sum()
    assert run.figures["covered"] >= len(at) - 1


def test_who_is_said_to_gain_gains(run: Run) -> None:
    groups = {name: np.array(values) for name, values in run.figures["groups"].items()}
    assert (np.diff(groups["estimated"]) > 0).all()
    assert (np.diff(groups["true"]) > 0).all()
    assert groups["true"][-1] - groups["true"][0] > 0.05
    # Half of the interval is 1.96 standard errors.
    assert (np.abs(groups["seen"] - groups["true"]) < 3 / 1.96 * groups["half"]).all()
    effect = run.hidden["probability_2"] - run.hidden["probability_0"]
    assert f"In truth it does to {(effect < 0).mean():.0%}" in words(run.notebook)
    assert LEVEL_NAMES[CALL] == "call"


def test_moves_follow_from_the_levels(run: Run) -> None:
    counts = {name: np.array(rows) for name, rows in run.figures["levels"].items()}
    stages = np.bincount(_stages(run), minlength=len(STAGES))[1:]
    for each in counts.values():
        assert each.sum(axis=1).tolist() == stages.tolist()
    moved = run.figures["moved"]
    assert sum(moved.values()) == pytest.approx(1)
    assert run.figures["up"] == pytest.approx(moved["higher"] * run.figures["n"])
    assert 0 <= run.figures["unproved"] <= run.figures["up"]
    at_least = np.abs(counts["assumed"] - counts["estimated"]).sum() / 2 / run.figures["n"]
    assert moved["lower"] + moved["higher"] >= at_least > 0


def _stages(run: Run) -> np.ndarray:
    """Stages of the assignments, from the statements before them."""
    statements = run.tables.statements.set_index(["account_id", "statement_date"])
    return stage_numbers(statements.loc[run.hidden.index, "days_past_due"].to_numpy())


def test_true_values_follow_from_policy_and_truth_by_hand(run: Run) -> None:
    value, ladder = DOCUMENT["value"], [DOCUMENT["ladder"][name] for name in LEVEL_NAMES]
    unit = [rung.get("unit_cost", 0.0) + value["annoyance_per_contact"] for rung in ladder]
    weekly = [sum(rung.get("contacts_per_week", {}).values()) for rung in ladder]
    cost = np.array(unit) * np.array(weekly) * CYCLE_DAYS / 7
    probability = run.hidden[PROBABILITIES].to_numpy()
    worth = value["cure"]["margin"] * run.rows.past_due
    added = probability[np.arange(len(worth)), run.rows.level] - probability[:, 0]
    done = 1_000 * float((added * worth - cost[run.rows.level]).mean())
    assert run.figures["true_values"]["done"] == pytest.approx(done)
    assert run.figures["true_values"]["nothing"] == 0


def test_values_are_told_as_they_were_found(run: Run) -> None:
    policies, true = run.figures["policies"], run.figures["true_values"]
    assert set(policies) == set(true)
    found = {name: each["net_dr"] for name, each in policies.items()}
    held = [each["low"] <= true[name] <= each["high"] for name, each in found.items()]
    assert held.pop(list(found).index("nothing"))  # exactly 0, and told of nowhere
    assert run.figures["held"] == sum(held)
    ahead = policies["estimated"]["minus"]["done"]
    assert ahead["value"] == pytest.approx(found["estimated"]["value"] - found["done"]["value"])
    assert ahead["low"] > 0
    text = printed(run.notebook, "stdout")
    assert f"less what was done: {ahead['value']:+,.0f} [{ahead['low']:+,.0f}, " in text
    assert f"in truth {true['estimated'] - true['done']:+,.0f}" in text


def test_the_gate_estimates_nothing_that_a_log_cannot_tell(run: Run) -> None:
    gate, doubts = run.figures["gate"], run.figures["doubts"]
    whys = [cell["why"] for cell in run.figures["cells"]]
    assert np.ravel(gate["as it was drawn"]).tolist() == whys
    assert set(np.ravel(gate["without randomisation"])) == {"not_randomised"}
    assert set(np.ravel(gate["with wrong chances"])) == {"wrong_propensities"}
    assert [of_stage[CALL - 1] for of_stage in gate["calls never tried"]] == ["never_tried"] * 4
    assert gate["calls never tried"][0][0] is None  # of reminders it still tells
    assert doubts == {
        "as it was drawn": None,
        "without randomisation": "not_randomised",
        "calls never tried": None,
        "with wrong chances": "wrong_propensities",
    }
