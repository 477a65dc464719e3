"""Estimates by a known formula, policies that come with them, and assignments drawn at random."""

from typing import Any

import numpy as np

from features.catalogue import NAMES
from features.panel import Indices, View
from models.intensity.ladder import LEVELS
from models.intensity.numbers import Flags, Floats
from models.intensity.policy import Policy
from models.intensity.response import Ratios
from models.stage import STAGES
from training.assigned import Assigned, LeftOut

_DAYS = NAMES.index("dpd_last")
_LEVELS = np.arange(len(LEVELS))


class ByDays:
    """A level does more, the higher it is and the more days past due an account's last statement.

    Estimated in `cells` [5 stages × 5 levels], by default in every one of late accounts.
    """

    sha256 = "e" * 64

    def __init__(self, strength: float = 0.1, cells: Flags | None = None) -> None:
        self.strength = strength
        everywhere = np.zeros((len(STAGES), len(LEVELS)), np.bool_)
        everywhere[1:, 1:] = True
        self.estimated = everywhere if cells is None else cells

    def why(self, stage: int, level: int) -> str | None:
        """Why a cell is assumed; None where it is estimated."""
        return None if self.estimated[stage, level] else "never_tried"

    def ratios(self, features: Floats, _: Indices | None = None) -> Ratios:
        """Odds ratios of rows of the whole catalogue, with bounds a tenth off in log-odds."""
        effect = self.strength * _LEVELS * (1 + features[:, [_DAYS]] / 100)
        width = 0.1 * (_LEVELS > 0)
        return Ratios(*(np.exp(effect + side * width) for side in (0, -1, 1)))


def with_estimate(policy: Policy, estimate: Any) -> Policy:
    """The policy as if its folder had held the estimate."""
    found = policy.model_copy()
    found._sha256, found._estimate = policy._sha256, estimate
    for derived in ("numbers", "assumed_because", "response_models"):
        found.__dict__.pop(derived, None)
    return found


def given(
    level: Indices,
    propensity: Floats,
    stage: Indices | int = 1,
    account: Indices | None = None,
    cured: Floats | None = None,
) -> Assigned:
    """Assignments of levels drawn by these propensities [n × 5], of accounts without histories.

    By default each of its own account, and none of them cured.
    """
    n = len(level)
    row = np.arange(n) if account is None else account
    nothing = np.zeros(n)
    return Assigned(
        view=View(row, nothing, *np.zeros((4, n), np.int64)),
        day=nothing,
        stage=np.broadcast_to(np.asarray(stage, np.int64), n),
        level=np.asarray(level, np.int64),
        propensity=propensity,
        cured=nothing if cured is None else cured,
        past_due=nothing + 100.0,
        balance=nothing + 1_000.0,
        overridden=np.zeros(n, np.bool_),
        left_out=LeftOut(0, 0, 0, 0, 0, 0),
    )


def levels_drawn(rng: np.random.Generator, propensity: Floats) -> Indices:
    """A level for each row of propensities [n × 5], drawn by them."""
    below = np.cumsum(propensity, axis=1)[:, :-1]
    return np.asarray((rng.random((len(propensity), 1)) >= below).sum(axis=1))
