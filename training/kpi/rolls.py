"""Roll rates: from the stage at the decision to where the account is at its next statement."""

from typing import Any

import numpy as np
import pandas as pd

from models.stage import STAGES
from training.kpi.cycles import STATES


def rolls(frame: pd.DataFrame) -> dict[str, Any]:
    """Counts of cycles, stages [rows] × states [columns]."""
    counts = np.zeros((len(STAGES), len(STATES)), np.int64)
    stage = pd.Categorical(frame["stage"], categories=list(STAGES)).codes
    np.add.at(counts, (stage, frame["state"].to_numpy()), 1)
    return {"from": list(STAGES), "to": list(STATES), "counts": counts.tolist()}
