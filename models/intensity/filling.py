"""From the levels that accounts choose at the prices to levels that keep to the capacity.

A few accounts are too many where the last ones change their minds at one price, or a few too few:
those are moved one by one, cheapest first. Each step compares the capacity with the use of the
counted accounts (count of a level × its use), so that nothing adds up over the portfolio.

In the end what is left of a resource may be too little for any one account that wants it, though
one could give way to another that uses it better. Where a portfolio is small or its accounts are
alike, that is worth more than the tolerance. Only accounts that are nearly indifferent at the
prices can be part of it: the NEAREST of each pair of levels are tried, alone, in pairs and threes.
"""

import numpy as np
from numba import njit

from models.intensity.numbers import Flags, Floats, Indices

NEAREST = 8

_MOST_ROUNDS = 64  # of moving up to three accounts at a time
_WORTHLESS = 1e-6  # of what the capacity is worth: less is not worth another round


@njit(cache=True, nogil=True)
def use_of(level: Indices, use: Floats) -> Floats:
    """The use [R] of all accounts at their levels."""
    return _used_by(_counts(level, len(use)), use)


def relieve(
    net: Floats, use: Floats, capacity: Floats, prices: Floats, fits: Flags, level: Indices
) -> bool:
    """Lower levels, in place, until nothing is used beyond its capacity; whether that succeeded.

    It does wherever each account has a level that uses the least of every resource, and those
    together keep to the capacity. `fits` [L] names the levels that one account may get at all.
    """
    level_price = use @ prices
    while (use_of(level, use) > capacity).any():
        loss, target = _ways_down(net, use, capacity, level_price, fits, level)
        ways = np.flatnonzero(target >= 0)
        order = ways[np.argsort(loss[ways], kind="stable")]
        if _lower(order, target, use, capacity, level) == 0:
            return False
    return True


def fill(
    net: Floats, use: Floats, capacity: Floats, prices: Floats, fits: Flags, level: Indices
) -> None:
    """Use what is left, in place: where it gains most for what it uses, as long as it gains."""
    level_price = use @ prices
    scarce = prices > 0
    worthless = _WORTHLESS * float(prices[scarce] @ capacity[scarce])
    while True:
        left = capacity - use_of(level, use)
        price, target = _ways_up(net, use, left, level_price, fits, level)
        ways = np.flatnonzero(target >= 0)
        order = ways[np.argsort(price[ways], kind="stable")]
        moved = _raise(order, target, use, capacity, level)
        if moved == 0 or float(prices[scarce] @ left[scarce]) < worthless:
            break


def exchange(
    net: Floats, use: Floats, capacity: Floats, prices: Floats, fits: Flags, level: Indices
) -> None:
    """Move up to three accounts at a time, in place, within the capacity, while that gains.

    Arguments are those of `fill`.
    """
    level_price, scarce = use @ prices, prices > 0
    worthless = _WORTHLESS * float(prices[scarce] @ capacity[scarce])
    for _ in range(_MOST_ROUNDS):
        left = capacity - use_of(level, use)
        if float(prices[scarce] @ left[scarce]) <= worthless:
            break
        who, to = _nearest(net, level_price, fits, level)
        moves = _best_moves(net, use, capacity, level, who, to)
        if len(moves) == 0:
            break
        level[who[moves]] = to[moves]


@njit(cache=True, nogil=True)
def _counts(level: Indices, levels: int) -> Indices:
    counts = np.zeros(levels, np.int64)
    for each in level:
        counts[each] += 1
    return counts


@njit(cache=True, nogil=True)
def _used_by(counts: Indices, use: Floats) -> Floats:
    """The use [R] of so many accounts at each level."""
    used = np.zeros(use.shape[1])
    for level in range(len(counts)):
        for r in range(use.shape[1]):
            used[r] += counts[level] * use[level, r]
    return used


@njit(cache=True, nogil=True)
def _relief(used: Floats, before: Floats, after: Floats, capacity: Floats) -> float:
    """By how much moving an account lowers the use beyond capacity, in capacities."""
    relief = 0.0
    for r in range(len(used)):
        if capacity[r] < np.inf:
            beyond = max(used[r] - capacity[r], 0.0)
            then = max(used[r] - before[r] + after[r] - capacity[r], 0.0)
            if beyond != then:
                relief += (beyond - then) / capacity[r] if capacity[r] > 0 else beyond - then
    return relief


@njit(cache=True, nogil=True)
def _ways_down(
    net: Floats, use: Floats, capacity: Floats, level_price: Floats, fits: Flags, level: Indices
) -> tuple[Floats, Indices]:
    """Of each account the least loss for the relief it brings, and by what level; −1: none."""
    n, levels = net.shape
    loss, target = np.empty(n), np.full(n, -1)
    used = use_of(level, use)
    for i in range(n):
        own = level[i]
        for m in range(levels):
            if m == own or not fits[m] or net[i, m] == -np.inf:
                continue
            relief = _relief(used, use[own], use[m], capacity)
            if relief > 0:
                each = (net[i, own] - level_price[own] - net[i, m] + level_price[m]) / relief
                if target[i] < 0 or each < loss[i]:
                    loss[i], target[i] = each, m
    return loss, target


@njit(cache=True, nogil=True)
def _lower(order: Indices, target: Indices, use: Floats, capacity: Floats, level: Indices) -> int:
    """Move accounts in this order as long as something is used beyond capacity; how many."""
    counts, moved = _counts(level, len(use)), 0
    used = _used_by(counts, use)
    for i in order:
        if not (used > capacity).any():
            break
        if _relief(used, use[level[i]], use[target[i]], capacity) > 0:
            counts[level[i]] -= 1
            counts[target[i]] += 1
            level[i] = target[i]
            used = _used_by(counts, use)
            moved += 1
    return moved


@njit(cache=True, nogil=True)
def _ways_up(
    net: Floats, use: Floats, left: Floats, level_price: Floats, fits: Flags, level: Indices
) -> tuple[Floats, Indices]:
    """Of each account the least priced use for what it gains, and by what level; −1: none."""
    n, levels = net.shape
    price, target = np.empty(n), np.full(n, -1)
    for i in range(n):
        own = level[i]
        for m in range(levels):
            gain = net[i, m] - net[i, own]
            if gain > 0 and fits[m] and ((use[m] - use[own]) <= left).all():
                each = (level_price[m] - level_price[own]) / gain
                if target[i] < 0 or each < price[i]:
                    price[i], target[i] = each, m
    return price, target


@njit(cache=True, nogil=True)
def _raise(order: Indices, target: Indices, use: Floats, capacity: Floats, level: Indices) -> int:
    """Move accounts in this order wherever that keeps to the capacity; how many."""
    counts, moved = _counts(level, len(use)), 0
    for i in order:
        counts[level[i]] -= 1
        counts[target[i]] += 1
        if (_used_by(counts, use) <= capacity).all():
            level[i] = target[i]
            moved += 1
        else:
            counts[level[i]] += 1
            counts[target[i]] -= 1
    return moved


@njit(cache=True, nogil=True)
def _nearest(
    net: Floats, level_price: Floats, fits: Flags, level: Indices
) -> tuple[Indices, Indices]:
    """Accounts and new levels that lose least at the prices, NEAREST of each old and new level."""
    levels = net.shape[1]
    loss = np.full((levels, levels, NEAREST), np.inf)
    account = np.full((levels, levels, NEAREST), -1)
    for i in range(len(net)):
        own = level[i]
        for m in range(levels):
            if m == own or not fits[m] or net[i, m] == -np.inf:
                continue
            each = net[i, own] - level_price[own] - net[i, m] + level_price[m]
            place = NEAREST
            while place > 0 and each < loss[own, m, place - 1]:
                place -= 1
            for k in range(NEAREST - 1, place, -1):
                loss[own, m, k] = loss[own, m, k - 1]
                account[own, m, k] = account[own, m, k - 1]
            if place < NEAREST:
                loss[own, m, place], account[own, m, place] = each, i
    _, new, _ = np.nonzero(account >= 0)
    return account.ravel()[account.ravel() >= 0], new


@njit(cache=True, nogil=True)
def _best_moves(
    net: Floats, use: Floats, capacity: Floats, level: Indices, who: Indices, to: Indices
) -> Indices:
    """Positions of the one to three moves that gain most together; empty where none gains."""
    counts = _counts(level, len(use))
    left = (capacity - _used_by(counts, use)) * (1 + 1e-9)  # as a first sieve
    gain, added = np.empty(len(who)), np.empty((len(who), use.shape[1]))
    for a in range(len(who)):
        gain[a] = net[who[a], to[a]] - net[who[a], level[who[a]]]
        added[a] = use[to[a]] - use[level[who[a]]]
    best, most = np.empty(0, np.int64), 0.0
    for a in range(len(who)):
        for b in range(a, len(who)):
            for c in range(b, len(who)):
                moves = _distinct(who, a, b, c)
                if moves == 0:
                    continue
                total = gain[a] + (gain[b] if moves > 1 else 0.0) + (gain[c] if moves > 2 else 0.0)
                if total <= most or not _within(added, left, a, b, c, moves):
                    continue
                tried = np.array([a, b, c])[:moves]
                if _keeps(counts, use, capacity, level[who[tried]], to[tried]):
                    best, most = tried, total
    return best


@njit(cache=True, nogil=True)
def _distinct(who: Indices, a: int, b: int, c: int) -> int:
    """How many moves a, b, c stand for: (a, a, a) for one, (a, b, b) for two; 0 for none."""
    if a == b:
        return 1 if b == c else 0
    if who[a] == who[b]:
        return 0
    if b == c:
        return 2
    return 3 if who[c] != who[a] and who[c] != who[b] else 0


@njit(cache=True, nogil=True)
def _within(added: Floats, left: Floats, a: int, b: int, c: int, moves: int) -> bool:
    for r in range(len(left)):
        total = added[a, r]
        if moves > 1:
            total += added[b, r]
        if moves > 2:
            total += added[c, r]
        if total > left[r]:
            return False
    return True


@njit(cache=True, nogil=True)
def _keeps(counts: Indices, use: Floats, capacity: Floats, old: Indices, new: Indices) -> bool:
    after = counts.copy()
    for k in range(len(old)):
        after[old[k]] -= 1
        after[new[k]] += 1
    return bool((_used_by(after, use) <= capacity).all())
