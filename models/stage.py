"""Stages of delinquency: the bucket of days past due."""

from bisect import bisect_left
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Stage = Literal["pre_due", "M1", "M2", "M3", "M4+"]
STAGES: tuple[Stage, ...] = get_args(Stage)

# Highest days past due that still belongs to the stage; M4+ has no highest.
LAST_DAY = (0, 30, 60, 90)
_LAST_DAY = np.array(LAST_DAY, np.float64)


def stage_of(days_past_due: float) -> Stage:
    """The stage of an account that is so many days past due."""
    return STAGES[bisect_left(LAST_DAY, days_past_due)]


def stage_numbers(days_past_due: NDArray[np.float64]) -> NDArray[np.int64]:
    """Position in STAGES of each entry."""
    return _LAST_DAY.searchsorted(days_past_due, side="left").astype(np.int64, copy=False)
