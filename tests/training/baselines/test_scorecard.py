"""The scorecard: what its bins make of gaps, constants and noise."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from features.panel import Floats, Indices
from training.baselines.scorecard import (
    LEAST_IN_BIN,
    LEAST_INFORMATION,
    Scorecard,
    scorecard,
)
from training.split import Fold

NAMES = ("informative", "turning", "gappy", "constant", "empty", "noise")
N = 4_000


def table(seed: int) -> tuple[Floats, Indices]:
    """Rows that reach the target with the first, the square of the second, and gaps."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(N, len(NAMES)))
    missing = rng.random(N) < 0.3
    features[missing, 2] = np.nan
    features[:, 3], features[:, 4] = 7.0, np.nan
    log_odds = features[:, 0] + features[:, 1] ** 2 - 1 + 1.5 * missing
    return features, (rng.random(N) < 1 / (1 + np.exp(-log_odds))).astype(np.int64)


def halves() -> list[Fold]:
    return [Fold(np.arange(N // 2), np.arange(N // 2, N))]


@pytest.fixture(scope="module")
def card() -> Scorecard:
    return scorecard(*table(0), halves())


def test_features_without_information_are_left_out(card: Scorecard) -> None:
    assert list(card.evidence.bins) == [0, 1, 2]


@pytest.mark.filterwarnings("ignore:Setting an item of incompatible dtype")  # the library's own
def test_evidence_is_that_of_the_librarys_process(card: Scorecard) -> None:
    from optbinning import BinningProcess

    (features, label), (others, _) = table(0), table(1)
    known = [0, 1, 2, 5]
    process = BinningProcess(
        [str(j) for j in known],
        min_prebin_size=LEAST_IN_BIN,
        selection_criteria={"iv": {"min": LEAST_INFORMATION}},
    ).fit(features[:, known], label)
    assert process.get_support(names=True).tolist() == [str(j) for j in card.evidence.bins]
    found = process.transform(others[:, known], metric="woe", metric_missing="empirical")
    np.testing.assert_array_equal(card.evidence(others), found)


def test_it_ranks_other_rows_also_by_a_turn_and_by_what_is_missing(card: Scorecard) -> None:
    features, label = table(1)
    assert roc_auc_score(label, card.log_odds(features)) > 0.79
    rows = np.tile([0.0, 0.0, 0.0, 7.0, np.nan, 0.0], (4, 1))
    rows[1, 0], rows[2, 1], rows[3, 2] = 2.0, -2.0, np.nan
    plain, *better = card.log_odds(rows)
    assert min(better) > plain + 0.5


def test_what_was_never_missing_may_be_missing_later(card: Scorecard) -> None:
    assert np.isfinite(card.log_odds(np.full((2, len(NAMES)), np.nan))).all()


def test_the_same_rows_give_the_same_scores(card: Scorecard) -> None:
    again = scorecard(*table(0), halves())
    features, _ = table(1)
    np.testing.assert_array_equal(again.log_odds(features), card.log_odds(features))


def test_where_nothing_has_information_all_rows_score_alike() -> None:
    balanced = np.tile([0.0, 1.0], N // 2)[:, np.newaxis]
    label = np.tile([0, 0, 1, 1], N // 4)  # crosses the column exactly
    found = scorecard(balanced, label, halves()).log_odds(balanced)
    assert np.ptp(found) == 0


def test_a_column_known_for_one_class_only_is_left_out() -> None:
    features, label = table(0)
    features[label == 1, 5] = np.nan
    card = scorecard(features, label, halves())
    assert 5 not in card.evidence.bins
    assert np.isfinite(card.log_odds(features)).all()


def test_loading_the_library_writes_nothing_to_the_terminal() -> None:
    code = """
import numpy as np
from training.baselines.scorecard import scorecard
from training.split import Fold
rows = np.arange(200)
features = np.random.default_rng(0).normal(size=(200, 1))
label = (features[:, 0] > np.random.default_rng(1).normal(size=200)).astype(np.int64)
scorecard(features, label, [Fold(rows, rows)])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert (done.stdout, done.stderr) == ("", "")
