"""Warming: compile what scoring runs into numba's cache, so that no request waits for it."""

import lightgbm
import numpy as np

from features.matrix import matrix
from features.panel import (
    Contacts,
    Fixed,
    Panel,
    Payments,
    Statements,
    known_at,
    panel,
)
from models.score.calibration import probability
from models.score.contributions import Explainer


def warm() -> None:
    """Run every compiled function once on a history of one account."""
    history = _one_account()
    view = known_at(history, np.zeros(1, np.int64), np.array([86_400.0 * 32]))
    features = matrix(history, view)
    shape = (50, features.shape[1])  # fewer rows than LightGBM ever splits
    rows = lightgbm.Dataset(np.zeros(shape), np.zeros(shape[0]))
    constant = lightgbm.train({"num_threads": 1, "verbose": -1}, rows, num_boost_round=1)
    probability(Explainer(constant).explain(features).margin)


def _one_account() -> Panel:
    account, known = np.zeros(1, np.int64), np.ones(1, np.bool_)
    zero = np.zeros(1)
    return panel(
        Fixed(zero, zero, zero, known, known),
        Statements(account, *(zero.copy() for _ in Statements._fields[1:])),
        Payments(account, *(zero.copy() for _ in Payments._fields[1:])),
        Contacts(account, *(zero.copy() for _ in Contacts._fields[1:])),
    )
