"""Cells: what assignments tell of each level in each stage, and the lines that follow from it."""

from typing import Annotated, Literal, Self, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.intensity.ladder import LEVELS
from models.stage import STAGES, Stage

CONTACTS = len(LEVELS) - 1  # levels above none
LEAST_PROPENSITY = 0.01  # below it one assignment would stand for more than a hundred
LATE_STAGES = STAGES[1:]  # those of which it can be known what contact changes

Why = Literal[
    "not_randomised", "wrong_propensities", "never_tried", "little_overlap", "few_assignments"
]
WHYS: tuple[Why, ...] = get_args(Why)
_MOST = 100.0  # log-odds: no effect comes near
_ROUNDING = 1e-12
_ByLevel = Annotated[tuple[float, ...], Field(min_length=CONTACTS, max_length=CONTACTS)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Cell(_Part):
    """What is known of one level in one stage.

    `n` assignments of `accounts` accounts had the level; `ess` is Kish's effective sample size of
    the weights 1 / propensity, of this level or the one it is compared with, whichever is smaller;
    `overlap` is the share of the stage's assignments in which neither propensity was too small.
    `effect` is the mean of what the level adds to the probability of the target, `low` to `high`
    its interval of 95%; None where it is assumed, and `why` tells why.
    """

    stage: Stage
    level: int = Field(ge=1, le=CONTACTS)
    estimated: bool
    why: Why | None
    n: int = Field(ge=0)
    accounts: int = Field(ge=0)
    ess: float = Field(ge=0)
    overlap: float = Field(ge=0, le=1)
    effect: float | None
    low: float | None
    high: float | None

    @model_validator(mode="after")
    def _has_an_interval(self) -> Self:
        known = [each for each in (self.low, self.effect, self.high) if each is not None]
        if len(known) != (3 if self.estimated else 0):
            raise ValueError("an effect is estimated with its interval, or not at all")
        if known != sorted(known):
            raise ValueError("an effect lies in its interval")
        if self.estimated == (self.why is not None):
            raise ValueError("why an effect is assumed is told where it is, and nowhere else")
        return self


class Lines(_Part):
    """The lines that set the effects in one stage right; entries are of the levels above none.

    A level's odds ratio against its `parent`, a lower level that was tried beside it, has the
    logarithm offset + slope × (margin × levels between them - centre), the margin being what the
    booster gives. `covariance` is that of the offsets, `slope_variance`
    that of the slopes.
    """

    parent: tuple[int, ...] = Field(min_length=CONTACTS, max_length=CONTACTS)
    offset: _ByLevel
    slope: _ByLevel
    centre: _ByLevel
    covariance: tuple[_ByLevel, ...] = Field(min_length=CONTACTS, max_length=CONTACTS)
    slope_variance: _ByLevel

    @model_validator(mode="after")
    def _leads_to_none(self) -> Self:
        if any(not 0 <= parent <= k for k, parent in enumerate(self.parent)):
            raise ValueError("the parent of a level is a lower level")
        if min(self.slope_variance) < 0 or min(np.linalg.eigvalsh(self.covariance)) < -_ROUNDING:
            raise ValueError("variances are not below 0")
        if max(map(abs, (*self.offset, *self.slope, *self.centre))) > _MOST:
            raise ValueError(f"no offset, slope or centre lies beyond {_MOST:g}")
        return self

    @property
    def paths(self) -> list[list[int]]:
        """For each level above none the positions of the levels on the way from none to it."""
        found: list[list[int]] = []
        for k, parent in enumerate(self.parent):
            found.append([*(found[parent - 1] if parent else []), k])
        return found
