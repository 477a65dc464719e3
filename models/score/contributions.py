"""Contributions: exact path-dependent TreeSHAP values of a booster's margin.

Where the booster's tables fit into memory they are looked up (models.score.lookup); where not,
LightGBM computes them: the same numbers, at several times the cost.
"""

import logging
from typing import NamedTuple, cast

import lightgbm
import numpy as np
from numba import njit

from models.score.booster import booster_text
from models.score.lookup import Lookup, lookup
from models.score.trees import Numbers, expected_margin, read_trees

TABLE_LIMIT = 256 * 2**20  # bytes: default bound of a booster's tables
ROWS_TOGETHER = 64  # their contributions stay in the cache while a tree's tables are used

_log = logging.getLogger(__name__)


class Explained(NamedTuple):
    """The margin of each of n rows in log-odds, and contributions [n × k] of each feature to it.

    The explainer's base plus a row's contributions is the row's margin, to 1e-9.
    """

    contributions: Numbers
    margin: Numbers


class Explainer:
    """Explains the margins of one booster.

    `base` is the mean margin of the training rows, in log-odds, which contributions are counted
    from (Lundberg et al., 2020, Nature Machine Intelligence 2:56-67).
    """

    def __init__(self, booster: lightgbm.Booster, limit: int = TABLE_LIMIT) -> None:
        """Build the booster's tables, of at most `limit` bytes.

        Raises BoosterError where the booster splits by categories, or has not one margin.
        """
        trees = read_trees(booster_text(booster))
        self.base = expected_margin(trees)
        self._booster = booster
        self._features: int = booster.num_feature()
        self._lookup = lookup(trees, limit)
        if self._lookup is None:
            _log.warning(
                "the booster is too deep for tables of %d bytes: LightGBM itself explains it, "
                "with the same numbers but slower",
                limit,
            )

    @property
    def table_bytes(self) -> int:
        """Size of the tables; 0 where LightGBM explains."""
        return 0 if self._lookup is None else self._lookup.table.nbytes

    def explain(self, features: Numbers) -> Explained:
        """Contributions and margins of rows [n × k]; a row's do not depend on the other rows."""
        if features.ndim != 2 or features.shape[1] != self._features:
            raise ValueError(f"features are n × {self._features}, not {features.shape}")
        if self._lookup is None:
            return self._by_lightgbm(features)
        shares, margin = np.zeros(features.shape), np.zeros(len(features))
        _explain(self._lookup, np.ascontiguousarray(features, np.float64), shares, margin)
        return Explained(shares, margin)

    def _by_lightgbm(self, features: Numbers) -> Explained:
        if len(features) == 0:
            return Explained(np.empty(features.shape), np.empty(0))

        # One thread: its default is slow on one row, and callers spread over processes.
        def predicted(*, pred_contrib: bool) -> Numbers:
            raw = self._booster.predict(
                features,
                raw_score=not pred_contrib,
                pred_contrib=pred_contrib,
                num_threads=1,
                validate_features=False,
            )
            return cast(Numbers, raw)

        return Explained(predicted(pred_contrib=True)[:, :-1], predicted(pred_contrib=False))


# LightGBM takes what is no larger for zero (kZeroThreshold in its include/LightGBM/meta.h).
_ZERO = float(np.float32(1e-35))


@njit(cache=True, nogil=True)
def _explain(tables: Lookup, features: Numbers, shares: Numbers, margin: Numbers) -> None:
    """Add what each tree says of each row to `shares` [n × k] and `margin` [n].

    Trees are taken one by one for some rows at a time; a row's sums are in the trees' order.
    """
    rows = len(features)
    for first in range(0, rows, ROWS_TOGETHER):
        for t in range(len(tables.test_start) - 1):
            for i in range(first, min(first + ROWS_TOGETHER, rows)):
                bits = _tests(tables, t, features[i])
                for g in range(tables.group_start[t], tables.group_start[t + 1]):
                    row = _table_row(tables, g, bits)
                    margin[i] += tables.table[row]
                    for c in range(tables.feature_start[g], tables.feature_start[g + 1]):
                        row += 1
                        shares[i, tables.feature[c]] += tables.table[row]


@njit
def _tests(tables: Lookup, t: int, values: Numbers) -> np.uint64:
    """One bit for each test of tree `t`: the row goes left."""
    bits = np.uint64(0)
    start = tables.test_start[t]
    for test in range(start, tables.test_start[t + 1]):
        value = values[tables.test_feature[test]]
        left = np.uint64(value <= tables.threshold[test])
        if np.isnan(value):
            left = tables.nan_left[test]
        elif abs(value) <= _ZERO:
            left = tables.zero_left[test]
        bits |= left << np.uint64(test - start)
    return bits


@njit
def _table_row(tables: Lookup, g: int, bits: np.uint64) -> int:
    """Where group `g` keeps what these tests lead to."""
    width = tables.width[g]
    index = bits >> tables.shift[g] & (np.uint64(1) << width) - np.uint64(1)
    first = tables.above_start[g]
    for a in range(first, tables.above_start[g + 1]):
        met = np.uint64(bits & tables.above_mask[a] == tables.above_wanted[a])
        index |= met << width + np.uint64(a - first)
    stride = tables.feature_start[g + 1] - tables.feature_start[g] + 1
    return int(tables.table_start[g] + np.int64(index) * stride)
