"""Risk tiers: how likely an account is not to reach its target, from score, stage and amount.

A tier is risk: a high probability of cure is low risk. `doubtful` is set apart from `high`
because further contact rarely pays there: late, unlikely, and large enough to matter.
"""

from typing import Annotated, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from features.compiled import compiled
from features.tables import MONEY_BOUND

Floats = NDArray[np.float64]

Tier = Literal["low", "medium", "high", "doubtful"]
TIERS: tuple[Tier, ...] = get_args(Tier)
LOW, MEDIUM, HIGH, DOUBTFUL = range(len(TIERS))

# An account with nothing past due cannot be doubtful.
LateStage = Literal["M1", "M2", "M3", "M4+"]

_CHECKED = ConfigDict(extra="forbid")
_Probability = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False, strict=True)]


@dataclass(frozen=True, config=_CHECKED)
class Cuts:
    """Probabilities that part low, medium and high risk; `high_below` < `low_from`."""

    low_from: Annotated[
        _Probability, Field(description="Low risk from this probability on, itself included.")
    ]
    high_below: Annotated[
        _Probability, Field(description="High risk below this probability, itself not included.")
    ]


@dataclass(frozen=True, config=_CHECKED)
class Doubtful:
    """What makes a late account doubtful: all three conditions together."""

    stage_from: Annotated[
        LateStage, Field(description="Earliest stage that can be doubtful, itself included.")
    ]
    probability_below: Annotated[
        _Probability, Field(description="Probability of cure below this, itself not included.")
    ]
    amount_from: Annotated[
        float,
        Field(
            ge=0,
            lt=MONEY_BOUND,
            allow_inf_nan=False,
            strict=True,
            description="Least past-due amount, itself included, in the policy's unit; "
            "0 leaves the amount out of it.",
        ),
    ]


@dataclass(frozen=True, config=_CHECKED)
class TierThresholds:
    """Thresholds of the tiers; the two targets have scales of their own."""

    cure: Annotated[
        Cuts, Field(description="For late accounts, scored by their probability of cure.")
    ]
    early_warning: Annotated[
        Cuts, Field(description="For pre_due accounts, by their probability of staying current.")
    ]
    doubtful: Annotated[
        Doubtful, Field(description="When a late account is doubtful rather than high risk.")
    ]


@compiled
def tier_number(
    probability: float,
    stage: int,
    amount: float,
    target: int,
    low_from: Floats,
    high_below: Floats,
    doubtful: Floats,
) -> int:
    """The risk tier of an account, as its position in TIERS.

    `probability` is that of the target, `stage` and `target` are positions in STAGES and TARGETS,
    `amount` is what is past due. The thresholds are arrays: `low_from` and `high_below` [2
    targets]; `doubtful` [3]: the earliest stage, the probability below, the least amount, in the
    unit of `amount`. Doubtful goes first.
    """
    if stage >= doubtful[0] and probability < doubtful[1] and amount >= doubtful[2]:
        return DOUBTFUL
    if probability >= low_from[target]:
        return LOW
    return HIGH if probability < high_below[target] else MEDIUM
