"""Intervals for the AUC by drawing accounts, not rows: an account's months hang together."""

from collections.abc import Sequence

import numpy as np
from numba import njit

from features.panel import Floats, Indices

Interval = tuple[float, float]


def auc_draws(
    label: Indices, scores: Sequence[Floats], account: Indices, draws: int, seed: int
) -> Floats:
    """AUC of each score (columns) on each of `draws` samples of accounts (rows).

    All scores of a row meet the same samples, so their differences are paired. NaN where a
    sample holds one class only.
    """
    accounts, position = np.unique(account, return_inverse=True)
    ranked = [_ranked(label, score) for score in scores]
    rng = np.random.default_rng(seed)
    result = np.empty((draws, len(scores)))
    for d in range(draws):
        drawn = np.bincount(
            rng.integers(len(accounts), size=len(accounts)), minlength=len(accounts)
        )
        weight = drawn[position]
        for s, (order, ties, ordered_label) in enumerate(ranked):
            result[d, s] = _weighted_auc(weight[order], ties, ordered_label)
    return result


def interval(values: Floats) -> Interval | None:
    """The middle 95% of the draws; None where no draw is defined."""
    defined = values[np.isfinite(values)]
    if not len(defined):
        return None
    low, high = np.percentile(defined, (2.5, 97.5))
    return float(low), float(high)


def _ranked(label: Indices, score: Floats) -> tuple[Indices, Indices, Indices]:
    """Order by score, number of each row's group of equal scores, labels in that order."""
    order = np.argsort(score, kind="stable").astype(np.int64)
    ordered = score[order]
    ties = np.zeros(len(score), np.int64)
    np.cumsum(ordered[1:] != ordered[:-1], out=ties[1:])
    return order, ties, label[order]


@njit(cache=True, nogil=True)
def _weighted_auc(weight: Indices, ties: Indices, label: Indices) -> float:
    """Chance that a cure scores above a non-cure, equal scores counting half."""
    below, pairs, cures = 0.0, 0.0, 0.0
    i = 0
    while i < len(ties):
        group, group_cures, group_others = ties[i], 0.0, 0.0
        while i < len(ties) and ties[i] == group:
            if label[i] == 1:
                group_cures += weight[i]
            else:
                group_others += weight[i]
            i += 1
        pairs += group_cures * (below + 0.5 * group_others)
        below += group_others
        cures += group_cures
    return pairs / (cures * below) if cures > 0 and below > 0 else np.nan
