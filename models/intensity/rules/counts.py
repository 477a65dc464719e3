"""What each rule counts: contacts used up in its window, and the day on which one more is allowed.

One compiled pass over the contacts inside the window of each account, newest first.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from features.panel import Contacts, Floats, Indices, Panel, View
from features.tables import CONTACTS, codes_of
from models.intensity.rules.book import COUNTED
from models.intensity.rules.rule import UNKNOWN_PLACE, Frequency

# A contact's channel, direction, outcome and place as one set of bits, and what a rule counts
# likewise: the contact counts where all of its bits are among the rule's.
_BITS = 15  # for the codes of one column; the last stands for a place that is not known
_COLUMNS = ("channel", "direction", "outcome", "place")
# Columns of the table of rules. It is handed to the compiled functions and never a constant in
# them: numba's cache would go on with the old rules after one of them changed.
_COUNTS, _PER, _DAYS, _MOST = range(4)
_ACCOUNT, _DEBTOR, _POINT = range(3)
_PER_CODES = {"account": _ACCOUNT, "debtor": _DEBTOR, "contact_point": _POINT}


class Counts(NamedTuple):
    """n accounts × R rules, in the order of COUNTED.

    `used`: contacts that count within the window (for rules per contact point: of the point that
    has most). `free_day`: first local day (days since 1970) on which one more is allowed; today
    where one is allowed now, for rules per contact point the latest day of any point.
    """

    used: Indices
    free_day: Floats


# Local day, channel, direction, outcome, place and point. A plain tuple: a call takes 2 µs less
# than with a named one.
_Met = tuple[Floats, Floats, Floats, Floats, Floats, Floats]


def count(panel: Panel, view: View, today: Floats) -> Counts:
    """What every rule of COUNTED has counted for each row of the view.

    `today` is the local day (days since 1970) of as_of at the debtor's place. Only what the view
    knows counts. Rules per debtor or contact point read the debtor's other accounts too; contacts
    whose point is not known count together as one point.
    """
    return Counts(
        *_count(
            _RULES,
            view.row,
            today,
            _met(panel.contacts),
            panel.contact_start,
            view.contact_stop,
            _met(panel.others),
            panel.other_start,
            view.other_stop,
        )
    )


def _met(contacts: Contacts) -> _Met:
    return (
        contacts.local_day,
        contacts.channel,
        contacts.direction,
        contacts.outcome,
        contacts.place,
        contacts.point,
    )


def _table(rules: tuple[Frequency, ...]) -> Indices:
    rows = [[_counted(r), _PER_CODES[r.per], r.days, r.most] for r in rules]
    return np.array(rows, np.int64)


def _counted(rule: Frequency) -> int:
    """The bits of every contact that the rule counts."""
    named = (rule.channels, rule.directions, rule.outcomes, rule.places)
    bits = 0
    for position, (column, codes) in enumerate(zip(_COLUMNS, named, strict=True)):
        numbers = codes_of(CONTACTS, column)
        assert len(numbers) < _BITS
        numbers[UNKNOWN_PLACE] = _BITS - 1
        for code in codes:
            bits |= 1 << (_BITS * position + numbers[code])
    return bits


_RULES = _table(COUNTED)


@njit(cache=True, nogil=True)
def _bits(channel: float, direction: float, outcome: float, place: float) -> int:
    """The bits of a contact; one without channel, direction or outcome is counted by no rule."""
    if not (channel >= 0 and direction >= 0 and outcome >= 0):
        return -1
    place_bit = _BITS - 1 if np.isnan(place) else int(place)
    return (
        (1 << int(channel))
        | (1 << (_BITS + int(direction)))
        | (1 << (2 * _BITS + int(outcome)))
        | (1 << (3 * _BITS + place_bit))
    )


@njit(cache=True, nogil=True)
def _tally(
    rules: Indices, met: _Met, start: int, stop: int, today: float, other: bool, seen: Indices
) -> None:
    """Add contacts start to stop to `seen` [rules, age in days]; `other`: of other accounts."""
    local_day, channel, direction, outcome, place, _ = met
    longest = seen.shape[1]
    for j in range(stop - 1, start - 1, -1):
        age = today - local_day[j]
        # One day of grace: where clocks go back across midnight, an older contact may be of a
        # later day.
        if age > longest:
            break
        if age == longest:
            continue
        bits = _bits(channel[j], direction[j], outcome[j], place[j])
        for k in range(len(rules)):
            if rules[k, _PER] == _POINT or (other and rules[k, _PER] == _ACCOUNT):
                continue
            if bits & rules[k, _COUNTS] == bits:
                seen[k, max(int(age), 0)] += 1


@njit(cache=True, nogil=True)
def _gather(
    rule: Indices, met: _Met, start: int, stop: int, today: float, ages: Indices, points: Floats
) -> int:
    """Write ages and points of the contacts that the rule counts; how many there are."""
    local_day, channel, direction, outcome, place, point = met
    found = 0
    for j in range(stop - 1, start - 1, -1):
        age = today - local_day[j]
        if age > rule[_DAYS]:
            break
        bits = _bits(channel[j], direction[j], outcome[j], place[j])
        if bits & rule[_COUNTS] == bits and age < rule[_DAYS]:
            ages[found] = max(int(age), 0)
            points[found] = point[j]
            found += 1
    return found


@njit(cache=True, nogil=True)
def _newest(rule: Indices, seen: Indices) -> tuple[int, float]:
    """How many contacts are in the window, and the age of the `most`-th newest (−1 none)."""
    used, age = 0, -1.0
    for day in range(rule[_DAYS]):
        used += seen[day]
        if age < 0 and used >= rule[_MOST]:
            age = float(day)
    return used, age


@njit(cache=True, nogil=True)
def _newest_of_points(
    rule: Indices, ages: Indices, points: Floats, seen: Indices
) -> tuple[int, float]:
    """`_newest` of the point that has most, and of the one that is used up longest."""
    used, age = 0, -1.0
    order = np.argsort(points)  # those not known (NaN) come last
    start = 0
    for end in range(1, len(points) + 1):
        point = points[order[start]]
        if end < len(points):
            following = points[order[end]]
            if following == point or (np.isnan(following) and np.isnan(point)):
                continue
        seen[:] = 0
        for position in range(start, end):
            seen[ages[order[position]]] += 1
        used_here, age_here = _newest(rule, seen)
        used = max(used, used_here)
        if age_here >= 0 and (age < 0 or age_here < age):
            age = age_here
        start = end
    return used, age


@njit(cache=True, nogil=True)
def _count(
    rules: Indices,
    row: Indices,
    today: Floats,
    own: _Met,
    own_start: Indices,
    own_stop: Indices,
    others: _Met,
    other_start: Indices,
    other_stop: Indices,
) -> tuple[Indices, Floats]:
    used = np.empty((len(row), len(rules)), np.int64)
    free_day = np.empty((len(row), len(rules)))
    seen = np.zeros((len(rules), rules[:, _DAYS].max()), np.int64)
    room = 0
    for i in range(len(row)):
        both = own_stop[i] - own_start[row[i]] + other_stop[i] - other_start[row[i]]
        room = max(room, both)
    ages, points = np.empty(room, np.int64), np.empty(room)
    for i in range(len(row)):
        first, other_first, day = own_start[row[i]], other_start[row[i]], today[i]
        seen[:] = 0
        _tally(rules, own, first, own_stop[i], day, False, seen)
        _tally(rules, others, other_first, other_stop[i], day, True, seen)
        for k in range(len(rules)):
            rule = rules[k]
            if rule[_PER] == _POINT:
                n = _gather(rule, own, first, own_stop[i], day, ages, points)
                n += _gather(rule, others, other_first, other_stop[i], day, ages[n:], points[n:])
                used[i, k], age = _newest_of_points(rule, ages[:n], points[:n], seen[k])
            else:
                used[i, k], age = _newest(rule, seen[k])
            free_day[i, k] = day + (rule[_DAYS] - age if age >= 0 else 0.0)
    return used, free_day
