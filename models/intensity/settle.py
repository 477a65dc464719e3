"""Settle: what is told of one account's level, from the numbers that decided it."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import get_args
from zoneinfo import ZoneInfo

from features.clock import day_number
from features.tables import CHANNELS, REASONS
from models.decision import BindingRule, Change, Intensity, Level, Limit
from models.intensity.asked import NOT_PLANNED
from models.intensity.exploration import ARMS
from models.intensity.hours import earliest
from models.intensity.ladder import ESCALATE, LEVEL_NAMES, LEVELS, NONE
from models.intensity.policy import Policy
from models.intensity.row import Row
from models.intensity.rules.bars import BARRING, NO_RULE
from models.intensity.rules.book import COUNTED
from models.intensity.rules.protections import VISIT_APPOINTMENT
from models.intensity.rules.reach import UNREACHABLE
from models.intensity.rules.rule import Hours, Rule
from models.intensity.treatment import Hold, Treated, treat

# `taken_by` of levels that the policy's bounds of the stage leave out.
STAGE_LOWEST = "stage_lowest"
STAGE_HIGHEST = "stage_highest"
CAPACITY = "capacity"  # takes a level away where its resources are worth more elsewhere
_CAPACITY_CITATION = "capacity plan"

_HOLDS: dict[str, Hold] = {hold: hold for hold in get_args(Hold)}
_NUMBER = {channel: number for number, channel in enumerate(CHANNELS)}


def intensity(
    policy: Policy, row: Row, takers: tuple[BindingRule, ...], changes: tuple[Change, ...]
) -> Intensity:
    """The intensity of the row's account: what took its level, and what would alter it."""
    channels, at, rest = contacting(policy, row)
    binding = (*takers, *rest)
    treated = _treated(policy, row, binding)
    moved = row.level != row.recommended
    return Intensity(
        level=row.level,
        name=LEVEL_NAMES[row.level],
        treatment=treated.treatment,
        because=treated.because,
        channels=channels,
        needs_approval=row.level == ESCALATE,
        levels=_levels(row),
        binding_rules=binding,
        limits=_limits(row),
        earliest_contact_at=at,
        runner_up=_runner_up(row),
        changes=changes,
        response_model=policy.response_models[row.stage],
        rules_of=row.rules.rules_of,
        planned=row.planned != NOT_PLANNED and not moved,
        recommended=row.recommended,
        arm=ARMS[row.arm],
        experiment=row.experiment,
        propensities=row.propensities,
        plan=None if treated.plan is None else treated.plan._asdict(),
    )


def binding_levels(row: Row) -> tuple[BindingRule, ...]:
    """The rules that took a level away before any was drawn, protections and holds first,
    strictest first.

    `took_away` is `level:3->1`: the level as it would have been at that point, and what the rule
    leaves of it.
    """
    found = [
        BindingRule(rule.id, rule.citation, f"level:{row.unflagged}->{rule.cap}")
        for rule in row.caps
        if rule.cap < row.unflagged
    ]
    found += _barring(row, row.unbarred, row.unflagged)
    found += _barring(row, _within_caps(row), row.recommended)
    if row.unpriced > row.unflagged:
        took = f"level:{row.unpriced}->{row.unflagged}"
        found.append(BindingRule(CAPACITY, _CAPACITY_CITATION, took))
    return tuple(found)


def taking(row: Row, level: int) -> tuple[BindingRule, ...]:
    """The rules that keep a person from giving the account this level, protections and holds first.

    The policy's bounds of the stage, the capacity plan and what a level is worth do not.
    `took_away` is as in `binding_levels`.
    """
    found: list[Rule] = [cap for cap in row.caps if cap.cap < level]
    barrier = _barrier(row, level)
    if barrier is not None:
        found.append(barrier)
    left = next(each for each in range(level, NONE - 1, -1) if _is_open(row, each))
    return tuple(BindingRule(by.id, by.citation, f"level:{level}->{left}") for by in found)


def open_levels(row: Row) -> tuple[int, ...]:
    """The levels that a person may give the account."""
    return tuple(level for level in LEVELS if _is_open(row, level))


def _is_open(row: Row, level: int) -> bool:
    capped = bool(row.caps) and row.caps[0].cap < level
    return not capped and _barrier(row, level) is None


def _barrier(row: Row, level: int) -> Rule | None:
    """The contact rule that takes the level.

    What took the best level leaves no way to those above it either.
    """
    for each in (level, row.unbarred):
        if each <= level and not row.free[each]:
            return BARRING[row.level_by[each]]
    return None


def _within_caps(row: Row) -> int:
    return min(row.unflagged, row.caps[0].cap) if row.caps else row.unflagged


def _barring(row: Row, highest: int, left: int) -> list[BindingRule]:
    """The contact rules that took the levels from `highest` down to `left`."""
    found, taken = [], {NO_RULE}
    for level in range(highest, left, -1):
        by = row.level_by[level]
        if by not in taken:
            taken.add(by)
            rule = BARRING[by]
            found.append(BindingRule(rule.id, rule.citation, f"level:{level}->{left}"))
    return found


def contacting(
    policy: Policy, row: Row
) -> tuple[tuple[str, ...], str | None, tuple[BindingRule, ...]]:
    """The channels of the level, the first instant at which they may be used, and what bound.

    The instant is the first day of the level's main channel, at an hour that is right for all of
    its channels; another channel that may not be used by then is taken away (`channel:sms`), as
    is a visit that nobody agreed to.
    """
    if row.level == NONE:
        return (), None, ()
    planned = policy.rungs[row.level].channels
    main, *others = planned
    at = _first(row, row.ready_day[_NUMBER[main]], *_window(row.hours, planned))
    told, day = _local(at, row.account.timezone)
    found = []
    if at > row.as_of:
        took = f"time:{told}"
        delaying = _delaying(row, planned)
        found += [BindingRule(rule.id, rule.citation, took) for rule in delaying]
    channels = [main]
    for channel in others:
        number = _NUMBER[channel]
        if channel == "visit" and not row.visit_agreed:
            by: Rule = VISIT_APPOINTMENT
        elif row.ready_day[number] > day:
            by = BARRING[row.barred_by[number]]
        else:
            channels.append(channel)
            continue
        found.append(BindingRule(by.id, by.citation, f"channel:{channel}"))
    return tuple(channels), told, tuple(found)


def _first(row: Row, ready: float, start: float, end: float) -> float:
    """First instant (UTC seconds) from as_of and the local day `ready` on, within the hours."""
    return earliest(row.as_of, ready, row.account.timezone, start, end)


@lru_cache(maxsize=4_096)
def _window(hours: tuple[Hours, ...], channels: tuple[str, ...]) -> tuple[float, float]:
    """From and until what hour the strictest of the rules let all of the channels be used."""
    bound = [rule for rule in hours if not set(rule.channels).isdisjoint(channels)]
    return (
        max((rule.start for rule in bound), default=0.0),
        min((rule.end for rule in bound), default=24.0),
    )


def _delaying(row: Row, channels: tuple[str, ...]) -> list[Rule]:
    """The rules that keep the channels, the main one first, from being used sooner."""
    main = _NUMBER[channels[0]]
    ready = row.ready_day[main]
    found: list[Rule] = []
    if ready > row.today:
        found.append(BARRING[row.barred_by[main]])
    at_any_hour = _first(row, ready, 0.0, 24.0)
    for rule in row.hours:
        start, end = _window((rule,), channels)
        if _first(row, ready, start, end) > at_any_hour:
            found.append(rule)
    return found


def _runner_up(row: Row) -> int | None:
    """The second best level; where another was drawn, the recommended one."""
    if row.level != row.recommended:
        return row.recommended
    return None if row.runner_up < 0 else row.runner_up


def _levels(row: Row) -> tuple[Level, ...]:
    taken = _taken(row)
    allowed = [by is None for by in taken]
    weights = (row.probability, row.value, row.cost, row.price, row.net)
    each = zip(LEVELS, *weights, allowed, taken, *row.effects, strict=True)
    return tuple(map(Level._make, each))


def _taken(row: Row) -> list[str | None]:
    """The rule or bound that took each level away; None for one that is allowed."""
    cap, capping = (row.caps[0].cap, row.caps[0].id) if row.caps else (ESCALATE, None)
    lowest, highest = row.lowest, row.highest
    found: list[str | None] = []
    for level in LEVELS:
        if level in (row.level, row.recommended):
            found.append(None)
        elif level > highest:
            found.append(STAGE_HIGHEST)
        elif (barrier := _barrier(row, level)) is not None:
            found.append(barrier.id)
        elif level > cap:
            found.append(capping)
        else:
            found.append(STAGE_LOWEST if level < lowest else None)
    return found


def _limits(row: Row) -> tuple[Limit, ...]:
    return tuple([Limit(*_limit(k), row.used[k], COUNTED[k].id) for k in row.rules.told])


@cache
def _limit(k: int) -> tuple[str, str, str, int]:
    rule = COUNTED[k]
    window = "1 day" if rule.days == 1 else f"{rule.days} days"
    return rule.counter, rule.per, window, rule.most


def _treated(policy: Policy, row: Row, binding: Sequence[BindingRule]) -> Treated:
    settings = policy.treatment
    asked = next((rule.treatment for rule in row.caps if rule.treatment is not None), None)
    return treat(
        row.level,
        policy.rungs[row.level].treatment,
        asked=asked,
        held=next((_HOLDS[rule.id] for rule in row.caps if rule.id in _HOLDS), None),
        barred=row.unbarred > row.unflagged or _within_caps(row) > row.recommended,
        drawn=row.level == row.replaced != row.recommended,
        overridden=row.level != row.replaced,
        # Where it took but a channel, there is another way to make the contact.
        unreachable=any(
            each.rule == UNREACHABLE.id and each.took_away.startswith("level:") for each in binding
        ),
        stated=None if row.stated != row.stated else REASONS[int(row.stated)],
        ability=row.ability,
        willingness=row.willingness,
        standing_valid=row.standing_valid,
        past_due=row.account.past_due_amount,
        paid_month=row.paid_month,
        low_below=settings.low_below,
        plan_months=settings.plan_months,
    )


@lru_cache(maxsize=4_096)
def _local(at: float, timezone: str) -> tuple[str, float]:
    """The instant in ISO 8601 as the debtor's place has it, and the day it is there."""
    local = datetime.fromtimestamp(at, ZoneInfo(timezone))
    return local.isoformat(), day_number(local.date())
