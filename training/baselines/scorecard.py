"""The banks' classic: logistic regression on weights of evidence of binned features."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression

from features.panel import Flags, Floats, Indices
from training.baselines.penalty import chosen_penalty, regression
from training.split import Fold

if TYPE_CHECKING:
    from optbinning import OptimalBinning

LEAST_IN_BIN = 0.05  # of the rows
LEAST_INFORMATION = 0.02  # information value below which a feature says nothing (Siddiqi 2006)
SECONDS = 5.0  # for the bins of one feature; optimal ones take a hundredth of that


@dataclass(frozen=True)
class Evidence:
    """Bins by the number of the column that they are of, fitted on some rows."""

    bins: "dict[int, OptimalBinning]"

    def __call__(self, features: Floats) -> Floats:
        """Weight of evidence of each of these columns' bin, that of its missing bin included.

        One column of zeros where there are none.
        """
        if not self.bins:
            return np.zeros((len(features), 1))
        found = [
            each.transform(features[:, j], metric="woe", metric_missing="empirical")
            for j, each in self.bins.items()
        ]
        return np.column_stack(found).astype(np.float64)


@dataclass(frozen=True)
class Scorecard:
    """Bins, and the regression on their weights of evidence."""

    evidence: Evidence
    line: LogisticRegression

    def log_odds(self, features: Floats) -> Floats:
        """Log-odds of each row; `features` has the columns that the scorecard was fitted on."""
        return np.asarray(self.line.decision_function(self.evidence(features)), dtype=np.float64)


def scorecard(features: Floats, label: Indices, folds: Sequence[Fold]) -> Scorecard:
    """Bin, select by information value, and regress with a penalty chosen on the folds.

    Bins are optimal ones (Navas-Palencia, arXiv:2001.08025) of at least LEAST_IN_BIN of the
    rows, their rate monotonic or with one turn; what is missing has a bin of its own.
    """
    strength = chosen_penalty(features, label, folds, evidence)
    found = evidence(features, label)
    return Scorecard(found, regression(found(features), label, strength))


def evidence(features: Floats, label: Indices) -> Evidence:
    """Bins of these rows, of the columns that have LEAST_INFORMATION."""
    # The library's BinningProcess gives the same bins, in twice the time: it works out for each
    # column what a report on it would show.
    binning = _binning()
    fitted = {
        int(j): binning(
            min_prebin_size=LEAST_IN_BIN, monotonic_trend="auto", time_limit=SECONDS
        ).fit(features[:, j], label)
        for j in np.flatnonzero(_tell(features, label))
    }
    return Evidence(
        {j: bins for j, bins in fitted.items() if _information(bins) >= LEAST_INFORMATION}
    )


def _information(bins: "OptimalBinning") -> float:
    """The information value of a column's bins: Jeffreys' divergence of the two classes."""
    table = bins.binning_table
    reached, not_reached = (n / n.sum() for n in (table.n_event, table.n_nonevent))
    both = (reached > 0) & (not_reached > 0)
    reached, not_reached = reached[both], not_reached[both]
    return float(((reached - not_reached) * np.log(reached / not_reached)).sum())


def _tell(features: Floats, label: Indices) -> Flags:
    """Columns with two values, or one that is missing in places, and known for both classes."""
    known = ~np.isnan(features)
    differ = np.fmin.reduce(features) != np.fmax.reduce(features)
    in_both = known[label == 1].any(axis=0) & known[label == 0].any(axis=0)
    return np.asarray(in_both & (differ | ~known.all(axis=0)))


def _binning() -> type["OptimalBinning"]:
    """The library's class, imported here because that takes over a second.

    The solver library that it brings, and never asks here, writes to the terminal at import of a
    solver that it cannot load.
    """
    logger = logging.getLogger("__cvxpy__")
    logger.disabled = True
    try:
        from optbinning import OptimalBinning
    finally:
        logger.disabled = False
    binning: type[OptimalBinning] = OptimalBinning
    return binning
