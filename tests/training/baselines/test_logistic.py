"""Logistic regression on the features, and the penalty chosen on folds."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from features.panel import Floats, Indices
from training.baselines.logistic import logistic
from training.baselines.penalty import INVERSE_PENALTIES, Inputs, chosen_penalty
from training.split import Fold

N = 2_000


def table(seed: int) -> tuple[Floats, Indices]:
    """An amount with a heavy tail, gaps that tell, a constant, a column never known."""
    rng = np.random.default_rng(seed)
    informative, missing = rng.normal(size=N), rng.random(N) < 0.3
    features = np.column_stack(
        [
            informative * 1_000 * np.where(rng.random(N) < 0.005, 1_000.0, 1.0),
            np.where(missing, np.nan, rng.normal(size=N)),
            np.full(N, 7.0),
            np.full(N, np.nan),
        ]
    )
    log_odds = informative + 1.5 * missing
    return features, (rng.random(N) < 1 / (1 + np.exp(-log_odds))).astype(np.int64)


def halves() -> list[Fold]:
    return [Fold(np.arange(N // 2), np.arange(N // 2, N))]


def test_it_ranks_other_rows_whatever_is_missing_constant_or_extreme() -> None:
    line = logistic(*table(0), halves())
    features, label = table(1)
    assert roc_auc_score(label, line.decision_function(features)) > 0.7
    assert line["line"].n_features_in_ == 3  # two columns that vary, one indicator
    plain, missing = line.decision_function(np.array([[0, 0, 7, np.nan], [0, np.nan, 7, np.nan]]))
    assert missing > plain + 0.8


def test_no_row_goes_beyond_the_ends_of_the_rows_fitted_on() -> None:
    line = logistic(*table(0), halves())
    far, farther = line.decision_function(np.array([[1e7, 0, 7, np.nan], [1e13, 0, 7, np.nan]]))
    assert far == farther


@pytest.mark.parametrize(("informative", "best"), [(0, INVERSE_PENALTIES[0]), (40, 1.0)])
def test_the_penalty_is_the_one_with_the_lowest_loss_on_the_folds(
    informative: int, best: float
) -> None:
    rng = np.random.default_rng(3)
    inputs = rng.normal(size=(N, 40))
    log_odds = inputs[:, :informative].sum(axis=1)
    label = (rng.random(N) < 1 / (1 + np.exp(-log_odds))).astype(np.int64)

    def prepare(features: Floats, label: Indices) -> Inputs:
        return np.asarray

    found = chosen_penalty(inputs, label, halves(), prepare)
    assert found == best


def test_what_prepares_the_inputs_never_sees_the_rows_validated() -> None:
    features, label = table(0)
    sizes: list[int] = []

    def prepare(features: Floats, label: Indices) -> Inputs:
        sizes.append(len(features))
        return lambda rows: rows[:, :1] / 1e4

    chosen_penalty(features, label, halves(), prepare)
    assert sizes == [N // 2]
