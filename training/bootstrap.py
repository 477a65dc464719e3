"""Intervals for the AUC by drawing accounts, not rows: an account's months hang together."""

from collections.abc import Iterator, Sequence

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
    orders = [ranked(label, score) for score in scores]
    result = np.empty((draws, len(scores)))
    for d, weight in enumerate(account_draws(account, draws, seed)):
        for s, (order, ties, ordered_label) in enumerate(orders):
            result[d, s] = weighted_auc(weight[order], ties, ordered_label)
    return result


def account_draws(account: Indices, draws: int, seed: int) -> Iterator[Indices]:
    """For each of `draws` samples of accounts, with replacement, how often it holds each row."""
    accounts, position = np.unique(account, return_inverse=True)
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        drawn = rng.integers(len(accounts), size=len(accounts))
        yield np.bincount(drawn, minlength=len(accounts))[position]


def interval(values: Floats) -> Interval | None:
    """The middle 95% of the draws; None where no draw is defined."""
    defined = values[np.isfinite(values)]
    if not len(defined):
        return None
    low, high = np.percentile(defined, (2.5, 97.5))
    return float(low), float(high)


def ranked(label: Indices, score: Floats) -> tuple[Indices, Indices, Indices]:
    """Order by score, number of each row's group of equal scores, labels in that order."""
    order = np.argsort(score, kind="stable").astype(np.int64)
    ordered = score[order]
    ties = np.zeros(len(score), np.int64)
    np.cumsum(ordered[1:] != ordered[:-1], out=ties[1:])
    return order, ties, label[order]


@njit(cache=True, nogil=True)
def weighted_auc(weight: Indices, ties: Indices, label: Indices) -> float:
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
