"""Choose: the level of each account, from what contact is worth, costs, may do and takes away.

Numbers are computed for all accounts at once; what is told of each is put together one by one
(models.intensity.settle).
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from models.decision import BindingRule, Change, Intensity
from models.intensity.alternatives import leaving_plan, numeric, ranked
from models.intensity.asked import NOT_PLANNED, Asked, Indices, Scarcity
from models.intensity.change import changes
from models.intensity.numbers import Numbers, idle
from models.intensity.policy import Policy
from models.intensity.row import Row, rows
from models.intensity.ruled import Ruled, cases_of, cases_without, ruled_of
from models.intensity.settle import CAPACITY, binding_levels, intensity
from models.intensity.value import NO_PRICES, Cases, Weighed, capped, next_best, settled, weigh

NO_RULES: frozenset[str] = frozenset()


class Chosen(NamedTuple):
    """The levels of n accounts as they were weighed, and their intensities."""

    weighed: Weighed
    intensities: list[Intensity]


def choose(
    policy: Policy, scarcity: Scarcity, asked: Asked, without: frozenset[str] = NO_RULES
) -> Chosen:
    """The contact intensity of each account; rules whose ids are in `without` are left out.

    The plan was made with every rule: without one of them, prices alone give the level.
    """
    if without:
        scarcity = scarcity._replace(planned=np.full_like(scarcity.planned, NOT_PLANNED))
    ruled = ruled_of(policy, asked, without)
    cases = cases_of(policy, asked, ruled, without)
    numbers = numbers_under(policy, scarcity)
    alone, found = changes(numbers, scarcity.prices, cases)
    # With the stages' lowest levels, which `numbers` may not have.
    plenty = alone if scarcity.keeps_minimum else weigh(policy.numbers, NO_PRICES, cases)
    weighed, moved = _as_planned(scarcity.planned, numbers, cases, alone, plenty)
    every = list(rows(numbers, asked, ruled, weighed, plenty.unpriced, scarcity.planned))
    takers = [binding_levels(row) for row in every]
    told = numeric(numbers, cases, scarcity.prices, found)
    for i, change in _of_rules(policy, numbers, scarcity, asked, ruled, cases, every, takers):
        told[i].append(change)
    for i in moved:
        told[i] = [leaving_plan(int(alone.level[i]))]
    intensities = [
        intensity(policy, row, taking, ranked(altering))
        for row, taking, altering in zip(every, takers, told, strict=True)
    ]
    return Chosen(weighed, intensities)


def numbers_under(policy: Policy, scarcity: Scarcity) -> Numbers:
    """The policy's numbers; the stages' lowest levels give way where capacity is less than they."""
    numbers = policy.numbers
    if scarcity.keeps_minimum:
        return numbers
    return numbers._replace(lowest=idle(numbers.lowest, numbers.use))


def _as_planned(
    planned: Indices, numbers: Numbers, cases: Cases, alone: Weighed, plenty: Weighed
) -> tuple[Weighed, list[int]]:
    """The levels with the plan's where it has one, and the accounts whose level it moved.

    A plan shares out what prices leave open among accounts of about equal net, so it may be above
    what prices alone give. Rules go after it: it is never above what the account would get before
    any rule if nothing were scarce, nor above a cap.
    """
    own = zip(planned.tolist(), alone.unflagged.tolist(), strict=True)
    differing = [i for i, (level, left) in enumerate(own) if level not in (NOT_PLANNED, left)]
    if not differing:
        return alone, []
    changed = ("unbarred", "unflagged", "level", "runner_up")
    weighed = alone._replace(**{name: getattr(alone, name).copy() for name in changed})
    for i in differing:
        free, stage = cases.free[i], alone.stage[i]
        cap = capped(int(cases.cap[i]), bool(alone.transit[i]))
        highest = min(int(planned[i]), int(plenty.unpriced_unbarred[i]))
        unflagged = settled(highest, highest, free)
        level = settled(unflagged, cap, free)
        within = min(int(numbers.highest[stage]), cap)
        low = int(numbers.lowest[stage])
        weighed.unbarred[i], weighed.unflagged[i] = highest, unflagged
        weighed.level[i] = level
        weighed.runner_up[i] = next_best(alone.net[i], free, highest, low, within, level)
    return weighed, [i for i in differing if weighed.level[i] != alone.level[i]]


def _of_rules(
    policy: Policy,
    numbers: Numbers,
    scarcity: Scarcity,
    asked: Asked,
    ruled: Ruled,
    cases: Cases,
    every: list[Row],
    takers: list[tuple[BindingRule, ...]],
) -> Iterator[tuple[int, Change]]:
    """The rules that took a level, each with its account, without which it would be another."""
    leaving = [
        (i, rule)
        for i, taking in enumerate(takers)
        for rule in dict.fromkeys(each.rule for each in taking)
        if rule != CAPACITY
    ]
    if not leaving:
        return
    left = cases_without(policy, asked, ruled, cases, leaving)
    freed = weigh(numbers, scarcity.prices, left).level.tolist()
    for (i, rule), level in zip(leaving, freed, strict=True):
        if level != every[i].level:
            yield i, Change("rule", rule, None, None, level)
