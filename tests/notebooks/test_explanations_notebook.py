"""What the explanations' notebook prints is what LightGBM itself says of the same rows."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pytest
from nbformat import NotebookNode

from features.matrix import matrix
from models.score.bundle import Bundle, load
from tests.notebooks.conftest import Trained
from tests.notebooks.executed import execute, named, pictures, printed, words
from training.labels import CURE, snapshots
from training.panels import panel_of
from training.sources.uci import import_uci
from training.tables import Tables, write_tables


@dataclass(frozen=True)
class Explained:
    """The executed notebook, and the champion's rows: labels, and LightGBM's contributions.

    `shares` [rows × features] and `base` are calibrated, in log-odds, `offset` the stage's.
    """

    notebook: NotebookNode
    account_ids: np.ndarray
    figures: dict[str, Any]
    bundle: Bundle
    label: np.ndarray
    shares: np.ndarray
    base: float
    offset: np.ndarray


@pytest.fixture(scope="module", params=["simulated", "uci"])
def explained(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Explained:
    """With the models of the training notebook; of the real accounts it trains one itself."""
    if request.param == "simulated":
        trained: Trained = request.getfixturevalue("trained")
        tables, bundle = trained.tables, trained.bundles[0]
        notebook = execute("03_explanations", home=trained.home)
    else:
        home = tmp_path_factory.mktemp("explanations")
        data = home / "uci"
        tables = import_uci(request.getfixturevalue("uci_csv"))
        write_tables(tables, data)
        notebook = execute("03_explanations", data, home)
        [manifest] = home.glob("artifacts/**/bundle/manifest.json")
        bundle = load(manifest.parent)
    return _explained(notebook, tables, bundle)


def _explained(notebook: NotebookNode, tables: Tables, bundle: Bundle) -> Explained:
    panel, ids = panel_of(tables)
    told = bundle.training
    rows = snapshots(panel, CURE, told["settings"]["seed"], ids).between(
        date.fromisoformat(told["test_from"]), None
    )
    features = matrix(panel, rows.view)[:, bundle.columns]
    margins = np.asarray(bundle.booster.predict(features, pred_contrib=True))
    line = bundle.calibration
    return Explained(
        notebook=notebook,
        account_ids=ids,
        figures=json.loads(printed(notebook, "stdout").splitlines()[-1]),
        bundle=bundle,
        label=rows.label,
        shares=line.slope * margins[:, :-1],
        base=line.slope * margins[0, -1] + line.intercept,
        offset=np.array(line.stage_offsets)[rows.stage],
    )


def test_no_cell_complains_and_every_picture_is_there(explained: Explained) -> None:
    assert printed(explained.notebook, "stderr") == ""
    assert pictures(explained.notebook) == 6


def test_no_account_is_named(explained: Explained) -> None:
    assert not named(explained.notebook, explained.account_ids)


def test_it_explains_the_champion_on_its_test_rows(explained: Explained) -> None:
    log_odds = explained.base + explained.shares.sum(axis=1) + explained.offset
    mean = np.mean(1 / (1 + np.exp(-log_odds)))
    assert explained.figures["bundle_sha256"] == explained.bundle.sha256
    assert explained.figures["n"] == len(explained.label)
    assert explained.figures["mean_probability"] == pytest.approx(mean, abs=1e-9)
    assert explained.figures["gap"] < 1e-6


def test_the_strongest_features_are_lightgbms(explained: Explained) -> None:
    order = np.argsort(-np.abs(explained.shares).mean(axis=0))
    assert explained.figures["strongest"] == [explained.bundle.features[j] for j in order[:3]]


def test_one_accounts_reasons_are_lightgbms(explained: Explained) -> None:
    found = explained.figures["account"]
    i = found["position"]
    shares = dict(zip(explained.bundle.features, explained.shares[i], strict=True))
    if explained.bundle.calibration.by_stage:
        shares["stage_offset"] = explained.offset[i]
    total = explained.base + sum(shares.values())
    largest = sorted(shares, key=lambda name: -abs(shares[name]))[:6]
    assert found["base_log_odds"] == pytest.approx(explained.base, abs=1e-9)
    assert found["log_odds"] == pytest.approx(total, abs=1e-9)
    assert found["probability"] == pytest.approx(1 / (1 + np.exp(-total)), abs=1e-9)
    assert found["reasons"] == {name: pytest.approx(shares[name], abs=1e-9) for name in largest}


def test_the_account_is_told_in_both_languages(explained: Explained) -> None:
    text = words(explained.notebook)
    assert "the probability." in text
    assert "概率。" in text


def test_standing_is_the_manifests_and_counts_every_row(explained: Explained) -> None:
    assert explained.figures["standing"] == explained.bundle.standing.model_dump()
    cells = explained.figures["rate_by_standing"]
    assert np.sum(cells["n"]) == len(explained.label)
    assert np.sum(cells["cured"]) == explained.label.sum()
    measured = "its own truth" if explained.bundle.standing.measured else "Not measured"
    assert measured in words(explained.notebook)
