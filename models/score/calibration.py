"""Calibration: from the booster's margin to the score, by a line and an offset per stage."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.stage import STAGES, stage_numbers

STAGE_FEATURE = "dpd_last"  # whose value tells the stage that an offset is for
NO_OFFSETS = (0.0,) * len(STAGES)


@dataclass(frozen=True, slots=True)
class Calibration:
    """log-odds = slope · margin + intercept + offset of the stage at the last statement.

    The slope is above 0, so that order within a stage is kept. Offsets (log-odds, in the order of
    STAGES) are 0 for pre_due and M1, and never rise from M1 on, so that a later stage cannot
    raise the score. A line, unlike isotonic regression, leaves contributions additive (Platt,
    1999). Raises ValueError for anything else.
    """

    slope: float
    intercept: float
    stage_offsets: tuple[float, ...] = NO_OFFSETS

    def __post_init__(self) -> None:
        if not (math.isfinite(self.slope) and self.slope > 0 and math.isfinite(self.intercept)):
            raise ValueError(f"not a rising line: slope {self.slope}, intercept {self.intercept}")
        offsets = self.stage_offsets
        if len(offsets) != len(STAGES) or not all(math.isfinite(offset) for offset in offsets):
            raise ValueError(f"stage offsets are {len(STAGES)} finite numbers, not {offsets}")
        if any(offsets[:2]) or any(np.diff(offsets) > 0):
            raise ValueError(f"stage offsets begin with two zeros and never rise, not {offsets}")

    @property
    def by_stage(self) -> bool:
        """Whether any stage has an offset of its own."""
        return any(self.stage_offsets)

    def offset(self, stage: NDArray[np.int64]) -> NDArray[np.float64]:
        """The offset, in log-odds, of each stage number."""
        return np.array(self.stage_offsets)[stage]

    def log_odds(
        self, margin: NDArray[np.float64], stage: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """The calibrated log-odds of each margin [n], at these stage numbers [n]."""
        return self.slope * margin + self.intercept + self.offset(stage)


def last_stages(features: NDArray[np.float64], names: Sequence[str]) -> NDArray[np.int64]:
    """Stage number of each row [n × k] at its last statement, from the feature STAGE_FEATURE.

    0, which has no offset, where its value is not known or it is not among the names: a bundle
    without it has no offsets.
    """
    if STAGE_FEATURE not in names:
        return np.zeros(len(features), np.int64)
    days = features[:, names.index(STAGE_FEATURE)]
    return stage_numbers(np.where(np.isnan(days), 0.0, days))


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
