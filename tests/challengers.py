"""Bundles trained on a small simulated portfolio: a good one, and others with something wrong."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from features.catalogue import NAMES
from features.matrix import matrix
from features.panel import Floats, Indices
from models.score.bundle import Content, write
from models.score.calibration import Calibration
from models.score.contributions import Explainer
from models.score.manifest import read_manifest, write_manifest
from models.score.standing import StandingCheck, references
from models.target import Outcome
from training.baselines.roll_rate import roll_rate_table
from training.golden import golden
from training.guards.document import guards_document
from training.guards.plausible import check_histories
from training.population import Window, read_population
from training.reference import reference_of
from training.sources.simulate import simulate
from training.split import out_of_time

SEED = 20_050_930
SETTINGS = {
    "objective": "binary",
    "num_leaves": 7,
    "learning_rate": 0.1,
    "min_data_in_leaf": 40,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}


@dataclass(frozen=True)
class Portfolio:
    """Folder and digest of the tables, and the contents of bundles trained on them, by name.

    `good`; `worse` (fitted to labels in disorder); `leaked` (a feature flagged by the guards);
    `two_cycles`, `euros` (trained otherwise); `later` (with a later cut-off).
    """

    folder: Path
    sha256: str
    contents: dict[str, Content]


def portfolio(folder: Path) -> Portfolio:
    """Simulate the portfolio into the folder, and train."""
    simulate(folder, accounts=1_500, months=10, seed=4)
    population = read_population(folder, Outcome("cure", 1), SEED, Window())
    split = out_of_time(population.snapshots, 0.2)
    rows = population.snapshots.take(split.train)
    features = matrix(population.panel, rows.view)
    booster = _booster(features, rows.label)
    explained = Explainer(booster).explain(features)
    line = Calibration(1.0, 0.0)
    found = guards_document(rows.left, check_histories(population.panel), (), (), 0.9)
    told: dict[str, Any] = {"test_from": split.test_from.isoformat(), "guards": found}
    good = Content(
        outcome=population.outcome,
        currency=population.currency,
        booster=booster,
        features=NAMES,
        calibration=line,
        references=references(explained.contributions, NAMES),
        reference=reference_of(features, explained.margin, explained.contributions, NAMES),
        standing=StandingCheck(),
        roll_rate=roll_rate_table(rows.label, rows.stage, rows.previous_stage),
        training=told,
        golden=golden(population.panel, rows, booster, features),
    )
    disorder = np.random.default_rng(1).permutation(rows.label)
    leaked = {"guards": found | {"passed": False, "implausible_features": ["dpd_last"]}}
    last = population.snapshots.period()[1].isoformat()
    contents = {
        "good": good,
        "worse": replace(good, booster=_booster(features, disorder)),
        "leaked": replace(good, training=told | leaked),
        "two_cycles": replace(good, outcome=Outcome("cure", 2)),
        "euros": replace(good, currency="EUR"),
        "later": replace(good, training=told | {"test_from": last}),
    }
    return Portfolio(folder, population.data_sha256, contents)


def with_changed_definition(directory: Path, content: Content) -> Path:
    """The bundle as it would be if a feature had been computed otherwise when it was made."""
    write(directory, content)
    fields = read_manifest(directory).model_dump(exclude={"schema_", "files", "sha256"})
    fields["features"][0]["definition_sha256"] = "0" * 64
    write_manifest(directory, fields)
    return directory


def _booster(features: Floats, label: Indices) -> lightgbm.Booster:
    data = lightgbm.Dataset(features, label, feature_name=list(NAMES))
    return lightgbm.train(SETTINGS, data, num_boost_round=25)
