"""The roll-rate table: what stage and the stage of the month before say."""

from typing import Any

import numpy as np

from features.panel import Floats, Indices
from models.stage import STAGES

PRIOR_ROWS = 20.0  # a cell of so many rows counts as much as what is known without it

_NO_PREVIOUS = "none"


def roll_rate_table(label: Indices, stage: Indices, previous_stage: Indices) -> dict[str, Any]:
    """Target rate per stage × stage of the month before, as a dict that goes into JSON.

    A cell's rate is drawn towards its stage's, and that towards the rate of all rows, with
    the weight of PRIOR_ROWS rows; a cell never seen has the rate of its stage.
    """
    overall = float(label.mean())
    table: dict[str, Any] = {"rate": overall, "stages": {}}
    for s in np.unique(stage):
        in_stage = stage == s
        rate = _smoothed(label[in_stage], overall)
        cells = {
            _name(p): _smoothed(label[in_stage & (previous_stage == p)], rate)
            for p in np.unique(previous_stage[in_stage])
        }
        table["stages"][_name(s)] = {"rate": rate, "previous": cells}
    return table


def roll_rates(table: dict[str, Any], stage: Indices, previous_stage: Indices) -> Floats:
    """The table's target rate for each row."""
    rates = np.empty((len(STAGES), len(STAGES) + 1))
    for s in range(len(STAGES)):
        entry = table["stages"].get(_name(s), {"rate": table["rate"], "previous": {}})
        for p in range(-1, len(STAGES)):
            rates[s, p] = entry["previous"].get(_name(p), entry["rate"])
    return rates[stage, previous_stage]


def _smoothed(label: Indices, prior: float) -> float:
    return float((label.sum() + PRIOR_ROWS * prior) / (len(label) + PRIOR_ROWS))


def _name(stage: int) -> str:
    """The stage's name; "none" where the month before has no statement (-1)."""
    return STAGES[stage] if stage >= 0 else _NO_PREVIOUS
