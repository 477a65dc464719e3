"""Bodies of answers, as OpenAPI shows them."""

from typing import Annotated, Literal

from pydantic import Field

from models.decision import Status
from models.intensity.ladder import Treatment
from models.intensity.words.overrides import REASONS
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
    """Everything that decided, by version or hash.

    `policy` is the one that decided: the challenger in its arm.
    """

    code: str
    model: str
    bundle_sha256: str
    policy: str
    rules: str | None
    prices: str | None
    tzdata: str
    estimate: str | None = Field(
        default=None,
        description="SHA-256 of the estimate of effects that the policy came with; null where it "
        "had none, absent from records of schema 1 and 2",
    )


class OverrideReasonAnswer(Answer):
    """Why a person gave another level, or that one approved what was proposed (`approved`)."""

    code: str = Field(json_schema_extra={"enum": list(REASONS)})
    text: str | None


class RecordAnswer(Answer):
    """One recorded decision.

    `base_log_odds` plus the contributions shown plus `other_contributions` is `log_odds`.
    Every new record is of schema 3. Older ones are shown as they were stored: schema 2 knew neither
    estimated effects nor exploration, in schema 1 levels were not weighed either. There `intensity`
    lacks what was not decided, or holds null for it.
    """

    record_schema: Literal[1, 2, 3] = Field(alias="schema")
    decision_id: str
    status: Status
    supersedes: str | None = Field(description="the decision whose place this one took")
    superseded_by: str | None = Field(
        default=None,
        description="the decision that took this one's place; absent while none has",
    )
    actor: str
    override_reason: OverrideReasonAnswer | None = Field(
        description="why a person made the decision; null where nobody did"
    )
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
    instance: str | None = Field(
        default=None, description="of a 5xx: the request, by the id in X-Request-Id and in the log"
    )
    errors: list[ErrorAnswer] = Field(default=[], max_length=20)
    superseded_by: str | None = Field(
        default=None, description="of `already-superseded`: the decision that took its place"
    )
    rules: list[BindingRuleAnswer] = Field(
        default=[], description="of `beyond-a-rule`: what takes the level, and what it leaves"
    )
    allowed_levels: list[LevelNumber] = Field(
        default=[], description="of `beyond-a-rule`: the levels that no rule takes"
    )


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
