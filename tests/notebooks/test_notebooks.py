"""Every notebook runs from a clean kernel, and what it prints is what the project computes."""

import json
import os
import re
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from scipy.stats import binomtest
from traitlets.config import Config

from models.stage import STAGES, stage_of
from training.labels import Snapshots, snapshots
from training.panels import panel_of
from training.sources.simulate import simulate
from training.sources.uci import import_uci
from training.tables import Tables, read_tables, write_tables

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
DATA = "CURESCORE_NOTEBOOK_DATA"
SECONDS = 60  # what a notebook may take

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def execute(path: Path, data: Path | None) -> NotebookNode:
    """The notebook as run from its top by a kernel of its own; fails where a cell fails.

    Kernel and test talk over sockets in a private folder: no port is open, and no settings or
    history of whoever runs the tests are read or written. The folder is not pytest's, since
    the path of such a socket may have only some 100 characters.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as private:
        manager = {"transport": "ipc", "connection_file": f"{private}/kernel.json"}
        environment = {k: v for k, v in os.environ.items() if k not in (DATA, "MPLBACKEND")}
        environment |= {"IPYTHONDIR": private, "JUPYTER_CONFIG_DIR": private}
        environment |= {} if data is None else {DATA: str(data)}
        client = NotebookClient(
            notebook,
            timeout=SECONDS,
            config=Config(KernelManager=manager),
            resources={"metadata": {"path": private}},
        )
        return client.execute(env=environment)


def printed(notebook: NotebookNode, stream: str) -> str:
    """All that the cells wrote to `stdout` or `stderr`."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(o.text for o in outputs if o.output_type == "stream" and o.name == stream)


def pictures(notebook: NotebookNode) -> int:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return sum("image/png" in output.get("data", {}) for output in outputs)


# As committed


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@every_notebook
def test_a_committed_notebook_is_valid_and_holds_no_run(path: Path) -> None:
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert cell.metadata == {}, cell.id
        if cell.cell_type == "code":
            assert cell.outputs == [], cell.id
            assert cell.execution_count is None, cell.id
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.name == "python3"


@every_notebook
def test_a_committed_notebook_names_no_place_of_a_machine(path: Path) -> None:
    # A path from the root or a home folder, in quotes or after a blank or an equals sign.
    assert re.findall(r"[\s\"'=(`](?:/|~/|[A-Z]:\\+)\w+", path.read_text()) == []


@every_notebook
def test_a_notebook_runs_without_preparation(path: Path) -> None:
    start = time.monotonic()
    notebook = execute(path, None)
    assert time.monotonic() - start < SECONDS
    assert printed(notebook, "stderr") == ""
    assert pictures(notebook) > 0


# The portfolio's figures


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
    notebook = execute(FOLDER / "01_portfolio.ipynb", folder)
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
    assert pictures(run.notebook) == 4


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
