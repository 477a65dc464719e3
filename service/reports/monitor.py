"""The report of `curescore monitor`, as far as pages show it."""

from typing import Annotated, ClassVar

from msgspec import Meta, field

from models.score.tier import Tier
from models.stage import Stage
from models.target import Target
from service.reports.report import Code, Count, Instant, Report, Shape, Unit


class Compared(Shape, frozen=True):
    """Predicted and realised share of some decisions; None where there are none.

    `difference` is realised less predicted, with its 95% interval.
    """

    n: Count
    predicted: Unit | None
    realised: Unit | None
    difference: float | None
    difference_ci: tuple[float, float] | None


class Outcomes(Shape, frozen=True):
    """What came of the decisions, over all and by group."""

    overall: Compared
    by_stage: dict[Stage, Compared]
    by_tier: dict[Tier, Compared]


class Drift(Shape, frozen=True):
    """Population stability indexes; None where nothing was counted."""

    score_psi: float | None
    reasons_psi: float | None
    features: dict[Code, float | None]


class Decided(Shape, frozen=True):
    """The decisions that were compared: how many, and as of when."""

    compared: Count
    first: Instant = field(name="from")
    until: Instant


class Bounds(Shape, frozen=True):
    """Above what an index is a reason to look."""

    score_psi: float
    feature_psi: float
    reasons_psi: float


class Broken(Shape, frozen=True):
    """A bound that is broken: its name, of what, the value and the bound."""

    bound: Code
    of: Code
    value: float
    most: float


class Monitor(Report, frozen=True):
    """Decisions of one bundle beside its training population, and what came of them."""

    kind: ClassVar[str] = "monitor"

    bundle_sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    target: Target
    decisions: Decided
    bounds: Bounds
    drift: Drift
    used_features: list[Code]
    outcomes: Outcomes | None
    broken: list[Broken]
