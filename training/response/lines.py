"""Lines: what a booster gives, set right by what doubly robust scores of assignments show.

With mu_l the probability of the target under level l that the boosters give, the doubly robust
score of a level (Robins, Rotnitzky and Zhao, 1994, JASA 89:846-866) is
    score_l = mu_l + 1{level = l} / propensity_l · (outcome - mu_l).
Its mean is right if either mu_l or the propensity is. In each stage and for each level the line
log odds ratio = offset + slope × (margin × levels between - centre) is fitted so that the gain it
promises has the mean of score_l - score_parent, and (slope, shared by the stages) goes with the
margin as that does: estimating equations with sandwich variances, clustered by account.

Offsets are then drawn towards what the booster gives, the more the less is known of them
(DerSimonian and Laird, 1986, Controlled Clinical Trials 7:177-188); their intervals stay as wide
as they were.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import expit

from features.panel import Flags, Floats, Indices
from models.intensity.cells import CONTACTS, LATE_STAGES, Lines
from models.intensity.ladder import LEVELS
from training.assigned import Assigned
from training.response.overlap import Support, both_possible

# What was held out may call for a little more than was fitted, never for the contrary.
MOST_SLOPE = 1.5
TURNS = 30
_STAGES = len(LATE_STAGES)


class Scored(NamedTuple):
    """n assignments with what boosters give for them, of boosters without the row's account.

    `none` [n] are the log-odds without contact, `margin` [n] what each level more does to them.
    """

    rows: Assigned
    none: Floats
    margin: Floats

    @property
    def outcome(self) -> Floats:
        """Probability of the target under each level [n × 5]."""
        found: Floats = expit(self.none[:, None] + self.reached)
        return found

    @property
    def reached(self) -> Floats:
        """Log odds ratio of each level against none as the boosters give it, [n × 5]."""
        found: Floats = self.margin[:, None] * np.array(LEVELS)
        return found

    def take(self, rows: Indices) -> "Scored":
        """Those rows."""
        return Scored(self.rows.take(rows), self.none[rows], self.margin[rows])


class _Fitted(NamedTuple):
    """The lines of one level: by stage offset and centre, the slope, and by row what moves them."""

    offset: Floats  # [4 stages]
    centre: Floats
    slope: float
    of_offset: Floats  # [n]: influence on the offset of the row's own stage
    of_slope: Floats  # [n]


def lines_of(scored: Scored, support: list[list[Support]]) -> tuple[Lines, ...]:
    """The lines of each late stage; where a level is not supported, what the booster gives."""
    fitted = [
        _fit(scored, level, [of_stage[level - 1] for of_stage in support])
        for level in range(1, CONTACTS + 1)
    ]
    account = np.unique(scored.rows.account, return_inverse=True)[1]
    slope_variance = [_clustered(each.of_slope[:, None], account)[0, 0] for each in fitted]
    covariance = [
        _offset_covariance(fitted, scored.rows.stage == s + 1, account) for s in range(_STAGES)
    ]
    centre = np.array([each.centre for each in fitted]).T
    beyond = np.array([each.offset for each in fitted]).T - centre
    offset = centre + _drawn(beyond, np.array([np.diag(each) for each in covariance]))
    return tuple(
        Lines(
            parent=tuple(each.parent for each in support[s]),
            offset=tuple(offset[s].tolist()),
            slope=tuple(each.slope for each in fitted),
            centre=tuple(centre[s].tolist()),
            covariance=tuple(tuple(row) for row in covariance[s].tolist()),
            slope_variance=tuple(slope_variance),
        )
        for s in range(_STAGES)
    )


def _drawn(beyond: Floats, variance: Floats) -> Floats:
    """What offsets lie beyond the booster's, drawn to 0 by how far chance alone would scatter them.

    [4 stages × 4 levels]; a variance of 0 is that of a level that is not supported.
    """
    known = variance > 0
    if not known.any():
        return beyond
    weight = 1.0 / variance[known]
    scatter = float((weight * beyond[known] ** 2).sum())
    real = max(0.0, (scatter - known.sum()) / weight.sum())
    kept: Floats = np.where(known, real / (real + np.where(known, variance, 1.0)), 1.0)
    return beyond * kept


def _offset_covariance(fitted: list[_Fitted], of_stage: Flags, account: Indices) -> Floats:
    influence = np.column_stack([each.of_offset for each in fitted])
    return _clustered(influence[of_stage], account[of_stage])


def _clustered(influence: Floats, account: Indices) -> Floats:
    """Covariance of sums of influences [n × k], those of an account hanging together."""
    sums = np.zeros((influence.shape[1], int(account.max(initial=-1)) + 1))
    for k, each in enumerate(influence.T):
        sums[k] = np.bincount(account, each, sums.shape[1])
    found: Floats = sums @ sums.T
    return found


def _fit(scored: Scored, level: int, support: list[Support]) -> _Fitted:
    n, rows = len(scored.none), scored.rows
    stage = rows.stage - 1
    parent = np.array([each.parent for each in support])[stage]
    every = np.arange(n)
    output = scored.reached[every, level] - scored.reached[every, parent]
    sound = np.array([each.why is None for each in support])
    used = sound[stage] & _possible(rows, level, parent)
    centre = np.array([_mean(output[used & (stage == s)]) for s in range(_STAGES)])
    offset, of_offset, of_slope = centre.copy(), np.zeros(n), np.zeros(n)
    if not used.any():
        return _Fitted(offset, centre, 1.0, of_offset, of_slope)
    part = _Part(
        stage[used],
        scored.none[used] + scored.reached[used, parent[used]],
        output[used] - centre[stage[used]],
        _scores(scored, level, parent)[used],
    )
    found, slope = _solve(part, offset)
    offset[sound] = found[sound]
    of_offset[used], of_slope[used] = _influences(part, offset, slope)
    return _Fitted(offset, centre, slope, of_offset, of_slope)


def _possible(rows: Assigned, level: int, parent: Indices) -> Flags:
    found = np.zeros(len(rows), np.bool_)
    for below in np.unique(parent):
        here = parent == below
        found[here] = both_possible(rows.propensity[here], level, int(below))
    return found


def _scores(scored: Scored, level: int, parent: Indices) -> Floats:
    """Doubly robust score of the level less that of its parent; NaN where either is impossible."""
    outcome, rows = scored.outcome, scored.rows
    every = np.arange(len(rows))
    missed = rows.cured - outcome[every, rows.level]
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(
            rows.level == level,
            1.0 / rows.propensity[:, level],
            np.where(rows.level == parent, -1.0 / rows.propensity[every, parent], 0.0),
        )
    return outcome[:, level] - outcome[every, parent] + weight * missed


class _Part(NamedTuple):
    """The rows that a level's lines are fitted on: stage from 0, log-odds under the parent,
    distance from the centre, and score.
    """

    stage: Indices
    below: Floats
    away: Floats
    score: Floats

    def left(self, offset: Floats, slope: float) -> tuple[Floats, Floats]:
        """What the line promises more than the score [n], and its derivative by the log-odds."""
        p = expit(self.below + offset[self.stage] + slope * self.away)
        return p - expit(self.below) - self.score, p * (1 - p)


def _solve(part: _Part, start: Floats) -> tuple[Floats, float]:
    """Offsets and slope: Newton's method, the slope held at a bound where it would leave it."""
    offset, slope = _newton(part, start, 1.0, free=True)
    bounded = min(max(slope, 0.0), MOST_SLOPE)
    if bounded != slope:
        offset, slope = _newton(part, start, bounded, free=False)
    return offset, slope


def _newton(part: _Part, start: Floats, slope: float, *, free: bool) -> tuple[Floats, float]:
    offset = start.copy()
    for _ in range(TURNS):
        left, rise = part.left(offset, slope)
        moment, jacobian = _equations(part, left, rise)
        if not free:
            moment, jacobian = moment[:-1], jacobian[:-1, :-1]
        step = np.linalg.lstsq(jacobian, moment, rcond=None)[0]
        step = np.clip(step, -1.0, 1.0)  # far from the root a full step may leave the world
        offset -= step[:_STAGES]
        slope -= float(step[_STAGES]) if free else 0.0
        if np.abs(step).max() < 1e-10:
            break
    return offset, slope


def _equations(part: _Part, left: Floats, rise: Floats) -> tuple[Floats, Floats]:
    """The sums that are to be 0, [4 stages + slope], and their derivatives."""
    by_stage = np.bincount(part.stage, left, _STAGES)
    jacobian = np.zeros((_STAGES + 1, _STAGES + 1))
    np.fill_diagonal(jacobian[:_STAGES, :_STAGES], np.bincount(part.stage, rise, _STAGES))
    cross = np.bincount(part.stage, rise * part.away, _STAGES)
    jacobian[:_STAGES, _STAGES] = jacobian[_STAGES, :_STAGES] = cross
    jacobian[_STAGES, _STAGES] = (rise * part.away**2).sum()
    return np.append(by_stage, (left * part.away).sum()), jacobian


def _influences(part: _Part, offset: Floats, slope: float) -> tuple[Floats, Floats]:
    """What each row moves the offset of its stage, and the slope, by; of a held slope nothing."""
    left, rise = part.left(offset, slope)
    _, jacobian = _equations(part, left, rise)
    if not 0.0 < slope < MOST_SLOPE:
        jacobian[_STAGES, :_STAGES] = jacobian[:_STAGES, _STAGES] = 0.0
        inverse = np.linalg.pinv(jacobian)
        return -inverse[part.stage, part.stage] * left, np.zeros(len(left))
    inverse = np.linalg.pinv(jacobian)
    own, shared = inverse[part.stage, part.stage], inverse[part.stage, _STAGES]
    of_offset = -(own + shared * part.away) * left
    return of_offset, -(shared + inverse[_STAGES, _STAGES] * part.away) * left


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else 0.0
