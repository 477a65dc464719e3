"""The whole way of training, on a small simulated portfolio and a real registry."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from features.errors import InputError
from features.matrix import matrix
from models.score.bundle import load
from models.score.golden import golden_rows
from models.score.scores import score
from training.assessment import evaluate_bundle, judged, load_bundle
from training.config import SearchConfig, TrainingConfig
from training.golden import cut
from training.labels import CURE
from training.pipeline import TrainingResult, train
from training.population import Window, read_population
from training.progress import silent
from training.sources.simulate import simulate
from training.tables import read_tables, write_tables
from training.tracking import Tracker

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")

QUICK = TrainingConfig(
    max_trees=40,
    patience=10,
    threads=1,
    groups=3,
    bootstrap_draws=100,
    search=SearchConfig(trials=2),
)


@dataclass(frozen=True)
class Trained:
    """A portfolio's folder, the registry, and two runs: the second on the rows in disorder."""

    data: Path
    tracker: Tracker
    steps: list[str]
    first: TrainingResult
    second: TrainingResult

    def bundle(self) -> Path:
        return self.tracker.bundle("models:/cure@champion")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    root = tmp_path_factory.mktemp("pipeline")
    data = root / "data"
    simulate(data, accounts=1_500, months=10, seed=4)
    tracker = Tracker(f"sqlite:///{root / 'mlflow.db'}", root / "mlartifacts")
    steps: list[str] = []

    def note(what: str, done: int = 0, total: int | None = None, /) -> None:
        steps.append(what)

    studies = root / "studies.db"
    first = train(data, QUICK, Window(), tracker, note, studies=studies)
    second = train(_in_disorder(data, root / "disorder"), QUICK, Window(), tracker, note)
    return Trained(data, tracker, steps, first, second)


def _in_disorder(data: Path, folder: Path) -> Path:
    rng = np.random.default_rng(1)
    folder.mkdir()
    for path in data.glob("*.parquet"):
        table = pq.read_table(path)
        pq.write_table(table.take(rng.permutation(len(table))), folder / path.name)
    return folder


def _without_champion(judged: dict[str, Any]) -> dict[str, Any]:
    """A document of the test, and of its parts, as it would be where there was no champion yet."""
    return {
        name: _without_champion(part) if isinstance(part, dict) else part
        for name, part in judged.items()
        if name != "champion"
    }


def test_the_same_rows_and_settings_give_the_same_bundle_in_any_order(trained: Trained) -> None:
    assert trained.first.bundle_sha256 == trained.second.bundle_sha256
    assert load(trained.bundle()).sha256 == trained.first.bundle_sha256
    aliases = [result.registered.alias for result in (trained.first, trained.second)]
    assert aliases == ["champion", "challenger"]
    first, second = (result.document["test"] for result in (trained.first, trained.second))
    assert "champion" in second["baselines"]
    assert _without_champion(second) == first


def test_training_ends_before_the_test_and_the_model_is_better_than_the_table(
    trained: Trained,
) -> None:
    told, test = trained.first.document["train"], trained.first.document["test"]
    assert told["until"] < test["from"] == told["test_from"]
    assert test["auc"] > test["baselines"]["roll_rate"]["auc"]
    assert test["auc_ci"][0] < test["auc"] < test["auc_ci"][1]
    assert test["seen"]["n"] + test["unseen"]["n"] == test["n"]
    assert "untuned" in test["baselines"]
    assert any("number of trees" in step for step in trained.steps)


def test_evaluate_says_of_the_test_rows_what_training_said(trained: Trained) -> None:
    bundle = load_bundle(trained.bundle())
    start = date.fromisoformat(trained.first.document["test"]["from"])
    month = Window(start.replace(day=1), None)
    found = evaluate_bundle(trained.data, bundle, month)
    assert found["n"] == trained.first.document["test"]["n"]
    assert found["auc"] == pytest.approx(trained.first.document["test"]["auc"], abs=1e-12)
    assert found["rows"]["in_training_period"] == 0
    every = evaluate_bundle(trained.data, bundle, Window())
    assert every["rows"]["in_training_period"] >= trained.first.document["train"]["n"]
    assert set(found) >= {
        "n",
        "target_rate",
        "auc",
        "auc_ci",
        "ks",
        "brier",
        "log_loss",
        "ece",
        "calibration_slope",
        "calibration_intercept",
        "by_stage",
        "baselines",
    }


def test_what_is_judged_is_what_is_served(trained: Trained) -> None:
    bundle = load_bundle(trained.bundle())
    population = read_population(trained.data, CURE, QUICK.seed, Window())
    rows = population.snapshots.take(np.arange(50))
    ours = judged(bundle, matrix(population.panel, rows.view), rows, {})
    served = score(bundle, population.panel, rows.view)
    np.testing.assert_allclose(ours.log_odds, served.log_odds, atol=1e-6)


def test_golden_rows_vary_and_hold_no_future(trained: Trained) -> None:
    panel, view = golden_rows((trained.bundle() / "golden.json").read_text())
    assert 6 <= panel.accounts == len(view.row) <= 12
    assert np.nanmax(panel.known_at, axis=1).tolist() <= view.as_of.tolist()
    assert len(np.unique(panel.days_past_due[:, -1])) > 2
    assert (panel.payments.at <= view.as_of[panel.payments.account]).all()


def test_a_cut_panel_has_the_same_features(trained: Trained) -> None:
    population = read_population(trained.data, CURE, QUICK.seed, Window())
    view = population.snapshots.take(np.arange(0, 200, 7)).view
    small, small_view = cut(population.panel, view)
    np.testing.assert_array_equal(matrix(small, small_view), matrix(population.panel, view))


def test_plots_figures_and_lineage_are_kept_with_the_run(trained: Trained) -> None:
    from mlflow import MlflowClient

    run_id = trained.first.registered.run_id
    run = MlflowClient(trained.tracker.uri).get_run(run_id)
    root = trained.bundle().parents[2]  # the bundle is inside the model's folder
    for name in (
        "plots/reliability.png",
        "plots/roc.png",
        "plots/shap_summary.png",
        "baselines/untuned.txt",
        "evaluation.json",
        "explained.json",
    ):
        assert (root / name).stat().st_size > 100
    explained = (root / "explained.json").read_bytes()
    assert json.loads(explained)["bundle_sha256"] == trained.first.bundle_sha256
    assert len(explained) < 500_000
    again = Path(trained.second.registered.artifacts) / "explained.json"
    assert again.read_bytes() == explained  # the same data and settings
    assert run.data.tags["bundle_sha256"] == trained.first.bundle_sha256
    assert len(run.data.tags["data_sha256"]) == 64
    assert run.data.params["search.trials"] == "2"
    assert run.data.metrics["auc"] == pytest.approx(trained.first.document["test"]["auc"])


def test_a_window_without_enough_months_is_refused(trained: Trained) -> None:
    window = Window(date(1990, 1, 1), date(1990, 3, 1))
    with pytest.raises(InputError, match="0 months"):
        train(trained.data, QUICK, window, trained.tracker, silent)


def test_too_few_cures_are_refused(trained: Trained) -> None:
    strict = QUICK.model_copy(update={"least_cures": 10**6})
    with pytest.raises(InputError, match="of each are needed"):
        train(trained.data, strict, Window(), trained.tracker, silent)


def test_another_currency_is_refused(trained: Trained, tmp_path: Path) -> None:
    tables = read_tables(trained.data)
    accounts = tables.accounts
    accounts["currency"] = "EUR"
    write_tables(tables, tmp_path / "euros")
    with pytest.raises(InputError, match="trained on amounts in"):
        evaluate_bundle(tmp_path / "euros", load_bundle(trained.bundle()), Window())


def test_months_without_labels_are_refused(trained: Trained) -> None:
    bundle = load_bundle(trained.bundle())
    with pytest.raises(InputError, match="no labelled snapshot"):
        evaluate_bundle(trained.data, bundle, Window(date(1999, 1, 1), date(1999, 12, 31)))


def test_a_broken_bundle_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a bundle"):
        load_bundle(tmp_path)
