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

    def log_odds(self, margin: NDArray[np.float64]) -> NDArray[np.float64]:
        """The calibrated log-odds of each margin."""
        return self.slope * margin + self.intercept


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
