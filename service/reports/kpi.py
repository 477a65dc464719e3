"""The report of `curescore kpi`, as far as pages show it."""

from typing import Annotated, ClassVar

from msgspec import Meta, field

from models.score.tier import Tier
from models.stage import Stage
from service.reports.report import Code, Count, Currency, Instant, Report, Shape, Unit

Month = Annotated[str, Meta(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
Level = Annotated[int, Meta(ge=0, le=4)]
LevelName = Annotated[str, Meta(pattern="^[0-4]$")]


class Share(Shape, frozen=True):
    """A share with its 95% interval; of `too_few` rows it tells too little to be shown."""

    n: Count
    hits: Count
    rate: Unit | None
    low: Unit | None
    high: Unit | None
    too_few: bool


class Money(Shape, frozen=True):
    """What came in, in one currency; of `open_cycles` some may yet come."""

    recovered: float
    cycles: Count
    open_cycles: Count
    cost_per_unit: float | None
    too_few: bool


class Contacts(Shape, frozen=True):
    """Outgoing contacts, and how many there were for each cure."""

    outgoing: Count
    per_cure: float | None


class Group(Shape, frozen=True):
    """The figures of some account-cycles; None for what nobody told the events of."""

    cycles: Count
    accounts: Count
    cure: Share
    money: dict[Currency, Money] | None
    contacts: Contacts | None
    reach: Share | None
    promises: Share | None


class By(Shape, frozen=True):
    """Figures by what cycles have in common, of which pages show some."""

    month: dict[Month, Group]
    stage: dict[Stage, Group]
    level: dict[LevelName, Group]


class Cell(Shape, frozen=True):
    """Accounts of one stage, tier, level and currency, and what they have past due."""

    stage: Stage
    tier: Tier
    level: Level
    currency: Currency
    accounts: Count
    past_due_amount: float


class Standing(Shape, frozen=True):
    """Where accounts stand by their newest decisions in force."""

    at: Instant
    accounts: Count
    expired: Count
    cells: list[Cell]


class Rule(Shape, frozen=True):
    """A rule, and the account-cycles that it bound."""

    rule: Code
    n: Count
    share: Unit


class Reason(Shape, frozen=True):
    """A reason of reviewers, and the decisions in force that they gave it for."""

    reason: Annotated[str, Meta(max_length=500)]
    n: Count
    share: Unit


class Overrides(Shape, frozen=True):
    """Decisions in force that a person made."""

    n: Count
    share: Unit
    approved: Count
    by_reason: list[Reason]


class Decisions(Shape, frozen=True):
    """How many decisions the figures are of."""

    effective: Count
    cycles: Count
    late_cycles: Count


class Visits(Shape, frozen=True):
    """Visits with each step within the window."""

    planned: Count
    made: Count
    recorded: Count
    followed_up: Count
    closed: Count
    called_off: Count


class Kpi(Report, frozen=True):
    """Key figures of the decisions as of an interval, both ends included."""

    kind: ClassVar[str] = "kpi"

    first: Instant = field(name="from")
    until: Instant
    known_until: Instant
    decisions: Decisions
    portfolio: Standing
    total: Group
    by: By
    rules: list[Rule]
    overrides: Overrides
    visits: Visits | None
