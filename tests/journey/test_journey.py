"""The whole way, as a user goes it: tables, training, service, decisions, reading back."""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow.parquet as pq
import pytest
import shap

from curescore.bodies import bodies, last_known, late_accounts
from features.matrix import matrix
from features.panel import known_at
from models.score.bundle import load
from tests.servers import curescore, curescore_json, serving
from training.panels import panel_of
from training.tables import read_tables

BATCH = 1_000
IDENTITY = {"decision_id", "decided_at"}
INSTANTS = ("as_of", "valid_until")

# Snapshots of late accounts in July, and in April to June, of the copies of UCI's file that
# are known by their SHA-256.
JULY_AND_BEFORE = {
    "67e29ecea267971a6b2393ce43c9537b95fac6029ab86013bc9f6a69a06270e8": (3_260, 7_520),
}


@dataclass
class Journey:
    """A portfolio on the way: how its model did, and what was answered for each account."""

    environment: dict[str, str]
    data: Path
    now: Path
    trained: dict[str, Any]
    sent: list[dict[str, Any]]
    results: list[dict[str, Any]]
    client: httpx.Client


@pytest.fixture(scope="module")
def uci(uci_csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    home = tmp_path_factory.mktemp("uci")
    environment = {"CURESCORE_HOME": str(home)}
    file = str(uci_csv)
    curescore(environment, "import", "uci", file, "--out", str(home / "all"))
    curescore(
        environment, "import", "uci", file, "--out", str(home / "july"), "--until", "2005-07-31"
    )
    yield from journey(environment, home / "all", home / "july")


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    home = tmp_path_factory.mktemp("simulated")
    environment = {"CURESCORE_HOME": str(home)}
    arguments = ("--accounts", "3000", "--months", "12", "--seed", "3", "--law", "threshold")
    curescore(environment, "simulate", *arguments, "--out", str(home / "data"))
    quick = home / "quick.toml"
    quick.write_text("max_trees = 100\npatience = 20\nbootstrap_draws = 100\n")
    options = ("--trials", "2", "--config", str(quick))
    yield from journey(environment, home / "data", home / "data", *options)


def journey(
    environment: dict[str, str], history: Path, now: Path, *options: str
) -> Iterator[Journey]:
    """Train on the tables of `history` and decide the late accounts of `now`."""
    trained = curescore_json(environment, "train", "--data", str(history), *options)
    curescore(environment, "db", "upgrade")
    key = curescore_json(environment, "keys", "add", "journey", "--scope", "admin")["key"]
    tables = read_tables(now)
    sent = list(bodies(tables, late_accounts(tables), last_known(tables)))
    output = Path(environment["CURESCORE_HOME"]) / "output.txt"
    with (
        serving(environment, output) as server,
        httpx.Client(
            base_url=server.address, headers={"Authorization": f"Bearer {key}"}, timeout=60
        ) as client,
    ):
        results = batched(client, sent, "/v1/decisions:batch")
        yield Journey(environment, history, now, trained, sent, results, client)


def batched(client: httpx.Client, sent: list[dict[str, Any]], path: str) -> list[dict[str, Any]]:
    """What is answered for each of them, a thousand at a time."""
    results: list[dict[str, Any]] = []
    for start in range(0, len(sent), BATCH):
        answered = client.post(path, json={"items": sent[start : start + BATCH]})
        assert answered.status_code == 200, answered.text
        results += answered.json()["results"]
    return results


def check_all_are_answered_recorded_and_readable(journey: Journey) -> None:
    assert len(journey.results) == len(journey.sent)
    for sent, result in zip(journey.sent, journey.results, strict=True):
        decision = result["decision"]
        assert decision is not None, result["problem"]
        assert decision["account_id"] == sent["account"]["account_id"]
        total = decision["score"]["base_log_odds"] + decision["other_contributions"]
        total += sum(reason["contribution"] for reason in decision["reasons"])
        assert math.isclose(total, decision["score"]["log_odds"], abs_tol=1e-6)
        probability = 1 / (1 + math.exp(-total))
        assert math.isclose(probability, decision["score"]["probability"], abs_tol=1e-6)
        read = journey.client.get(f"/v1/decisions/{decision['decision_id']}")
        assert read.status_code == 200
        assert read.json() == decision


def check_alone_equals_in_the_batch(journey: Journey) -> None:
    for position in range(0, len(journey.sent), max(1, len(journey.sent) // 20)):
        alone = journey.client.post("/v1/decisions?reasons=all", json=journey.sent[position])
        assert alone.status_code == 200
        batched = journey.results[position]["decision"]
        whole = journey.client.get(f"/v1/decisions/{batched['decision_id']}?reasons=all").json()
        for part in ("score", "reasons", "intensity", "inputs_sha256", "versions"):
            assert alone.json()[part] == whole[part]


def check_a_nightly_run_decides_the_same(journey: Journey, out: Path) -> None:
    as_of = journey.sent[0]["as_of"]
    arguments = ("--data", str(journey.now), "--out", str(out), "--as-of", as_of)
    summary = curescore_json(
        journey.environment, "score", *arguments, "--reasons", "all", "--chunk", "1000"
    )
    assert summary["decided"] == len(journey.sent)
    rows = pq.read_table(out / "decisions").to_pylist()
    nightly = {row["account_id"]: row for row in rows}
    results = batched(journey.client, journey.sent, "/v1/decisions:batch?reasons=all")
    for served in [each["decision"] for each in results[:: 1 + len(results) // 100]]:
        read = journey.client.get(f"/v1/decisions/{served['decision_id']}?reasons=all")
        assert read.json() == served
    for served in [each["decision"] for each in results]:
        row = nightly[served["account_id"]]
        flat = served | served["score"] | served["intensity"]
        for name in row.keys() & flat.keys() - IDENTITY - {"reasons", "levels", *INSTANTS}:
            assert row[name] == flat[name], name
        for name in INSTANTS:
            assert row[name] == datetime.fromisoformat(served[name])
        assert row["reasons"] == [
            {name: value for name, value in reason.items() if name != "text"}
            for reason in served["reasons"]
        ]


def check_the_champion_is_explained_exactly(journey: Journey) -> None:
    cache = Path(journey.environment["CURESCORE_HOME"]) / "cache"  # where it is served from
    bundle = load(cache / journey.trained["bundle_sha256"])
    tables = read_tables(journey.now)
    arranged = panel_of(tables).panel
    as_of = datetime.fromisoformat(journey.sent[0]["as_of"]).timestamp()
    everyone = np.arange(arranged.accounts)
    view = known_at(arranged, everyone, np.full(arranged.accounts, as_of))
    rows = matrix(arranged, view)[:, bundle.columns]
    found = bundle.explainer.explain(rows)
    oracle = np.asarray(bundle.booster.predict(rows, pred_contrib=True, num_threads=1))
    assert np.abs(found.contributions - oracle[:, :-1]).max() <= 1e-9
    assert (
        np.abs(found.contributions - shap.TreeExplainer(bundle.booster)(rows).values).max() <= 1e-9
    )
    added = bundle.explainer.base + found.contributions.sum(axis=1)
    assert np.abs(added - found.margin).max() <= 1e-9
    margin = np.asarray(bundle.booster.predict(rows, raw_score=True, num_threads=1))
    assert np.array_equal(found.margin, margin)


def test_real_accounts_go_the_whole_way(uci: Journey, uci_csv: Path) -> None:
    digest = hashlib.sha256(uci_csv.read_bytes()).hexdigest()
    july, before = len(uci.sent), uci.trained["train"]["n"]
    assert (july, before) == JULY_AND_BEFORE.get(digest, (july, before))
    assert july == uci.trained["test"]["n"]
    check_all_are_answered_recorded_and_readable(uci)
    check_alone_equals_in_the_batch(uci)


def test_real_accounts_are_ranked_without_a_leak(uci: Journey) -> None:
    test = uci.trained["test"]
    assert (test["from"], test["until"]) == ("2005-07-31", "2005-07-31")
    assert test["target_rate"] == pytest.approx(0.31, abs=0.01)
    baselines = test["baselines"]
    assert baselines["untuned"]["difference_ci"][0] >= -0.005
    assert baselines["roll_rate"]["difference"] >= 0.06
    assert baselines["roll_rate"]["difference_ci"][0] >= 0.045
    assert baselines["logistic"]["difference_ci"][0] > 0
    assert baselines["scorecard"]["difference"] > 0
    assert test["auc"] < 0.80  # more was only ever reached with the label month's payment
    low, high = test["auc_ci"]
    assert low < test["auc"] < high


def test_real_accounts_are_predicted_as_they_turned_out(uci: Journey) -> None:
    test = uci.trained["test"]
    assert test["ece"] <= 0.035
    assert test["ece_band"]["p95"] == pytest.approx(0.025, abs=0.002)
    assert 0.85 <= test["calibration_slope"] <= 1.25
    for stage, part in test["by_stage"].items():
        assert abs(part["deviation_sd"]) <= 3, stage


def test_the_guards_find_no_leak_in_real_accounts(uci: Journey) -> None:
    guards = uci.trained["guards"]
    assert guards["passed"]
    assert guards["moved_features"] == guards["implausible_features"] == []
    assert guards["rows"]["immature"] > 0  # August's, whose September is coded otherwise


def test_a_nightly_run_decides_real_accounts_as_requests_do(uci: Journey, tmp_path: Path) -> None:
    check_a_nightly_run_decides_the_same(uci, tmp_path / "night")


def test_the_champion_of_real_accounts_is_explained_exactly(uci: Journey) -> None:
    check_the_champion_is_explained_exactly(uci)


def test_the_served_probabilities_are_those_that_were_judged(uci: Journey) -> None:
    evaluated = curescore_json(
        uci.environment, "evaluate", "--data", str(uci.data), "--from", "2005-07-01"
    )
    for name in ("n", "auc", "brier", "log_loss", "calibration_slope"):
        assert evaluated[name] == pytest.approx(uci.trained["test"][name], abs=1e-12)
    for stage, judged in evaluated["by_stage"].items():
        scores = [result["decision"]["score"] for result in uci.results]
        served = [score["probability"] for score in scores if score["stage"] == stage]
        assert len(served) == judged["n"]
        assert sum(served) / len(served) == pytest.approx(judged["mean_predicted"], abs=1e-9)


def test_a_simulated_portfolio_goes_the_whole_way(simulated: Journey) -> None:
    assert len(simulated.sent) > 100
    check_all_are_answered_recorded_and_readable(simulated)
    check_alone_equals_in_the_batch(simulated)
    flagged = [
        result["decision"]
        for sent, result in zip(simulated.sent, simulated.results, strict=True)
        if sent["account"]["bankruptcy"] or sent["account"]["deceased"]
    ]
    assert all(decision["intensity"]["level"] == 0 for decision in flagged)


def test_a_nightly_run_decides_simulated_accounts_as_requests_do(
    simulated: Journey, tmp_path: Path
) -> None:
    check_a_nightly_run_decides_the_same(simulated, tmp_path / "night")


def test_the_champion_of_simulated_accounts_is_explained_exactly(simulated: Journey) -> None:
    check_the_champion_is_explained_exactly(simulated)


def test_a_simulated_model_is_better_than_the_roll_rate_table(simulated: Journey) -> None:
    test = simulated.trained["test"]
    assert test["auc"] > test["baselines"]["roll_rate"]["auc"]
    evaluated = curescore_json(
        simulated.environment, "evaluate", "--data", str(simulated.data), "--from", test["from"]
    )
    assert evaluated["auc"] == pytest.approx(test["auc"], abs=1e-12)
