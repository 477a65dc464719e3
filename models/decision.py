"""One decision: the score, its reasons and the level, as they are recorded."""

from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["proposed", "effective", "superseded"]


@dataclass(frozen=True, slots=True)
class Reason:
    """A feature's share of the score, in log-odds; `value` is None where it is not known.

    The calibration's offset for the stage is told likewise, as feature `stage_offset`.
    """

    feature: str
    group: str
    value: float | None
    unit: str
    contribution: float


@dataclass(frozen=True, slots=True)
class Score:
    """The calibrated probability of `target` and what it is made of.

    `base_log_odds` plus the contributions of all reasons and `other_contributions` is
    `log_odds`, to 1e-6; a `sustained` cure is one that lasts (models.target). `ability` and
    `willingness` are percentiles (0 to 100) of the training population, which treatments may use
    only where `standing_valid`.
    """

    target: str
    probability: float
    log_odds: float
    base_log_odds: float
    horizon_cycles: int
    stage: str
    tier: str
    ability: float
    willingness: float
    sustained: bool
    standing_valid: bool


@dataclass(frozen=True, slots=True)
class BindingRule:
    """A rule that took a level, a channel or a time away."""

    rule: str
    citation: str
    took_away: str


@dataclass(frozen=True, slots=True)
class Level:
    """One level of the ladder as it was weighed; what was not computed is None."""

    level: int
    allowed: bool
    taken_by: str | None = None
    probability: float | None = None
    value: float | None = None
    cost: float | None = None
    price: float | None = None
    net: float | None = None


@dataclass(frozen=True, slots=True)
class Intensity:
    """The level chosen, what it allows, and what decided it."""

    level: int
    name: str
    treatment: str
    channels: tuple[str, ...]
    needs_approval: bool
    levels: tuple[Level, ...]
    binding_rules: tuple[BindingRule, ...]
    earliest_contact_at: str | None = None
    limits: tuple[dict[str, Any], ...] = ()
    runner_up: int | None = None
    smallest_change: dict[str, Any] | None = None
    response_model: str | None = None
    arm: str | None = None
    propensities: dict[str, float] | None = None
    plan: dict[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for one account at `as_of`, before it is given an id and recorded.

    Instants are ISO 8601 with offset. `reasons` is ordered by contribution, largest first;
    `other_contributions` is the sum (log-odds) of those that it leaves out.
    """

    account_id: str
    as_of: str
    valid_until: str
    data_age_days: float
    currency: str
    status: Status
    score: Score
    reasons: tuple[Reason, ...]
    other_contributions: float
    intensity: Intensity
    versions: dict[str, str | None] = field(default_factory=dict)
