"""Walks: from an account as it is along one thing, through each point where its level may change.

Between thresholds nets follow curves of one form, so that the next candidate to become the best
is known in closed form. A rule or cap may make no difference of it: then the walk goes on.
"""

import numpy as np

from features.compiled import compiled
from models.compiled import compiled_call
from models.intensity.crossing import (
    AMOUNT,
    GAIN,
    NET,
    OTHER,
    PRICE,
    PROBABILITY,
    RATIO,
    SINK,
    SLOPE,
    START,
    TRIAL,
    Held,
    Leaders,
    first_beyond,
    next_on_curves,
    next_on_lines,
    put_nets,
)
from models.intensity.ladder import LEVELS
from models.intensity.numbers import Floats, Numbers
from models.intensity.response import effects, log_odds_of, ordinary, put_ratios, served
from models.intensity.value import (
    MONEY_UNITS,
    NO_LEVEL,
    capped,
    chosen,
    price_of,
    settled,
    tier_at,
    worth_of,
)
from models.score.tier import DOUBTFUL

_MOST_TURNS = 40  # the best of all and the best free one: each pair changes places twice
_LEVELS = len(LEVELS)


@compiled_call
def toward(
    numbers: Numbers,
    prices: Floats,
    held: Held,
    work: Floats,
    kind: int,
    start: float,
    last: float,
) -> float:
    """The first value from `start` to `last`, itself included, at which the level differs; or NaN.

    `start` is what the account has. Amounts are counted in smallest units.
    """
    if kind == AMOUNT:
        return _amount(numbers, prices, held, work, start, last)
    # Where rules and caps make one level of every candidate, no net alters it.
    cap = capped(held.cap, held.transit)
    if settled(held.low, cap, held.free) == settled(held.high, cap, held.free):
        return np.nan
    if kind == PROBABILITY:
        return _probability(numbers, prices, held, work, start, last)
    return _price(numbers, prices, held, work, kind, start, last)


@compiled_call
def _probability(
    numbers: Numbers, prices: Floats, held: Held, work: Floats, start: float, last: float
) -> float:
    """Tier by tier: within one, the next candidate to be the best follows from its odds ratios."""
    side = 1.0 if last > start else -1.0
    logging, cap = numbers.logging[held.stage], capped(held.cap, held.transit)
    spent, ratio = work[START], work[RATIO]
    for level in range(_LEVELS):
        price = price_of(numbers, level, prices[0], prices[1], prices[2])
        spent[level] = (numbers.cost[level] + price) * held.rate
    tier, x = held.tier, start
    now = Leaders(held.unbarred, held.unflagged, held.none, 0.0)
    put_ratios(numbers, held.odds_ratio, held.stage, tier, ratio)
    while True:
        end = _threshold(numbers, held, x, side)
        for _ in range(_MOST_TURNS):
            now = next_on_curves(ratio, spent, work, held, now, side)
            at = ordinary(now.at, ratio, logging)
            if now.left == NO_LEVEL or side * (at - end) > 0 or side * (at - last) > 0:
                break
            if settled(now.left, cap, held.free) != held.level:
                to = first_beyond(numbers, prices, held, work, PROBABILITY, start, last, at, 0.0)
                if not np.isnan(to):
                    return to
        if not side * (end - last) <= 0:
            return np.nan
        x = end if side > 0 else np.nextafter(end, 0.0)
        tier = tier_at(numbers, x, held.stage, held.target, held.past_due / held.rate)
        put_ratios(numbers, held.odds_ratio, held.stage, tier, ratio)
        none = effects(served(log_odds_of(x))[1], ratio, logging, work[SINK], work[TRIAL])
        now = _leaders(numbers, prices, held, work, work[TRIAL], held.worth, none)
        if settled(now.left, cap, held.free) != held.level:
            to = first_beyond(numbers, prices, held, work, PROBABILITY, start, last, x, 0.0)
            if not np.isnan(to):
                return to


@compiled
def _threshold(numbers: Numbers, held: Held, x: float, side: float) -> float:
    """The next probability at which the tier may be another one; NaN where there is none.

    A tier holds from its threshold on, itself included.
    """
    found = np.nan
    low, high = numbers.low_from[held.target], numbers.high_below[held.target]
    for threshold in (low, high, numbers.doubtful[1]):
        ahead = threshold > x if side > 0 else threshold <= x
        if ahead and not side * (threshold - found) >= 0:
            found = threshold
    return found


@compiled
def _leaders(
    numbers: Numbers,
    prices: Floats,
    held: Held,
    work: Floats,
    gain: Floats,
    worth: float,
    at: float,
) -> Leaders:
    """The leaders at these gains."""
    net = work[NET]
    put_nets(numbers, gain, worth, held.rate, prices[0], prices[1], prices[2], net)
    unbarred, left = chosen(net, held.free, held.low, held.high)
    return Leaders(unbarred, left, at, 0.0)


@compiled_call
def _price(
    numbers: Numbers,
    prices: Floats,
    held: Held,
    work: Floats,
    kind: int,
    start: float,
    last: float,
) -> float:
    """Every net falls along a line, as steep as the level uses the resource."""
    resource = kind - PRICE
    for level in range(_LEVELS):
        price = price_of(numbers, level, prices[0], prices[1], prices[2])
        others = price - numbers.use[level, resource] * prices[resource]
        spent = (numbers.cost[level] + others) * held.rate
        work[START, level] = work[GAIN, level] * held.worth - spent
        work[SLOPE, level] = -numbers.use[level, resource] * held.rate
    cap = capped(held.cap, held.transit)
    now = Leaders(held.unbarred, held.unflagged, start, 0.0)
    return _along(numbers, prices, held, work, kind, start, last, now, cap, last)


@compiled_call
def _amount(
    numbers: Numbers, prices: Floats, held: Held, work: Floats, start: float, last: float
) -> float:
    """From threshold to threshold: every net rises along a line, as steep as the level's gain."""
    side = 1.0 if last > start else -1.0
    tier, transit, x = held.tier, held.transit, start
    now = Leaders(held.unbarred, held.unflagged, start, 0.0)
    while True:
        doubtful = _doubtful_from(numbers, held, tier, x, side)
        covered = _covered_to(held, transit, x, side)
        of_tier = not side * (doubtful - covered) > 0 and not np.isnan(doubtful)
        end = doubtful if of_tier else covered
        is_last = not side * (end - last) <= 0
        _put_amount_lines(numbers, prices, held, work, tier)
        cap, until = capped(held.cap, transit), last if is_last else end
        to = _along(numbers, prices, held, work, AMOUNT, start, last, now, cap, until)
        if is_last or not np.isnan(to):
            return to
        x = end
        if of_tier:
            tier = held.other if tier == held.tier else held.tier
        else:
            transit = not transit
        gain = work[GAIN] if tier == held.tier else work[OTHER]
        amount = x / MONEY_UNITS
        worth = worth_of(numbers, held.target, amount, amount)
        now = _leaders(numbers, prices, held, work, gain, worth, x)
        if settled(now.left, capped(held.cap, transit), held.free) != held.level:
            to = first_beyond(numbers, prices, held, work, AMOUNT, start, last, x, 0.0)
            if not np.isnan(to):
                return to


@compiled
def _put_amount_lines(
    numbers: Numbers, prices: Floats, held: Held, work: Floats, tier: int
) -> None:
    margin = numbers.margin[held.target] / MONEY_UNITS
    for level in range(_LEVELS):
        price = price_of(numbers, level, prices[0], prices[1], prices[2])
        gain = work[GAIN, level] if tier == held.tier else work[OTHER, level]
        work[START, level] = -(numbers.cost[level] + price) * held.rate
        work[SLOPE, level] = gain * margin


@compiled
def _doubtful_from(numbers: Numbers, held: Held, tier: int, x: float, side: float) -> float:
    """The amount ahead of `x` at which the account is doubtful or no longer so; or NaN."""
    if held.of_balance or held.other == held.tier or (tier == DOUBTFUL) == (side > 0):
        return np.nan
    least = numbers.doubtful[2] * held.rate * MONEY_UNITS
    return float(side * max(side * least, side * x))


@compiled
def _covered_to(held: Held, transit: bool, x: float, side: float) -> float:
    """The amount ahead of `x` from which what was received covers it or no longer does; or NaN."""
    if held.of_balance or transit != (side > 0):
        return np.nan
    received = np.rint(held.received * MONEY_UNITS)
    return float(side * max(side * received, side * x))


@compiled_call
def _along(
    numbers: Numbers,
    prices: Floats,
    held: Held,
    work: Floats,
    kind: int,
    start: float,
    last: float,
    now: Leaders,
    cap: int,
    end: float,
) -> float:
    """What `toward` gives, from where the leaders are `now` to `end`: along lines."""
    side = 1.0 if last > start else -1.0
    for _ in range(_MOST_TURNS):
        now = next_on_lines(work, held, now, side)
        if now.left == NO_LEVEL or side * (now.at - end) > 0:
            break
        if settled(now.left, cap, held.free) != held.level:
            to = first_beyond(numbers, prices, held, work, kind, start, last, now.at, now.error)
            if not np.isnan(to):
                return to
    return np.nan
