"""The roll-rate table."""

import json

import numpy as np
import pytest

from training.baselines.roll_rate import PRIOR_ROWS, roll_rate_table, roll_rates


def test_a_cell_is_drawn_to_its_stage_and_the_stage_to_all() -> None:
    label = np.array([1] * 30 + [0] * 70)
    stage = np.array([1] * 60 + [2] * 40)
    previous = np.array([0] * 30 + [1] * 30 + [-1] * 40)
    table = json.loads(json.dumps(roll_rate_table(label, stage, previous)))
    first = (30 + PRIOR_ROWS * 0.3) / (60 + PRIOR_ROWS)
    assert table["stages"]["M1"]["rate"] == pytest.approx(first)
    cell = (30 + PRIOR_ROWS * first) / (30 + PRIOR_ROWS)
    assert table["stages"]["M1"]["previous"]["pre_due"] == pytest.approx(cell)
    rates = roll_rates(table, np.array([1, 1, 1, 2, 3]), np.array([0, 1, -1, -1, 2]))
    assert rates[0] == pytest.approx(cell)
    assert rates[1] < rates[0]
    assert rates[2] == pytest.approx(first)  # a cell never seen
    assert rates[3] == pytest.approx(table["stages"]["M2"]["previous"]["none"])
    assert rates[4] == pytest.approx(0.3)  # a stage never seen
