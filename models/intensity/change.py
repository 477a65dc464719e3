"""Changes: the smallest change of one thing alone that would alter an account's level.

While one thing changes, the level changes where another candidate's net overtakes that of the
best one, or where a threshold is crossed (a tier's, a covering payment's, a stage's). These
points are walked through in order, the nearest first, and at each it is seen whether the level,
after rules and caps, is another one (models.intensity.crossing). What is given back is the first
number at which `weigh` gives another level.
"""

from typing import Any, NamedTuple

import numpy as np

from features.tables import MONEY_BOUND
from models.compiled import compiled_call, compiled_loop
from models.intensity.crossing import (
    AMOUNT,
    GAIN,
    OTHER,
    PRICE,
    PROBABILITY,
    SINK,
    TRIED,
    WORK_ROWS,
    Held,
    level_at,
    level_in,
)
from models.intensity.ladder import LEVELS, RESOURCES
from models.intensity.numbers import Flags, Floats, Indices, Numbers
from models.intensity.response import effects, put_ratios, served
from models.intensity.value import (
    CURE,
    MONEY_UNITS,
    NO_LEVEL,
    Cases,
    Weighed,
    given_of,
    target_number,
    tier_at,
    unweighed,
    weigh_one,
    weighed_of,
    worth_of,
)
from models.intensity.walk import toward
from models.score.tier import DOUBTFUL
from models.stage import LAST_DAY, STAGES

_SUREST = float(np.nextafter(1.0, 0.0))
_LEAST_SURE = 1e-300
_LAST_STAGE = len(STAGES) - 1
_DAYS = PRICE + len(RESOURCES)  # the last of the kinds
_KINDS = _DAYS + 1
# The largest amount in smallest ones, as far as a float can tell it from MONEY_BOUND.
_MOST_MONEY = float(np.nextafter(MONEY_BOUND * MONEY_UNITS, 0.0))


class Changes(NamedTuple):
    """For n accounts the nearest other value of each thing at which the level is another one.

    The level that it is there stands in the field of that name; where no value alters the level:
    NaN and -1. Of two that are equally near, the one of the lower level.
    """

    probability: Floats  # served probability of the target
    probability_level: Indices
    amount: Floats  # that the value is of (Numbers.of_balance), in the account's currency
    amount_level: Indices
    price: Floats  # [n × 3 resources], in the policy's unit
    price_level: Indices  # [n × 3]
    days: Floats  # days past due, the score as it is
    days_level: Indices


def changes(numbers: Numbers, prices: Floats, cases: Cases) -> tuple[Weighed, Changes]:
    """The accounts as `weigh` weighs them, and the changes that would alter their levels.

    Amounts stay in smallest units and within what is valid: past due above 0 and within the
    balance, a balance no less than what is past due. Days stay those of a late account.
    """
    n = len(cases.log_odds)
    numbered, money, transit = unweighed(n)
    to, level = np.empty((n, _KINDS)), np.empty((n, _KINDS), np.int64)
    work = np.empty((WORK_ROWS, len(LEVELS)))
    _change(numbered, money, transit, to, level, work, prices, *numbers, *cases)
    found = Changes(
        to[:, PROBABILITY],
        level[:, PROBABILITY],
        to[:, AMOUNT],
        level[:, AMOUNT],
        to[:, PRICE:_DAYS],
        level[:, PRICE:_DAYS],
        to[:, _DAYS],
        level[:, _DAYS],
    )
    return weighed_of(numbered, money, transit), found


def _change_each(
    numbered: Indices,
    money: Floats,
    transit: Flags,
    to: Floats,
    reached: Indices,
    work: Floats,
    prices: Floats,
    *given: Any,
) -> None:
    numbers, cases = given_of(given)
    weighed = weighed_of(numbered, money, transit)
    for i in range(len(cases.log_odds)):
        weigh_one(numbers, prices, cases, weighed, i)
        held = _held(numbers, cases, weighed, i, work)
        for kind in range(_DAYS):
            start, lowest, highest = held.probability, _LEAST_SURE, _SUREST
            if kind == AMOUNT:
                start, lowest, highest = _amounts(held)
            elif kind != PROBABILITY:
                start, lowest, highest = prices[kind - PRICE], 0.0, MONEY_BOUND
            there, level = _nearest(numbers, prices, held, work, kind, start, lowest, highest)
            to[i, kind] = there / MONEY_UNITS if kind == AMOUNT else there
            reached[i, kind] = level
        to[i, _DAYS], reached[i, _DAYS] = _nearest_days(
            numbers, prices, held, work, cases.days_past_due[i]
        )


@compiled_call
def _held(numbers: Numbers, cases: Cases, found: Weighed, i: int, work: Floats) -> Held:
    """Account i as it is; fills the rows of `work` that hold gains."""
    stage, tier, rate = found.stage[i], found.tier[i], cases.rate[i]
    past_due, balance = cases.past_due[i], cases.balance[i]
    target = target_number(cases.days_past_due[i])
    probability, odds = served(cases.log_odds[i])
    logging, own, ratio = numbers.logging[stage], cases.odds_ratio[i], work[TRIED]
    put_ratios(numbers, own, stage, tier, ratio)
    none = effects(odds, ratio, logging, work[SINK], work[GAIN])
    # An amount moves an account into doubtful or out of it, nowhere else.
    other = tier_at(numbers, probability, stage, target, -1.0 if tier == DOUBTFUL else np.inf)
    if other != tier:
        put_ratios(numbers, own, stage, other, ratio)
        effects(odds, ratio, logging, work[SINK], work[OTHER])
    return Held(
        stage,
        target,
        tier,
        other,
        probability,
        odds,
        none,
        past_due,
        balance,
        rate,
        cases.received[i],
        worth_of(numbers, target, past_due, balance),
        bool(numbers.of_balance[target]),
        bool(found.transit[i]),
        cases.cap[i],
        numbers.lowest[stage],
        numbers.highest[stage],
        found.unbarred[i],
        found.unflagged[i],
        found.level[i],
        cases.free[i],
        own,
    )


@compiled_call
def _amounts(held: Held) -> tuple[float, float, float]:
    """The amount that the value is of, and the least and most that it may be: smallest units."""
    past_due, balance = np.rint(held.past_due * MONEY_UNITS), np.rint(held.balance * MONEY_UNITS)
    if held.of_balance:
        amount = max(balance, 0.0)
        least = 1.0 if held.target == CURE else 0.0
        return amount, min(amount, max(past_due, least)), _MOST_MONEY
    if past_due == 0:
        return past_due, past_due, past_due
    return past_due, 1.0, max(past_due, balance)


@compiled_call
def _nearest(
    numbers: Numbers,
    prices: Floats,
    held: Held,
    work: Floats,
    kind: int,
    start: float,
    lowest: float,
    highest: float,
) -> tuple[float, int]:
    """The value of a kind nearest to `start` at which the level differs, and that level."""
    nearest, level = np.nan, NO_LEVEL
    for last in (lowest, highest):
        if nearest < start:  # no farther than what was found below
            last = min(last, 2 * start - nearest)
        if last == start:
            continue
        to = toward(numbers, prices, held, work, kind, start, last)
        if np.isnan(to):
            continue
        reached = level_at(numbers, prices, held, work, kind, to)
        nearer = abs(to - start) < abs(nearest - start)
        if (
            level == NO_LEVEL
            or nearer
            or (abs(to - start) == abs(nearest - start) and reached < level)
        ):
            nearest, level = to, reached
    return nearest, level


@compiled_call
def _nearest_days(
    numbers: Numbers, prices: Floats, held: Held, work: Floats, days: float
) -> tuple[float, int]:
    """The days past due nearest to these at which the level differs, and that level.

    Not between stages of which effects are estimated: an account's own are those of its stage.
    """
    nearest, level = np.nan, NO_LEVEL
    if held.target != CURE:
        return nearest, level
    for stage in range(1, _LAST_STAGE + 1):
        estimated = numbers.estimated[held.stage].any() or numbers.estimated[stage].any()
        if stage == held.stage or estimated:
            continue
        to = LAST_DAY[stage - 1] + 1.0 if stage > held.stage else float(LAST_DAY[stage])
        farther = abs(to - days) > abs(nearest - days)
        if farther:
            continue
        reached = level_in(numbers, prices, held, work, stage)
        equal = abs(to - days) == abs(nearest - days)
        if reached != held.level and not (equal and reached > level):
            nearest, level = to, reached
    return nearest, level


_change = compiled_loop(_change_each)
