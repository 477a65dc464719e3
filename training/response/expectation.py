"""Expectation: the probability of the target whatever the level, all that is known of who pays."""

from collections.abc import Sequence
from typing import Any

import lightgbm
import numpy as np

from features.panel import Floats
from training.progress import Progress
from training.split import Fold

SETTINGS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "max_depth": 4,
    "min_child_samples": 100,
    "lambda_l2": 10.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "max_bin": 63,
    "deterministic": True,
    "num_threads": 1,
    "verbose": -1,
}
ROUNDS = 120


def held_out_probability(
    features: Floats, cured: Floats, folds: Sequence[Fold], seed: int, progress: Progress
) -> Floats:
    """Probability of the target of each row [n], of boosters that have not seen its account."""
    found = np.empty(len(cured))
    for k, (seen, rest) in enumerate(folds):
        progress("estimating who pays", k, len(folds))
        data = lightgbm.Dataset(features[seen], cured[seen])
        booster = lightgbm.train({**SETTINGS, "seed": seed}, data, ROUNDS)
        found[rest] = booster.predict(features[rest], num_threads=1)
    return found
