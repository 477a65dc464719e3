"""Minutes: what the time of agents brings to a portfolio."""

from typing import NamedTuple

import numpy as np

from features.clock import CYCLE_DAYS
from models.intensity.ladder import RESOURCES
from models.intensity.numbers import Floats
from models.intensity.stakes import Stakes, share

MINUTES = RESOURCES.index("agent_minutes")


class Curve(NamedTuple):
    """What a portfolio brings at each number of agent minutes, everything else being plenty.

    Money is in the policy's unit; accounts under a protection or hold are left out of `value`.
    """

    minutes: Floats  # there are a day
    used: Floats  # of them
    value: Floats  # Σ of net over the accounts, of one cycle
    price: Floats  # what one more minute brings


def minutes_curve(stakes: Stakes, use: Floats, minutes: Floats) -> Curve:
    """The curve at these minutes a day, `use` [5, 3] being that of a level in one cycle.

    Where minutes do not suffice for the lowest levels of the stages, these give way.
    """
    capacity = np.full((len(minutes), len(RESOURCES)), np.inf)
    capacity[:, MINUTES] = minutes * CYCLE_DAYS
    shared = [share(stakes, use, each) for each in capacity]
    return Curve(
        minutes,
        np.array([each.use[MINUTES] for each in shared]) / CYCLE_DAYS,
        np.array([each.value for each in shared]),
        np.array([each.prices[MINUTES] for each in shared]),
    )


def gain_per_minute(stakes: Stakes, use: Floats) -> Floats:
    """The most [n] that a minute brings an account, over its best level that takes none.

    In the policy's unit. An account is worth minutes where this is above their price; it is
    -inf where no level that takes minutes is left, inf where none is left that does without.
    """
    minutes = use[:, MINUTES]
    levels = np.arange(len(minutes))
    net = np.where(levels >= stakes.lowest[:, None], stakes.net, -np.inf)
    without = net[:, minutes == 0].max(axis=1, initial=-np.inf)
    taking = net[:, minutes > 0]
    left = np.isfinite(taking)
    gain = np.full(taking.shape, -np.inf)
    np.subtract(taking, without[:, None], out=gain, where=left)
    return np.asarray((gain / minutes[minutes > 0]).max(axis=1, initial=-np.inf))
