"""The search: what is tried, that it goes on where it stopped, and what is chosen."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import optuna
import pytest

from features.catalogue import CATALOGUE
from features.matrix import matrix
from features.panel import Floats, panel
from models.score.contributions import Explainer
from tests.histories import random_tables
from training.boosting import boosted, dataset, parameters
from training.config import SearchConfig, TrainingConfig
from training.labels import Snapshots, snapshots
from training.progress import silent
from training.search import Search, Tried, chosen_of, explaining_steps, search

QUICK = TrainingConfig(
    max_trees=15, patience=5, groups=3, cuts=1, search=SearchConfig(trials=3, rows=1_000)
)


@pytest.fixture(scope="module")
def training_rows() -> tuple[Floats, Snapshots]:
    """Rows whose label depends on how much was paid."""
    history = panel(*random_tables(5, accounts=700, months=8))
    rows = snapshots(history)
    features = matrix(history, rows.view)
    paid = np.nan_to_num(features[:, [f.name for f in CATALOGUE].index("paid_last")])
    chance = 1 / (1 + np.exp(-(paid / 300 - 1)))
    label = (np.random.default_rng(1).random(len(rows)) < chance).astype(np.int64)
    return features, Snapshots(**(vars(rows) | {"label": label}))


def searched(
    training_rows: tuple[Floats, Snapshots], trials: int, studies: Path | None = None
) -> Search:
    config = QUICK.model_copy(update={"search": SearchConfig(trials=trials, rows=1_000)})
    return search(*training_rows, CATALOGUE, config, studies, "test", silent)


def same(a: Search, b: Search) -> bool:
    return a.document() == b.document()


def test_a_stopped_search_goes_on_as_if_it_had_not_been(
    training_rows: tuple[Floats, Snapshots], tmp_path: Path
) -> None:
    whole = searched(training_rows, 10)
    stopped = searched(training_rows, 9, tmp_path / "studies.db")
    assert stopped.trials == 9
    assert same(searched(training_rows, 10, tmp_path / "studies.db"), whole)


def test_a_search_killed_in_its_first_trial_begins_with_the_settings_of_the_file(
    training_rows: tuple[Floats, Snapshots], tmp_path: Path
) -> None:
    path = tmp_path / "studies.db"
    killed = optuna.create_study(storage=f"sqlite:///{path}", study_name="test")
    whole = searched(training_rows, 2)
    killed.enqueue_trial(whole.best.settings)
    killed.ask()  # nobody ends it
    assert same(searched(training_rows, 2, path), whole)


def test_two_searches_at_once_take_turns(
    training_rows: tuple[Floats, Snapshots], tmp_path: Path
) -> None:
    path = tmp_path / "studies.db"
    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(searched, training_rows, 3, path) for _ in range(2)]
        first, second = (each.result() for each in found)
    assert same(first, second)
    assert same(first, searched(training_rows, 3))
    assert len(optuna.load_study(study_name="test", storage=f"sqlite:///{path}").trials) == 3


def test_trials_that_are_kept_are_not_done_again(
    training_rows: tuple[Floats, Snapshots], tmp_path: Path
) -> None:
    first = searched(training_rows, 3, tmp_path / "studies.db")
    told: list[str] = []

    def note(what: str, done: int = 0, total: int | None = None, /) -> None:
        told.append(what)

    config = QUICK.model_copy(update={"search": SearchConfig(trials=2, rows=1_000)})
    fewer = search(*training_rows, CATALOGUE, config, tmp_path / "studies.db", "test", note)
    assert told == []
    assert fewer.trials == 2
    assert same(searched(training_rows, 3), first)


def test_the_settings_of_the_file_are_tried_first(training_rows: tuple[Floats, Snapshots]) -> None:
    found = searched(training_rows, 1)
    assert found.best.settings == found.chosen.settings
    assert found.chosen.applied(QUICK).booster == QUICK.booster
    assert found.chosen.monotone is True


def test_depth_and_monotone_are_searched_within_their_bounds(
    training_rows: tuple[Floats, Snapshots],
) -> None:
    found = searched(training_rows, 6)
    applied = found.chosen.applied(QUICK)
    assert 3 <= applied.booster.max_depth <= 6
    assert applied.monotone == found.chosen.settings["monotone"]
    assert applied.booster.max_bin == QUICK.booster.max_bin


def test_progress_tells_the_trials(training_rows: tuple[Floats, Snapshots]) -> None:
    told: list[tuple[int, int | None]] = []

    def note(what: str, done: int = 0, total: int | None = None, /) -> None:
        told.append((done, total))

    search(*training_rows, CATALOGUE, QUICK, None, "test", note)
    assert told == [(0, 3), (1, 3), (2, 3)]


def tried(loss: list[float], steps: int, monotone: bool = True) -> Tried:
    settings = {"monotone": monotone, "steps": steps}
    return Tried(settings, 10, np.array(loss), np.array(loss) + 0.2, steps)


def test_the_cheapest_within_one_standard_error_of_the_best_is_chosen() -> None:
    best = tried([0.50, 0.52, 0.48, 0.50], 900)
    near = tried([0.51, 0.51, 0.49, 0.50], 300)  # worse by 0.0025, standard error 0.0048
    far = tried([0.52, 0.54, 0.50, 0.52], 100)  # worse by 0.02 everywhere
    found = chosen_of([far, best, near], rows=40)
    assert (found.best.steps, found.chosen.steps, found.eligible) == (900, 300, 2)
    assert found.document()["auc_difference"] == pytest.approx(0.0025)
    low, high = found.document()["auc_difference_ci"]
    assert low < 0.0025 < high


def test_a_monotone_booster_goes_before_a_cheaper_one() -> None:
    best = tried([0.50, 0.52, 0.48, 0.50], 900)
    cheap = tried([0.51, 0.51, 0.49, 0.50], 300, monotone=False)
    assert chosen_of([best, cheap], rows=40).chosen.steps == 900
    behind = tried([0.52, 0.52, 0.48, 0.51], 900)  # by 1.6 standard errors
    free = best._replace(settings={"monotone": False})
    assert chosen_of([behind, free], rows=40).chosen is behind
    worse = tried([0.60, 0.62, 0.58, 0.60], 900)
    assert chosen_of([worse, cheap], rows=40).chosen.steps == 300


def test_steps_are_those_of_the_tables(training_rows: tuple[Floats, Snapshots]) -> None:
    features, rows = training_rows
    given = parameters(QUICK, CATALOGUE)
    data = dataset(features, rows.label, CATALOGUE, given)
    booster = boosted(given, data, 12)
    tables = Explainer(booster)._lookup
    assert tables is not None
    tests, additions = len(tables.test_feature), len(tables.above_mask)
    additions += len(tables.feature) + len(tables.width)
    assert explaining_steps(booster, 12) == tests + additions
    assert explaining_steps(booster, 6) < explaining_steps(booster, 12)
