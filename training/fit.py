"""Fitting: the booster on log loss, then the straight line that calibrates it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
from lightgbm.callback import CallbackEnv
from sklearn.linear_model import LogisticRegression

from features.errors import InputError
from features.feature import Feature
from features.panel import Floats, Indices
from training.config import TrainingConfig
from training.labels import Snapshots
from training.split import Fold, account_folds, folds

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Fit:
    """A booster with its calibration, `probability = sigmoid(slope * margin + intercept)`.

    `fold_log_loss` is the mean log loss, at `trees` trees, of the folds in time; `margin` what
    boosters fitted without the row's account said of each row (log-odds).
    """

    booster: lightgbm.Booster
    trees: int
    slope: float
    intercept: float
    fold_log_loss: float
    margin: Floats


def fit(
    features: Floats,
    rows: Snapshots,
    catalogue: Sequence[Feature],
    config: TrainingConfig,
    progress: Progress,
) -> Fit:
    """Choose the number of trees on folds in time, calibrate across accounts, fit on all rows.

    `features` is rows × catalogue. The calibration line is fitted on margins of boosters that
    did not see the row's account. Its folds hold all months: folds in time would take the
    step from one month's cure rate to the next for a lasting error of level.
    """
    require_both_outcomes(rows.label, config.least_cures)
    parameters = _parameters(config, catalogue)
    data = lightgbm.Dataset(
        features,
        rows.label,
        feature_name=[feature.name for feature in catalogue],
        params=parameters,
        free_raw_data=False,
    )
    in_time = folds(rows, config.cuts, config.groups, config.seed)
    trees, loss = _number_of_trees(parameters, data, in_time, config, progress)
    progress("calibrating on accounts not fitted on")
    across = account_folds(rows, config.groups, config.seed)
    margin = _cross_fitted(parameters, data, features, across, trees)
    slope, intercept = calibration_line(margin, rows.label)
    if not slope > 0:
        raise InputError(
            "statements",
            "the features say nothing about who cures among accounts not fitted on "
            f"(calibration slope {slope:.3f}, which must be above 0)",
            "Give more accounts or a longer history",
        )
    progress(f"fitting {trees} trees on all training rows")
    booster = lightgbm.train(parameters, data, num_boost_round=trees)
    return Fit(booster, trees, slope, intercept, loss, margin)


def _number_of_trees(
    parameters: dict[str, Any],
    data: lightgbm.Dataset,
    in_time: Sequence[Fold],
    config: TrainingConfig,
    progress: Progress,
) -> tuple[int, float]:
    """The number of trees with the lowest mean log loss over the folds, and that loss."""
    result = lightgbm.cv(
        parameters,
        data,
        num_boost_round=config.max_trees,
        folds=in_time,
        callbacks=[
            lightgbm.early_stopping(config.patience, verbose=False),
            _reporting(progress, config.max_trees),
        ],
    )
    losses = np.asarray(result["valid binary_logloss-mean"])
    return len(losses), float(losses[-1])


def _cross_fitted(
    parameters: dict[str, Any],
    data: lightgbm.Dataset,
    features: Floats,
    across: Sequence[Fold],
    trees: int,
) -> Floats:
    margin = np.full(len(features), np.nan)
    for fold in across:
        booster = lightgbm.train(parameters, data.subset(fold.train.tolist()), trees)
        margin[fold.valid] = margins(booster, features[fold.valid], parameters["num_threads"])
    return margin


def require_both_outcomes(label: Indices, least: int) -> None:
    """Refuse rows from which nothing can be learnt."""
    cures = int(label.sum())
    rarer = min(cures, len(label) - cures)
    if rarer < least:
        raise InputError(
            "statements",
            f"{len(label)} training rows hold {cures} cures and {len(label) - cures} "
            f"non-cures; at least {least} of each are needed",
            "Give more accounts, a longer history or a wider window of snapshot dates.",
        )


def margins(booster: lightgbm.Booster, features: Floats, threads: int) -> Floats:
    """Raw log-odds of the booster, one per row."""
    if not len(features):
        return np.empty(0)
    raw = booster.predict(features, raw_score=True, num_threads=threads)
    return np.asarray(raw, dtype=np.float64)


def calibration_line(log_odds: Floats, label: Indices) -> tuple[float, float]:
    """Slope and intercept of the unpenalised logistic regression of label on log-odds."""
    line = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10)
    line.fit(log_odds.reshape(-1, 1), label)
    return float(line.coef_[0, 0]), float(line.intercept_[0])


def _parameters(config: TrainingConfig, catalogue: Sequence[Feature]) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "objective": "binary",
        "metric": "binary_logloss",
        "verbosity": -1,
        "seed": config.seed,
        "deterministic": True,  # with the row-wise order: the same bytes on every run
        "force_row_wise": True,
        "num_threads": config.threads,
        **config.booster.model_dump(),
    }
    if config.monotone:
        parameters["monotone_constraints"] = [feature.monotone for feature in catalogue]
    return parameters


def _reporting(progress: Progress, most: int) -> Callable[[CallbackEnv], None]:
    def report(env: CallbackEnv) -> None:
        if env.iteration % 10 == 0:
            progress(f"choosing the number of trees: {env.iteration} of at most {most}")

    return report
