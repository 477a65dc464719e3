"""What the counts close: channels until a day, and levels that rest on a closed channel."""

from typing import NamedTuple

import numpy as np
from numba import njit

from features.panel import Flags, Floats, Indices
from features.tables import CHANNELS, CONTACTS, codes_of
from models.intensity.numbers import Numbers
from models.intensity.rules.book import COUNTED
from models.intensity.rules.counts import Counts
from models.intensity.rules.reach import UNREACHABLE
from models.intensity.rules.rule import Cap, Frequency, Rule

BARRING: tuple[Rule, ...] = (*COUNTED, UNREACHABLE)  # what `barred_by` and `level_by` count in
NO_RULE = -1

_CHANNEL = codes_of(CONTACTS, "channel")
_WEEK = 7
# Columns of the table of rules; handed over, as in counts.py.
_BLOCKS, _DAYS, _MOST, _OF_ATTEMPTS = range(4)


class Bars(NamedTuple):
    """What the rules leave of n accounts: 5 levels, 8 channels in the order of CHANNELS.

    `free` [n, 5]: levels that no rule takes; level 0 always. `ready_day` [n, 8]: first local day
    (days since 1970) on which the channel may be used again: today where it may now, infinite
    where it may not at all. `barred_by` [n, 8]: index in BARRING of the rule that closes the
    channel longest, the first of several; `level_by` [n, 5]: of the rule that took the level.
    NO_RULE (−1): none.
    """

    free: Flags
    ready_day: Floats
    barred_by: Indices
    level_by: Indices


def bars(
    numbers: Numbers, counts: Counts, binding: Flags, unreachable: Flags, today: Floats
) -> Bars:
    """What the rules that bind (`binding` [n, R]) take away after what they have counted.

    A level is taken where its main channel is closed for as long as a decision is valid, or where
    it plans more contacts a week by it than a rule on attempts over 7 or more days allows.
    `unreachable` [n] closes the channel call for good. `today` [n] as in `counts.count`.
    """
    return Bars(
        *_bars(
            _RULES,
            numbers.main,
            numbers.main_per_week,
            numbers.valid_days,
            counts.free_day,
            binding,
            unreachable,
            today,
            len(CHANNELS),
            _CLOSED_TO_UNREACHABLE,
        )
    )


def _blocked(rule: Frequency | Cap) -> int:
    """The channels that the rule closes, as bits."""
    return sum(1 << _CHANNEL[channel] for channel in rule.blocks)


def _table(rules: tuple[Frequency, ...]) -> Indices:
    rows = [[_blocked(rule), rule.days, rule.most, rule.of_attempts] for rule in rules]
    return np.array(rows, np.int64)


_RULES = _table(COUNTED)
_CLOSED_TO_UNREACHABLE = _blocked(UNREACHABLE)


@njit(cache=True, nogil=True)
def _close(
    rules: Indices,
    free_day: Floats,
    binding: Flags,
    closed: int,
    today: float,
    ready_day: Floats,
    barred_by: Indices,
) -> None:
    """Write when each channel of one account may be used again, and which rule says so.

    `closed` are the channels, as bits, that may not be used at all.
    """
    for channel in range(len(ready_day)):
        shut = closed >> channel & 1
        ready_day[channel] = np.inf if shut else today
        barred_by[channel] = len(rules) if shut else NO_RULE
    for k in range(len(rules)):
        if not binding[k]:
            continue
        for channel in range(len(ready_day)):
            if rules[k, _BLOCKS] >> channel & 1 and free_day[k] > ready_day[channel]:
                ready_day[channel] = free_day[k]
                barred_by[channel] = k


@njit(cache=True, nogil=True)
def _exceeded(rules: Indices, binding: Flags, channel: int, per_week: float) -> int:
    """The strictest rule on attempts that so many contacts a week would break, if any."""
    strictest, allowed = NO_RULE, per_week
    for k in range(len(rules)):
        counts = binding[k] and rules[k, _OF_ATTEMPTS] and rules[k, _DAYS] >= _WEEK
        # Multiplied, not divided: what is allowed exactly must not fail by a rounding.
        over = per_week * rules[k, _DAYS] > rules[k, _MOST] * _WEEK
        if counts and over and rules[k, _BLOCKS] >> channel & 1:
            share = rules[k, _MOST] * _WEEK / rules[k, _DAYS]
            if strictest < 0 or share < allowed:
                strictest, allowed = k, share
    return strictest


@njit(cache=True, nogil=True)
def _bars(
    rules: Indices,
    main: Indices,
    main_per_week: Floats,
    valid_days: int,
    free_day: Floats,
    binding: Flags,
    unreachable: Flags,
    today: Floats,
    channels: int,
    closed_to_unreachable: int,
) -> tuple[Flags, Floats, Indices, Indices]:
    n, levels = len(today), len(main)
    free = np.ones((n, levels), np.bool_)
    ready_day = np.empty((n, channels))
    barred_by = np.empty((n, channels), np.int64)
    level_by = np.full((n, levels), NO_RULE)
    for i in range(n):
        closed = closed_to_unreachable if unreachable[i] else 0
        _close(rules, free_day[i], binding[i], closed, today[i], ready_day[i], barred_by[i])
        for level in range(levels):
            channel = main[level]
            if channel < 0:
                continue
            taken_by = NO_RULE
            if ready_day[i, channel] >= today[i] + valid_days:
                taken_by = barred_by[i, channel]
            if taken_by < 0:
                taken_by = _exceeded(rules, binding[i], channel, main_per_week[level])
            free[i, level] = taken_by < 0
            level_by[i, level] = taken_by
    return free, ready_day, barred_by, level_by
