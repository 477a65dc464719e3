"""Calibration: a straight line in log-odds from the booster's margin to the score."""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Calibration:
    """log-odds = slope · margin + intercept, with slope > 0 so that order is kept.

    A line, unlike isotonic regression, leaves contributions additive (Platt, 1999).
    """

    slope: float
    intercept: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.slope) and self.slope > 0 and math.isfinite(self.intercept)):
            raise ValueError(f"not a rising line: slope {self.slope}, intercept {self.intercept}")


@njit(cache=True, nogil=True)
def log_odds(base: float, contributions: NDArray[np.float64]) -> NDArray[np.float64]:
    """base plus each row's contributions [n × k], added one by one from the left.

    The order of additions is fixed so that a row's sum does not depend on its company.
    """
    out = np.empty(contributions.shape[0])
    for i in range(contributions.shape[0]):
        total = base
        for j in range(contributions.shape[1]):
            total += contributions[i, j]
        out[i] = total
    return out


@njit(cache=True, nogil=True)
def probability(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + exp(-log_odds)), entry by entry."""
    out = np.empty(len(log_odds))
    for i in range(len(log_odds)):
        if log_odds[i] >= 0:
            out[i] = 1.0 / (1.0 + math.exp(-log_odds[i]))
        else:
            grown = math.exp(log_odds[i])
            out[i] = grown / (1.0 + grown)
    return out
