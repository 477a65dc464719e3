"""The prices at which a portfolio's accounts, each choosing for itself, keep to the capacity.

The dual of the multiple-choice knapsack, Σ max over levels of (net − prices·use) + prices·capacity,
is convex in the prices, has kinks wherever an account changes its mind, and one dimension per
resource. The ellipsoid method with deep cuts (Bland, Goldfarb and Todd, "The ellipsoid method: a
survey", Operations Research 29(6), 1981) needs a value and a subgradient only, no smoothness, and
shrinks at a rate that no portfolio can spoil. What makes it fast enough is that an account whose
level is the same at all prices within the ellipsoid is settled, and not looked at again.

Many accounts that are alike would change their minds at one and the same price, so that no price
uses half of them. Each account therefore sees prices of its own, off by at most half of JITTER,
evenly spread (the multiples of 2^(r/(R+1)) modulo 1; Niederreiter, Random Number Generation and
Quasi-Monte Carlo Methods, 1992, section 3.1). What this loses is at most half of JITTER times what
the capacity is worth.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from models.intensity.numbers import Floats, Indices

JITTER = 1e-6

_TURNS_UNTIL_SETTLING = 16
_MOST_TURNS = 4_000
_NARROW = 1e-15  # of the value: the ellipsoid holds nothing better than rounding
_ROUNDING = 1e-12  # of a sum over the portfolio
_WIDENINGS = 12
_WIDER = 8.0
_SAMPLE = 4_096  # accounts from which the prices are guessed first
_LARGER = 16  # times as many for each better guess, up to all
_NEAR = 0.2  # a guess is searched so far to either side, as a share of it
_LEAST_SHARE = 0.02  # of what all capacity is worth, for a resource that seemed worth less


class Problem(NamedTuple):
    """What the compiled passes read: K levels of L that may be used, R resources that may be short.

    `step` is what spreads the prices that accounts see.
    """

    net: Floats  # [n, L], -inf where the level is no candidate
    levels: Indices  # [K], lowest first
    use: Floats  # [K, R]
    capacity: Floats  # [R]
    step: Floats  # [R]


class _Settled(NamedTuple):
    """The accounts still open, and the sums of net and of use as priced over the others."""

    rows: Indices
    net: float
    used: Floats


def problem(net: Floats, use: Floats, capacity: Floats, levels: Indices) -> Problem:
    """The problem with `use` and `capacity` of the resources that may be short."""
    resources = len(capacity)
    step = 2.0 ** (np.arange(1, resources + 1) / (resources + 1))
    return Problem(net, levels, np.ascontiguousarray(use[levels]), capacity, step)


def prices_of(given: Problem, floor: float) -> Floats | None:
    """The prices [R] at which the dual is least; None where no choice keeps to the capacity.

    `floor` is a value that any choice reaches: no dual of what can be done is below it.
    """
    n = len(given.net)
    rows = np.arange(n, dtype=np.int64)
    lowest, highest = np.zeros(len(given.capacity)), _highest(given)
    size = _SAMPLE
    while _LARGER * size < 4 * n:
        sample = rows[:: n // size].copy()
        part = given._replace(capacity=given.capacity * (len(sample) / n))
        guess, _ = _search(part, sample, lowest, highest, -np.inf)
        lowest, highest = _around(guess, given.capacity, highest)
        size *= _LARGER
    found, value = _search(given, rows, lowest, highest, floor)
    if _impossible(given, found, value, floor):
        return None
    return _without_needless(given, rows, found)


def _highest(given: Problem) -> Floats:
    """Prices at which few accounts would use more of one resource than they must."""
    spread = max(_widest(given.net, given.levels), 1e-9)
    steps = np.abs(given.use[:, None, :] - given.use[None, :, :])
    least = np.where(steps > 0, steps, np.inf).min(axis=(0, 1))
    highest: Floats = spread / least
    return highest


def _around(guess: Floats, capacity: Floats, highest: Floats) -> tuple[Floats, Floats]:
    """A box of prices around a guess."""
    worth = float(guess @ capacity)
    width = np.maximum(guess, _LEAST_SHARE * worth / capacity) if worth > 0 else highest
    return np.maximum(guess - _NEAR * width, 0.0), guess + _NEAR * width


def _search(
    given: Problem, rows: Indices, lowest: Floats, highest: Floats, floor: float
) -> tuple[Floats, float]:
    """The best prices, looked for between lowest and highest first, and then farther out.

    The dual is convex: what is best within a box and does not lie at its border is best of all.
    """
    for _ in range(_WIDENINGS):
        found, value = _ellipsoid(given, rows, lowest, highest)
        inside = (found < highest) & ((found > lowest) | (lowest == 0))
        if inside.all() or _impossible(given, found, value, floor):
            break
        half = _WIDER * (highest - lowest) / 2
        lowest, highest = np.maximum(found - half, 0.0), found + half
    return found, value


def _impossible(given: Problem, prices: Floats, value: float, floor: float) -> bool:
    slack = JITTER * float(prices @ given.capacity) + _ROUNDING * abs(floor)
    return value < floor - slack


def _ellipsoid(
    given: Problem, rows: Indices, lowest: Floats, highest: Floats
) -> tuple[Floats, float]:
    """The best prices within the ellipsoid around a box of prices, and the dual there.

    The ellipsoid is {centre + axes·x: |x| ≤ 1}: kept as its axes it stays one under rounding.
    """
    centre = (lowest + highest) / 2
    axes = np.diag((highest - lowest) / 2 * np.sqrt(len(centre)))
    settled = _Settled(rows, 0.0, np.zeros(len(centre)))
    found, value, best = np.maximum(centre, 0.0), np.inf, np.inf
    for turn in range(_MOST_TURNS):
        if turn % _TURNS_UNTIL_SETTLING == 0:
            settled = _settle(given, settled, centre, axes)
        if (centre < 0).any():
            r = int(np.argmin(centre / np.abs(axes).sum(axis=1)))
            slope, excess = np.zeros(len(centre)), -float(centre[r])
            slope[r] = -1.0
            reach = float(np.linalg.norm(axes[r]))
        else:
            found = centre
            net, used = dual(given, settled.rows, found)
            slope = given.capacity - settled.used - used
            value = settled.net - float(found @ settled.used) + net
            value += float(found @ given.capacity)
            excess = max(value - best - _ROUNDING * abs(value), 0.0)
            best = min(best, value)
            reach = float(np.linalg.norm(axes.T @ slope))
            if reach <= _NARROW * abs(value):
                break
        if excess >= reach:
            break  # only rounding can say that nothing is left
        centre, axes = _cut(centre, axes, slope, excess / reach)
    return found, value


def _cut(centre: Floats, axes: Floats, slope: Floats, depth: float) -> tuple[Floats, Floats]:
    """The least ellipsoid around what lies below the cut, `depth` (0 to 1) towards its border."""
    n = len(centre)
    toward = axes.T @ slope
    toward /= np.linalg.norm(toward)
    along = axes @ toward
    across = n * np.sqrt((1 - depth**2) / (n**2 - 1)) if n > 1 else 0.0
    shrunk = n * (1 - depth) / (n + 1)
    rest = axes - np.outer(along, toward)
    return (
        centre - along * ((1 + n * depth) / (n + 1)),
        across * rest + shrunk * np.outer(along, toward),
    )


def _settle(given: Problem, before: _Settled, centre: Floats, axes: Floats) -> _Settled:
    """Without the accounts whose level is the same at all prices within the ellipsoid."""
    difference = given.use[:, None, :] - given.use[None, :, :]
    reach = np.linalg.norm(difference @ axes, axis=2)
    highest = np.maximum(centre + np.linalg.norm(axes, axis=1), 0.0)
    seen = JITTER / 2 * (given.use @ highest)
    margin = reach + seen[:, None] + seen[None, :]
    rows, net, used = _open_rows(given, before.rows, centre, margin)
    return _Settled(rows, before.net + net, before.used + used)


def _without_needless(given: Problem, rows: Indices, prices: Floats) -> Floats:
    """The prices, 0 for a resource where that is as good: it is not scarce."""

    def value(at: Floats) -> float:
        return dual(given, rows, at)[0] + float(at @ given.capacity)

    worth = float(prices @ given.capacity)
    least = value(prices)
    for r in np.argsort(prices * given.capacity, kind="stable"):
        tried = prices.copy()
        tried[r] = 0.0
        if value(tried) <= least + 1e-9 * worth:
            prices = tried
    return prices


@njit(cache=True, nogil=True)
def dual(given: Problem, rows: Indices, prices: Floats) -> tuple[float, Floats]:
    """Σ of the best net after prices, and the use [R] of the best levels as priced, over rows."""
    resources = len(prices)
    shares, used, total = np.empty(resources), np.zeros(resources), 0.0
    for i in rows:
        k, most = _best(given, prices, i, shares)
        total += most
        for r in range(resources):
            used[r] += shares[r] * given.use[k, r]
    return total, used


@njit(cache=True, nogil=True)
def choice(given: Problem, prices: Floats) -> Indices:
    """The level of each account at the prices that it sees."""
    n = len(given.net)
    level, shares = np.empty(n, np.int64), np.empty(len(prices))
    for i in range(n):
        k, _ = _best(given, prices, i, shares)
        level[i] = given.levels[k]
    return level


@njit(cache=True, nogil=True)
def _best(given: Problem, prices: Floats, i: int, shares: Floats) -> tuple[int, float]:
    """Position and net after prices of an account's best level, the lowest among equals.

    Sets `shares` to the prices that it sees, as shares of the true ones.
    """
    resources = len(prices)
    for r in range(resources):
        place = i * given.step[r]
        shares[r] = 1.0 + JITTER * (place - np.floor(place) - 0.5)
    best, most = 0, -np.inf
    for k in range(len(given.levels)):
        net = given.net[i, given.levels[k]]
        for r in range(resources):
            net -= prices[r] * shares[r] * given.use[k, r]
        if net > most:
            best, most = k, net
    return best, most


@njit(cache=True, nogil=True)
def _open_rows(
    given: Problem, rows: Indices, centre: Floats, margin: Floats
) -> tuple[Indices, float, Floats]:
    """Rows whose best level does not lead by `margin` [K, K]; net and use of all the others."""
    resources = len(centre)
    left, shares = np.empty_like(rows), np.empty(resources)
    count, total, used = 0, 0.0, np.zeros(resources)
    for i in rows:
        k, _ = _best(given, centre, i, shares)
        if _leads(given, centre, i, k, margin):
            total += given.net[i, given.levels[k]]
            for r in range(resources):
                used[r] += shares[r] * given.use[k, r]
        else:
            left[count] = i
            count += 1
    return left[:count].copy(), total, used


@njit(cache=True, nogil=True)
def _leads(given: Problem, centre: Floats, i: int, k: int, margin: Floats) -> bool:
    own = given.net[i, given.levels[k]]
    for m in range(len(given.levels)):
        other = given.net[i, given.levels[m]]
        if m == k or other == -np.inf:
            continue
        lead = own - other
        for r in range(len(centre)):
            lead -= centre[r] * (given.use[k, r] - given.use[m, r])
        if lead <= margin[k, m] + _ROUNDING * (abs(own) + abs(other)):
            return False
    return True


@njit(cache=True, nogil=True)
def _widest(net: Floats, levels: Indices) -> float:
    """The most by which the candidates of one account differ."""
    widest = 0.0
    for i in range(len(net)):
        low, high = np.inf, -np.inf
        for level in levels:
            if net[i, level] > -np.inf:
                low, high = min(low, net[i, level]), max(high, net[i, level])
        widest = max(widest, high - low)
    return widest
