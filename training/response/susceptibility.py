"""Susceptibility: by how much each level of contact more moves an account's odds of the target.

An orthogonal learner on LightGBM (the R-learner of Nie and Wager, 2021, Biometrika 108:299-319,
with a logistic link). With m the probability of the target whatever the level, and e the
propensities that were recorded,
    log-odds of the target = log-odds(m) + (level - sum of e_l · l) · f(x)
One booster f is fitted on its log loss. As the bracket has mean 0 whatever x is, an error in m
makes no effect where there is none; it may stretch one that there is, which the lines
(training.response.lines) set right, as they do what levels change beyond a straight line. Nothing
makes f positive: more contact may do harm.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import lightgbm
import numpy as np
from scipy.special import expit

from features.panel import Floats, Indices
from models.intensity.ladder import LEVELS
from training.progress import Progress
from training.split import Fold

# What contact does to whom is far fainter than who pays: few leaves, many rows in each.
SETTINGS: dict[str, Any] = {
    "learning_rate": 0.05,
    "num_leaves": 8,
    "max_depth": 3,
    "min_child_samples": 500,
    "min_sum_hessian_in_leaf": 1.0,
    "lambda_l2": 20.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "max_bin": 63,
    "boost_from_average": False,
    "deterministic": True,
    "num_threads": 1,
    "verbose": -1,
}
ROUNDS = range(0, 201, 20)  # of which the best is chosen
LEAST_ROWS_OF_LEAF = 20  # where there are few rows altogether
LEAVES_AT_LEAST = 50
_TELLS = "estimating what contact changes"


class Fitted(NamedTuple):
    """`margin` [n] of boosters that have not seen the row's account; `booster` has seen all.

    `rounds` is how many rounds of boosting were worth it.
    """

    margin: Floats
    booster: lightgbm.Booster
    rounds: int


def levels_beyond(level: Indices, propensity: Floats) -> Floats:
    """The level given, less the one that was to be expected by the propensities, [n]."""
    found: Floats = level - propensity @ np.array(LEVELS)
    return found


def fit(
    features: Floats,
    cured: Floats,
    base: Floats,
    beyond: Floats,
    folds: Sequence[Fold],
    seed: int,
    progress: Progress,
) -> Fitted:
    """Fit n rows: `base` are the log-odds of m, `beyond` is what `levels_beyond` gives.

    The number of rounds is the one of the least log loss on accounts that were not fitted; 0
    rounds, where contact does the same to everybody, is among them.
    """
    losses = np.zeros(len(ROUNDS))
    held_out = np.zeros((len(ROUNDS), len(cured)))
    for k, (seen, rest) in enumerate(folds):
        progress(_TELLS, k, len(folds) + 1)
        booster = _boosted(features[seen], cured[seen], base[seen], beyond[seen], ROUNDS[-1], seed)
        for r, rounds in enumerate(ROUNDS):
            found = _margin(booster, features[rest], rounds)
            held_out[r, rest] = found
            losses[r] += _loss(cured[rest], base[rest] + found * beyond[rest])
    best = int(losses.argmin())
    progress(_TELLS, len(folds), len(folds) + 1)
    # A booster without any tree has no text to serve from; one round is next to nothing.
    booster = _boosted(features, cured, base, beyond, max(ROUNDS[best], 1), seed)
    return Fitted(held_out[best], booster, ROUNDS[best])


def _boosted(
    features: Floats, cured: Floats, base: Floats, beyond: Floats, rounds: int, seed: int
) -> lightgbm.Booster:
    def objective(margin: Floats, _: lightgbm.Dataset) -> tuple[Floats, Floats]:
        p = expit(base + margin * beyond)
        return (p - cured) * beyond, p * (1 - p) * beyond**2

    fewest = min(SETTINGS["min_child_samples"], len(cured) // LEAVES_AT_LEAST)
    settings = {
        **SETTINGS,
        "objective": objective,
        "seed": seed,
        "min_child_samples": max(fewest, LEAST_ROWS_OF_LEAF),
    }
    return lightgbm.train(settings, lightgbm.Dataset(features, cured), rounds)


def _margin(booster: lightgbm.Booster, features: Floats, rounds: int) -> Floats:
    if rounds == 0:
        return np.zeros(len(features))
    found = booster.predict(features, raw_score=True, num_iteration=rounds, num_threads=1)
    return np.asarray(found)


def _loss(cured: Floats, log_odds: Floats) -> float:
    return float((np.logaddexp(0.0, log_odds) - cured * log_odds).sum())
