"""Value: what each level of contact is worth to an account, and the level that follows.

net of a level = (p(level) - p(none)) × worth - cost - Σ price of a resource × its use
where worth = margin × amount, and p follows from the response (models.intensity.response). The
level is the candidate with the largest net; rules go last. Everything is of one cycle.
"""

from typing import Any, NamedTuple

import numpy as np

from features.compiled import compiled
from features.tables import MONEY_DECIMALS
from models.compiled import compiled_loop
from models.intensity.ladder import LEVELS, NONE, REMIND, RESOURCES
from models.intensity.numbers import Flags, Floats, Indices, Numbers
from models.intensity.response import effects, put_ratios, served
from models.score.tier import tier_number
from models.stage import LAST_DAY
from models.target import TARGETS

_LEVELS = len(LEVELS)
CURE, EARLY_WARNING = TARGETS.index("cure"), TARGETS.index("early_warning")
MONEY_UNITS = 10.0**MONEY_DECIMALS  # smallest amounts in one unit of a currency
NO_LEVEL = -1
NO_PRICES = np.zeros(len(RESOURCES))  # where nothing is scarce
_PARTS = len(Numbers._fields)


class Cases(NamedTuple):
    """What the level of each of n accounts depends on; amounts in the account's currency."""

    log_odds: Floats  # of the served probability
    days_past_due: Floats
    past_due: Floats
    balance: Floats
    rate: Floats  # units of the currency in one unit of the policy
    received: Floats  # payments received after the last statement
    cap: Indices  # lowest of the rules that apply, save for a payment in transit; 4 without
    free: Flags  # [n × 5] levels that the rules leave; level 0 always
    odds_ratio: Floats  # [n × 5] estimated, of each level against none; NaN where it is not


class Weighed(NamedTuple):
    """The levels of n accounts as they were weighed, [n × 5]; money in the account's currency."""

    stage: Indices  # position in STAGES
    tier: Indices  # position in TIERS
    probability: Floats  # of the target under each level
    value: Floats  # (probability - that under none) × worth
    cost: Floats
    price: Floats  # of the resources used
    net: Floats  # value - cost - price
    unbarred: Indices  # the level of the largest net within the stage's bounds, before any rule
    unflagged: Indices  # the candidate with the largest net
    level: Indices  # the highest free one within `unflagged` and every cap
    runner_up: Indices  # the next best free one within the stage's bounds and the caps, or -1
    unpriced_unbarred: Indices  # what `unbarred` would be if resources were not scarce
    unpriced: Indices  # what `unflagged` would be if resources were not scarce
    transit: Flags  # a payment that covers what is past due is in transit


def weigh(numbers: Numbers, prices: Floats, cases: Cases) -> Weighed:
    """Weigh the levels of accounts, at these prices [3 resources] in the policy's unit.

    Candidates are the free levels from the stage's lowest to the unbarred one, so that no rule
    raises a level; where there is none, the highest free level below. Equal nets: the lowest.
    """
    numbered, money, transit = unweighed(len(cases.log_odds))
    _weigh(numbered, money, transit, prices, *numbers, *cases)
    return weighed_of(numbered, money, transit)


def unweighed(n: int) -> tuple[Indices, Floats, Flags]:
    """Room for what `weighed_of` names: [8, n], [5, n, 5 levels] and [n]."""
    return np.empty((8, n), np.int64), np.empty((5, n, _LEVELS)), np.empty(n, np.bool_)


@compiled
def weighed_of(numbered: Indices, money: Floats, transit: Flags) -> Weighed:
    """The arrays by their names."""
    return Weighed(
        numbered[0],
        numbered[1],
        money[0],
        money[1],
        money[2],
        money[3],
        money[4],
        numbered[2],
        numbered[3],
        numbered[4],
        numbered[5],
        numbered[6],
        numbered[7],
        transit,
    )


def _weigh_each(
    numbered: Indices, money: Floats, transit: Flags, prices: Floats, *given: Any
) -> None:
    numbers, cases = given_of(given)
    out = weighed_of(numbered, money, transit)
    for i in range(len(cases.log_odds)):
        weigh_one(numbers, prices, cases, out, i)


@compiled
def given_of(given: tuple[Any, ...]) -> tuple[Numbers, Cases]:
    """Numbers and cases that were handed over part by part.

    So they take less than half the time that named tuples do.
    """
    return Numbers(*given[:_PARTS]), Cases(*given[_PARTS:])


@compiled
def weigh_one(numbers: Numbers, prices: Floats, cases: Cases, out: Weighed, i: int) -> None:
    """Weigh the levels of account i."""
    days, rate, free = cases.days_past_due[i], cases.rate[i], cases.free[i]
    stage, target = stage_number(days), target_number(days)
    probability, odds = served(cases.log_odds[i])
    tier = tier_at(numbers, probability, stage, target, cases.past_due[i] / rate)
    value, net = out.value[i], out.net[i]
    # Until they are what they are called: gains, and odds ratios.
    put_ratios(numbers, cases.odds_ratio[i], stage, tier, net)
    effects(odds, net, numbers.logging[stage], out.probability[i], value)
    worth = worth_of(numbers, target, cases.past_due[i], cases.balance[i])
    for level in range(_LEVELS):
        value[level] *= worth
        out.cost[i, level] = numbers.cost[level] * rate
        out.price[i, level] = price_of(numbers, level, prices[0], prices[1], prices[2]) * rate
        net[level] = value[level] - out.cost[i, level]
    low, high = numbers.lowest[stage], numbers.highest[stage]
    out.unpriced_unbarred[i], out.unpriced[i] = chosen(net, free, low, high)
    for level in range(_LEVELS):
        net[level] -= out.price[i, level]
    unbarred, unflagged = chosen(net, free, low, high)
    out.transit[i] = in_transit(cases.received[i], cases.past_due[i])
    cap = capped(cases.cap[i], out.transit[i])
    level = settled(unflagged, cap, free)
    out.stage[i], out.tier[i] = stage, tier
    out.unbarred[i], out.unflagged[i], out.level[i] = unbarred, unflagged, level
    out.runner_up[i] = next_best(net, free, unbarred, low, min(high, cap), level)


@compiled
def stage_number(days_past_due: float) -> int:
    """Position in STAGES."""
    stage = 0
    for last in LAST_DAY:
        stage += days_past_due > last
    return stage


@compiled
def target_number(days_past_due: float) -> int:
    """Position in TARGETS."""
    return CURE if days_past_due > 0 else EARLY_WARNING


@compiled
def tier_at(numbers: Numbers, probability: float, stage: int, target: int, amount: float) -> int:
    """Position in TIERS; `amount` is what is past due, in the policy's unit."""
    return tier_number(
        probability,
        stage,
        amount,
        target,
        numbers.low_from,
        numbers.high_below,
        numbers.doubtful,
    )


@compiled
def worth_of(numbers: Numbers, target: int, past_due: float, balance: float) -> float:
    """What reaching the target is worth: nothing where the bank owes."""
    amount = balance if numbers.of_balance[target] else past_due
    return float(numbers.margin[target] * max(amount, 0.0))


@compiled
def price_of(numbers: Numbers, level: int, minutes: float, letters: float, visits: float) -> float:
    """What the resources that a level uses are worth at these prices, in the policy's unit."""
    use = numbers.use[level]
    return float(use[0] * minutes + use[1] * letters + use[2] * visits)


@compiled
def in_transit(received: float, past_due: float) -> bool:
    """Whether what was received covers what is past due: sums may miss the last decimal's half."""
    owed = np.rint(past_due * MONEY_UNITS)
    return bool(past_due > 0 and np.rint(received * MONEY_UNITS) >= owed)


@compiled
def chosen(net: Floats, free: Flags, low: int, high: int) -> tuple[int, int]:
    """The level of the largest net from `low` to `high`, and what rules leave: see `weigh`."""
    unbarred = low
    for level in range(low + 1, high + 1):
        if net[level] > net[unbarred]:
            unbarred = level
    return unbarred, left_of(unbarred, net, free, low)


@compiled
def left_of(unbarred: int, net: Floats, free: Flags, low: int) -> int:
    """The candidate of the largest net where `unbarred` is the best before any rule."""
    if free[unbarred]:
        return unbarred
    found = best(net, free, low, unbarred, NO_LEVEL)
    # Rules beat the stage's lowest level.
    return found if found != NO_LEVEL else settled(unbarred, unbarred, free)


@compiled
def best(net: Floats, free: Flags, low: int, high: int, other_than: int) -> int:
    """The free level of the largest net from `low` to `high`, or -1; the lowest of equal ones."""
    found = NO_LEVEL
    for level in range(low, high + 1):
        better = found == NO_LEVEL or net[level] > net[found]
        if free[level] and level != other_than and better:
            found = level
    return found


@compiled
def next_best(net: Floats, free: Flags, unbarred: int, low: int, high: int, level: int) -> int:
    """The best free level other than `level`, or -1; where rules took `unbarred`, none above it."""
    return best(net, free, low, high if free[unbarred] else min(high, unbarred), level)


@compiled
def capped(cap: int, transit: bool) -> int:
    """The highest level that protections and holds leave, a payment in transit among them."""
    return min(cap, REMIND) if transit else cap


@compiled
def settled(unflagged: int, cap: int, free: Flags) -> int:
    """The level that is left of `unflagged`: the highest free one within it and the cap."""
    level = min(unflagged, cap)
    while level > NONE and not free[level]:
        level -= 1
    return level


_weigh = compiled_loop(_weigh_each)
