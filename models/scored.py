"""Scored accounts: scores and the largest reasons, as arrays that can be kept in a file."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.catalogue import BY_NAME
from features.panel import Panel, View
from models.decision import ReasonName
from models.score.bundle import Bundle
from models.score.calibration import STAGE_FEATURE
from models.score.reasons import CALIBRATION, STAGE_OFFSET
from models.score.scores import score
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


def names_of(bundle: Bundle) -> tuple[ReasonName, ...]:
    """What the reasons of the bundle's scores are about, by their position: see Scored.feature.

    One bundle's are always the same tuple.
    """
    return _names(bundle.features, bundle.calibration.by_stage)


@lru_cache(maxsize=64)
def _names(features: tuple[str, ...], by_stage: bool) -> tuple[ReasonName, ...]:
    found = [ReasonName(name, BY_NAME[name].group, BY_NAME[name].unit) for name in features]
    if by_stage:
        found.append(ReasonName(STAGE_OFFSET, CALIBRATION, BY_NAME[STAGE_FEATURE].unit))
    return tuple(found)


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
    present = set(targets)
    used = [target for target in TARGETS if target in present]
    if len(used) == 1:
        return _of_one(bundles[used[0]], panel, view, reasons)
    number = np.array([TARGETS.index(target) for target in targets], np.int64)
    places = [np.flatnonzero(number == TARGETS.index(target)) for target in used]
    parts = [
        _of_one(bundles[target], panel, view.take(rows), reasons)
        for target, rows in zip(used, places, strict=True)
    ]
    return _together(number, places, parts)


def _of_one(bundle: Bundle, panel: Panel, view: View, reasons: int | None) -> Scored:
    """Every row of the view, scored with this bundle."""
    scores = score(bundle, panel, view)
    values, shares = scores.features, scores.contributions
    if bundle.calibration.by_stage:
        stage = bundle.features.index(STAGE_FEATURE)
        values = np.concatenate([values, values[:, [stage]]], axis=1)
        shares = np.concatenate([shares, scores.stage_offset[:, None]], axis=1)
    order = np.argsort(-np.abs(shares), axis=1, kind="stable")
    row, first, rest = np.arange(len(shares))[:, None], order[:, :reasons], order[:, reasons:]
    return Scored(
        target=np.full(len(shares), TARGETS.index(bundle.target)),
        log_odds=scores.log_odds,
        probability=scores.probability,
        ability=scores.ability,
        willingness=scores.willingness,
        feature=first,
        value=values[row, first],
        share=shares[row, first],
        others=np.zeros(len(shares)) if reasons is None else shares[row, rest].sum(axis=1),
    )


def _together(target: Indices, places: Sequence[Indices], parts: Sequence[Scored]) -> Scored:
    """The parts, each at its places, in rows as long as those of the longest."""
    n, most = len(target), max((part.feature.shape[1] for part in parts), default=0)
    one, many = (n,), (n, most)
    whole = Scored(
        target,
        log_odds=np.empty(one),
        probability=np.empty(one),
        ability=np.empty(one),
        willingness=np.empty(one),
        feature=np.full(many, NO_REASON, np.int64),
        value=np.full(many, np.nan),
        share=np.full(many, np.nan),
        others=np.empty(one),
    )
    for rows, part in zip(places, parts, strict=True):
        width = part.feature.shape[1]
        for all_rows, own in zip(whole, part, strict=True):
            if own.ndim == 1:
                all_rows[rows] = own
            else:
                all_rows[rows, :width] = own
    return whole
