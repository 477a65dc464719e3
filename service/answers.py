"""Bodies of answers, as OpenAPI shows them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.decision import Status
from models.score.tier import Tier
from models.stage import Stage

Probability = Annotated[float, Field(ge=0, le=1)]
LogOdds = Annotated[float, Field(description="log-odds, not a probability")]
Percentile = Annotated[
    float, Field(ge=0, le=100, description="percentile of the training population")
]


class Answer(BaseModel):
    """A JSON object that the service answers with."""

    model_config = ConfigDict(extra="forbid")


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


class LevelAnswer(Answer):
    """One level as it was weighed; what was not computed is null."""

    level: int
    probability: Probability | None
    value: float | None
    cost: float | None
    price: float | None
    net: float | None
    allowed: bool
    taken_by: str | None


class BindingRuleAnswer(Answer):
    """A rule that took a higher level, a channel or a time away."""

    rule: str
    citation: str
    took_away: str


class PlanAnswer(Answer):
    """A repayment plan on offer."""

    months: float
    instalment: float


class IntensityAnswer(Answer):
    """The level chosen, what it allows, and what decided it."""

    level: int = Field(ge=0, le=4)
    name: str
    treatment: str
    channels: list[str]
    earliest_contact_at: str | None
    needs_approval: bool
    limits: list[dict[str, Any]]
    levels: list[LevelAnswer]
    runner_up: int | None
    smallest_change: dict[str, Any] | None
    response_model: str | None
    arm: str | None
    propensities: dict[str, float] | None
    binding_rules: list[BindingRuleAnswer]
    plan: PlanAnswer | None = None


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
    """

    record_schema: Literal[1] = Field(alias="schema")
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


class PolicyAnswer(Answer):
    """The policy in force, whole."""

    name: str
    sha256: str
    policy: dict[str, Any]


class HealthAnswer(Answer):
    """The process answers."""

    status: Literal["ok"]


class ReadinessAnswer(Answer):
    """Whether decisions can be made and recorded; what is wrong stands in `failed`."""

    ready: bool
    failed: list[str]
