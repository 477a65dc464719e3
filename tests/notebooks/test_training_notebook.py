"""What the training notebook prints is in the run's files, in the registry, and in a walk."""

import json
import sqlite3
from collections import defaultdict
from datetime import date
from itertools import pairwise

import numpy as np
from scipy.stats import rankdata

from features.catalogue import NAMES
from features.matrix import matrix
from models.score.bundle import Bundle
from tests.notebooks.conftest import Trained
from tests.notebooks.executed import named, pictures, printed, words
from training.assessment import log_odds
from training.labels import CURE, Snapshots, snapshots
from training.panels import panel_of
from training.tables import Tables


def labels_one_by_one(tables: Tables, start: date) -> list[bool]:
    """Of every late statement from the month of `start` on, whether the account cured next."""
    histories = defaultdict(list)
    for line in tables.statements.sort_values("statement_date").itertuples():
        histories[line.account_id].append(line)
    found = []
    for lines in histories.values():
        for now, then in pairwise(lines):
            months = [12 * x.statement_date.year + x.statement_date.month for x in (now, then)]
            late = now.status == "open" and now.days_past_due > 0 and now.balance > 0
            followed = np.diff(months) == 1 and then.status not in ("restructured", "sold")
            tested = months[0] >= 12 * start.year + start.month
            if late and followed and tested:
                found.append(
                    then.status == "paid_off" or (then.status == "open" and then.days_past_due == 0)
                )
    return found


def area(label: np.ndarray, score: np.ndarray) -> float:
    """Area under the ROC curve, from ranks (Mann and Whitney)."""
    ones = int(label.sum())
    above = rankdata(score)[label == 1].sum() - ones * (ones + 1) / 2
    return float(above / (ones * (len(label) - ones)))


def judged_rows(trained: Trained) -> tuple[Snapshots, np.ndarray]:
    """The rows that the first run was tested on, with all features."""
    panel, ids = panel_of(trained.tables)
    seed = trained.bundles[0].training["settings"]["seed"]
    rows = snapshots(panel, CURE, seed, ids).between(
        date.fromisoformat(trained.bundles[0].training["test_from"]), None
    )
    return rows, matrix(panel, rows.view)


def test_no_cell_complains_and_every_picture_is_there(trained: Trained) -> None:
    assert printed(trained.notebook, "stderr") == ""
    assert pictures(trained.notebook) == 4


def test_no_account_is_named(trained: Trained) -> None:
    assert not named(trained.notebook, trained.tables.accounts["account_id"])


def test_the_test_rows_are_those_of_the_statements(trained: Trained) -> None:
    start = date.fromisoformat(trained.bundles[0].training["test_from"])
    labels = labels_one_by_one(trained.tables, start)
    assert trained.figures["test"]["n"] == len(labels)
    assert trained.figures["test"]["target_rate"] == np.mean(labels)


def test_measures_are_those_of_the_run_and_of_ranks(trained: Trained) -> None:
    told = json.loads((trained.run / "evaluation.json").read_text())["test"]
    rows, features = judged_rows(trained)
    served = log_odds(trained.bundles[0], features, rows)
    probability = 1 / (1 + np.exp(-served))
    for found in (trained.figures["test"], trained.figures["recomputed"]):
        for key, value in found.items():
            assert abs(told[key] - value) < 1e-9, key
        assert abs(found["auc"] - area(rows.label, served)) < 1e-9
        assert abs(found["brier"] - np.mean((probability - rows.label) ** 2)) < 1e-9


def test_the_difference_to_days_past_due_is_that_of_ranks(trained: Trained) -> None:
    rows, features = judged_rows(trained)
    served = log_odds(trained.bundles[0], features, rows)
    late = features[:, NAMES.index("dpd_last")]
    expected = area(rows.label, served) - area(rows.label, -late)
    assert abs(trained.figures["differences"]["days_past_due"] - expected) < 1e-9


def test_wider_and_stricter_questions_have_the_rates_they_must(trained: Trained) -> None:
    one, two, sustained = trained.figures["labelled"].values()
    assert two["share reached"] > one["share reached"] > sustained["share reached"]
    assert one["immature"] < two["immature"] < sustained["immature"]


def test_the_challenger_is_refused_and_the_champion_stays(trained: Trained) -> None:
    found = trained.figures["challenger"]
    assert (found["alias"], found["passed"]) == ("challenger", False)
    assert "AUC above champion" in found["failed"]
    with sqlite3.connect(trained.home / "mlflow.db") as registry:
        aliases = registry.execute("select alias, version from registered_model_aliases")
        assert dict(aliases) == {
            "champion": trained.figures["champion"],
            "challenger": found["version"],
        }
    assert trained.figures["champion"] == trained.figures["version"] != found["version"]


def test_the_challenger_is_worse_by_ranks(trained: Trained) -> None:
    rows, features = judged_rows(trained)

    def found(bundle: Bundle) -> float:
        return area(rows.label, log_odds(bundle, features, rows))

    champion, challenger = trained.bundles
    assert found(challenger) < found(champion)


def test_the_card_is_where_it_says_and_has_its_sentences(trained: Trained) -> None:
    card = (trained.home / trained.figures["card"]).read_text("utf-8")
    auc = f"{trained.figures['test']['auc']:.3f}"
    assert f"AUC {auc}" in card
    assert f"AUC {auc}" in words(trained.notebook)
