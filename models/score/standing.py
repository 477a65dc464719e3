"""Standing: where an account's ability and willingness lie in the training population."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.catalogue import BY_NAME

STEPS = 1_000  # the references are the 0/1000, 1/1000 … 1000/1000 quantiles


@dataclass(frozen=True)
class References:
    """Quantiles, in the training population, of a group's summed contributions (log-odds).

    Each array has STEPS + 1 entries, rising.
    """

    ability: NDArray[np.float64]
    willingness: NDArray[np.float64]


def group_sum(
    contributions: NDArray[np.float64], features: Sequence[str], group: str
) -> NDArray[np.float64]:
    """Sum over the group's features of contributions [n × k], one per row."""
    columns = [j for j, name in enumerate(features) if BY_NAME[name].group == group]
    total = np.zeros(len(contributions))
    for j in columns:
        total += contributions[:, j]
    return total


def references(contributions: NDArray[np.float64], features: Sequence[str]) -> References:
    """The references of a training population with these contributions [n × k]."""
    at = np.linspace(0, 1, STEPS + 1)
    return References(
        ability=np.quantile(group_sum(contributions, features, "ability"), at),
        willingness=np.quantile(group_sum(contributions, features, "willingness"), at),
    )


def percentile(reference: NDArray[np.float64], total: NDArray[np.float64]) -> NDArray[np.float64]:
    """Percentile (0 to 100) of each total: the share of the population that is below it.

    Of those equal to it, half count as below. Told to 0.01, which is finer than the references.
    """
    below = np.searchsorted(reference, total, side="left")
    not_above = np.searchsorted(reference, total, side="right")
    share: NDArray[np.float64] = (below + not_above - 1) / (2 * STEPS)
    return np.clip(share * 100, 0, 100).round(2)
