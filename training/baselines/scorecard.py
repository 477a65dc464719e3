"""The banks' classic: logistic regression on weights of evidence of binned features."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression

from features.panel import Flags, Floats, Indices
from training.baselines.penalty import chosen_penalty, regression
from training.split import Fold

if TYPE_CHECKING:
    from optbinning import BinningProcess

LEAST_IN_BIN = 0.05  # of the rows
LEAST_INFORMATION = 0.02  # information value below which a feature says nothing (Siddiqi 2006)
SECONDS = 5.0  # for the bins of one feature; optimal ones take a hundredth of that


@dataclass(frozen=True)
class Evidence:
    """Bins of the columns `used`, fitted on some rows."""

    used: Flags
    bins: "BinningProcess"

    def __call__(self, features: Floats) -> Floats:
        """Weight of evidence of each selected column's bin, that of its missing bin included.

        One column of zeros where none was selected.
        """
        if not self.bins.get_support().any():
            return np.zeros((len(features), 1))
        found = self.bins.transform(
            features[:, self.used], metric="woe", metric_missing="empirical"
        )
        return np.asarray(found, dtype=np.float64)


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
    with _quiet():
        strength = chosen_penalty(features, label, folds, evidence)
        found = evidence(features, label)
    return Scorecard(found, regression(found(features), label, strength))


def evidence(features: Floats, label: Indices) -> Evidence:
    """Bins of these rows, with the columns of LEAST_INFORMATION selected."""
    process = _binning_process()
    used = _tell(features, label)
    columns = [str(j) for j in np.flatnonzero(used)]
    bins = process(
        columns,
        min_prebin_size=LEAST_IN_BIN,
        selection_criteria={"iv": {"min": LEAST_INFORMATION}},
        binning_fit_params={
            name: {"monotonic_trend": "auto", "time_limit": SECONDS} for name in columns
        },
    )
    return Evidence(used, bins.fit(features[:, used], label))


def _tell(features: Floats, label: Indices) -> Flags:
    """Columns with two values, or one that is missing in places, and known for both classes."""
    known = ~np.isnan(features)
    differ = np.fmin.reduce(features) != np.fmax.reduce(features)
    in_both = known[label == 1].any(axis=0) & known[label == 0].any(axis=0)
    return np.asarray(in_both & (differ | ~known.all(axis=0)))


def _binning_process() -> type["BinningProcess"]:
    """The library's class, imported here because that takes over a second.

    The solver library that it brings, and never asks here, writes to the terminal at import of a
    solver that it cannot load.
    """
    logger = logging.getLogger("__cvxpy__")
    logger.disabled = True
    try:
        from optbinning import BinningProcess
    finally:
        logger.disabled = False
    process: type[BinningProcess] = BinningProcess
    return process


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        # The library sets a total of another type in a table's column: deprecated by pandas 3.
        warnings.filterwarnings(
            "ignore", "Setting an item of incompatible dtype", DeprecationWarning
        )
        yield
