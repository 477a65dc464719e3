"""Folds of accounts: what is said of an account comes from boosters that have not seen it."""

from typing import Any, NamedTuple

import lightgbm
import numpy as np

from features.panel import Floats, Indices
from training.progress import Progress

GROUPS = 5

# The probability of the target whatever the level: all that is known of who pays.
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


class Folds(NamedTuple):
    """Groups of accounts: the positions of the rows to fit on and of those held out, for each."""

    pairs: list[tuple[Indices, Indices]]


def folds_of(account: Indices, seed: int) -> Folds:
    """GROUPS groups, equal in accounts, drawn at random; fewer where there are fewer accounts."""
    accounts, position = np.unique(account, return_inverse=True)
    groups = min(GROUPS, len(accounts))
    group = (np.random.default_rng(seed).permutation(len(accounts)) % groups)[position]
    return Folds([(np.flatnonzero(group != g), np.flatnonzero(group == g)) for g in range(groups)])


def held_out_probability(
    features: Floats, cured: Floats, folds: Folds, seed: int, progress: Progress
) -> Floats:
    """Probability of the target of each row [n], of boosters that have not seen its account."""
    found = np.empty(len(cured))
    for k, (fit, rest) in enumerate(folds.pairs):
        progress("estimating who pays", k, len(folds.pairs))
        data = lightgbm.Dataset(features[fit], cured[fit])
        booster = lightgbm.train({**SETTINGS, "seed": seed}, data, ROUNDS)
        found[rest] = booster.predict(features[rest], num_threads=1)
    return found
