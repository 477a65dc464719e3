"""How well each feature alone tells the outcomes apart; too well is a sign of a leak."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata

from features.panel import Flags, Floats, Indices


class Power(NamedTuple):
    """A feature and the AUC of ranking rows by it alone, in its better direction."""

    name: str
    auc: float


def powers(features: Floats, label: Indices, names: Sequence[str]) -> list[Power]:
    """The power of every column of `features` (rows × names), the strongest first.

    `label` is 0 or 1 and holds both. Rows without the feature's value rank as one group, at
    the better of the two ends. AUC by rank sums (Mann & Whitney 1947, DOI
    10.1214/aoms/1177730491).
    """
    found = [Power(name, _auc(features[:, k], label == 1)) for k, name in enumerate(names)]
    return sorted(found, key=lambda power: (-power.auc, power.name))


def implausible(found: Sequence[Power], bound: float) -> tuple[str, ...]:
    """Names of the features whose AUC alone is above the bound."""
    return tuple(power.name for power in found if power.auc > bound)


def _auc(values: Floats, reached: Flags) -> float:
    known = ~np.isnan(values)
    ones, others = int((known & reached).sum()), int((known & ~reached).sum())
    absent_ones, absent_others = int(reached.sum()) - ones, int((~reached).sum()) - others
    ranks = rankdata(values[known])
    pairs = float(ranks[reached[known]].sum()) - ones * (ones + 1) / 2
    right = max(pairs, ones * others - pairs)
    right += max(ones * absent_others, absent_ones * others) + absent_ones * absent_others / 2
    return right / ((ones + absent_ones) * (others + absent_others))
