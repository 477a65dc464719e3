"""Warming: compile what scoring runs into numba's cache, so that no request waits for it."""

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
from models.score.calibration import log_odds, probability


def warm() -> None:
    """Run every compiled function once on a history of one account."""
    history = _one_account()
    view = known_at(history, np.zeros(1, np.int64), np.array([86_400.0 * 32]))
    features = matrix(history, view)
    probability(log_odds(0.0, np.zeros_like(features)))


def _one_account() -> Panel:
    account, known = np.zeros(1, np.int64), np.ones(1, np.bool_)
    zero = np.zeros(1)
    return panel(
        Fixed(zero, zero, zero, known, known),
        Statements(account, *(zero.copy() for _ in Statements._fields[1:])),
        Payments(account, *(zero.copy() for _ in Payments._fields[1:])),
        Contacts(account, *(zero.copy() for _ in Contacts._fields[1:])),
    )
