"""What the card's pictures of a model are drawn from, for pages that draw them anew."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from features.catalogue import BY_NAME
from features.panel import Flags, Floats
from models.score.bundle import Bundle
from models.score.scores import Scores
from models.stage import STAGES
from training.contents import drawn_rows
from training.evaluate import Judged
from training.gains import gains
from training.plots import wilson
from training.reliability import reliability

STRONGEST = 6  # features with a figure of their own
SHOWN_FEATURES = 20  # of the summary
SUMMARY_POINTS, DEPENDENCE_POINTS = 300, 400  # of a feature, at most
VALUE_DIGITS = 6  # significant ones
CONTRIBUTION_DIGITS = 5  # after the point


def explained_document(judged: Judged, scores: Scores, bundle: Bundle) -> dict[str, Any]:
    """The numbers of the pictures, ready for JSON; the arguments are those of `write_card`.

    - `bundle_sha256`, `target`; `n` rows of the test and `explained` rows of training.
    - `summary`: the features that weigh most, each with its `group`, `mean`, the mean
      contribution either way in log-odds, and `points`, [value or None, contribution] of some of
      the explained rows. `dependence`: the same of the strongest, with more points.
    - `gains`: see training.gains.
    - `reliability`: `overall`, and `by_stage` of each stage with rows: `n` and `bins` of equal
      mass, each with `n`, `predicted`, `observed` and its 95% interval, `low` and `high`.

    The points of a feature are sorted by its value, unknown ones last, so that none can be put
    together with those of another feature: nobody's history is told.
    """
    shares = scores.contributions
    told = telling(scores.features, shares)
    names = [name for name, shows in zip(bundle.features, told, strict=True) if shows]
    summary = strongest(shares[:, told], names, SHOWN_FEATURES)
    return {
        "bundle_sha256": bundle.sha256,
        "target": bundle.target,
        "n": len(judged.label),
        "explained": len(scores.log_odds),
        "base_log_odds": scores.base_log_odds,
        "summary": [_feature(each, scores, bundle, SUMMARY_POINTS) for each in summary],
        "dependence": [
            _feature(each, scores, bundle, DEPENDENCE_POINTS) for each in summary[:STRONGEST]
        ],
        "gains": gains(judged.label, judged.log_odds),
        "reliability": {
            "overall": _bins(judged),
            "by_stage": {
                STAGES[s]: _bins(judged.take(judged.stage == s))
                for s in np.unique(judged.stage).tolist()
            },
        },
    }


def strongest(
    contributions: Floats, features: Sequence[str], most: int = STRONGEST
) -> list[tuple[str, float]]:
    """The features of the largest mean contribution (either way, log-odds), with it."""
    mean = np.abs(contributions).mean(axis=0)
    order = np.argsort(-mean, kind="stable")[:most]
    return [(features[j], float(mean[j])) for j in order]


def telling(values: Floats, contributions: Floats) -> Flags:
    """The features that say something of a row, and are known of one; arrays rows × features.

    The others have nothing to show, and upset the colours of a picture.
    """
    told: Flags = (contributions != 0).any(axis=0) & ~np.isnan(values).all(axis=0)
    return told


def _feature(
    feature: tuple[str, float], scores: Scores, bundle: Bundle, most: int
) -> dict[str, Any]:
    name, mean = feature
    j = bundle.features.index(name)
    rows = drawn_rows(len(scores.log_odds), most, seed=0)
    columns = (scores.features[rows, j].tolist(), scores.contributions[rows, j].tolist())
    points = [
        (_value(value), round(contribution, CONTRIBUTION_DIGITS))
        for value, contribution in zip(*columns, strict=True)
    ]
    return {
        "feature": name,
        "group": BY_NAME[name].group,
        "mean": round(mean, CONTRIBUTION_DIGITS),
        "points": sorted(points, key=lambda point: (point[0] is None, point[0] or 0.0, point[1])),
    }


def _value(value: float) -> float | None:
    return None if np.isnan(value) else float(f"{value:.{VALUE_DIGITS}g}")


def _bins(judged: Judged) -> dict[str, Any]:
    bins = reliability(judged.label, judged.probability)
    low, high = wilson(bins.observed, bins.n)
    columns = (bins.n, bins.predicted, bins.observed, low, high)
    keys = ("n", "predicted", "observed", "low", "high")
    return {
        "n": len(judged.label),
        "bins": [
            dict(zip(keys, each, strict=True))
            for each in zip(*(column.tolist() for column in columns), strict=True)
        ],
    }
