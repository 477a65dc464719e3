"""Scored accounts: scores and the largest reasons, as arrays that can be kept in a file."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.panel import Panel, View
from models.score.bundle import Bundle
from models.score.calibration import STAGE_FEATURE
from models.score.scores import Scores, score
from models.target import TARGETS, Target

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

NO_REASON = -1  # fills the rows of `feature` that have fewer reasons than others


class Scored(NamedTuple):
    """Scores of n accounts and their r largest reasons, largest first.

    `target` is the position in TARGETS, `feature` [n × r] that in the bundle's features (their
    number: the stage offset; NO_REASON: none), `value` and `share` (log-odds) [n × r] are its
    own; `others` is the sum of the shares left out. Features of equal share stay in their order.
    """

    target: Indices
    log_odds: Floats
    probability: Floats
    ability: Floats
    willingness: Floats
    feature: Indices
    value: Floats
    share: Floats
    others: Floats


def scored(
    bundles: Mapping[Target, Bundle],
    targets: Sequence[Target],
    panel: Panel,
    view: View,
    reasons: int | None,
) -> Scored:
    """Score every row of the view with the bundle of its target; `reasons` None keeps every one.

    A row does not depend on the other rows.
    """
    number = np.array([TARGETS.index(target) for target in targets], np.int64)
    used = [TARGETS.index(target) for target in bundles if target in set(targets)]
    most = max((_reasons_of(bundles[TARGETS[k]]) for k in used), default=0)
    kept = most if reasons is None else min(reasons, most)
    out = _empty(number, kept)
    for k in used:
        rows = np.flatnonzero(number == k)
        bundle = bundles[TARGETS[k]]
        _put(out, rows, bundle, score(bundle, panel, view.take(rows)), kept)
    return out


def _empty(target: Indices, kept: int) -> Scored:
    n = len(target)
    return Scored(
        target,
        log_odds=np.empty(n),
        probability=np.empty(n),
        ability=np.empty(n),
        willingness=np.empty(n),
        feature=np.full((n, kept), NO_REASON, np.int64),
        value=np.full((n, kept), np.nan),
        share=np.full((n, kept), np.nan),
        others=np.empty(n),
    )


def _reasons_of(bundle: Bundle) -> int:
    return len(bundle.features) + bundle.calibration.by_stage


def _put(out: Scored, rows: Indices, bundle: Bundle, scores: Scores, kept: int) -> None:
    out.log_odds[rows] = scores.log_odds
    out.probability[rows] = scores.probability
    out.ability[rows] = scores.ability
    out.willingness[rows] = scores.willingness
    values, shares = scores.features, scores.contributions
    if bundle.calibration.by_stage:
        stage = values[:, bundle.features.index(STAGE_FEATURE)]
        values = np.column_stack([values, stage])
        shares = np.column_stack([shares, scores.stage_offset])
    order = np.argsort(-np.abs(shares), axis=1, kind="stable")
    first = order[:, :kept]
    width = first.shape[1]
    out.feature[rows, :width] = first
    out.value[rows, :width] = np.take_along_axis(values, first, axis=1)
    out.share[rows, :width] = np.take_along_axis(shares, first, axis=1)
    out.others[rows] = np.take_along_axis(shares, order[:, kept:], axis=1).sum(axis=1)
