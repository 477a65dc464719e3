"""Risk tiers: how likely an account is not to reach its target, from score, stage and amount.

A tier is risk: a high probability of cure is low risk. `doubtful` is set apart from `high`
because further contact rarely pays there: late, unlikely, and large enough to matter.
"""

from typing import Annotated, Literal, get_args

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from features.tables import MONEY_BOUND
from models.stage import STAGES, Stage

Tier = Literal["low", "medium", "high", "doubtful"]
TIERS: tuple[Tier, ...] = get_args(Tier)

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
            description="Least past-due amount, itself included, in the currency of the "
            "accounts; 0 leaves the amount out of it.",
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


def tier(
    probability: float, stage: Stage, past_due_amount: float, thresholds: TierThresholds
) -> Tier:
    """The risk tier of an account.

    `probability` is the calibrated one of the stage's target (staying current for `pre_due`,
    cure for the others); `past_due_amount` is in the account's currency. Doubtful goes first.
    Raises ValueError for a probability that is none.
    """
    if not 0 <= probability <= 1:
        raise ValueError(f"a probability lies between 0 and 1, not at {probability!r}")
    if _is_doubtful(probability, stage, past_due_amount, thresholds.doubtful):
        return "doubtful"
    cuts = thresholds.early_warning if stage == "pre_due" else thresholds.cure
    if probability >= cuts.low_from:
        return "low"
    return "high" if probability < cuts.high_below else "medium"


def _is_doubtful(probability: float, stage: Stage, amount: float, doubtful: Doubtful) -> bool:
    return (
        probability < doubtful.probability_below
        and STAGES.index(stage) >= STAGES.index(doubtful.stage_from)
        and amount >= doubtful.amount_from
    )
