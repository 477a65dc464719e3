"""The parts of a policy file, each field with its bounds and what it means.

The descriptions are shown: they are the remedies of mistakes and make up the JSON Schema.
Amounts and costs are in the file's own unit; `currencies` says what it is worth.
"""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from features.tables import MONEY_BOUND
from models.intensity.ladder import LEVELS, Channel, LevelName, LevelTreatment, Resource
from models.score.tier import TierThresholds

SCHEMA_VERSION = 2
HIGHEST_ODDS_RATIO = 20.0
MOST_CONTACTS = 21.0  # a week by one channel: three a day
MOST_USE = 10_080.0  # of a resource a week: as many minutes as a week has
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

Part = TypeVar("Part")
_Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]
_Money = Annotated[_Number, Field(ge=0, lt=MONEY_BOUND)]
_Margin = Annotated[_Number, Field(gt=0, le=1)]
_Ratio = Annotated[_Number, Field(ge=1 / HIGHEST_ODDS_RATIO, le=HIGHEST_ODDS_RATIO)]
_Share = Annotated[_Number, Field(ge=0, le=1)]
_DrawnShare = Annotated[_Number, Field(ge=0, le=0.5)]
_Whole = Annotated[int, Field(strict=True)]

# Odds ratios are against level none, which has none of its own.
Ratios = Annotated[
    tuple[_Ratio, ...],
    Field(
        min_length=len(LEVELS) - 1,
        max_length=len(LEVELS) - 1,
        description="4 odds ratios against level none, over 0 and at most 20: of remind, call, "
        "intensive, escalate.",
    ),
]
Shares = Annotated[
    tuple[_Share, ...],
    Field(
        min_length=len(LEVELS),
        max_length=len(LEVELS),
        description="5 shares of accounts, which sum to 1: at none, remind, call, intensive, "
        "escalate.",
    ),
]


class Frozen(BaseModel):
    """A part of a policy: it holds nothing that is not described, and does not change."""

    # A policy holds a key: what pydantic's own errors quote must not.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ByStage(Frozen, Generic[Part]):
    """One entry for each stage."""

    pre_due: Part  # nothing past due
    M1: Part  # 1 to 30 days past due
    M2: Part  # 31 to 60
    M3: Part  # 61 to 90
    M4_plus: Part = Field(alias="M4+")  # over 90

    @property
    def parts(self) -> tuple[Part, ...]:
        """The entries, in the order of models.stage.STAGES."""
        return (self.pre_due, self.M1, self.M2, self.M3, self.M4_plus)


class Rung(Frozen):
    """One level of the ladder: what contact it makes, to what end, at what cost."""

    treatment: LevelTreatment = Field(description="What the contact is for.")
    contacts_per_week: dict[Channel, Annotated[_Number, Field(gt=0, le=MOST_CONTACTS)]] = Field(
        description="Contacts a week by each channel, over 0 and at most 21; the channel that "
        "the level stands for comes first, the others as preferred. None at level none."
    )
    unit_cost: _Money = Field(
        description="What one contact of this level costs on average, agent's time included."
    )
    use_per_week: dict[Resource, Annotated[_Number, Field(ge=0, le=MOST_USE)]] = Field(
        description="What an account at this level uses of each resource in a week: "
        "agent_minutes, letters, visits; what is left out is not used."
    )

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Its channels; the first is the main one, what the level stands for."""
        return tuple(self.contacts_per_week)


class Ladder(Frozen):
    """The levels, 0 to 4."""

    none: Rung = Field(description="Level 0: no contact.")
    remind: Rung = Field(description="Level 1: a reminder in writing.")
    call: Rung = Field(description="Level 2: a call.")
    intensive: Rung = Field(description="Level 3: repeated calls by senior staff, and letters.")
    escalate: Rung = Field(
        description="Level 4: visit, agency or legal step; a person always approves it."
    )

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The rungs, by level."""
        return (self.none, self.remind, self.call, self.intensive, self.escalate)


class Bounds(Frozen):
    """The levels that a stage may get, both included."""

    lowest: LevelName = Field(description="Lowest level of the stage; a rule goes below.")
    highest: LevelName = Field(description="Highest level of the stage.")


class StageBounds(ByStage[Bounds]):
    """Lowest and highest level of each stage: pre_due, M1, M2, M3, M4+."""


class CureWorth(Frozen):
    """What it is worth that a late account cures."""

    of: Literal["past_due", "balance"] = Field(
        description="The amount that counts: past_due, or balance for the balance at risk."
    )
    margin: _Margin = Field(
        description="Share of that amount which a cure is worth to the bank: over 0, at most 1."
    )


class StayingWorth(Frozen):
    """What it is worth that an account stays current."""

    of: Literal["balance"] = Field(
        description="The amount that counts: balance, for nothing is past due."
    )
    margin: _Margin = Field(
        description="Share of that amount which staying current is worth: over 0, at most 1."
    )


class Worth(Frozen):
    """What reaching the target is worth, and what contact costs beside money."""

    annoyance_per_contact: _Money = Field(
        description="Cost of annoying a customer, for each contact: 0 leaves it out."
    )
    cure: CureWorth = Field(description="What a cure is worth.")
    early_warning: StayingWorth = Field(description="What staying current is worth.")


class TierRatios(Frozen):
    """The odds ratios of one stage, for each tier: low, medium, high, doubtful."""

    low: Ratios
    medium: Ratios
    high: Ratios
    doubtful: Ratios

    @property
    def parts(self) -> tuple[Ratios, ...]:
        """The odds ratios, in the order of models.score.tier.TIERS."""
        return (self.low, self.medium, self.high, self.doubtful)


class StageRatios(ByStage[TierRatios]):
    """The odds ratios of each stage (pre_due, M1, M2, M3, M4+), by tier."""


class StageShares(ByStage[Shares]):
    """The shares of accounts at each level, by stage: pre_due, M1, M2, M3, M4+."""


class Response(Frozen):
    """What contact is assumed to change."""

    source: str = Field(
        min_length=1, max_length=400, description="Where the odds ratios come from; it is shown."
    )
    logging: StageShares = Field(
        description="Ordinary contact in the data that the score was trained on: for each stage "
        "the share of accounts at each of the 5 levels."
    )
    odds_ratios: StageRatios = Field(
        description="Odds of the target under each level, as a multiple of those without contact."
    )


class Treatments(Frozen):
    """When the account, not the level, decides what contact is for."""

    unreachable_dials: Annotated[_Whole, Field(ge=1, le=100)] = Field(
        description="Dials without reaching the debtor that make the account unreachable: 1 to 100."
    )
    unreachable_days: Annotated[_Whole, Field(ge=1, le=366)] = Field(
        description="Days within which those dials are counted: 1 to 366."
    )
    low_below: Annotated[_Number, Field(ge=0, le=100)] = Field(
        description="Ability and willingness are low below this percentile: 0 to 100."
    )
    stated_days: Annotated[_Whole, Field(ge=1, le=366)] = Field(
        description="Days for which a stated reason for being late counts: 1 to 366."
    )
    plan_months: Annotated[_Whole, Field(ge=1, le=120)] = Field(
        description="Most months of a repayment plan that is offered: 1 to 120."
    )
    plan_statements: Annotated[_Whole, Field(ge=1, le=36)] = Field(
        description="Statements from which it is seen what the account can pay: 1 to 36."
    )


class Exploration(Frozen):
    """Which accounts are drawn at random, so that it can be seen what contact changes."""

    experiment: str = Field(
        pattern=_NAME,
        description="Name of the experiment: letters, digits, dot, dash, underscore; under a new "
        "name every account is drawn anew.",
    )
    key: str = Field(
        min_length=16,
        max_length=128,
        repr=False,
        json_schema_extra={"writeOnly": True},
        description="Secret of 16 to 128 characters that the draws are made with: who knows it "
        "can foretell them.",
    )
    share: _DrawnShare = Field(
        description="Share of the accounts that take part whose level is drawn at random: 0 to 0.5."
    )
    challenger_share: _DrawnShare = Field(
        default=0.0,
        description="Share of the accounts that take part which the challenger policy decides, "
        "where there is one: 0 to 0.5.",
    )


def _whole(value: object) -> object:
    """A literal alone would take 2.0 for the 2 that it equals."""
    if type(value) is not int:
        raise PydanticCustomError("int_type", "Input should be the whole number 2")
    return value


class Sections(Frozen):
    """Everything that a policy file says, part by part."""

    schema_version: Annotated[Literal[2], BeforeValidator(_whole)] = Field(
        description="Version of this file's layout: 2."
    )
    name: str = Field(
        pattern=_NAME,
        description="Name shown in every decision: letters, digits, dot, dash, underscore.",
    )
    valid_days: Annotated[_Whole, Field(ge=1, le=31)] = Field(
        description="Days a decision stays valid: 1 to 31."
    )
    promise_grace_days: Annotated[_Whole, Field(ge=0, le=14)] = Field(
        description="Days after a promise's date on which it still holds: 0 to 14."
    )
    advisory_rules: Literal["apply", "tell"] = Field(
        description="apply: advisory rules bind like hard ones; tell: they are only shown."
    )
    currencies: Annotated[
        dict[
            Annotated[str, Field(pattern=r"^[A-Z]{3}$")],
            Annotated[_Number, Field(ge=1e-6, le=1e9)],
        ],
        Field(min_length=1, json_schema_extra={"additionalProperties": False}),
    ] = Field(
        description="What 1 of this file's amounts is in each currency, by the three "
        "capital letters of ISO 4217; accounts in other currencies are refused."
    )
    tiers: TierThresholds = Field(description="Thresholds of the risk tiers.")
    value: Worth = Field(description="What reaching the target is worth.")
    ladder: Ladder = Field(description="The levels of contact intensity.")
    stages: StageBounds = Field(description="Lowest and highest level of each stage.")
    response: Response = Field(description="What contact is assumed to change.")
    treatment: Treatments = Field(description="When the account decides what contact is for.")
    exploration: Exploration | None = Field(
        default=None,
        description="Which accounts are drawn at random; without this part none is.",
    )
