"""Crossings: where one level's net overtakes another's, and the first number beyond a crossing.

An account is held as it is while one thing of it changes: the served probability, the amount (in
smallest units, such as 0.0001) or the price of one resource.
"""

import math
from typing import NamedTuple

import numpy as np

from features.compiled import compiled
from models.compiled import compiled_call
from models.intensity.numbers import Flags, Floats, Numbers
from models.intensity.response import effects, log_odds_of, put_ratios, served
from models.intensity.value import (
    MONEY_UNITS,
    NO_LEVEL,
    capped,
    chosen,
    in_transit,
    left_of,
    price_of,
    settled,
    tier_at,
    worth_of,
)

# What changes; the price of resource r is kind PRICE + r.
PROBABILITY, AMOUNT, PRICE = range(3)

# Rows of the work space [WORK_ROWS × 5 levels]: gains of probability over level none at the
# account's tier, at the tier that another amount would move it to, and as tried; what is not
# read; nets, and the lines that they follow; odds ratios where a walk is, and as tried.
GAIN, OTHER, TRIAL, SINK, NET, SLOPE, START, RATIO, TRIED = range(9)
WORK_ROWS = 9

_ULP = 2.0**-52
_NEAR = 1e-9  # a computed crossing is no farther than this, relatively, from the real one
_LEAST_STEP = 1e-300  # so that steps from 0 grow
_NOISE = 1e-14  # relative error of a net, with room


class Held(NamedTuple):
    """One account as it is: its stage and tiers, the stage's bounds, its levels; as in Cases."""

    stage: int
    target: int
    tier: int
    other: int  # the tier that another amount would move it to; the same where none would
    probability: float
    odds: float
    none: float  # odds without contact
    past_due: float
    balance: float
    rate: float
    received: float
    worth: float
    of_balance: bool
    transit: bool
    cap: int  # without transit
    low: int
    high: int
    unbarred: int
    unflagged: int
    level: int
    free: Flags
    odds_ratio: Floats


class Leaders(NamedTuple):
    """The best level before any rule and the best candidate, and where they became so.

    `left` is NO_LEVEL where neither is overtaken; `error` is how far off rounding may put `at`.
    """

    unbarred: int
    left: int
    at: float
    error: float


@compiled_call
def level_at(
    numbers: Numbers, prices: Floats, held: Held, work: Floats, kind: int, x: float
) -> int:
    """The level that models.intensity.value.weigh gives where the thing of this kind is `x`."""
    gain, worth, transit = work[GAIN], held.worth, held.transit
    minutes, letters, visits = prices[0], prices[1], prices[2]
    if kind == PROBABILITY:
        probability, odds = served(log_odds_of(x))
        tier = tier_at(numbers, probability, held.stage, held.target, held.past_due / held.rate)
        gain, logging = work[TRIAL], numbers.logging[held.stage]
        put_ratios(numbers, held.odds_ratio, held.stage, tier, work[TRIED])
        effects(odds, work[TRIED], logging, work[SINK], gain)
    elif kind == AMOUNT:
        amount = x / MONEY_UNITS
        worth = worth_of(numbers, held.target, amount, amount)
        if not held.of_balance:
            due = amount / held.rate
            tier = tier_at(numbers, held.probability, held.stage, held.target, due)
            gain = work[GAIN] if tier == held.tier else work[OTHER]
            transit = in_transit(held.received, amount)
    elif kind == PRICE:
        minutes = x
    elif kind == PRICE + 1:
        letters = x
    else:
        visits = x
    cap = capped(held.cap, transit)
    net = work[NET]
    put_nets(numbers, gain, worth, held.rate, minutes, letters, visits, net)
    return settled(chosen(net, held.free, held.low, held.high)[1], cap, held.free)


@compiled_call
def level_in(numbers: Numbers, prices: Floats, held: Held, work: Floats, stage: int) -> int:
    """The level that weigh gives in another stage of the same target."""
    gain, net = work[TRIAL], work[NET]
    due = held.past_due / held.rate
    tier = tier_at(numbers, held.probability, stage, held.target, due)
    put_ratios(numbers, held.odds_ratio, stage, tier, work[TRIED])
    effects(held.odds, work[TRIED], numbers.logging[stage], work[SINK], gain)
    put_nets(numbers, gain, held.worth, held.rate, prices[0], prices[1], prices[2], net)
    left = chosen(net, held.free, numbers.lowest[stage], numbers.highest[stage])[1]
    return settled(left, capped(held.cap, held.transit), held.free)


@compiled
def put_nets(
    numbers: Numbers,
    gain: Floats,
    worth: float,
    rate: float,
    minutes: float,
    letters: float,
    visits: float,
    net: Floats,
) -> None:
    """Put in the net of each level [5]: the same operations as in weigh, to the last bit."""
    for level in range(len(net)):
        price = price_of(numbers, level, minutes, letters, visits) * rate
        net[level] = gain[level] * worth - numbers.cost[level] * rate - price


@compiled
def next_on_lines(work: Floats, held: Held, now: Leaders, side: float) -> Leaders:
    """The leaders from where one of `now` is first overtaken towards `side` (±1).

    The net of each level is work[START] + work[SLOPE]·x.
    """
    slope, start = work[SLOPE], work[START]
    best = _line_crossing(slope, start, held, now.unbarred, held.high, False, now.at, side)
    left = best
    if now.left != now.unbarred:
        left = _line_crossing(slope, start, held, now.left, now.unbarred, True, now.at, side)
    if best[1] == NO_LEVEL or side * (best[0] - left[0]) > 0:
        return Leaders(now.unbarred, left[1], left[0], left[2])
    for level in range(len(slope)):
        work[NET, level] = start[level] + slope[level] * best[0]
    candidate = left_of(best[1], work[NET], held.free, held.low)
    return Leaders(best[1], candidate, best[0], best[2])


@compiled
def _line_crossing(
    slope: Floats,
    start: Floats,
    held: Held,
    leader: int,
    high: int,
    free_alone: bool,
    x: float,
    side: float,
) -> tuple[float, int, float]:
    """Where the first level overtakes the leader, which (NO_LEVEL: none), and the error there."""
    found, follower, error = np.nan, NO_LEVEL, 0.0
    for level in range(held.low, high + 1):
        lead = side * (slope[level] - slope[leader])
        if lead > 0 and (held.free[level] or not free_alone):
            at = (start[leader] - start[level]) / (slope[level] - slope[leader])
            at = side * max(side * at, side * x)  # it is ahead but for rounding
            if follower == NO_LEVEL or side * (found - at) > 0:
                sizes = abs(start[leader]) + abs(start[level])
                sizes += (abs(slope[leader]) + abs(slope[level])) * abs(at)
                found, follower, error = at, level, _NOISE * sizes / lead
    return found, follower, error


@compiled
def next_on_curves(
    ratio: Floats, spent: Floats, work: Floats, held: Held, now: Leaders, side: float
) -> Leaders:
    """The same along the odds without contact, where `spent` is cost and price of each level."""
    best = _curve_crossing(ratio, spent, held, now.unbarred, held.high, False, now.at, side)
    left = best
    if now.left != now.unbarred:
        left = _curve_crossing(ratio, spent, held, now.left, now.unbarred, True, now.at, side)
    if best[1] == NO_LEVEL or side * (best[0] - left[0]) > 0:
        return Leaders(now.unbarred, left[1], left[0], 0.0)
    for level in range(len(ratio)):
        odds = best[0] * ratio[level]
        work[NET, level] = held.worth * odds / (1.0 + odds) - spent[level]
    candidate = left_of(best[1], work[NET], held.free, held.low)
    return Leaders(best[1], candidate, best[0], 0.0)


@compiled
def _curve_crossing(
    ratio: Floats,
    spent: Floats,
    held: Held,
    leader: int,
    high: int,
    free_alone: bool,
    none: float,
    side: float,
) -> tuple[float, int]:
    """The odds without contact at which the first level overtakes the leader, and which.

    With R the odds ratio, K what is spent and a the odds, levels l and m are equal where
    (K_l - K_m) / worth · (1 + aR_l)(1 + aR_m) = a(R_l - R_m): a quadratic in a with two roots
    above 0 or none, between which the dearer level is the better.
    """
    found, follower = np.nan, NO_LEVEL
    for level in range(held.low, high + 1):
        dearer, rise = spent[level] - spent[leader], ratio[level] - ratio[leader]
        if not dearer * rise > 0 or (free_alone and not held.free[level]):
            continue
        product = ratio[level] * ratio[leader]
        middle = (rise * (held.worth / dearer) - ratio[level] - ratio[leader]) / 2
        if not (middle > 0 and middle * middle >= product):
            continue
        larger = middle + math.sqrt(middle * middle - product)
        at = 1.0 / larger if (dearer > 0) == (side > 0) else larger / product
        ahead = side * (at - none) >= -_NEAR * none
        if ahead and (follower == NO_LEVEL or side * (found - at) > 0):
            found, follower = at, level
    return found, follower


@compiled_call
def first_beyond(
    numbers: Numbers,
    prices: Floats,
    held: Held,
    work: Floats,
    kind: int,
    start: float,
    last: float,
    guess: float,
    error: float,
) -> float:
    """The first number from `start` to `last` at which the level differs, near `guess`; or NaN.

    Looked for in growing steps from the guess, towards `start` or up to `error` beyond it, then
    halved down to two neighbours, of which the nearer to `start` leaves the level as it is.
    """
    side = 1.0 if last > start else -1.0
    # A crossing too far off for a float lies beyond all that may be.
    guess = last if np.isnan(guess) else guess
    x = min(max(guess, min(start, last)), max(start, last))
    x = np.rint(x) if kind == AMOUNT else x
    step = 1.0 if kind == AMOUNT else max(abs(x) * _ULP, error * _ULP, _LEAST_STEP)
    farthest = x + side * (error + _NEAR * abs(x) + 2.0 * step)
    inner, outer = np.nan, np.nan  # the level is still the same, and another one
    while True:
        if x == start or level_at(numbers, prices, held, work, kind, x) == held.level:
            inner = x
        else:
            outer = x
        if np.isnan(outer):
            if inner == last or side * (inner - farthest) > 0:
                return np.nan
            x, step = side * min(side * (inner + side * step), side * last), 2.0 * step
        elif np.isnan(inner):
            x, step = side * max(side * (outer - side * step), side * start), 2.0 * step
        else:
            x = inner + (outer - inner) / 2
            x = math.floor(x) if kind == AMOUNT else x
            if x in (inner, outer):
                return outer
