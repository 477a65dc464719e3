"""What the policy's notebook prints is what the project decides, or follows by hand."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from typing import Any

import numpy as np
import pytest
from nbformat import NotebookNode
from scipy.optimize import brentq
from scipy.special import expit

from features.clock import CYCLE_DAYS
from features.panel import known_at
from features.tables import FLAGS
from models.decide import decide
from models.decision import Decision
from models.generation import Generation
from models.intensity.ladder import LEVEL_NAMES
from models.intensity.policy import load_policy
from tests.notebooks.conftest import Trained
from tests.notebooks.executed import execute, named, pictures, printed, words
from tests.policies import DOCUMENT
from training.accounts import accounts_of
from training.panels import panel_of
from training.tables import Tables, read_tables

CAPS = {*FLAGS, "promise_not_due", "plan_kept", "payment_in_transit"}


@dataclass(frozen=True)
class Run:
    """The executed notebook, and what is decided of its accounts, in their order."""

    notebook: NotebookNode
    figures: dict[str, Any]
    tables: Tables
    past_due: np.ndarray
    decisions: list[Decision]


@pytest.fixture(scope="module")
def run(trained: Trained) -> Run:
    """With the models of the training notebook."""
    notebook = execute("04_policy", home=trained.home)
    figures = json.loads(printed(notebook, "stdout").splitlines()[-1])
    tables = read_tables(trained.home / "decided")
    accounts = accounts_of(tables.accounts)
    panel = panel_of(tables).panel
    as_of = datetime.fromisoformat(figures["as_of"]).timestamp()
    view = known_at(panel, np.arange(len(accounts)), np.full(len(accounts), as_of))
    [bundle] = [b for b in trained.bundles if b.sha256 == figures["bundle_sha256"]]
    generation = Generation({"cure": bundle}, {"cure": "cure"}, load_policy(), "code", "tzdata")
    outcomes = decide(generation, accounts, panel, view, reasons=0)
    made = [isinstance(each, Decision) for each in outcomes]
    past_due = np.array([account.past_due_amount for account in compress(accounts, made)])
    return Run(notebook, figures, tables, past_due, list(compress(outcomes, made)))


def test_no_cell_complains_and_every_picture_is_there(run: Run) -> None:
    assert printed(run.notebook, "stderr") == ""
    assert pictures(run.notebook) == 9


def test_no_account_is_named(run: Run) -> None:
    assert not named(run.notebook, run.tables.accounts["account_id"])


def test_effects_are_said_to_be_assumed_and_from_where(run: Run) -> None:
    text = words(run.notebook)
    assert "response model of this decision: assumed" in text
    assert DOCUMENT["response"]["source"] in text


def test_levels_are_those_decided(run: Run) -> None:
    counted = Counter((d.score.stage, d.score.tier, d.intensity.level) for d in run.decisions)
    found = {
        (*group.split(", "), level): n
        for group, row in run.figures["levels"].items()
        for level, n in enumerate(row)
        if n
    }
    assert run.figures["n"] == len(run.decisions) > 1_000
    assert found == counted


def test_what_rules_took_is_counted_by_account(run: Run) -> None:
    counted: Counter[tuple[str, str]] = Counter()
    for d in run.decisions:
        taken = {(each.rule, each.took_away.split(":")[0]) for each in d.intensity.binding_rules}
        counted.update(taken)
    found = {
        (rule, kind): n
        for rule, row in run.figures["taken"].items()
        for kind, n in row.items()
        if n
    }
    assert found == counted
    assert {kind for _, kind in found} == {"level", "channel", "time"}


def test_the_accounts_levels_follow_from_the_policy_by_hand(run: Run) -> None:
    told = run.figures["account"]
    i = told["position"]
    score = run.decisions[i].score
    response = DOCUMENT["response"]
    logging = response["logging"][score.stage]
    ratios = np.log([1, *response["odds_ratios"][score.stage][score.tier]])

    def missed(y: float) -> float:
        return float(np.dot(logging, expit(y + ratios)) - score.probability)

    probability = expit(brentq(missed, -30, 30, xtol=1e-13) + ratios)
    worth = DOCUMENT["value"]["cure"]["margin"] * run.past_due[i]
    for name, each, p in zip(LEVEL_NAMES, told["levels"], probability, strict=True):
        rung = DOCUMENT["ladder"][name]
        contacts = sum(rung["contacts_per_week"].values()) * CYCLE_DAYS / 7
        cost = contacts * (rung["unit_cost"] + DOCUMENT["value"]["annoyance_per_contact"])
        assert each["probability"] == pytest.approx(p, abs=1e-9)
        assert each["net"] == pytest.approx((p - probability[0]) * worth - cost, abs=1e-6)
    allowed = [each for each in told["levels"] if each["allowed"]]
    best, second, *_ = sorted(allowed, key=lambda each: -each["net"])
    assert (told["level"], told["runner_up"]) == (best["level"], second["level"])
    assert told["changes"]


def test_a_wrong_belief_never_brings_more_than_the_truth(run: Run) -> None:
    given_away = np.array(run.figures["given_away"])
    assert (np.diag(given_away) == 0).all()
    assert (given_away[~np.eye(3, dtype=bool)] > 0).all()
    assert run.figures["other_level"]["as assumed"] == 0
    assert run.figures["other_level"]["halved"] > 0


def test_all_minutes_bring_what_is_decided_where_nothing_is_scarce(run: Run) -> None:
    use = load_policy().numbers.use[:, 0]
    intensities = [d.intensity for d in run.decisions]
    levels = [each.level for each in intensities]
    assert run.figures["wanted"] == pytest.approx(use[levels].sum() / CYCLE_DAYS)
    # Accounts under a protection or hold are left out of the curve.
    uncapped = [each for each in intensities if CAPS.isdisjoint(x.taken_by for x in each.levels)]
    assert len(uncapped) < len(intensities)
    net = sum(each.levels[each.level].net for each in uncapped)
    assert run.figures["curve"]["value"][-1] == pytest.approx(net)


def test_each_further_minute_brings_less(run: Run) -> None:
    curve = {name: np.array(values) for name, values in run.figures["curve"].items()}
    assert (np.diff(curve["value"]) >= -1e-9).all()
    assert (np.diff(curve["price"]) <= 1e-9).all()
    assert (np.diff(run.figures["steps"]) < 0).all()
    pays = curve["used"][curve["price"] > 0.5].max()
    assert run.figures["pays_until"] == pytest.approx(pays)


def test_who_loses_a_call_gains_less_by_a_minute_than_its_price(run: Run) -> None:
    told = run.figures["scarce"]
    kept, lost = np.array(told["kept"]), np.array(told["lost"])
    wrong = (kept < told["price"] - 1e-9).sum() + (lost > told["price"] + 1e-9).sum()
    assert wrong <= told["filled"] < 5
    assert len(kept) > 10
    assert len(lost) > 10


def test_scarce_levels_keep_to_the_minutes_and_use_them(run: Run) -> None:
    use = load_policy().numbers.use[:, 0]
    before, after = (
        np.sum(list(run.figures[name].values()), axis=0) for name in ("levels", "levels_scarce")
    )
    assert before.sum() == after.sum() == run.figures["n"]
    used, there_are = use @ after / CYCLE_DAYS, run.figures["scarce"]["minutes"]
    assert there_are - use.max() / CYCLE_DAYS <= used <= there_are + 1e-9


def test_treatments_are_those_decided(run: Run) -> None:
    counted = Counter(d.intensity.treatment for d in run.decisions)
    plans = sum(d.intensity.plan is not None for d in run.decisions)
    assert run.figures["treatments"] == counted
    assert run.figures["plans_offered"] == plans > 0
