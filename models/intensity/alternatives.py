"""Alternatives: the changes that would alter a level, as a decision tells them."""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from models.decision import Change
from models.intensity.change import Changes
from models.intensity.ladder import RESOURCES
from models.intensity.numbers import Numbers
from models.intensity.settle import CAPACITY
from models.intensity.value import Cases, target_number
from models.score.calibration import probability

# What a change leaves, as a rule:
EXPLORATION = "exploration"  # the experiment
OVERRIDE = "override"  # what a person decided


def numeric(
    numbers: Numbers, cases: Cases, prices: NDArray[np.float64], found: Changes
) -> list[list[Change]]:
    """The changes of numbers that alter the level of each account, in no order."""
    were = zip(
        probability(cases.log_odds).tolist(),
        cases.past_due.tolist(),
        cases.balance.tolist(),
        cases.days_past_due.tolist(),
        strict=True,
    )
    told = zip(*(each.tolist() for each in found), strict=True)
    price_list = prices.tolist()
    return [_changes(numbers, was, price_list, to) for was, to in zip(were, told, strict=True)]


def _changes(
    numbers: Numbers,
    were: tuple[float, float, float, float],
    prices: list[float],
    found: tuple[float, int, float, int, list[float], list[int], float, int],
) -> list[Change]:
    was, past_due, balance, days = were
    to, level, amount, amount_level, price, price_level, day, day_level = found
    changes = []
    if level >= 0:
        changes.append(Change("probability", None, was, to, level))
    if amount_level >= 0:
        of_balance = numbers.of_balance[target_number(days)]
        field, is_now = ("balance", balance) if of_balance else ("past_due_amount", past_due)
        changes.append(Change("amount", field, is_now, amount, amount_level))
    for resource, now, there, reached in zip(RESOURCES, prices, price, price_level, strict=True):
        if reached >= 0:
            changes.append(Change("price", resource, now, there, reached))
    if day_level >= 0:
        changes.append(Change("days", None, days, day, day_level))
    return changes


def ranked(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes, the smallest first: relative to what was; rules, which have no size, last."""
    return tuple(sorted(changes, key=_size))


def _size(change: Change) -> tuple[bool, float, str]:
    if change.was is None or change.to is None:
        return True, 0.0, change.kind
    size = abs(change.to - change.was) / abs(change.was) if change.was else math.inf
    return False, size, change.kind


def leaving_experiment(level: int) -> Change:
    """Outside the experiment that another level was drawn for, this is the level."""
    return Change("rule", EXPLORATION, None, None, level)


def leaving_override(level: int) -> Change:
    """Without the person who gave another level, this is it."""
    return Change("rule", OVERRIDE, None, None, level)


def leaving_plan(level: int) -> Change:
    """Any change of the account ends the plan's hold on it: prices alone give this level."""
    return Change("rule", CAPACITY, None, None, level)
