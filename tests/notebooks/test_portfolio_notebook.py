"""What the portfolio's notebook prints is what the project computes, or a walk finds."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from nbformat import NotebookNode
from scipy.stats import binomtest

from models.stage import STAGES, stage_of
from tests.notebooks.executed import execute, pictures, printed
from training.labels import Snapshots, snapshots
from training.panels import panel_of
from training.sources.simulate import simulate
from training.sources.uci import import_uci
from training.tables import Tables, read_tables, write_tables


@dataclass
class Run:
    """The tables, what the project computes from them, and what the notebook printed."""

    tables: Tables
    snapshots: Snapshots
    notebook: NotebookNode
    figures: dict[str, Any]


@pytest.fixture(scope="module", params=["simulated", "uci"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("notebook") / "tables"
    if request.param == "uci":
        write_tables(import_uci(request.getfixturevalue("uci_csv")), folder)
    else:
        simulate(folder, accounts=1_500, months=10, seed=5)
    tables = read_tables(folder)
    notebook = execute("01_portfolio", folder)
    last = printed(notebook, "stdout").splitlines()[-1]
    return Run(tables, snapshots(panel_of(tables).panel), notebook, json.loads(last))


def rolls_one_by_one(tables: Tables) -> dict[str, Counter[str]]:
    """Stage -> what came of it one month later, walking every account's statements."""
    histories = defaultdict(list)
    for line in tables.statements.sort_values("statement_date").itertuples():
        histories[line.account_id].append(line)
    rolls: dict[str, Counter[str]] = defaultdict(Counter)
    for lines in histories.values():
        for now, then in pairwise(lines):
            months = [12 * x.statement_date.year + x.statement_date.month for x in (now, then)]
            late = now.days_past_due > 0
            if now.status == "open" and not (late and now.balance <= 0) and np.diff(months) == 1:
                end = then.status if then.status != "open" else stage_of(then.days_past_due)
                rolls[stage_of(now.days_past_due)][end] += 1
    return rolls


def test_no_cell_complains_and_every_picture_is_there(run: Run) -> None:
    assert printed(run.notebook, "stderr") == ""
    assert pictures(run.notebook) == 5


def test_roll_rates_add_up_to_one(run: Run) -> None:
    assert list(run.figures["roll_rates"]) == list(STAGES)
    for stage, rates in run.figures["roll_rates"].items():
        assert sum(rates.values()) == pytest.approx(1, abs=1e-12), stage
        assert min(rates.values()) >= 0, stage


def test_rolls_are_those_of_the_statements(run: Run) -> None:
    rolls = {
        stage: {end: n for end, n in row.items() if n}
        for stage, row in run.figures["rolls"].items()
    }
    assert rolls == rolls_one_by_one(run.tables)


def test_rolls_and_snapshots_count_the_same_cures(run: Run) -> None:
    for stage, row in run.figures["rolls"].items():
        if stage != "pre_due":
            labels = run.snapshots.label[run.snapshots.stage == STAGES.index(stage)]
            ended = row.get("restructured", 0) + row.get("sold", 0)
            assert row["pre_due"] + row.get("paid_off", 0) == labels.sum(), stage
            assert sum(row.values()) - ended == len(labels), stage


def test_cure_rates_by_stage_are_those_of_the_snapshots(run: Run) -> None:
    found = run.figures["cure_rate_by_stage"]
    assert list(found) == [STAGES[s] for s in np.unique(run.snapshots.stage)]
    for stage, row in found.items():
        labels = run.snapshots.label[run.snapshots.stage == STAGES.index(stage)]
        wilson = binomtest(int(labels.sum()), len(labels)).proportion_ci(method="wilson")
        assert row["n"] == len(labels), stage
        assert row["rate"] == pytest.approx(labels.mean(), abs=1e-12), stage
        assert (row["low"], row["high"]) == pytest.approx((wilson.low, wilson.high), abs=1e-6)


def test_cure_rates_by_month_are_those_of_the_snapshots(run: Run) -> None:
    dates = run.snapshots.day.astype("datetime64[D]").astype(str)
    labels: dict[str, list[int]] = defaultdict(list)
    for day, label in zip(dates, run.snapshots.label, strict=True):
        labels[day[:7]].append(int(label))
    assert list(run.figures["cure_rate_by_month"]) == sorted(labels)
    for month, rate in run.figures["cure_rate_by_month"].items():
        assert rate == pytest.approx(np.mean(labels[month]), abs=1e-12), month


def test_accounts_per_stage_are_those_that_go_on(run: Run) -> None:
    statements = run.tables.statements.sort_values("statement_date")
    last = statements.groupby("account_id")["status"].last()
    going_on = last.index[last.isin(["open", "restructured"])]
    accounts = run.tables.accounts
    days = accounts.loc[accounts["account_id"].isin(going_on), "days_past_due"]
    expected = Counter(map(stage_of, days))
    assert run.figures["accounts_per_stage"] == {stage: expected[stage] for stage in STAGES}


LATE_DAYS = (30, 60, 90)


def months_of(values: Any) -> list[int]:
    """Calendar months since year 0 of some dates."""
    return [12 * value.year + value.month for value in values]


def vintages_one_by_one(tables: Tables) -> dict[str, list[tuple[int, dict[int, int]]]]:
    """Vintage -> for each account its first month, and its age when first so many days late."""
    opened = dict(zip(tables.accounts["account_id"], tables.accounts["opened_on"], strict=True))
    begin = min(months_of(tables.statements["statement_date"]))
    found = defaultdict(list)
    for account, lines in tables.statements.sort_values("statement_date").groupby("account_id"):
        months = months_of(lines["statement_date"])
        since = 0 if pd.isna(opened[account]) else months[0] - months_of([opened[account]])[0]
        followed = months[0] > begin and since <= 1
        name = f"{(months[0] - 1) // 12}Q{(months[0] - 1) % 12 // 3 + 1}" if followed else "older"
        reached: dict[int, int] = {}
        for month, late in zip(months, lines["days_past_due"], strict=True):
            for days in LATE_DAYS:
                if late >= days:
                    reached.setdefault(days, month - months[0])
        found[name].append((months[0], reached))
    return found


def test_vintage_curves_are_those_of_the_statements(run: Run) -> None:
    vintages = vintages_one_by_one(run.tables)
    last = max(months_of(run.tables.statements["statement_date"]))
    assert run.figures["vintages"].keys() == vintages.keys()
    for name, accounts in vintages.items():
        found = run.figures["vintages"][name]
        ages = range(last - max(first for first, _ in accounts) + 1)
        assert found["n"] == len(accounts), name
        for days in LATE_DAYS:
            shares = [np.mean([r.get(days, 999) <= age for _, r in accounts]) for age in ages]
            assert found[f"{days}+"] == pytest.approx(shares, abs=1e-12), (name, days)


def test_vintage_curves_never_fall_and_worse_is_rarer(run: Run) -> None:
    for name, found in run.figures["vintages"].items():
        curves = np.array([found[f"{days}+"] for days in LATE_DAYS])
        assert (np.diff(curves, axis=1) >= 0).all(), name
        assert (np.diff(curves, axis=0) <= 0).all(), name
