"""Response laws: how the probability of a cure depends on the level of contact.

A law gives, for late accounts in one cycle, the probability that the amount due is paid in
full by the cycle's end, under each of the five levels. The laws differ in kind, so that what
works under all of them is not tuned to one:

- `reminder`: contact helps those who forget; more of it helps less and less, and annoys.
- `pressure`: contact moves those who could pay and do not want to; it harms those who cannot.
- `threshold`: nobody is moved on a scale: paying needs enough cash and one moment of
  attention; contact makes moments, and drives those who avoid contact away.
- `none`: contact does nothing.

With s the logistic function, w willingness, a ability, f forgetfulness, and the base
x = 1.5 + 1.2 w + 1.0 a + 0.4 secured - penalty(months late) - 0.8 log(1 + amount due / income).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr

Floats = NDArray[np.float64]

LEVELS = 5
MONTHS_PENALISED = 4  # months late beyond which neither penalty nor share changes any more

PENALTY = np.array([0.0, 0.7, 1.2, 1.8])
FORGETTING = np.array([1.0, 0.6, 0.35, 0.15])  # how much of a delay is forgetting, by months late

REMINDERS = np.array([0.0, 1.0, 3.0, 6.0, 8.0])
PRESSURE = np.array([0.0, 0.3, 0.8, 1.3, 1.6])
MOMENTS = np.array([0.0, 1.0, 2.0, 4.0, 6.0])
HIDING = np.array([0.0, 0.0, 0.0, 0.25, 0.5])


class Late(NamedTuple):
    """Late accounts at the start of a cycle, one entry each.

    `ability` and `willingness` are standardised; `forgetfulness`, `reachability` and
    `avoidance` lie in 0 to 1. `dues` is the amount due in regular monthly dues.
    """

    willingness: Floats
    ability: Floats
    forgetfulness: Floats
    reachability: Floats
    avoidance: Floats
    months_late: NDArray[np.int64]
    amount_due: Floats
    dues: Floats
    income: Floats
    secured: NDArray[np.bool_]


Law = Callable[[Late], Floats]


def _late_by(late: Late, values: Floats) -> Floats:
    """The value for each account's months late."""
    of_each: Floats = values[np.minimum(late.months_late, MONTHS_PENALISED) - 1]
    return of_each


def _logistic(log_odds: Floats) -> Floats:
    probability: Floats = expit(log_odds)
    return probability


def _base(late: Late) -> Floats:
    burden: Floats = np.log1p(late.amount_due / late.income)
    drive: Floats = 1.2 * late.willingness + 1.0 * late.ability + 0.4 * late.secured
    return 1.5 + drive - _late_by(late, PENALTY) - 0.8 * burden


def reminder(late: Late) -> Floats:
    """P = s(x - 1.2 f + 2.6 f g (1 - exp(-d / 2)) - 0.1 d (1 - f)), d = 0, 1, 3, 6, 8 reminders.

    g falls from 1 to 0.15 with months late: an old debt is not forgotten.
    """
    forgetful = late.forgetfulness[:, None]
    share = _late_by(late, FORGETTING)[:, None]
    helped = 2.6 * forgetful * share * -np.expm1(-REMINDERS / 2)
    annoyed = 0.1 * REMINDERS * (1 - forgetful)
    return _logistic(_base(late)[:, None] - 1.2 * forgetful + helped - annoyed)


def pressure(late: Late) -> Floats:
    """P = s(x - 0.4 + h (2.6 s(2 a) s(-2 w) - 0.6 s(-2 a))), h = 0, 0.3, 0.8, 1.3, 1.6."""
    able = _logistic(2 * late.ability)
    moved = 2.6 * able * _logistic(-2 * late.willingness) - 0.6 * (1 - able)
    return _logistic(_base(late)[:, None] - 0.4 + moved[:, None] * PRESSURE)


def threshold(late: Late) -> Floats:
    """P = N((2.4 + 1.2 a - 1.4 log dues) / 0.8) · (1 - (1 - q)^(1 + r d)) · (1 - v h).

    The cash at hand is log-normal and must reach the amount due (N is the normal
    distribution); one of the moments of attention must succeed, each with
    q = (1 - 0.6 f) s(1.8 + 2.0 w); d = 0, 1, 2, 4, 6 contacts are reached with reachability r;
    those who avoid (v) hide with h = 0, 0, 0, 0.25, 0.5.
    """
    afford: Floats = ndtr((2.4 + 1.2 * late.ability - 1.4 * np.log(late.dues)) / 0.8)
    moment = (1 - 0.6 * late.forgetfulness) * _logistic(1.8 + 2.0 * late.willingness)
    moments = 1 + late.reachability[:, None] * MOMENTS
    noticed = 1 - (1 - moment[:, None]) ** moments
    stays = 1 - late.avoidance[:, None] * HIDING
    probability: Floats = afford[:, None] * noticed * stays
    return probability


def none(late: Late) -> Floats:
    """P = s(x - 0.3) at every level."""
    return np.repeat(_logistic(_base(late) - 0.3)[:, None], LEVELS, axis=1)


LAWS: dict[str, Law] = {
    "reminder": reminder,
    "pressure": pressure,
    "threshold": threshold,
    "none": none,
}
