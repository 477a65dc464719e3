"""Stakes: what accounts bring to the sharing out of scarce resources, and how they are shared."""

from typing import NamedTuple

import numpy as np

from models.intensity.asked import NOT_PLANNED, Asked
from models.intensity.filling import use_of
from models.intensity.knapsack import Solution, solve
from models.intensity.ladder import ESCALATE, NONE
from models.intensity.numbers import Floats, Indices, idle
from models.intensity.policy import Policy
from models.intensity.ruled import Ruled, cases_of, ruled_of
from models.intensity.value import NO_PRICES, Cases, weigh

NONE_LEFT = 1e6  # a price, in the policy's unit, that nobody gives


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

    `prices` [3] of a unit of each in the policy's unit; `level` [n] that each account gets, before
    its cap; `use` [3] of one cycle, after the caps; `value` of the levels of those without a cap
    and its upper `bound`, in the policy's unit; `filled` counts the accounts whose level prices
    alone would not give.
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
    weighed = weigh(policy.numbers, NO_PRICES, cases)
    levels = np.arange(weighed.net.shape[1])
    left = cases.free & (levels <= weighed.unbarred[:, None])
    return Stakes(
        np.where(left, weighed.net / cases.rate[:, None], -np.inf),
        policy.numbers.lowest[weighed.stage],
        _capped(ruled, cases),
    )


def _capped(ruled: Ruled, cases: Cases) -> Indices:
    """The highest free level within the caps; NOT_PLANNED where there is no cap."""
    cap = np.array([caps[0].cap if caps else ESCALATE for caps in ruled.caps], np.int64)
    levels = np.arange(cases.free.shape[1])
    within = np.where(cases.free & (levels <= cap[:, None]), levels, NONE).max(axis=1, initial=NONE)
    return np.where(cap < ESCALATE, within, NOT_PLANNED)


def share(stakes: Stakes, use: Floats, capacity: Floats) -> Shared:
    """Share out `capacity` [3] of one cycle among accounts, `use` [5, 3] being that of a level.

    First as if no account were capped, so that a protection or hold cannot give it a level that it
    would not get without: the cap goes last. What the capped leave goes to the others, none of
    whom gets less for it. Where capacity does not suffice for the stages' lowest levels, these give
    way to the highest level below that uses nothing.
    """
    found, keeps_minimum = _as_if_uncapped(stakes, use, capacity)
    level, kept = found.level.copy(), stakes.capped != NOT_PLANNED
    used = np.zeros_like(found.used)
    if kept.any():
        used = use_of(np.minimum(level[kept], stakes.capped[kept]), use)
        left = np.maximum(capacity - used, 0.0)
        found = solve(_from(stakes.net[~kept], level[~kept]), use, left)
        if not found.feasible or (used > capacity).any():
            # On a ladder whose lower levels use more, the capped may need more than they left.
            level[kept], used = NONE, np.zeros_like(used)
            found = solve(_from(stakes.net[~kept], level[~kept]), use, capacity)
        level[~kept] = found.level
    return Shared(
        found.prices,
        level,
        found.used + used,
        found.value,
        found.bound,
        keeps_minimum,
        found.filled,
    )


def lasting(prices: Floats, capacity: Floats) -> Floats:
    """The prices at which accounts that come later are weighed.

    The price of what there is none of keeps the accounts that share it away, and need not keep
    another one: nobody is to want it.
    """
    return np.where(capacity > 0, prices, np.maximum(prices, NONE_LEFT))


def _as_if_uncapped(stakes: Stakes, use: Floats, capacity: Floats) -> tuple[Solution, bool]:
    """The levels of all accounts within capacity, and whether the stages' lowest ones held."""
    found = solve(_from_lowest(stakes.net, stakes.lowest), use, capacity)
    if found.feasible:
        return found, True
    found = solve(_from_lowest(stakes.net, idle(stakes.lowest, use)), use, capacity)
    if not found.feasible:  # a rule has taken the level that uses nothing
        found = solve(stakes.net, use, capacity)
    return found, False


def _from(net: Floats, lowest: Indices) -> Floats:
    """Without the levels below these."""
    return np.where(np.arange(net.shape[1]) >= lowest[:, None], net, -np.inf)


def _from_lowest(net: Floats, lowest: Indices) -> Floats:
    """Without levels below the lowest, but where a rule leaves none above: the highest then."""
    levels = np.arange(net.shape[1])
    free = np.isfinite(net)
    highest = np.where(free, levels, NONE).max(axis=1, initial=NONE)
    return _from(net, np.minimum(lowest, highest))
