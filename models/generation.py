"""The generation: all that decides, unchanged from a request's or a run's start to its end."""

from dataclasses import dataclass

from models.intensity.exploration import challenging
from models.intensity.plan import Plan
from models.intensity.policy import Policy
from models.score.bundle import Bundle
from models.target import Target


@dataclass(frozen=True)
class Generation:
    """What one request, batch or nightly run decides with.

    `bundles` holds one bundle per target, `models` the name and version of each as served;
    `plan` is the capacity plan whose prices hold, None where resources are not scarce.
    `challenger` is the policy that decides the accounts of the challenger's arm, as large as the
    policy's [exploration] has it.

    Raises InputError for a challenger under which other rules or prices would hold.
    """

    bundles: dict[Target, Bundle]
    models: dict[Target, str]
    policy: Policy
    code: str
    tzdata: str
    plan: Plan | None = None
    challenger: Policy | None = None

    def __post_init__(self) -> None:
        if self.challenger is not None:
            challenging(self.policy, self.challenger)
