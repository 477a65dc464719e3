"""All baselines on simulated accounts."""

from typing import NamedTuple

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from features.catalogue import NAMES
from features.matrix import matrix
from features.panel import Floats
from training.baselines import Baselines, fit_baselines, fitted
from training.config import TrainingConfig
from training.labels import Snapshots, snapshots
from training.panels import panel_of
from training.progress import silent
from training.sources.simulate import simulate
from training.split import out_of_time
from training.tables import read_tables

CONFIG = TrainingConfig()
BASELINES = ("days_past_due", "roll_rate", "scorecard", "logistic", "untuned")


class Rows(NamedTuple):
    train: Snapshots
    train_features: Floats
    test: Snapshots
    test_features: Floats


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    folder = tmp_path_factory.mktemp("simulated")
    simulate(folder, accounts=1_000, months=10, seed=4)
    panel, ids = panel_of(read_tables(folder))
    taken = snapshots(panel, seed=CONFIG.seed, account_ids=ids)
    split = out_of_time(taken, 0.2)
    train, test = taken.take(split.train), taken.take(split.test)
    return Rows(train, matrix(panel, train.view), test, matrix(panel, test.view))


@pytest.fixture(scope="module")
def baselines(rows: Rows) -> Baselines:
    return fit_baselines(rows.train_features, rows.train, NAMES, CONFIG, silent)


def test_each_ranks_later_rows_and_models_beat_rules(baselines: Baselines, rows: Rows) -> None:
    scores = baselines.scores(rows.test_features, rows.test)
    assert tuple(scores) == BASELINES
    areas = {name: roc_auc_score(rows.test.label, score) for name, score in scores.items()}
    assert min(areas.values()) > 0.5
    assert min(areas["scorecard"], areas["logistic"]) > areas["roll_rate"]
    dpd = rows.test_features[:, NAMES.index("dpd_last")]
    np.testing.assert_array_equal(scores["days_past_due"], -dpd)


def test_one_row_is_scored_as_many_are(baselines: Baselines, rows: Rows) -> None:
    every = baselines.scores(rows.test_features, rows.test)
    one = baselines.scores(rows.test_features[[5]], rows.test.take(np.array([5])))
    for name, score in one.items():
        assert score == pytest.approx(every[name][[5]], abs=1e-12)


def test_many_rows_are_thinned_by_account(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitted, "MOST_ROWS", len(rows.train) // 2)
    drawn: list[int] = []

    def stop(features: Floats, *_: object) -> None:
        drawn.append(len(features))
        raise StopIteration

    monkeypatch.setattr(fitted, "scorecard", stop)
    for _ in range(2):
        with pytest.raises(StopIteration):
            fit_baselines(rows.train_features, rows.train, NAMES, CONFIG, silent)
    assert drawn[0] == drawn[1]
    assert 0.4 < drawn[0] / len(rows.train) < 0.6
