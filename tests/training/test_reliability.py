"""Reliability: bins, what chance makes of them, and the calibration line with its intervals."""

import numpy as np
import pytest

from features.panel import Floats, Indices
from training.calibrate import calibration_line
from training.reliability import calibrated_band, deviation, line, reliability


def rows(n: int, seed: int = 0, shift: float = 0.0) -> tuple[Indices, Floats]:
    """Labels that follow log-odds spread like those of real late accounts, and the log-odds."""
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-1.1, 1.1, n)
    return (rng.random(n) < probability(log_odds + shift)).astype(np.int64), log_odds


def probability(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-log_odds)))


@pytest.mark.parametrize(("n", "bins"), [(1, 1), (19, 1), (20, 2), (99, 9), (1_003, 10)])
def test_bins_hold_all_rows_in_order_and_ten_at_least(n: int, bins: int) -> None:
    label, log_odds = rows(n)
    found = reliability(label, probability(log_odds))
    assert len(found.n) == bins
    assert found.n.sum() == n
    assert np.ptp(found.n) <= 1
    assert (np.diff(found.predicted) > 0).all()
    assert found.observed @ found.n == pytest.approx(label.sum())


def test_the_error_is_the_mean_distance_over_the_rows() -> None:
    label = np.array([0] * 8 + [1] * 2 + [1] * 10)
    found = reliability(label, np.array([0.4] * 10 + [0.7] * 10))
    assert found.ece == pytest.approx((0.2 + 0.3) / 2)


@pytest.mark.parametrize(("n", "mean", "p95"), [(3_260, 0.0178, 0.0255), (300, 0.058, 0.083)])
def test_the_band_is_what_chance_makes_of_so_many_rows(n: int, mean: float, p95: float) -> None:
    _, log_odds = rows(n)
    band = calibrated_band(probability(log_odds), 1)
    assert band.ece_mean == pytest.approx(mean, rel=0.08)
    assert band.ece_p95 == pytest.approx(p95, rel=0.08)


def test_a_calibrated_score_is_within_the_band_and_one_that_is_off_is_not() -> None:
    inside = []
    for seed in range(60):
        label, log_odds = rows(1_000, seed)
        band = calibrated_band(probability(log_odds), seed)
        found = reliability(label, probability(log_odds))
        inside.append(found.ece <= band.ece_p95)
        within = (band.low <= found.observed) & (found.observed <= band.high)
        assert within.sum() >= 7
    assert 0.85 < np.mean(inside) < 1
    label, log_odds = rows(3_000, shift=0.5)
    band = calibrated_band(probability(log_odds), 1)
    assert reliability(label, probability(log_odds)).ece > 1.5 * band.ece_p95


def test_the_level_is_told_in_binomial_standard_deviations() -> None:
    p = np.full(100, 0.2)
    assert deviation(np.repeat([1, 0], [28, 72]), p) == pytest.approx(2.0)
    assert deviation(np.zeros(3, np.int64), np.zeros(3)) is None
    assert deviation(np.array([], np.int64), np.array([])) is None


def test_the_line_has_an_interval_of_accounts() -> None:
    label, log_odds = rows(1_500, seed=3)
    found = line(label, log_odds, np.arange(1_500), 1)
    assert found is not None
    assert (found.slope, found.intercept) == pytest.approx(calibration_line(log_odds, label))
    assert found.slope_ci is not None
    assert found.intercept_ci is not None
    # A fitted slope's standard error is about 0.07 on so many such rows.
    assert found.slope_ci[1] - found.slope_ci[0] == pytest.approx(4 * 0.07, rel=0.25)
    assert found.slope_ci[0] < 1 < found.slope_ci[1]
    assert found.intercept_ci[0] < 0 < found.intercept_ci[1]
    tiled = line(np.tile(label, 3), np.tile(log_odds, 3), np.tile(np.arange(1_500), 3), 1)
    assert tiled is not None
    assert tiled.slope_ci == pytest.approx(found.slope_ci, abs=1e-6)


def test_there_is_no_line_where_classes_do_not_overlap() -> None:
    assert line(np.array([0, 0, 1, 1]), np.array([-2.0, -1.0, 1.0, 2.0]), np.arange(4), 1) is None
    assert line(np.array([1, 1]), np.array([0.0, 1.0]), np.arange(2), 1) is None
