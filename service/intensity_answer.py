"""The body of the intensity in answers, as OpenAPI shows it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.decision import Arm, ResponseModel
from models.intensity.ladder import LevelName, Resource, Treatment
from models.intensity.words.effects import ASSUMED

Probability = Annotated[float, Field(ge=0, le=1)]
LevelNumber = Annotated[int, Field(ge=0, le=4)]
Effect = Annotated[float, Field(ge=-1, le=1)]

_CURRENCY = "in the account's currency, for one cycle"
_OLD = "null in records of schema 1"
_OLDER = "absent from records of schema 1 and 2"
_CODES = "; ".join(
    f"`{code}`: {words.en.format(stage='the stage')}" for code, words in ASSUMED.items()
)


class Answer(BaseModel):
    """A JSON object that the service answers with."""

    model_config = ConfigDict(extra="forbid")


class LevelAnswer(Answer):
    """One level as it was weighed: `net` = `value` - `cost` - `price`.

    The numbers are null in records of schema 1, whose levels were not weighed. Fields with a
    default are absent from records of schema 1 and 2. An effect is what the level adds to the
    `probability` of level 0.
    """

    level: LevelNumber
    probability: Probability | None = Field(
        description=f"of the target, if the account is contacted at this level; {_OLD}"
    )
    value: float | None = Field(
        description="what the level adds to no contact: the rise of the probability times what "
        f"reaching the target is worth; {_CURRENCY}"
    )
    cost: float | None = Field(description=f"money that the level costs, {_CURRENCY}")
    price: float | None = Field(
        description="what the resources that the level uses are worth elsewhere: shadow prices "
        f"of the capacity plan times use, {_CURRENCY}; 0 without a plan"
    )
    net: float | None = Field(description=f"value - cost - price, {_CURRENCY}")
    allowed: bool
    taken_by: str | None = Field(
        description="what took the level away: the id of a rule, `stage_lowest` or "
        "`stage_highest` (the policy's bounds of the stage); null where nothing did"
    )
    estimated: bool = Field(
        default=False,
        description="whether the effect is estimated from assignments; else the policy assumes "
        "it (level 0 has none)",
    )
    effect_low: Effect | None = Field(
        default=None,
        description="lower bound of the 95% interval of the effect; null where it is assumed",
    )
    effect_high: Effect | None = Field(
        default=None,
        description="upper bound of the 95% interval of the effect; null where it is assumed",
    )
    assumed_because: str | None = Field(
        default=None,
        description=f"why the effect is assumed: {_CODES}; null where it is estimated, and of "
        "level 0",
    )


class LimitAnswer(Answer):
    """A rule that counts contacts: `used` of at most `max` within its window."""

    counter: str = Field(description="the kind of contact that is counted")
    per: Literal["account", "debtor", "contact_point"]
    window: str = Field(
        description="consecutive calendar days at the debtor's place, today included"
    )
    max: int = Field(description="contacts, at most")
    used: int = Field(description="contacts made within the window")
    rule: str


class BindingRuleAnswer(Answer):
    """A rule that took a higher level, a channel or a time away.

    `took_away` is `level:3->1` (the level before this rule, and what it alone leaves of it),
    `channel:call`, or `time:` with the first instant at which contact is allowed again.
    """

    rule: str = Field(
        description="its id; `capacity` where the resources are worth more on other accounts"
    )
    citation: str
    took_away: str


class ProbabilityChange(Answer):
    """Another probability of the target, at which the level would be `level`."""

    kind: Literal["probability"]
    was_probability: Probability
    to_probability: Probability
    level: LevelNumber


class AmountChange(Answer):
    """Another amount owed, at which the level would be `level`."""

    kind: Literal["amount"]
    field: Literal["past_due_amount", "balance"]
    was_amount: float = Field(description="in the account's currency")
    to_amount: float = Field(description="in the account's currency")
    level: LevelNumber


class PriceChange(Answer):
    """Another shadow price of one resource, at which the level would be `level`."""

    kind: Literal["price"]
    resource: Resource
    was_price: float = Field(ge=0, description="of one unit, in the policy's currency unit")
    to_price: float = Field(ge=0, description="of one unit, in the policy's currency unit")
    level: LevelNumber


class DaysChange(Answer):
    """Other days past due, at which the level would be `level`, the probability being the same."""

    kind: Literal["days"]
    was_days: int
    to_days: int
    level: LevelNumber


class RuleChange(Answer):
    """A rule without which the level would be `level`.

    `capacity`: without the hold of the capacity plan. `exploration`: outside the experiment, for
    which the level was drawn. `override`: without the person who gave another level.
    """

    kind: Literal["rule"]
    rule: str
    level: LevelNumber


ChangeAnswer = Annotated[
    ProbabilityChange | AmountChange | PriceChange | DaysChange | RuleChange,
    Field(discriminator="kind"),
]


class PlanAnswer(Answer):
    """A repayment plan on offer."""

    months: int
    instalment: float = Field(description="a month, in the account's currency")


class IntensityAnswer(Answer):
    """The level chosen, what it allows, and what decided it.

    Fields with a default are absent from records of schema 1, some also from those of schema 2.
    """

    level: LevelNumber
    name: LevelName
    treatment: Treatment
    because: str | None = Field(default=None, description="code of the reason for the treatment")
    treatment_text: str = Field(description="the treatment and the reason for it, as sentences")
    channels: list[str] = Field(
        description="channels of the level that may be used, preferred first"
    )
    earliest_contact_at: str | None = Field(
        description="first instant at which contact is allowed, at the debtor's place, with its "
        f"UTC offset; null where no contact is to be made, and {_OLD}"
    )
    needs_approval: bool
    limits: list[LimitAnswer]
    levels: list[LevelAnswer]
    runner_up: LevelNumber | None = Field(
        description="the best of the other levels that were left (where another than the "
        "recommended one was drawn: the recommended one); null where there was none"
    )
    smallest_change: ChangeAnswer | None = Field(
        description="the relatively smallest change of one thing alone that would alter the level: "
        "at it the level is another, and just before it is not; null where there is none, and "
        f"{_OLD}"
    )
    other_changes: list[ChangeAnswer] = Field(
        default=[], description="the smallest change of each other kind, smallest first"
    )
    response_model: ResponseModel | None = Field(
        description="where the effects of contact are from: `estimated` where that of every level "
        f"which the stage may get is estimated from assignments, else `assumed`; {_OLD}"
    )
    rules_of: str | None = Field(
        default=None,
        description="the jurisdiction whose rules applied; `strictest` where the account's is "
        "not known: the strictest of all then applied",
    )
    planned: bool = Field(
        default=False,
        description="whether the level is that of the latest capacity plan, which the account "
        "was part of with the same inputs",
    )
    recommended: LevelNumber | None = Field(
        default=None,
        description="the level without exploration, of the policy that decided; another than "
        f"`level` where that was drawn; {_OLDER}",
    )
    arm: Arm | None = Field(
        description="`explore`: the level was drawn at random among those allowed within one step "
        "of the recommended one; `challenger`: the challenger policy decided; `ordinary`: all "
        "others; null in records of schema 1 and 2"
    )
    experiment: str | None = Field(
        default=None,
        description="the experiment that the account takes part in; null where it takes part in "
        f"none, as with a protection or hold, or before it is late; {_OLDER}",
    )
    propensities: dict[str, Probability] | None = Field(
        description='the probability of every level, "0" to "4", before the account is drawn to '
        "an arm and a level; they sum to 1; null in records of schema 1 and 2"
    )
    binding_rules: list[BindingRuleAnswer]
    plan: PlanAnswer | None = None
