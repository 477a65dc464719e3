"""The benchmarks run from end to end, and what they compare is the same thing."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import (
    capacity,
    contributions,
    features,
    fitting,
    intensity,
    policies,
    quality,
    servers,
    serving,
    soak,
)
from benchmarks.alone import ONES
from benchmarks.found import OURS
from benchmarks.lines import PEERS, Worker, WorkerError
from benchmarks.measures import Spread, peak_memory, ratio, take_turns
from benchmarks.report import Table, Topic
from benchmarks.truths import bound, in_cures, per_thousand, true_net
from features.catalogue import BY_NAME
from training.config import TrainingConfig
from training.offpolicy.candidates import ALWAYS
from training.offpolicy.estimators import Given, Rewards

TOLERANCE = 1e-9

needs_peers = pytest.mark.skipif(not PEERS.exists(), reason="build/peers is made by `make bench`")
needs_mlserver = pytest.mark.skipif(
    not servers.MLSERVER.exists(), reason="build/mlserver is made by `make bench`"
)


def silent(what: str) -> None:
    pass


@pytest.fixture(scope="module")
def of_features(tmp_path_factory: pytest.TempPathFactory) -> Topic:
    # More than 24 months, so that each window leaves something out.
    folder = tmp_path_factory.mktemp("features")
    return features.measure(folder, 300, 30, 2, peers=PEERS.exists(), say=silent)


@pytest.fixture(scope="module")
def of_contributions(tmp_path_factory: pytest.TempPathFactory) -> Topic:
    folder = tmp_path_factory.mktemp("contributions")
    return contributions.measure(folder, 1_000, 5, 20, 1, peers=PEERS.exists(), say=silent)


def test_features_are_timed_in_every_way(of_features: Topic) -> None:
    figures = of_features.figures
    assert set(figures["features"]) <= set(BY_NAME)
    for way in ("panel", "arrays", "whole"):
        assert len(figures["seconds"][way]) == 2
        assert min(figures["seconds"][way]) > 0
    many, one = of_features.tables
    assert len(many.rows) == len(figures["seconds"]) == len(one.rows) + 1


@needs_peers
def test_peers_compute_every_feature_of_statements(of_features: Topic) -> None:
    assert set(features.LIBRARIES) < set(of_features.figures["seconds"])
    assert len(of_features.figures["features"]) >= 75
    assert "Not compared" not in str(of_features)


def test_columns_that_differ_are_found() -> None:
    own = np.array([[1.0, np.nan, np.nan, 1e6, 2.0], [0.0, 1.0, 1.0, 1e6, 2.0]])
    other = own + np.array([1e-10, 0.0, 0.0, 1e-4, 1e-8])
    other[0, 2] = 0.0
    assert features.differing(own, other).tolist() == [False, False, True, False, True]


def test_contributions_are_those_of_lightgbm(of_contributions: Topic) -> None:
    assert of_contributions.figures["bundle_seconds"] > 0
    for shape in map(str, contributions.SHAPES):
        found = of_contributions.figures["shapes"][shape]["methods"]["curescore"]
        assert found["greatest_difference"] < TOLERANCE
        assert min(found["seconds"] + found["one"]) > 0


@needs_peers
def test_shap_is_asked_for_the_same_contributions(of_contributions: Topic) -> None:
    for shape in map(str, contributions.SHAPES):
        found = of_contributions.figures["shapes"][shape]["methods"]
        assert found["shap"]["greatest_difference"] < TOLERANCE
        # Where it could be built: version 2 goes other ways where a value is not known.
        if "fasttreeshap v1" in found:
            assert found["fasttreeshap v1"]["greatest_difference"] < TOLERANCE


def test_a_worker_that_ends_is_told_of() -> None:
    with (
        Worker(sys.executable, "benchmarks.ours.trees", "lightgbm", "nowhere.npy") as worker,
        pytest.raises(WorkerError, match="ended with code 1"),
    ):
        worker.ask("seconds")


def test_ratios_are_paired_within_a_round() -> None:
    turns: list[str] = []
    seconds = iter([1.0, 3.0, 2.0, 4.0])

    def run(name: str) -> float:
        turns.append(name)
        return next(seconds)

    found = take_turns({"ours": lambda: run("ours"), "other": lambda: run("other")}, 2)
    assert turns == ["ours", "other", "ours", "other"]
    assert ratio(found["other"], found["ours"]) == Spread(2.5, 2.0, 3.0)
    assert str(Spread(2.5, 2.0, 3.0)) == "2.50 (2.00–3.00)"


def test_peak_memory_is_what_came_on_top() -> None:
    told = peak_memory(lambda: np.ones(10_000_000))
    if told is None:
        pytest.skip("this kernel does not tell the peak")
    assert 75 < told[1] < 100


def test_a_table_is_markdown() -> None:
    table = Table(("what", "how many"), [("a", "1")], "Some.")
    assert str(table) == "Some.\n\n| what | how many |\n| --- | --: |\n| a | 1 |"


def test_one_fit_is_timed_beside_a_bare_one(tmp_path: Path) -> None:
    found = fitting.measure(tmp_path, 800, 5, 2, silent)
    assert set(found.figures["seconds"]) == {fitting.OURS, fitting.FREE, fitting.BARE}
    assert all(len(seconds) == 2 for seconds in found.figures["seconds"].values())
    assert fitting.BARE in str(found)


def test_the_score_is_measured_against_the_truth(tmp_path: Path) -> None:
    found = quality.measure(tmp_path, None, 1_500, 0, silent, laws=("pressure",))
    figures = found.figures["simulated"]["pressure"]
    assert 0.5 < figures["auc"] < figures["attainable_auc"] < 1
    assert figures["share"] == pytest.approx(
        (figures["auc"] - 0.5) / (figures["attainable_auc"] - 0.5)
    )
    assert 0 < figures["truth"]["mean_gap"] <= figures["truth"]["largest_gap"] < 0.3
    assert "pressure" in str(found)


def test_levels_within_capacity_are_compared_with_the_optimum() -> None:
    found = capacity.measure(2_000, 2_000, 1, silent)
    for each in found.figures["portfolios"]:
        assert each["beyond"] == 0
        assert each["value"] <= each["optimum"] * (1 + 1e-9)
        assert each["value"] >= each["optimum"] * (1 - capacity.TOLERANCE)
        assert min(*each["seconds"], each["their_seconds"]) >= 0
    assert "of the bound" not in str(found)
    assert "of the bound" in str(capacity.measure(2_000, 0, 1, silent))


def test_what_choosing_a_level_adds_is_timed(tmp_path: Path) -> None:
    found = intensity.measure(tmp_path, 800, 400, 5, 2, silent)
    assert len(found.figures["ones"]) == 2 * len(ONES)
    for name, rounds in found.figures["ones"].items():
        for each in rounds:
            parts = [each.get(part, 0.0) for part in intensity.PARTS]
            assert (parts[2] > 0) == ("in a plan" in name)
            assert 0 < sum(parts) < each["decide"]
    for each in found.figures["night"]:
        assert each["decided"] > 0
        assert min(each[part] for part in intensity.NIGHT) > 0


def test_policies_are_valued_where_the_truth_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.truths.ORACLE_TREES", 20)
    quick = TrainingConfig(max_trees=20, patience=5, cuts=1, groups=3, least_cures=5)
    found = policies.measure(tmp_path, 600, 1, 300, silent, ("pressure",), quick)
    (valued,) = found.figures["worth"]
    dear, cheap = valued["packaged"], valued["cheap"]
    for true in (dear["true"], cheap["true"]):
        assert set(true) == set(ALWAYS) | {policies.ORACLE}
        assert true["nothing"] == 0
    assert dear["true"]["call_everyone"] < cheap["true"]["call_everyone"]
    calls = dear["log"]["call_everyone"]
    assert calls["cures"]["true"] == cheap["log"]["call_everyone"]["cures"]["true"] != 0
    half = (calls["cures"]["dr"]["high"] - calls["cures"]["dr"]["low"]) / 2
    assert half == pytest.approx(calls["cures"]["bound"], rel=0.5)
    seen = found.figures["covered"]["packaged"]["net"]["policies"]
    assert set(seen) == set(dear["true"]) - {"nothing"}
    for each in seen.values():
        ((true, _, low, high),) = each["raw"]
        assert each["within"] == (low <= true <= high)
    assert len(found.figures["claimed"]["logs"]) == 1
    _gates(found.figures["bad_logs"])
    assert "the oracle" in str(found)


def _gates(logs: dict[str, Any]) -> None:
    """Each log is doubted, or not, for what was done to it."""
    whys = [each["doubt"] and each["doubt"]["why"] for each in logs.values()]
    assert whys == [None, "not_randomised", None, "wrong_propensities"]
    cells = [
        {cell["why"] for cell in each["cells"] if cell["level"] == 2} for each in logs.values()
    ]
    assert "never_tried" not in cells[0]
    assert cells[1:] == [{"not_randomised"}, {"never_tried"}, {"wrong_propensities"}]


def test_the_true_value_and_its_bound_are_those_computed_by_hand() -> None:
    true = np.array([[0.5, 0.6, 0.9, 0.5, 0.5], [0.2, 0.2, 0.4, 0.2, 0.2]])
    propensity = np.array([[0.5, 0.25, 0.25, 0.0, 0.0], [0.5, 0.0, 0.5, 0.0, 0.0]])
    level, cost = np.array([0, 2]), np.array([0.0, 1.0, 3.0, 5.0, 9.0])
    worth, cured = np.array([10.0, 20.0]), np.array([1.0, 0.0])
    rewarded = Rewards(level, propensity, cured, worth, cost, np.zeros(5), true)
    assert true_net(Given(np.array([2, 0])), rewarded) == pytest.approx([1.0, 0.0])
    done = Given(level, as_done=True)
    expected = [0.25 * (1 - 1) + 0.25 * (4 - 3), 0.5 * (4 - 3)]
    assert true_net(done, rewarded) == pytest.approx(expected)
    assert per_thousand(true_net(done, in_cures(rewarded))) == pytest.approx(1_000 * 0.1125)
    variance = 10**2 * (0.9 * 0.1 / 0.25 + 0.5 * 0.5 / 0.5) / 2 + 0.25
    found = bound(Given(np.array([2, 0])), rewarded)
    assert found.of_one == pytest.approx(1_959.963984540054 * variance**0.5)
    assert found.half_width == pytest.approx(found.of_one / 2**0.5)
    assert found.rows_for(found.half_width) == pytest.approx(2)


@needs_mlserver
@pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy", "ignore:.*Any type hint")
def test_the_service_is_measured_beside_its_peers(tmp_path: Path) -> None:
    sizes = serving.Sizes(1, 0.3, accounts=20, fitted_on=1_500, trees=5, connections=(1, 2))
    found = serving.measure(tmp_path, sizes, silent)
    (once,) = found.figures["rounds"]
    assert list(once["servers"])[:2] == [OURS, "MLServer"]
    assert len(once["servers"]) == 4
    for measured in once["servers"].values():
        assert measured["ready"] > 0
        assert 0 < measured["memory"]["pss"] <= measured["memory"]["all"]
        for each in (*measured["ones"].values(), measured["many"]):
            assert each["errors"] == 0 < each["count"]
            assert 0 < each["p50"] <= each["p99"] <= each["most"]
    assert once["servers"][OURS]["ready"] < servers.START_SECONDS
    assert "answers were not 200." in str(found)


def test_half_the_speed_is_sent_and_the_memory_watched(tmp_path: Path) -> None:
    found = soak.measure(tmp_path, 0.05, silent, 1_500, 5, accounts=20)
    sent = found.figures["found"]
    assert sent["errors"] == 0
    assert sent["answered"] == pytest.approx(found.figures["speed"] / 2 * 3, abs=1)
    assert len(found.figures["memory"]) >= 3
    assert min(pss for _, pss in found.figures["memory"]) > 10


def test_the_slope_is_that_of_the_settled_memory() -> None:
    seen = [(0.0, 50.0), *((60.0 * minute, 100.0 + 2 * minute) for minute in range(1, 6))]
    assert soak.slope(seen) == pytest.approx(2)


@pytest.fixture
def one_request(tmp_path: Path) -> Path:
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps({"some": "x" * 4_000}) + "\n")
    return path


def test_the_load_counts_every_answer(tmp_path: Path, one_request: Path) -> None:
    with (
        servers.trivial(tmp_path / "trivial", servers.cores()) as server,
        Worker(sys.executable, "benchmarks.load") as load,
    ):
        streams = [("/", str(one_request), 1), ("/", str(one_request), 3)]
        found = load.ask("closed", port=server.port, streams=streams, warm=0.1, seconds=0.3)
        for each in found:
            assert each["errors"] == 0
            assert each["answered"] > each["count"] > 0
            assert each["halves"][0]["p50"] <= each["most"]
        paced = load.ask("paced", port=server.port, stream=streams[1], rate=200, seconds=0.5)
        assert (paced["answered"], paced["count"], paced["errors"]) == (100, 100, 0)
        assert paced["per_second"] == pytest.approx(200, rel=0.5)


def test_wrong_answers_are_told_and_not_timed(tmp_path: Path, one_request: Path) -> None:
    bundles = tmp_path / "bundles"
    drawn = serving.portfolio(tmp_path / "fitted", 1_500)
    serving.write_bundle(drawn, serving.fitted(drawn, serving.SHAPE, 5), bundles / "cure")
    streams = [(serving.ONE, str(one_request), 1)]
    with (
        servers.ours(tmp_path / "ours", bundles, servers.cores()) as server,
        Worker(sys.executable, "benchmarks.load") as load,
        pytest.raises(WorkerError, match=r"no good answer, \d+ others: HTTP/1.1 422"),
    ):
        load.ask("closed", port=server.port, streams=streams, warm=0, seconds=0.2)


def test_a_server_that_ends_is_told_of_with_its_last_words(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with (
        pytest.raises(servers.ServerError, match="no bundle in this folder"),
        servers.ours(tmp_path / "ours", tmp_path / "none", servers.cores()),
    ):
        pass


def test_the_processes_of_a_server_end_with_it(tmp_path: Path) -> None:
    with servers.trivial(tmp_path / "trivial", servers.cores()) as server:
        assert server.memory()[0].rss > server.memory()[0].pss > 1
        assert server.cpu() > 0
    assert not server.memory()
