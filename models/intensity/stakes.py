"""Stakes: what accounts bring to the sharing out of scarce resources, and how they are shared."""

from typing import NamedTuple

import numpy as np

from models.intensity.asked import NOT_PLANNED, Asked
from models.intensity.knapsack import solve
from models.intensity.ladder import ESCALATE, NONE, REMIND, RESOURCES
from models.intensity.numbers import Floats, Indices, idle
from models.intensity.policy import Policy
from models.intensity.ruled import cases_of, ruled_of
from models.intensity.value import Cases, Weighed, weigh

_NO_PRICES = np.zeros(len(RESOURCES))


class Stakes(NamedTuple):
    """n accounts: `net` [n, 5] in the policy's unit without prices, -inf where no rule leaves it.

    `lowest` [n] is the lowest level of the stage; `capped` [n] the highest level that a
    protection or hold leaves, NOT_PLANNED without one.
    """

    net: Floats
    lowest: Indices
    capped: Indices


class Shared(NamedTuple):
    """How resources are shared out among n accounts.

    `prices` [3] of a unit of each in the policy's unit; `level` [n] that each account gets,
    NOT_PLANNED for the capped, which get what they would at these prices; `use` [3] of one cycle,
    the most that the capped may use included; `value` of the levels and its upper `bound`, in the
    policy's unit; `filled` counts the accounts whose level prices alone would not give.
    """

    prices: Floats
    level: Indices
    use: Floats
    value: float
    bound: float
    keeps_minimum: bool
    filled: int


def stakes_of(policy: Policy, asked: Asked) -> Stakes:
    """The stakes of accounts; a level above what they would get before any rule is none."""
    ruled = ruled_of(policy, asked, frozenset())
    cases = cases_of(policy, asked, ruled, frozenset())
    weighed = weigh(policy.numbers, _NO_PRICES, cases)
    levels = np.arange(weighed.net.shape[1])
    left = cases.free & (levels <= weighed.unbarred[:, None])
    return Stakes(
        np.where(left, weighed.net / cases.rate[:, None], -np.inf),
        policy.numbers.lowest[weighed.stage],
        _capped(cases, weighed),
    )


def _capped(cases: Cases, weighed: Weighed) -> Indices:
    """The highest free level within the caps; NOT_PLANNED where there is no cap."""
    cap = np.where(weighed.transit, np.minimum(cases.cap, REMIND), cases.cap)
    levels = np.arange(cases.free.shape[1])
    within = np.where(cases.free & (levels <= cap[:, None]), levels, NONE).max(axis=1, initial=NONE)
    return np.where(cap < ESCALATE, within, NOT_PLANNED)


def share(stakes: Stakes, use: Floats, capacity: Floats) -> Shared:
    """Share out `capacity` [3] of one cycle among accounts, `use` [5, 3] being that of a level.

    What the capped may use at most is set aside; where even that is too much, they get no
    contact. Where capacity does not suffice for the stages' lowest levels, these give way to the
    highest level below that uses nothing.
    """
    kept = stakes.capped != NOT_PLANNED
    most = np.maximum.accumulate(use, axis=0)  # a lower level may use more of some resource
    aside = np.bincount(stakes.capped[kept], minlength=len(use)) @ most
    level = np.full(len(kept), NOT_PLANNED, np.int64)
    if (aside > capacity).any():
        level[kept], aside = NONE, np.zeros_like(aside)
    net, lowest = stakes.net[~kept], stakes.lowest[~kept]
    found = solve(_from_lowest(net, lowest), use, capacity - aside)
    keeps_minimum = found.feasible
    if not keeps_minimum:
        found = solve(_from_lowest(net, idle(lowest, use)), use, capacity - aside)
    if not found.feasible:  # a rule has taken the level that uses nothing
        found = solve(net, use, capacity - aside)
    level[~kept] = found.level
    return Shared(
        found.prices,
        level,
        found.used + aside,
        found.value,
        found.bound,
        keeps_minimum,
        found.filled,
    )


def _from_lowest(net: Floats, lowest: Indices) -> Floats:
    """Without levels below the lowest, but where a rule leaves none above: the highest then."""
    levels = np.arange(net.shape[1])
    free = np.isfinite(net)
    highest = np.where(free, levels, NONE).max(axis=1, initial=NONE)
    return np.where(levels >= np.minimum(lowest, highest)[:, None], net, -np.inf)
