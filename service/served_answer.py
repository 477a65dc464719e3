"""Bodies of answers that tell what is being served, as OpenAPI shows them."""

from typing import Any

from pydantic import Field

from models.intensity.ladder import Resource
from service.intensity_answer import Answer


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


class ChallengerAnswer(Answer):
    """The policy that decides the challenger's arm."""

    name: str
    sha256: str
    estimate_sha256: str | None


class PolicyAnswer(Answer):
    """The policy in force; `prices` is null where no capacity plan is."""

    name: str
    sha256: str
    policy: dict[str, Any] = Field(
        description="the policy, whole but for the key of its experiment, which is never shown. "
        "`exploration` tells the experiment for which levels are drawn, and the shares of "
        "accounts in its arms; null where no level is drawn"
    )
    estimate_sha256: str | None = Field(
        description="SHA-256 of the estimate of effects that the policy came with; null where "
        "every effect is assumed"
    )
    challenger: ChallengerAnswer | None = Field(
        description="the policy that decides the challenger's arm; null where there is none"
    )
    prices: PricesAnswer | None
