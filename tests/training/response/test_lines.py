"""Lines: offsets and slopes against what is planted, and their variances against their scatter."""

from typing import NamedTuple

import numpy as np
import pytest
from scipy.special import expit

from features.panel import Flags, Floats
from models.intensity.cells import CONTACTS, Lines
from models.intensity.estimate import log_ratios
from tests.estimates import given, levels_drawn
from training.assigned import Assigned
from training.response.lines import MOST_SLOPE, Scored, lines_of
from training.response.overlap import supports

N = 40_000
LEVELS = np.arange(5)
# What each level adds to the booster's log odds ratio, by stage: nothing like what it gives.
BEYOND = np.array(
    [
        [0.0, 0.6, 0.9, 0.5, 0.8],
        [0.0, 0.4, -0.5, 0.6, 0.9],
        [0.0, -0.6, -0.4, -0.8, -0.5],
        [0.0, 0.5, 0.7, -0.6, 0.7],
    ]
)


class Planted(NamedTuple):
    """Assignments whose log-odds without contact and log odds ratios [n × 5] are known."""

    rows: Assigned
    none: Floats
    margin: Floats
    ratio: Floats

    def effect(self, here: Flags) -> Floats:
        """The true mean effect of each level above none."""
        under = expit(self.none[here, None] + self.ratio[here])
        return np.asarray((under - under[:, [0]]).mean(axis=0)[1:])


def planted(
    seed: int, n: int = N, stages: int = 4, slope: float = 1.0, one_step: bool = False
) -> Planted:
    """Those who would pay anyway have rather higher levels, by propensities that are recorded."""
    rng = np.random.default_rng(seed)
    stage = rng.integers(1, stages + 1, n)
    none = rng.normal(-0.2, 1.0, n)
    margin = rng.normal(0.1, 0.3, n)
    weight = np.exp(0.15 * none[:, None] * LEVELS)
    if one_step:
        weight *= np.abs(LEVELS - rng.integers(0, 5, (n, 1))) <= 1
    propensity = weight / weight.sum(axis=1, keepdims=True)
    level = levels_drawn(rng, propensity)
    ratio = slope * margin[:, None] * LEVELS + BEYOND[stage - 1]
    cured = (rng.random(n) < expit(none + ratio[np.arange(n), level])).astype(float)
    rows = given(level, propensity, stage, rng.integers(0, n, n), cured)
    return Planted(rows, none, margin, ratio)


def fitted(truth: Planted, none: Floats | None = None, margin: Floats | None = None) -> list[Lines]:
    scored = Scored(
        truth.rows,
        truth.none if none is None else none,
        truth.margin if margin is None else margin,
    )
    return list(lines_of(scored, supports(scored.rows, None)))


def apart(truth: Planted, lines: list[Lines], none: Floats, margin: Floats) -> Floats:
    """Promised mean effects [4 stages × 4 levels] less true ones, in standard errors of offsets."""
    found = np.empty((4, CONTACTS))
    for s, line in enumerate(lines):
        here = truth.rows.stage == s + 1
        logs, _ = log_ratios(line, margin[here])
        under = expit(none[here, None] + logs)
        promised = (under - expit(none[here, None])).mean(axis=0)
        covariance = np.array(line.covariance)
        of_path = [covariance[np.ix_(path, path)].sum() for path in line.paths]
        se = (under * (1 - under)).mean(axis=0) * np.sqrt(of_path)
        found[s] = (promised - truth.effect(here)) / se
    return found


@pytest.fixture(scope="module")
def truth() -> Planted:
    return planted(1)


def shuffled(values: Floats) -> Floats:
    return np.random.default_rng(0).permutation(values)


def test_offsets_and_slopes_are_those_planted(truth: Planted) -> None:
    for s, line in enumerate(fitted(truth)):
        assert line.parent == (0, 0, 0, 0)
        se = np.sqrt(np.diag(line.covariance))
        assert (np.abs(np.array(line.offset) - line.centre - BEYOND[s, 1:]) < 4 * se).all()
        assert (se < 0.2).all()
        away = np.abs(np.array(line.slope) - 1) / np.sqrt(line.slope_variance)
        assert (away < 4).all()


def test_offsets_of_levels_compared_with_the_one_below() -> None:
    lines = fitted(planted(2, one_step=True))
    for s, line in enumerate(lines):
        assert line.parent == (0, 1, 2, 3)
        se = np.sqrt(np.diag(line.covariance))
        found = np.array(line.offset) - line.centre
        assert (np.abs(found - np.diff(BEYOND[s])) < 4 * se).all()


@pytest.mark.parametrize("one_step", [False, True])
def test_mean_effects_are_right_where_the_booster_is_wrong(one_step: bool) -> None:
    truth = planted(3, one_step=one_step)
    for none, margin in (
        (np.full(N, 0.8), truth.margin),
        (truth.none, shuffled(truth.margin)),
        (shuffled(truth.none), np.full(N, 0.4)),
    ):
        found = apart(truth, fitted(truth, none, margin), none, margin)
        assert np.abs(found).max() < 4


def test_mean_effects_are_right_where_the_propensities_are_wrong() -> None:
    """With what the booster gives being true."""
    truth = planted(4)
    ratio = truth.margin[:, None] * LEVELS
    rng = np.random.default_rng(4)
    level = truth.rows.level
    cured = rng.random(N) < expit(truth.none + ratio[np.arange(N), level])
    wrong = np.full((N, 5), 0.2)
    rows = given(level, wrong, truth.rows.stage, truth.rows.account, cured.astype(float))
    told = Planted(rows, truth.none, truth.margin, ratio)
    assert np.abs(apart(told, fitted(told), told.none, told.margin)).max() < 4


def test_mean_effects_are_wrong_where_both_are(truth: Planted) -> None:
    """Else the tests above would pass whatever was planted."""
    old = truth.rows
    rows = given(old.level, np.full((N, 5), 0.2), old.stage, old.account, old.cured)
    told = truth._replace(rows=rows)
    none = np.full(N, 0.0)
    found = apart(told, fitted(told, none), none, told.margin)
    assert (found[:, 2:] > 3).all()
    assert np.median(found[:, 2:]) > 4


def test_offsets_scatter_as_their_variances_say() -> None:
    offsets, told = [], []
    for seed in range(200):
        line = fitted(planted(seed, n=2_000, stages=1))[0]
        offsets.append(np.array(line.offset) - line.centre)
        told.append(np.diag(line.covariance))
    spread = np.std(offsets, axis=0)
    assert np.sqrt(np.mean(told, axis=0)) == pytest.approx(spread, rel=0.25)


def test_an_account_told_twice_is_no_more_evidence(truth: Planted) -> None:
    part = np.arange(10_000)
    once = Scored(truth.rows, truth.none, truth.margin).take(part)
    double = once.take(np.concatenate([part, part]))
    apart_ = given(
        double.rows.level,
        double.rows.propensity,
        double.rows.stage,
        double.rows.account + np.repeat([0, N], len(part)),
        double.rows.cured,
    )
    as_one = lines_of(double, supports(double.rows, None))
    as_two = lines_of(double._replace(rows=apart_), supports(double.rows, None))
    for one, two in zip(as_one, as_two, strict=True):
        assert np.array(one.covariance) == pytest.approx(2 * np.array(two.covariance))
        assert one.slope_variance == pytest.approx(2 * np.array(two.slope_variance))


@pytest.mark.parametrize(("slope", "held"), [(-1.0, 0.0), (3.0, MOST_SLOPE)])
def test_slopes_keep_within_their_bounds(slope: float, held: float) -> None:
    for line in fitted(planted(5, slope=slope)):
        assert line.slope == (held,) * CONTACTS
        assert line.slope_variance == (0.0,) * CONTACTS


def test_mean_effects_are_right_where_a_slope_is_held() -> None:
    truth = planted(6, slope=-1.0)
    assert np.abs(apart(truth, fitted(truth), truth.none, truth.margin)).max() < 4


def test_offsets_that_may_be_chance_are_drawn_to_the_booster() -> None:
    """Where levels do what the booster gives, what is beyond it is less than chance alone."""
    truth = planted(7, n=8_000)
    at_random = np.random.default_rng(7).random(8_000)
    ratio = truth.margin[:, None] * LEVELS
    cured = at_random < expit(truth.none + ratio[np.arange(8_000), truth.rows.level])
    old = truth.rows
    rows = given(old.level, old.propensity, old.stage, old.account, cured.astype(float))
    beyond, chance = [], []
    for line in fitted(truth._replace(rows=rows)):
        beyond.append(np.array(line.offset) - line.centre)
        chance.append(np.sqrt(np.diag(line.covariance)))
    assert (np.array(chance) > 0.05).all()
    assert np.sqrt(np.mean(np.square(beyond))) < np.sqrt(np.mean(np.square(chance))) / 2


def test_what_is_not_supported_is_what_the_booster_gives() -> None:
    """Level escalate was never given; of the first stage nobody is there."""
    truth = planted(8)
    kept = np.flatnonzero((truth.rows.level < 4) & (truth.rows.stage > 1))
    propensity = truth.rows.propensity.copy()
    propensity[:, 4] = 0
    propensity /= propensity.sum(axis=1, keepdims=True)
    old = truth.rows
    rows = given(old.level, propensity, old.stage, old.account, old.cured).take(kept)
    scored = Scored(rows, truth.none[kept], truth.margin[kept])
    lines = lines_of(scored, supports(rows, None))
    margin = np.array([-0.3, 0.0, 0.5])
    for line in lines:
        logs, _ = log_ratios(line, margin)
        below = np.column_stack([np.zeros(3), logs])[:, line.parent[3]]
        assert logs[:, 3] == pytest.approx(below + margin * (4 - line.parent[3]))
        assert line.covariance[3] == (0, 0, 0, 0)
    logs, variance = log_ratios(lines[0], np.zeros(1))
    assert (logs == 0).all()
    assert (variance == 0).all()
