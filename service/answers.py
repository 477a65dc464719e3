"""Bodies of answers, as OpenAPI shows them."""

from typing import Annotated, Any, Literal

from pydantic import Field

from models.decision import Status
from models.intensity.ladder import Resource, Treatment
from models.score.tier import Tier
from models.stage import Stage
from service.intensity_answer import (
    Answer,
    BindingRuleAnswer,
    IntensityAnswer,
    LevelNumber,
    Probability,
)

LogOdds = Annotated[float, Field(description="log-odds, not a probability")]
Percentile = Annotated[
    float, Field(ge=0, le=100, description="percentile of the training population")
]


class ScoreAnswer(Answer):
    """The calibrated probability and what it is made of."""

    target: Literal["cure", "early_warning"]
    probability: Probability
    log_odds: LogOdds
    base_log_odds: LogOdds
    horizon_cycles: int
    stage: Stage
    tier: Tier
    ability: Percentile
    willingness: Percentile
    sustained: bool = Field(
        default=False, description="the cure has to last two further statements"
    )
    standing_valid: bool = Field(
        default=False,
        description="whether ability and willingness were validated: where not, they are for "
        "information, and treatments do not use them",
    )


class ReasonAnswer(Answer):
    """One feature's share of the score; `value` is null where it is not known.

    `stage_offset`, of group `calibration`, is no feature: the adjustment for the stage at the last
    statement, whose days past due are its `value`.
    """

    feature: str
    group: str
    value: float | None
    unit: str
    contribution: LogOdds
    text: str


class VersionsAnswer(Answer):
    """Everything that decided, by version or hash."""

    code: str
    model: str
    bundle_sha256: str
    policy: str
    rules: str | None
    prices: str | None
    tzdata: str


class RecordAnswer(Answer):
    """One recorded decision.

    `base_log_odds` plus the contributions shown plus `other_contributions` is `log_odds`.
    Every new record is of schema 2; schema 1 is that of old ones, whose levels were not weighed:
    there `intensity` lacks what was not decided, or holds null for it.
    """

    record_schema: Literal[1, 2] = Field(alias="schema")
    decision_id: str
    status: Status
    supersedes: str | None
    actor: str
    override_reason: str | None
    account_id: str
    as_of: str
    decided_at: str
    valid_until: str
    data_age_days: float
    currency: str
    score: ScoreAnswer
    reasons: list[ReasonAnswer]
    other_contributions: LogOdds
    intensity: IntensityAnswer
    inputs_sha256: str
    versions: VersionsAnswer


class DecidedAnswer(Answer):
    """What is decided on an account, as a record shows it; it has not been recorded."""

    score: ScoreAnswer
    reasons: list[ReasonAnswer]
    other_contributions: LogOdds
    intensity: IntensityAnswer


class LevelMove(Answer):
    """The level before and after."""

    was: LevelNumber = Field(alias="from")
    to: LevelNumber


class TreatmentMove(Answer):
    """The treatment before and after."""

    was: Treatment = Field(alias="from")
    to: Treatment


class InstantMove(Answer):
    """The instant before and after; null where no contact is to be made."""

    was: str | None = Field(alias="from")
    to: str | None


class RulesMove(Answer):
    """Binding rules that stand on one side alone: one that takes another thing stands on both."""

    added: list[BindingRuleAnswer]
    removed: list[BindingRuleAnswer]


class MovedAnswer(Answer):
    """What the changes moved."""

    probability: float | None = Field(
        description="rise of the probability of the target; null where the target is another"
    )
    level: LevelMove
    treatment: TreatmentMove
    binding_rules: RulesMove
    earliest_contact_at: InstantMove


class ExplanationAnswer(Answer):
    """A decision without changes and with them; `after` is never the capacity plan's level."""

    before: DecidedAnswer
    after: DecidedAnswer
    moved: MovedAnswer


class ErrorAnswer(Answer):
    """One wrong field: its JSON pointer (or query parameter), the problem and the remedy."""

    pointer: str | None = None
    parameter: str | None = None
    problem: str
    value: str | None = None
    remedy: str


class ProblemAnswer(Answer):
    """Problem details of RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ErrorAnswer] = Field(default=[], max_length=20)


class BatchResult(Answer):
    """What became of one item: either its decision or the problem with it."""

    index: int
    request_id: str | None
    decision: RecordAnswer | None = None
    problem: ProblemAnswer | None = None


class BatchAnswer(Answer):
    """One result per item, in the order of the items."""

    results: list[BatchResult]
    scored: int
    refused: int


class SearchAnswer(Answer):
    """A page of decisions, newest first; `next_cursor` is null on the last one."""

    decisions: list[RecordAnswer]
    next_cursor: str | None


class AgreementAnswer(Answer):
    """Rank correlations with its own truth and with the other's; null where not measured."""

    own: float | None
    other: float | None


class StandingAnswer(Answer):
    """How ability and willingness were validated, on `n` rows whose truth is known.

    `valid` where both agree with their own truth (0.4 at least), and more than with the other's.
    Where that was not measured they are not valid.
    """

    measured: bool
    n: int
    ability: AgreementAnswer
    willingness: AgreementAnswer
    valid: bool


class ModelAnswer(Answer):
    """One model that is served."""

    name: str
    target: str
    bundle_sha256: str
    horizon_cycles: int
    sustained: bool
    currency: str
    features: int
    standing: StandingAnswer
    training: dict[str, Any]


class ModelsAnswer(Answer):
    """All that decides at this moment."""

    models: list[ModelAnswer]
    policy: str
    policy_sha256: str
    rules: str | None
    code: str
    tzdata: str


class ResourceAnswer(Answer):
    """A resource: the price of one unit in the policy's unit; no capacity means no limit."""

    price: float
    capacity_per_day: float | None
    use_per_day: float


class PricesAnswer(Answer):
    """The latest capacity plan: the nightly run that made it, and what it says of resources.

    `use_per_day` is what the run's levels may use at most. Where not `keeps_minimum`, the capacity
    was too little for the stages' lowest levels, and they do not hold. `levels_hold`: accounts
    whose inputs have not changed get the plan's level; else models, policy or rules are others
    than the run's, and only its prices hold.
    """

    run_id: str
    as_of: str
    decided_at: str
    resources: dict[Resource, ResourceAnswer]
    keeps_minimum: bool
    levels_hold: bool


class PolicyAnswer(Answer):
    """The policy in force, whole; `prices` is null where no capacity plan is."""

    name: str
    sha256: str
    policy: dict[str, Any]
    prices: PricesAnswer | None


class HealthAnswer(Answer):
    """The process answers."""

    status: Literal["ok"]


class ReadinessAnswer(Answer):
    """Whether decisions can be made and recorded; what is wrong stands in `failed`."""

    ready: bool
    failed: list[str]
