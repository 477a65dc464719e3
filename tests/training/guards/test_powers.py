"""Features alone: exact areas, and what is too good to be true."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from features.catalogue import NAMES
from features.matrix import matrix
from features.panel import Floats, Indices, Panel
from models.target import Outcome
from training.guards.powers import Power, implausible, powers
from training.labels import snapshots
from training.panels import panel_of
from training.sources.simulate import simulate
from training.sources.uci import import_uci
from training.tables import read_tables

BOUND = 0.9
TARGETS = (Outcome("cure", 1), Outcome("early_warning", 1))


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    folder = tmp_path_factory.mktemp("powers") / "data"
    simulate(folder, accounts=2_000, months=12, seed=9)
    return panel_of(read_tables(folder)).panel


def best_area(values: Floats, label: Indices) -> float:
    """Both directions, unknown values at either end, by scikit-learn."""
    areas = [
        roc_auc_score(label, sign * np.where(np.isnan(values), end, values))
        for sign in (1, -1)
        for end in (-1e9, 1e9)
    ]
    return float(max(areas))


@pytest.mark.parametrize("unknown", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("slope", [1.5, 0.0, -1.5])
def test_the_area_is_that_of_the_better_direction(slope: float, unknown: float) -> None:
    rng = np.random.default_rng(4)
    label = rng.integers(0, 2, 400)
    values = np.round(slope * label + rng.normal(0, 1, 400), 1)  # with ties
    values[rng.random(400) < unknown * (0.5 + 0.5 * label)] = np.nan
    (found,) = powers(values[:, None], label, ("x",))
    assert found.auc == pytest.approx(best_area(values, label), abs=1e-12)


def test_that_a_value_is_unknown_can_be_the_leak() -> None:
    label = np.array([0, 1] * 50)
    values = np.where(label == 1, np.nan, 5.0)
    assert powers(values[:, None], label, ("x",)) == [Power("x", 1.0)]


def test_the_strongest_stands_first() -> None:
    label = np.array([0, 0, 1, 1])
    features = np.array([[1, 1, 4], [1, 2, 3], [1, 3, 2], [1, 2, 1.0]])
    found = powers(features, label, ("none", "some", "all"))
    assert [power.name for power in found] == ["all", "some", "none"]
    assert [power.auc for power in found] == [1.0, 0.875, 0.5]
    assert implausible(found, 0.875) == ("all",)
    assert implausible(found, 0.87) == ("all", "some")


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_a_leak_is_implausible_and_the_catalogue_is_not(simulated: Panel, target: Outcome) -> None:
    rows = snapshots(simulated, target)
    paid = simulated.amount_paid[rows.account, rows.view.stop]
    features = np.column_stack([matrix(simulated, rows.view), paid])
    found = powers(features, rows.label, (*NAMES, "paid_next"))
    assert found[0].name == "paid_next"
    assert implausible(found, BOUND) == ("paid_next",)
    assert found[1].auc < BOUND - 0.08  # room


def test_real_accounts_have_no_implausible_feature(uci_csv: Path) -> None:
    history = panel_of(import_uci(uci_csv)).panel
    for target in TARGETS:
        rows = snapshots(history, target)
        found = powers(matrix(history, rows.view), rows.label, NAMES)
        assert implausible(found, BOUND - 0.2) == ()
