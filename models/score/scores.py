"""Scores: from panel and bundle to calibrated probabilities with their contributions."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.matrix import matrix
from features.panel import Panel, View
from models.score.bundle import Bundle
from models.score.calibration import last_stages, probability
from models.score.standing import group_sum, percentile

Floats = NDArray[np.float64]


class Scores(NamedTuple):
    """Scores of the n rows of a view, for the k features of the bundle.

    `base_log_odds` plus a row's `contributions` and its `stage_offset` (all in log-odds) is its
    `log_odds`, to 1e-9; `ability` and `willingness` are percentiles, 0 to 100.
    """

    features: Floats
    contributions: Floats
    base_log_odds: float
    stage_offset: Floats
    log_odds: Floats
    probability: Floats
    ability: Floats
    willingness: Floats


def score(bundle: Bundle, panel: Panel, view: View) -> Scores:
    """Score every row of the view; a row's score does not depend on the other rows."""
    return score_matrix(bundle, matrix(panel, view)[:, bundle.columns])


def score_matrix(bundle: Bundle, features: Floats) -> Scores:
    """Score ready-made features [n × k], in the bundle's order."""
    line = bundle.calibration
    explained = bundle.explainer.explain(features)
    shares = line.slope * explained.contributions
    stage = last_stages(features, bundle.features)
    total = line.log_odds(explained.margin, stage)
    return Scores(
        features=features,
        contributions=shares,
        base_log_odds=bundle.base_log_odds,
        stage_offset=line.offset(stage),
        log_odds=total,
        probability=probability(total),
        ability=percentile(
            bundle.references.ability, group_sum(shares, bundle.features, "ability")
        ),
        willingness=percentile(
            bundle.references.willingness, group_sum(shares, bundle.features, "willingness")
        ),
    )
