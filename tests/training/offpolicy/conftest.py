"""A simulated portfolio with its assignments, and what each level would truly have led to."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from features.matrix import matrix
from features.panel import Floats, Panel
from models.score.bundle import load
from models.target import Outcome
from training.assigned import Assigned, assigned
from training.offpolicy.policies import Situations, situations
from training.panels import panel_of
from training.sources.simulate import simulate
from training.tables import Tables, read_tables

ACCOUNTS, MONTHS = 1_500, 12
PRIOR = 20.0  # rows of the stage that a rate of stage and level is drawn to


class Simulated(NamedTuple):
    """`truth` [n × 5] are the true probabilities of a cure of the rows, `outcome` modelled ones."""

    folder: Path
    tables: Tables
    panel: Panel
    rows: Assigned
    features: Floats
    given: Situations
    truth: Floats
    outcome: Floats


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory, bundle_dir: Path) -> Simulated:
    folder = tmp_path_factory.mktemp("simulated") / "tables"
    simulate(folder, ACCOUNTS, MONTHS, seed=5)
    tables = read_tables(folder)
    panel, ids = panel_of(tables)
    rows = assigned(tables, panel, Outcome("cure", 1))
    features, bundle = matrix(panel, rows.view), load(bundle_dir)
    margin = bundle.booster.predict(features[:, bundle.columns], raw_score=True, num_threads=1)
    scored = bundle.calibration.log_odds(np.asarray(margin), rows.stage)
    key = {"account_id": ids[rows.account], "day": rows.day}
    truth = pd.read_parquet(folder / "truth.parquet")
    since = pd.to_datetime(truth["statement_date"]) - pd.Timestamp("1970-01-01")
    joined = pd.DataFrame(key).merge(truth.assign(day=since.dt.days), how="left")
    return Simulated(
        folder,
        tables,
        panel,
        rows,
        features,
        situations(tables, panel, rows, scored),
        joined[[f"probability_{level}" for level in range(5)]].to_numpy(),
        _rates(rows),
    )


def _rates(rows: Assigned) -> Floats:
    """The rate of cures by stage and level, each row's by the other half of the accounts."""
    found = np.empty((len(rows), 5))
    weight = 1 / rows.propensity[np.arange(len(rows)), rows.level]
    for half in (0, 1):
        fits = rows.account % 2 == half
        for stage in range(1, 5):
            here = fits & (rows.stage == stage)
            rate = rows.cured[here].mean()
            for level in range(5):
                cell = here & (rows.level == level)
                reached = (weight * rows.cured)[cell].sum() + PRIOR * rate
                found[~fits & (rows.stage == stage), level] = reached / (weight[cell].sum() + PRIOR)
    return found
