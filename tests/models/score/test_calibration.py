import numpy as np
import pytest

from models.score.calibration import Calibration, last_stages

OFFSETS = (0.0, 0.0, -0.1, -0.3, -0.3)


@pytest.mark.parametrize("slope", [0.0, -1.0, float("nan"), float("inf")])
def test_a_line_that_does_not_rise_is_refused(slope: float) -> None:
    with pytest.raises(ValueError, match="rising line"):
        Calibration(slope, 0.0)


@pytest.mark.parametrize(
    "offsets",
    [
        (),
        (0.0,) * 4,
        (0.0,) * 6,
        (0.0, 0.0, -0.1, float("nan"), -0.2),
        (0.0, 0.0, -0.1, -0.2, float("-inf")),
        (0.1, 0.0, 0.0, 0.0, 0.0),
        (0.0, -0.1, -0.1, -0.1, -0.1),
        (0.0, 0.0, 0.1, 0.0, 0.0),
        (0.0, 0.0, -0.2, -0.1, -0.2),
        (0.0, 0.0, -0.2, -0.3, -0.2),
    ],
    ids=str,
)
def test_offsets_that_could_raise_a_later_stage_are_refused(offsets: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="stage offsets"):
        Calibration(1.0, 0.0, offsets)


def test_the_offset_is_added_to_the_line() -> None:
    line = Calibration(2.0, 0.5, OFFSETS)
    margin = np.array([1.0, 1.0, 1.0, -1.0, 0.0])
    stage = np.array([0, 1, 2, 3, 4])
    assert line.by_stage
    assert line.log_odds(margin, stage).tolist() == pytest.approx([2.5, 2.5, 2.4, -1.8, 0.2])
    assert not Calibration(2.0, 0.5).by_stage
    assert (Calibration(2.0, 0.5).offset(stage) == 0).all()


def test_the_stage_is_that_of_the_last_statement() -> None:
    days = np.array([0.0, 1.0, 30.0, 31.0, 60.0, 61.0, 90.0, 91.0, np.nan])
    features = np.column_stack([np.ones(9), days])
    assert last_stages(features, ("late_streak", "dpd_last")).tolist() == [
        0, 1, 1, 2, 2, 3, 3, 4, 0
    ]  # fmt: skip
    assert last_stages(features, ("late_streak", "balance_last")).tolist() == [0] * 9
