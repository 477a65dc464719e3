"""Effects: where what each level changes is known from, as a decision tells it."""

from typing import NamedTuple

from models.intensity.bounds import bounds_of
from models.intensity.ladder import LEVELS
from models.intensity.policy import Policy
from models.intensity.response import Ratios
from models.intensity.value import Weighed

_NOWHERE = [False] * len(LEVELS)
_UNKNOWN: list[float | None] = [None] * len(LEVELS)


class Effects(NamedTuple):
    """Of one account, by level: see models.decision.Level."""

    estimated: list[bool]
    low: list[float | None]
    high: list[float | None]
    because: tuple[str | None, ...]


def effects_of(policy: Policy, ratios: Ratios, weighed: Weighed) -> list[Effects]:
    """The effects of each account; all of a stage share them where nothing is estimated."""
    stages, because = weighed.stage.tolist(), policy.assumed_because
    if policy.estimate is None:
        assumed = [Effects(_NOWHERE, _UNKNOWN, _UNKNOWN, each) for each in because]
        return [assumed[stage] for stage in stages]
    low, high = (each.tolist() for each in bounds_of(policy.numbers, ratios, weighed))
    estimated = policy.numbers.estimated.tolist()
    return [
        Effects(estimated[stage], _known(least), _known(most), because[stage])
        for stage, least, most in zip(stages, low, high, strict=True)
    ]


def _known(bounds: list[float]) -> list[float | None]:
    return [None if bound != bound else bound for bound in bounds]
