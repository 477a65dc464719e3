"""Choose: the level of each account, from what contact is worth, costs, may do and takes away.

Numbers are computed for all accounts at once; what is told of each is put together one by one
(models.intensity.settle).
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from models.decision import BindingRule, Change, Intensity
from models.intensity.alternatives import (
    leaving_experiment,
    leaving_override,
    leaving_plan,
    numeric,
    ranked,
)
from models.intensity.asked import NOT_PLANNED, Asked, Indices, Scarcity, rows_of
from models.intensity.change import Changes, changes
from models.intensity.effects import effects_of
from models.intensity.exploration import CHALLENGER, Drawn, Open, drawn, undrawn
from models.intensity.ladder import LEVELS
from models.intensity.numbers import Numbers, idle
from models.intensity.policy import Policy
from models.intensity.response import Ratios
from models.intensity.row import Row, rows
from models.intensity.ruled import Ruled, cases_of, cases_without, ruled_of
from models.intensity.settle import CAPACITY, binding_levels, intensity
from models.intensity.value import NO_PRICES, Cases, Weighed, capped, next_best, settled, weigh

NO_RULES: frozenset[str] = frozenset()


class Chosen(NamedTuple):
    """The levels of n accounts as the policy that decided weighed them, and their intensities."""

    weighed: Weighed
    rows: list[Row]
    intensities: list[Intensity]


class Challenger(NamedTuple):
    """A policy that decides the accounts of its arm; `ratios` are its estimate's, of n accounts."""

    policy: Policy
    ratios: Ratios


class _Recommended(NamedTuple):
    """The levels of n accounts before any is drawn, with all that they follow from.

    `weighed` has the capacity plan's levels where it has one, `alone` those of prices alone,
    `plenty` those without prices. `moved` are the accounts whose level the plan moved.
    """

    numbers: Numbers
    ruled: Ruled
    cases: Cases
    alone: Weighed
    plenty: Weighed
    weighed: Weighed
    moved: list[int]
    changes: Changes


def choose(
    policy: Policy,
    scarcity: Scarcity,
    asked: Asked,
    without: frozenset[str] = NO_RULES,
    challenger: Challenger | None = None,
    given: Indices | None = None,
) -> Chosen:
    """The contact intensity of each account; rules whose ids are in `without` are left out.

    The plan was made with every rule: without one of them, prices alone give the level. Accounts
    are drawn as the policy's [exploration] has it, those of the challenger's arm only where there
    is a challenger; it decides them as if no level had been planned for them. `given` [n] are
    levels that a person gives in place of these: whether rules take them, `settle.taking` tells.
    """
    if without:
        scarcity = _unplanned(scarcity)
    found = _recommended(policy, scarcity, asked, without)
    if policy.exploration is None:
        draw = _with(undrawn(found.weighed.level), given)
        return _told(policy, scarcity, asked, found, draw)
    if challenger is None or not policy.exploration.challenger_share:
        draw = _with(drawn(policy.exploration, _open(policy, asked, without, found, None)), given)
        return _told(policy, scarcity, asked, found, draw)
    other, theirs = challenger.policy, asked._replace(ratios=challenger.ratios)
    levels = _levels(other, scarcity, theirs, without)
    draw = _with(drawn(policy.exploration, _open(policy, asked, without, found, levels)), given)
    chosen = _told(policy, scarcity, asked, found, draw)
    some = np.flatnonzero(draw.arm == CHALLENGER)
    if not len(some):
        return chosen
    scarce = _unplanned(scarcity._replace(planned=scarcity.planned[some]))
    few = rows_of(theirs, some)
    again = _recommended(other, scarce, few, without)
    return _put(chosen, some, _told(other, scarce, few, again, draw.only(some)))


def _with(draw: Drawn, given: Indices | None) -> Drawn:
    return draw if given is None else draw.given(given)


def _unplanned(scarcity: Scarcity) -> Scarcity:
    return scarcity._replace(planned=np.full_like(scarcity.planned, NOT_PLANNED))


def numbers_under(policy: Policy, scarcity: Scarcity) -> Numbers:
    """The policy's numbers; the stages' lowest levels give way where capacity is less than they."""
    numbers = policy.numbers
    if scarcity.keeps_minimum:
        return numbers
    return numbers._replace(lowest=idle(numbers.lowest, numbers.use))


def _recommended(
    policy: Policy, scarcity: Scarcity, asked: Asked, without: frozenset[str]
) -> _Recommended:
    ruled = ruled_of(policy, asked, without)
    cases = cases_of(policy, asked, ruled, without)
    numbers = numbers_under(policy, scarcity)
    alone, found = changes(numbers, scarcity.prices, cases)
    # With the stages' lowest levels, which `numbers` may not have.
    plenty = alone if scarcity.keeps_minimum else weigh(policy.numbers, NO_PRICES, cases)
    weighed, moved = _as_planned(scarcity.planned, numbers, cases, alone, plenty)
    return _Recommended(numbers, ruled, cases, alone, plenty, weighed, moved, found)


def _levels(policy: Policy, scarcity: Scarcity, asked: Asked, without: frozenset[str]) -> Indices:
    """The levels that `_recommended` has where nothing is planned, alone."""
    cases = cases_of(policy, asked, ruled_of(policy, asked, without), without)
    return weigh(numbers_under(policy, scarcity), scarcity.prices, cases).level


def _open(
    policy: Policy,
    asked: Asked,
    without: frozenset[str],
    found: _Recommended,
    challenger: Indices | None,
) -> Open:
    """What may be drawn; who is protected or on hold is so whatever rule is left out."""
    numbers, weighed = found.numbers, found.weighed
    caps = ruled_of(policy, asked, NO_RULES).caps if without else found.ruled.caps
    levels, late = np.arange(len(LEVELS)), weighed.stage > 0
    lowest, highest = (each[weighed.stage, None] for each in (numbers.lowest, numbers.highest))
    return Open(
        account_id=[account.account_id for account in asked.accounts],
        cycle=asked.newest.astype(np.int64),
        joins=late & np.array([not each for each in caps], np.bool_),
        recommended=weighed.level,
        left=found.cases.free & (lowest <= levels) & (levels <= highest),
        challenger=challenger,
    )


def _told(
    policy: Policy, scarcity: Scarcity, asked: Asked, found: _Recommended, draw: Drawn
) -> Chosen:
    """What is told of accounts whose level is that of the draw."""
    numbers, weighed = found.numbers, found.weighed
    effects, unpriced = effects_of(policy, asked.ratios, weighed), found.plenty.unpriced
    each = rows(numbers, asked, found.ruled, weighed, unpriced, scarcity.planned, effects, draw)
    every = list(each)
    takers = [binding_levels(row) for row in every]
    told = numeric(numbers, found.cases, scarcity.prices, found.changes)
    for i, change in _of_rules(policy, scarcity, asked, found, every, takers):
        told[i].append(change)
    for i in found.moved:
        told[i] = [leaving_plan(int(found.alone.level[i]))]
    if draw.replaced is None:
        for i in np.flatnonzero(draw.level != weighed.level).tolist():
            told[i] = [leaving_experiment(int(weighed.level[i]))]
    else:
        for i in np.flatnonzero(draw.level != draw.replaced).tolist():
            told[i] = [leaving_override(int(draw.replaced[i]))]
    intensities = [
        intensity(policy, row, taking, ranked(altering))
        for row, taking, altering in zip(every, takers, told, strict=True)
    ]
    return Chosen(weighed, every, intensities)


def _put(chosen: Chosen, places: Indices, others: Chosen) -> Chosen:
    """With these others at their places."""
    columns = [column.copy() for column in chosen.weighed]
    for column, other in zip(columns, others.weighed, strict=True):
        column[places] = other
    rows, intensities = list(chosen.rows), list(chosen.intensities)
    for i, row, each in zip(places.tolist(), others.rows, others.intensities, strict=True):
        rows[i], intensities[i] = row, each
    return Chosen(Weighed._make(columns), rows, intensities)


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
    scarcity: Scarcity,
    asked: Asked,
    found: _Recommended,
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
    left = cases_without(policy, asked, found.ruled, found.cases, leaving)
    freed = weigh(found.numbers, scarcity.prices, left).level.tolist()
    for (i, rule), level in zip(leaving, freed, strict=True):
        if level != every[i].recommended:
            yield i, Change("rule", rule, None, None, level)
