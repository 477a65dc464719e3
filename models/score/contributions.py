"""Contributions: exact path-dependent TreeSHAP values of a booster's margin."""

from typing import cast

import lightgbm
import numpy as np
from numpy.typing import NDArray


def contributions(
    booster: lightgbm.Booster, features: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Contribution of each feature to the margin, n × k in log-odds, and the base margin.

    Base plus a row's contributions is the row's margin (Lundberg et al., 2020, Nature Machine
    Intelligence 2:56-67). One thread: LightGBM's default is slow on one row, and the service
    spreads over processes.
    """
    if len(features) == 0:
        return np.empty((0, booster.num_feature())), 0.0
    raw = booster.predict(features, pred_contrib=True, num_threads=1, validate_features=False)
    table = cast(NDArray[np.float64], raw)
    return table[:, :-1], float(table[0, -1])
