"""Training on a Dask cluster: features to the bit, a booster as good, and what is refused."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from sklearn.metrics import roc_auc_score

from features.catalogue import CATALOGUE
from features.errors import InputError
from features.matrix import matrix
from models.score.booster import booster_text
from models.score.bundle import load
from tests.clusters import Killer, local_cluster
from tests.servers import free_port
from training import spread
from training.boosting import margins
from training.cluster import Cluster, ClusterError, check, connected, versions
from training.config import SearchConfig, TrainingConfig
from training.fit import fit
from training.labels import CURE
from training.learning import Lesson, share_of
from training.parts import parts_of
from training.pipeline import TrainingResult, train
from training.population import Population, Window, read_population
from training.progress import silent
from training.sources.simulate import simulate
from training.split import Fold, out_of_time
from training.spread import Spread
from training.tracking import Tracker

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")

QUICK = TrainingConfig(
    max_trees=40, patience=10, groups=3, bootstrap_draws=100, search=SearchConfig(trials=0)
)


@dataclass(frozen=True)
class Trained:
    """A run on a cluster, with its registry."""

    result: TrainingResult
    tracker: Tracker
    steps: list[str]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    simulate(folder, accounts=1_500, months=10, seed=4)
    return folder


@pytest.fixture(scope="module")
def population(data: Path) -> Population:
    return read_population(data, CURE, QUICK.seed, Window())


@pytest.fixture(scope="module")
def trained(data: Path, cluster_address: str, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    steps: list[str] = []

    def note(what: str, done: int = 0, total: int | None = None, /) -> None:
        steps.append(what)

    root = tmp_path_factory.mktemp("registry")
    tracker = Tracker(f"sqlite:///{root / 'mlflow.db'}", root / "mlartifacts")
    with connected(cluster_address) as cluster:
        result = train(data, QUICK, Window(), tracker, note, computing=Spread(cluster))
    return Trained(result, tracker, steps)


def test_features_are_the_same_to_the_bit(
    cluster: Cluster, population: Population, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spread, "ACCOUNTS", 100)
    view = population.snapshots.view
    found = Spread(cluster).matrix(population.panel, view, silent)
    assert found.tobytes() == matrix(population.panel, view).tobytes()


def test_parts_are_all_of_the_rows_and_no_more_of_the_panel(population: Population) -> None:
    view = population.snapshots.view.take(population.snapshots.account % 7 == 0)
    parts = list(parts_of(population.panel, view, 100))
    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert parts[-1].stop == len(view.row)
    assert max(part.panel.accounts for part in parts) == 100
    events = sum(len(part.panel.payments.at) for part in parts)
    assert 0 < events <= len(population.panel.payments.at)
    assert sum(len(part.panel.others.at) for part in parts) == 0


def test_features_of_a_worker_that_ends_are_computed_by_another(
    cluster: Cluster, population: Population, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spread, "ACCOUNTS", 20)
    killer, view = Killer(cluster), population.snapshots.view
    found = Spread(cluster).matrix(population.panel, view, killer)
    assert killer.has_killed
    assert found.tobytes() == matrix(population.panel, view).tobytes()


def test_the_model_is_as_good_as_one_made_here(trained: Trained, population: Population) -> None:
    split = out_of_time(population.snapshots, QUICK.test_share)
    rows = population.snapshots.take(split.train)
    here = fit(matrix(population.panel, rows.view), rows, CATALOGUE, QUICK, silent)
    rows = population.snapshots.take(split.test)
    margin = margins(here.booster, matrix(population.panel, rows.view), threads=1)
    test = trained.result.document["test"]
    low, high = test["auc_ci"]
    assert low < roc_auc_score(rows.label, margin) < high
    assert test["n"] == len(rows)
    assert trained.result.registered.alias == "champion"
    assert any("number of trees" in step for step in trained.steps)


def test_the_bundle_says_that_several_learnt_it_and_not_where(trained: Trained) -> None:
    folder = trained.tracker.bundle("models:/cure@champion")
    load(folder)  # what is verified at loading holds
    (path,) = folder.glob("*.txt")
    text = path.read_text()
    assert "[tree_learner: data]" in text
    assert "[num_machines: 2]" in text
    assert "[machines: ]" in text


def test_the_same_rows_on_as_many_workers_give_the_same_booster(
    cluster: Cluster, population: Population
) -> None:
    rows = population.snapshots.take(out_of_time(population.snapshots, 0.2).train)
    features = matrix(population.panel, rows.view)
    learner = Spread(cluster).learn
    first, second = (fit(features, rows, CATALOGUE, QUICK, silent, learner) for _ in range(2))
    assert booster_text(first.booster) == booster_text(second.booster)
    assert first.margin.tobytes() == second.margin.tobytes()
    assert first.calibration == second.calibration
    # The constraints hold for what several have learnt too.
    column = [feature.name for feature in CATALOGUE].index("dpd_last")
    later = features.copy()
    later[:, column] += 60
    now, then = (first.booster.predict(x, raw_score=True) for x in (features, later))
    assert (np.asarray(then) <= np.asarray(now)).all()


def test_shares_are_all_rows_once_and_each_judges_on_all() -> None:
    features = np.arange(20.0).reshape(10, 2)
    label = np.arange(10) % 2
    in_time = [Fold(np.array([0, 1, 2, 5]), np.array([7, 9]))]
    across = [Fold(np.array([0, 2, 3]), np.array([1, 4]))]
    lesson = Lesson(features, label, in_time, across, 10)
    first, second = (share_of(lesson, rank, 2) for rank in range(2))
    assert first.fitted + second.fitted == 10
    assert first.features[: first.fitted, 0].tolist() == [0, 4, 8, 12, 16]
    for share, rows, fitted, shown in (
        (first, [0, 2], [0, 2], [4]),
        (second, [1, 5], [3], [1]),
    ):
        of = share.features[:, 0] / 2
        assert of[share.in_time[0].train].tolist() == rows
        assert of[share.in_time[0].valid].tolist() == [7, 9]
        assert min(share.in_time[0].valid) >= share.fitted
        assert of[share.across[0].train].tolist() == fitted
        assert of[share.across[0].valid].tolist() == shown


def test_rows_too_few_to_share_are_refused(cluster: Cluster) -> None:
    fold = Fold(np.arange(2), np.arange(2, 4))
    lesson = Lesson(np.zeros((4, 1)), np.array([0, 1, 0, 1]), [fold], [fold], 4)
    with pytest.raises(InputError, match="2 workers, which are too many to share 4 rows"):
        Spread(cluster).learn(lesson, CATALOGUE[:1], {}, QUICK, silent)


def test_where_a_worker_ends_while_it_learns_nothing_is_registered(
    cluster: Cluster, trained: Trained, data: Path
) -> None:
    killer = Killer(cluster)

    def kill(what: str, done: int = 0, total: int | None = None, /) -> None:
        if what == "choosing the number of trees":
            # Not by the thread that tells it, which the cluster's answers come through.
            cluster.client.loop.run_in_executor(None, killer)

    lasting = QUICK.model_copy(update={"max_trees": 1_000, "patience": 1_000})
    with pytest.raises(ClusterError, match="cannot go on without one of its machines"):
        train(data, lasting, Window(), trained.tracker, kill, computing=Spread(cluster))
    assert killer.has_killed
    versions_there = MlflowClient(trained.tracker.uri).search_model_versions("name = 'cure'")
    assert len(versions_there) == 1
    cluster.client.wait_for_workers(2)
    assert set(cluster.on_each(free_port)) == set(cluster.workers)  # none waits for the other


def test_other_versions_are_refused_by_name(cluster: Cluster) -> None:
    check(cluster, versions())
    with pytest.raises(InputError, match=r"other versions: numpy is \S+ on tcp://\S+, 0\.1 here"):
        check(cluster, versions() | {"numpy": "0.1"})


def test_workers_of_several_threads_are_refused() -> None:
    with (
        local_cluster(1, threads=2, processes=False) as address,
        pytest.raises(InputError, match="several threads"),
        connected(address),
    ):
        pass


def test_a_cluster_without_workers_is_refused() -> None:
    with (
        local_cluster(0, processes=False) as address,
        pytest.raises(InputError, match="no workers"),
        connected(address),
    ):
        pass


@pytest.mark.parametrize("address", ["local:0", "local:x", "10.0.0.1:8786", "tcp://host", ""])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="not the address of a cluster"), connected(address):
        pass


def test_a_scheduler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.cluster.REACHED_WITHIN", 1)
    address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(InputError, match=address), connected(address):
        pass


def test_tls_without_its_settings_is_told() -> None:
    with (
        pytest.raises(InputError, match="needs Dask's TLS settings"),
        connected(f"tls://127.0.0.1:{free_port()}"),
    ):
        pass


def test_without_dask_the_option_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'curescore\[dask\]'"), connected("local:1"):
        pass
