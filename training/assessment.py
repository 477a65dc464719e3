"""A bundle judged on labelled snapshots."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from features.errors import InputError
from features.matrix import matrix
from features.panel import Panel
from models.score.bundle import Bundle, load
from models.score.manifest import BundleError
from training.baselines import roll_rates
from training.config import TrainingConfig
from training.evaluate import Judged, measures
from training.fit import margins
from training.labels import Snapshots
from training.population import Window, read_population


def judged(
    bundle: Bundle,
    panel: Panel,
    snapshots: Snapshots,
    threads: int,
    boosters: Mapping[str, lightgbm.Booster] | None = None,
) -> Judged:
    """The rows with the bundle's log-odds, beside the roll-rate table and other boosters."""
    features = matrix(panel, snapshots.view)[:, bundle.columns]
    others = {
        "roll_rate": roll_rates(bundle.roll_rate, snapshots.stage, snapshots.previous_stage),
        **{name: margins(b, features, threads) for name, b in (boosters or {}).items()},
    }
    line = bundle.calibration
    return Judged(
        label=snapshots.label,
        log_odds=line.slope * margins(bundle.booster, features, threads) + line.intercept,
        account=snapshots.account,
        stage=snapshots.stage,
        others=others,
    )


def evaluate_bundle(directory: Path, bundle: Bundle, window: Window) -> dict[str, Any]:
    """Every measure of the bundle on the tables in a folder.

    `rows.in_training_period` counts the judged rows whose statement is not later than the
    last one that trained: on those, measures of the same accounts flatter the model.
    """
    config = TrainingConfig.model_validate(bundle.training["settings"])
    population = read_population(directory, bundle.horizon_cycles, config.seed, window)
    if population.currency != bundle.currency:
        raise InputError(
            "accounts, column currency",
            f"the model was trained on amounts in {bundle.currency}",
            f"Convert the amounts to {bundle.currency}, or train a model for this currency.",
            population.currency,
        )
    taken = population.snapshots
    if len(taken) == 0:
        raise InputError(
            str(directory),
            "has no labelled snapshot of a late account in these months",
            "Widen --from and --until: a label needs the statements of the horizon behind it.",
        )
    rows = judged(bundle, population.panel, taken, config.threads)
    trained_until = np.datetime64(bundle.training["until"]).astype(np.int64)
    return {
        "target": bundle.target,
        "bundle_sha256": bundle.sha256,
        "data_sha256": population.data_sha256,
        **measures(rows, config.bootstrap_draws, config.seed),
        "rows": {
            **vars(taken.left),
            "in_training_period": int((taken.day <= trained_until).sum()),
        },
    }


def load_bundle(directory: Path) -> Bundle:
    """The verified bundle; InputError where it must not be used."""
    try:
        return load(directory)
    except BundleError as error:
        raise InputError(str(directory), str(error), "Name another model.") from error
