"""The levels of a whole portfolio within its capacity: its multiple-choice knapsack.

Maximise Σ net[i, level of i] over all accounts, where the use of no resource may exceed its
capacity (Sinha and Zoltners, "The multiple-choice knapsack problem", Operations Research 27(3),
1979). Resources get the prices that make the Lagrangian dual least (models.intensity.dual); at
those each account takes its best level for itself, which is optimal but for the few accounts that
are indifferent, and these are moved until the capacity is kept and used (models.intensity.filling).
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from models.intensity.dual import choice, prices_of, problem
from models.intensity.filling import exchange, fill, relieve, use_of
from models.intensity.numbers import Flags, Floats, Indices


class Solution(NamedTuple):
    """Levels within capacity. Amounts are in the unit of net, use and prices are of one cycle.

    Each account's level is argmax(net − use·prices), the lowest among equals, but for `filled`
    accounts: indifferent or nearly so, they share what the others leave. Where no choice of
    candidates was found that keeps to the capacity, `feasible` is False: then `level` is −1
    throughout, value and bound are −inf, and prices and use mean nothing (NaN). There is none
    then where no higher level uses less of anything; else one that barely fits may be missed.
    """

    prices: Floats  # [R], 0 for a resource that is not scarce
    level: Indices  # [n]
    used: Floats  # [R], at most the capacity: count of each level × its use
    value: float  # Σ of net, prices left out
    bound: float  # no choice within capacity is worth more, not even one that splits accounts
    feasible: bool
    filled: int


def solve(net: Floats, use: Floats, capacity: Floats) -> Solution:
    """The best levels within capacity, and the prices of resources that lead to them.

    `net` [n, L] is value − cost of each level, −inf where it is no candidate; each account has
    one. `use` [L, R] of a level is the same for all accounts; `capacity` [R] may be inf: no limit.
    The value is that of the optimum but for what about R accounts gain, and a millionth.
    """
    assert np.isfinite(use).all()
    assert (use >= 0).all()
    assert (capacity >= 0).all()
    net, use = np.ascontiguousarray(net), np.ascontiguousarray(use)
    # What has no capacity at all takes its levels away; its price is found at the end.
    closed: Flags = np.logical_and(use > 0, capacity == 0)
    levels = np.flatnonzero(~closed.any(axis=1))
    if (least_use(net, use) > capacity).any() or not _all_have_one(net, levels):
        return _infeasible(net, use)
    short = _scarce(use[levels], capacity, len(net))
    given = problem(net, use[:, short], capacity[short], levels)
    prices = np.zeros(len(capacity))
    level = choice(given, prices[short])
    if (use_of(level, use) > capacity).any():
        found = prices_of(given, _least(net, levels))
        if found is None:
            return _infeasible(net, use)
        prices[short] = found
        level = choice(given, found)
        if not _within(net, use, capacity, prices, level):
            return _infeasible(net, use)
    prices = _with_closed(net, use, closed, prices)
    best, filled = _at_prices(net, use @ prices, level)
    scarce = prices > 0
    bound = best + float(prices[scarce] @ capacity[scarce])
    value = float(net[np.arange(len(net)), level].sum())
    return Solution(prices, level, use_of(level, use), value, bound, True, filled)


def least_use(net: Floats, use: Floats) -> Floats:
    """The use [R] without which there is no choice, each resource by itself.

    Σ over accounts of the least use of their candidates; `net` and `use` as `solve` takes them.
    """
    patterns, counts = np.unique(_candidates(net), return_counts=True)
    positions = np.arange(len(use))
    among = (patterns[:, None] >> positions) & 1 == 1
    least = np.where(among[:, :, None], use[None, :, :], np.inf).min(axis=1)
    total: Floats = counts @ least
    return total


def _scarce(use: Floats, capacity: Floats, n: int) -> Indices:
    """The resources that some levels [K, R] use more of than others, perhaps beyond capacity."""
    most, least = use.max(axis=0, initial=0.0), use.min(axis=0, initial=np.inf)
    return np.flatnonzero((most > least) & (capacity > 0) & (n * most > capacity))


def _within(net: Floats, use: Floats, capacity: Floats, prices: Floats, level: Indices) -> bool:
    """Bring the levels, in place, within the capacity and use it; whether that can be done."""
    fits: Flags = np.asarray((use <= capacity).all(axis=1))
    if not relieve(net, use, capacity, prices, fits, level):
        return False
    fill(net, use, capacity, prices, fits, level)
    exchange(net, use, capacity, prices, fits, level)
    return True


def _with_closed(net: Floats, use: Floats, closed: Flags, prices: Floats) -> Floats:
    """The prices, with those of resources without capacity: where nobody wants any of them.

    That is what the account that gains most from the first unit would give for it.
    """
    prices = prices.copy()
    known: Flags = np.asarray(~closed.any(axis=1))
    for r in np.flatnonzero(closed.any(axis=0)):
        others = closed[:, np.arange(len(prices)) > r].any(axis=1)
        added = np.flatnonzero(closed[:, r] & ~others & ~known)
        level_price = use @ prices
        highest = _dearest(net, level_price, np.flatnonzero(known), added, use[:, r].copy())
        prices[r] = highest * (1 + 1e-9)  # beyond equality, and rounding
        known[added] = True
    return prices


def _infeasible(net: Floats, use: Floats) -> Solution:
    nothing = np.full(use.shape[1], np.nan)
    level = np.full(len(net), -1)
    return Solution(nothing, level, nothing, -np.inf, -np.inf, False, 0)


@njit(cache=True, nogil=True)
def _candidates(net: Floats) -> Indices:
    """The candidates of each account as the bits of a number."""
    bits = np.zeros(len(net), np.int64)
    for i in range(len(net)):
        for level in range(net.shape[1]):
            if net[i, level] > -np.inf:
                bits[i] |= 1 << level
    return bits


@njit(cache=True, nogil=True)
def _all_have_one(net: Floats, levels: Indices) -> bool:
    for i in range(len(net)):
        found = False
        for level in levels:
            found |= net[i, level] > -np.inf
        if not found:
            return False
    return True


@njit(cache=True, nogil=True)
def _least(net: Floats, levels: Indices) -> float:
    """Σ of the least net among each account's candidates: any choice is worth as much."""
    total = 0.0
    for i in range(len(net)):
        least = np.inf
        for level in levels:
            if net[i, level] > -np.inf:
                least = min(least, net[i, level])
        total += least
    return total


@njit(cache=True, nogil=True)
def _at_prices(net: Floats, level_price: Floats, level: Indices) -> tuple[float, int]:
    """Σ of the best net − level_price, and how many accounts have another level than that."""
    total, others = 0.0, 0
    for i in range(len(net)):
        best, most = -1, -np.inf
        for each in range(net.shape[1]):
            left = net[i, each] - level_price[each]
            if left > most:
                best, most = each, left
        total += most
        others += best != level[i]
    return total, others


@njit(cache=True, nogil=True)
def _dearest(
    net: Floats, level_price: Floats, known: Indices, added: Indices, use: Floats
) -> float:
    """The highest price per use at which some account would rather have an added level."""
    dearest = 0.0
    for i in range(len(net)):
        most = -np.inf
        for level in known:
            most = max(most, net[i, level] - level_price[level])
        for level in added:
            if net[i, level] > -np.inf:
                dearest = max(dearest, (net[i, level] - level_price[level] - most) / use[level])
    return dearest
