"""A bundle judged on labelled snapshots."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from features.catalogue import NAMES
from features.errors import InputError
from features.matrix import matrix
from features.panel import Floats
from models.score.bundle import Bundle, load
from models.score.manifest import BundleError
from training.baselines.days_past_due import days_past_due
from training.baselines.roll_rate import roll_rates
from training.boosting import margins
from training.config import TrainingConfig
from training.evaluate import Judged, measures
from training.guards.plausible import check_histories
from training.labels import Snapshots
from training.population import Window, read_population


def log_odds(bundle: Bundle, features: Floats, rows: Snapshots) -> Floats:
    """What the bundle says of each row, in log-odds; `features` is rows × NAMES."""
    margin = margins(bundle.booster, features[:, bundle.columns], threads=1)
    return bundle.calibration.log_odds(margin, rows.stage)


def judged(
    bundle: Bundle, features: Floats, rows: Snapshots, others: Mapping[str, Floats]
) -> Judged:
    """The rows with the bundle's log-odds, beside others' scores; `features` is rows × NAMES."""
    return Judged(
        label=rows.label,
        log_odds=log_odds(bundle, features, rows),
        account=rows.account,
        stage=rows.stage,
        others=others,
    )


def evaluate_bundle(directory: Path, bundle: Bundle, window: Window) -> dict[str, Any]:
    """Every measure of the bundle on the tables in a folder.

    `rows.in_training_period` counts the judged rows whose statement is not later than the
    last one that trained: on those, measures of the same accounts flatter the model.
    """
    config = TrainingConfig.model_validate(bundle.training["settings"])
    population = read_population(directory, bundle.outcome, config.seed, window)
    require_currency(bundle, population.currency)
    check_histories(population.panel)
    rows = population.snapshots
    if len(rows) == 0:
        raise InputError(
            str(directory),
            f"has no labelled snapshot for {bundle.outcome} in these months",
            "Widen --from and --until: a label needs the statements of the horizon behind it.",
        )
    features = matrix(population.panel, rows.view)
    others = {
        "days_past_due": days_past_due(features, NAMES),
        "roll_rate": roll_rates(bundle.roll_rate, rows.stage, rows.previous_stage),
    }
    found = judged(bundle, features, rows, others)
    trained_until = np.datetime64(bundle.training["until"]).astype(np.int64)
    return {
        "target": bundle.target,
        "bundle_sha256": bundle.sha256,
        "data_sha256": population.data_sha256,
        **measures(found, config.bootstrap_draws, config.seed),
        "rows": {
            **vars(rows.left),
            "in_training_period": int((rows.day <= trained_until).sum()),
        },
    }


def require_currency(bundle: Bundle, currency: str) -> None:
    """InputError where the bundle was trained on amounts in another currency."""
    if currency != bundle.currency:
        raise InputError(
            "accounts, column currency",
            f"the model was trained on amounts in {bundle.currency}",
            f"Convert the amounts to {bundle.currency}, or train a model for this currency.",
            currency,
        )


def load_bundle(directory: Path) -> Bundle:
    """The verified bundle; InputError where it must not be used."""
    try:
        return load(directory)
    except BundleError as error:
        raise InputError(str(directory), str(error), "Name another model.") from error
