"""Boosters: LightGBM's parameters out of our settings, and boosting judged on folds."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import lightgbm
import numpy as np
from lightgbm.callback import CallbackEnv
from sklearn.metrics import log_loss, roc_auc_score

from features.feature import Feature
from features.panel import Floats, Indices
from training.config import TrainingConfig
from training.progress import Progress, silent
from training.split import Fold

TOLD_EVERY = 10  # trees


class Course(NamedTuple):
    """Boosting on folds: the number of trees with the lowest mean log loss over them.

    `loss` and `auc` are of each fold's validation rows at that number (AUC NaN where a fold
    holds one class only); `boosters` are the folds', with a few trees too many.
    """

    trees: int
    loss: Floats
    auc: Floats
    boosters: list[lightgbm.Booster]


def parameters(config: TrainingConfig, catalogue: Sequence[Feature]) -> dict[str, Any]:
    """LightGBM's parameters for these settings and features, without the number of trees."""
    found: dict[str, Any] = {
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
        found["monotone_constraints"] = [feature.monotone for feature in catalogue]
    return found


def dataset(
    features: Floats,
    label: Indices,
    catalogue: Sequence[Feature],
    parameters: dict[str, Any],
    *,
    reused: bool = False,
) -> lightgbm.Dataset:
    """The binned rows; where they are `reused`, folds can be cut out of them."""
    return lightgbm.Dataset(
        features,
        label,
        feature_name=[feature.name for feature in catalogue],
        params=parameters,
        free_raw_data=not reused,
    )


def boosted(parameters: dict[str, Any], data: lightgbm.Dataset, trees: int) -> lightgbm.Booster:
    """A booster of so many trees."""
    return lightgbm.train(parameters, data, num_boost_round=trees)


def course(
    parameters: dict[str, Any],
    data: lightgbm.Dataset,
    folds: Sequence[Fold],
    config: TrainingConfig,
    progress: Progress = silent,
) -> Course:
    """Boost on all folds in step until their mean log loss has not fallen for a while.

    `data` must be one that is reused.
    """
    result: Any = lightgbm.cv(
        parameters,
        data,
        num_boost_round=config.max_trees,
        folds=folds,
        callbacks=[
            lightgbm.early_stopping(config.patience, verbose=False),
            _reporting(progress, config.max_trees),
        ],
        return_cvbooster=True,
    )
    trees = len(result["valid binary_logloss-mean"])
    boosters: list[lightgbm.Booster] = result["cvbooster"].boosters
    features, label = np.asarray(data.get_data()), np.asarray(data.get_label())
    judged = [
        _judged(booster, features[fold.valid], label[fold.valid], trees, config.threads)
        for booster, fold in zip(boosters, folds, strict=True)
    ]
    loss, auc = np.array(judged).T
    return Course(trees, loss, auc, boosters)


def margins(
    booster: lightgbm.Booster, features: Floats, threads: int, trees: int | None = None
) -> Floats:
    """Raw log-odds of the booster, or of its first `trees`, one per row."""
    if not len(features):
        return np.empty(0)
    raw = booster.predict(features, raw_score=True, num_iteration=trees, num_threads=threads)
    return np.asarray(raw, dtype=np.float64)


def _judged(
    booster: lightgbm.Booster, features: Floats, label: Indices, trees: int, threads: int
) -> tuple[float, float]:
    margin = margins(booster, features, threads, trees)
    probability = 1.0 / (1.0 + np.exp(-margin))
    both = label.min() != label.max()
    auc = float(roc_auc_score(label, margin)) if both else np.nan
    return float(log_loss(label, probability, labels=[0, 1])), auc


def _reporting(progress: Progress, most: int) -> Callable[[CallbackEnv], None]:
    def report(env: CallbackEnv) -> None:
        if env.iteration % TOLD_EVERY == 0:
            progress("choosing the number of trees", env.iteration, most)

    return report
