"""The level that each late account is given for a cycle, and how likely each one was."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

POLICY = "simulated-1"
ARMS = ("ordinary", "explore")
EXPLORED = 0.3  # share of assignments in the arm `explore`
OVERRIDDEN = 0.01  # share in which a person chose the next level up instead of the one drawn

# Propensity of levels 0 to 4 by months late (1, 2, 3, 4 and over), before the amount counts.
ORDINARY = np.array(
    [
        [0.20, 0.50, 0.24, 0.05, 0.01],
        [0.12, 0.28, 0.42, 0.16, 0.02],
        [0.10, 0.14, 0.36, 0.36, 0.04],
        [0.10, 0.10, 0.26, 0.44, 0.10],
    ]
)
EXPLORE = np.array([0.28, 0.24, 0.24, 0.20, 0.04])
SLANT = 0.3  # log-odds by which ten times the amount past due favours each next level


class Assigned(NamedTuple):
    """One entry per late account: level drawn, propensities [n × 5], number in ARMS, overridden."""

    level: Indices
    propensities: Floats
    arm: Indices
    overridden: Flags

    @property
    def in_force(self) -> Indices:
        """The level that a person left or chose."""
        return self.level + self.overridden


def assign(
    rng: np.random.Generator, months_late: Indices, past_due: Floats, cap: Indices
) -> Assigned:
    """Draw levels; none lies above the account's `cap` (0 to 4), nor has it any propensity."""
    n = len(months_late)
    arm = (rng.random(n) < EXPLORED).astype(np.int64)
    weight = np.where(
        arm[:, None] == 1, EXPLORE, ORDINARY[np.minimum(months_late, len(ORDINARY)) - 1]
    )
    size = np.clip(np.log10(np.maximum(past_due, 1.0)) - 2.5, -1.5, 1.5)
    ladder = np.arange(weight.shape[1])
    weight = weight * np.exp(SLANT * size[:, None] * (arm[:, None] == 0) * ladder)
    weight = weight * (ladder <= cap[:, None])
    propensities = weight / weight.sum(axis=1, keepdims=True)
    u = rng.random(n)
    drawn = (u[:, None] >= np.cumsum(propensities, axis=1)[:, :-1]).sum(axis=1)
    level = np.minimum(drawn, cap)
    overridden = (rng.random(n) < OVERRIDDEN) & (level < cap)
    return Assigned(level, propensities, arm, overridden)
