"""Standing: where an account's ability and willingness lie in the training population.

And how far they can be trusted: as well as they agree with what is known to be true of accounts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from features.catalogue import BY_NAME

STEPS = 1_000  # the references are the 0/1000, 1/1000 … 1000/1000 quantiles

LEAST_CORRELATION = 0.4  # with its own truth, for ability or willingness to be valid

_CHECKED = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


@dataclass(frozen=True)
class References:
    """Quantiles, in the training population, of a group's summed contributions (log-odds).

    Each array has STEPS + 1 entries, rising.
    """

    ability: NDArray[np.float64]
    willingness: NDArray[np.float64]


class Agreement(BaseModel):
    """Rank correlations (Spearman) of ability or willingness with its own truth and the other's.

    None where not measured, or where there is none: a constant has no ranks.
    """

    model_config = _CHECKED

    own: float | None = Field(default=None, ge=-1, le=1)
    other: float | None = Field(default=None, ge=-1, le=1)

    @property
    def valid(self) -> bool:
        """Whether it measures what it is called, rather than the other."""
        if self.own is None or self.other is None:
            return False
        return self.own >= LEAST_CORRELATION and self.own > self.other


class StandingCheck(BaseModel):
    """How ability and willingness were validated, on `n` rows whose truth is known.

    By default they were not measured, as on all real data, whose truth nobody knows.
    """

    model_config = _CHECKED

    measured: bool = False
    n: int = Field(default=0, ge=0)
    ability: Agreement = Agreement()
    willingness: Agreement = Agreement()

    @property
    def valid(self) -> bool:
        """Whether treatments may use them: both measured, and both valid."""
        return self.measured and self.ability.valid and self.willingness.valid


def group_sum(
    contributions: NDArray[np.float64], features: Sequence[str], group: str
) -> NDArray[np.float64]:
    """Sum over the group's features of contributions [n × k], one per row."""
    columns = _columns(tuple(features), group)
    total: NDArray[np.float64] = _sum(np.ascontiguousarray(contributions, np.float64), columns)
    return total


@lru_cache(maxsize=64)
def _columns(features: tuple[str, ...], group: str) -> NDArray[np.int64]:
    found = [j for j, name in enumerate(features) if BY_NAME[name].group == group]
    return np.array(found, np.int64)


@njit(cache=True, nogil=True)
def _sum(values: NDArray[np.float64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sum over the columns, in their order, of each row."""
    total = np.zeros(len(values))
    for i in range(len(values)):
        for j in columns:
            total[i] += values[i, j]
    return total


def references(contributions: NDArray[np.float64], features: Sequence[str]) -> References:
    """The references of a training population with these contributions [n × k]."""
    at = np.linspace(0, 1, STEPS + 1)
    return References(
        ability=np.quantile(group_sum(contributions, features, "ability"), at),
        willingness=np.quantile(group_sum(contributions, features, "willingness"), at),
    )


@njit(cache=True, nogil=True)
def percentile(reference: NDArray[np.float64], total: NDArray[np.float64]) -> NDArray[np.float64]:
    """Percentile (0 to 100) of each total: the share of the population that is below it.

    Of those equal to it, half count as below. Told to 0.01, which is finer than the references.
    """
    out = np.empty(len(total))
    for i in range(len(total)):
        below = np.searchsorted(reference, total[i], side="left")
        not_above = np.searchsorted(reference, total[i], side="right")
        share = (below + not_above - 1) / (2 * STEPS)
        out[i] = np.rint(min(max(share * 100, 0.0), 100.0) * 100) / 100
    return out
