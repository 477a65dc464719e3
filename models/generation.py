"""The generation: all that decides, unchanged from a request's or a run's start to its end."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.intensity.exploration import challenging
from models.intensity.plan import Plan
from models.intensity.policy import Policy
from models.intensity.rules.version import RULES_VERSION
from models.score.bundle import Bundle
from models.target import TARGETS, Target

Versions = dict[str, str | None]


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

    @cached_property
    def standing_valid(self) -> NDArray[np.bool_]:
        """Of each target, in the order of TARGETS, whether ability and willingness may be used."""
        bundles = map(self.bundles.get, TARGETS)
        return np.array([each is not None and each.standing_valid for each in bundles])

    @cached_property
    def versions(self) -> dict[tuple[Target, bool], Versions]:
        """What decides, by target and by whether the challenger does.

        All decisions share these: they are not to be written.
        """
        policies = [(False, self.policy), (True, self.challenger)]
        return {
            (target, challenged): self._versions(target, policy)
            for target in self.bundles
            for challenged, policy in policies
            if policy is not None
        }

    def _versions(self, target: Target, policy: Policy) -> Versions:
        return {
            "code": self.code,
            "model": self.models[target],
            "bundle_sha256": self.bundles[target].sha256,
            "policy": f"{policy.name}@{policy.sha256[:12]}",
            "estimate": policy.estimate_sha256,
            "rules": RULES_VERSION,
            "prices": None if self.plan is None else self.plan.terms.run_id,
            "tzdata": self.tzdata,
        }
