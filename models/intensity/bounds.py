"""Bounds: how far an estimated effect may be from what it is taken for."""

import numpy as np

from models.intensity.ladder import NONE
from models.intensity.numbers import Floats, Numbers
from models.intensity.response import Ratios
from models.intensity.value import Weighed


def bounds_of(numbers: Numbers, ratios: Ratios, weighed: Weighed) -> tuple[Floats, Floats]:
    """The least and the most [n × 5] that each level adds to the probability, at 95%.

    Those of its odds ratio, at the odds without contact that the level's probability has, which
    they leave as they are. NaN where the effect is assumed.
    """
    none = weighed.probability[:, NONE, None]
    left = numbers.estimated[weighed.stage]
    low, high = (np.where(left, _gain(none, ratio), np.nan) for ratio in (ratios.low, ratios.high))
    return low, high


def _gain(none: Floats, ratio: Floats) -> Floats:
    """What odds so many times as high add to these probabilities."""
    more = ratio - 1.0
    return none * (1.0 - none) * more / (1.0 + none * more)
