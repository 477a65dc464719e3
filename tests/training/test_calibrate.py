"""Calibration: the line found again, offsets where stages need them, and never upwards."""

from itertools import pairwise

import numpy as np
import pytest

from features.panel import Floats, Indices
from models.stage import STAGES
from training.calibrate import calibrated, calibration_line

ROWS = 30_000


def rows(*offsets: float, slope: float = 0.7, seed: int = 2) -> tuple[Floats, Indices, Indices]:
    """Margins, labels drawn with these offsets of the stages from M1 on, and stages."""
    rng = np.random.default_rng(seed)
    margin = rng.normal(-0.5, 1.5, ROWS)
    stage = rng.integers(1, len(STAGES), ROWS)
    log_odds = slope * margin - 0.4 + np.array([0.0, *offsets])[stage]
    return margin, (rng.random(ROWS) < 1 / (1 + np.exp(-log_odds))).astype(np.int64), stage


def test_the_line_is_found_again() -> None:
    rng = np.random.default_rng(2)
    log_odds = rng.normal(0, 1.5, 60_000)
    label = (rng.random(60_000) < 1 / (1 + np.exp(-(0.7 * log_odds - 0.4)))).astype(np.int64)
    slope, intercept = calibration_line(log_odds, label)
    assert slope == pytest.approx(0.7, abs=0.03)
    assert intercept == pytest.approx(-0.4, abs=0.03)


def test_one_line_serves_where_stages_are_alike() -> None:
    found = calibrated(*rows(0.0, 0.0, 0.0, 0.0))
    assert not found.by_stage
    assert found.slope == pytest.approx(0.7, abs=0.04)


def test_stages_that_the_line_misses_have_offsets() -> None:
    found = calibrated(*rows(0.0, -0.5, -0.5, -1.2))
    assert found.stage_offsets == pytest.approx((0.0, 0.0, -0.5, -0.5, -1.2), abs=0.12)
    assert found.slope == pytest.approx(0.7, abs=0.04)
    assert found.intercept == pytest.approx(-0.4, abs=0.06)


def test_with_offsets_every_stage_is_predicted_as_observed() -> None:
    margin, label, stage = rows(0.0, -0.5, -0.8, -1.2)
    found = calibrated(margin, label, stage)
    probability = 1 / (1 + np.exp(-found.log_odds(margin, stage)))
    for s in range(1, len(STAGES)):
        assert probability[stage == s].mean() == pytest.approx(label[stage == s].mean(), abs=1e-4)


def test_a_later_stage_never_raises_the_score() -> None:
    found = calibrated(*rows(0.0, -1.0, 0.0, -0.5))
    offsets = found.stage_offsets
    assert found.by_stage
    assert all(later <= earlier for earlier, later in pairwise(offsets))
    assert offsets[3] < -0.1  # M3 is kept down by M2, though its own rows do better


def test_a_stage_with_few_rows_has_the_offset_of_the_one_before() -> None:
    margin, label, stage = rows(0.0, -1.0, -1.0, -1.0)
    stage = np.where((stage == 4) & (np.cumsum(stage == 4) > 20), 2, stage)
    found = calibrated(margin, label, stage)
    assert found.stage_offsets[4] == found.stage_offsets[3] < 0


def test_margins_that_point_the_wrong_way_are_refused() -> None:
    margin, label, stage = rows(0.0, 0.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="not a rising line"):
        calibrated(-margin, label, stage)


def test_offsets_do_not_take_the_place_of_the_score() -> None:
    margin, label, stage = rows(-0.7, -1.4, -2.1, -2.8, slope=0.0)
    found = calibrated(-1.0 * stage + 0.01 * margin, label, stage)  # says the stage, and noise
    assert not found.by_stage
    assert found.slope == pytest.approx(0.7, abs=0.05)
