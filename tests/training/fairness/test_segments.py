"""Groups of accounts by personal attribute, and that no attribute is ever a feature."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.catalogue import CATALOGUE, NAMES
from features.matrix import matrix
from features.panel import Floats, Indices
from features.tables import SEGMENTS
from models.score.calibration import Calibration
from training.config import TrainingConfig
from training.fairness.segments import LEAST_ACCOUNTS, MOST_GROUPS, REST, UNKNOWN, attributes
from training.fit import fit
from training.labels import CURE
from training.population import Window, read_population
from training.sources.simulate import simulate
from training.split import out_of_time
from training.tables import read_tables

IDS = np.array([f"a{i:03}" for i in range(400)])


def segments(name: str, values: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"account_id": IDS[: len(values)], "segment": name, "value": values})


def test_values_are_groups_and_those_without_one_are_unknown() -> None:
    found = attributes(segments("sex", [*["female", "male"] * 11, "female"]), IDS[1:25])
    assert found["sex"].group.tolist() == [*["male", "female"] * 11, UNKNOWN, UNKNOWN]
    assert found["sex"].edges is None


@pytest.mark.parametrize(
    ("age", "band"),
    [
        ("18", "under 30"),
        ("29.9", "under 30"),
        ("30", "30 to under 40"),
        ("61", "50 to under 62"),
        ("62", "62 and over"),
        ("99", "62 and over"),
    ],
)
def test_an_age_is_in_the_band_that_begins_with_it(age: str, band: str) -> None:
    found = attributes(segments("age", [age, *(str(a) for a in range(20, 70))]), IDS)["age"]
    assert found.group[0] == band
    assert found.group[-1] == UNKNOWN
    assert found.edges == (30, 40, 50, 62)


def test_another_quantity_is_cut_at_its_quartiles() -> None:
    found = attributes(segments("children", [str(i) for i in range(100)]), IDS[:100])["children"]
    assert found.edges == (25, 50, 74)
    names, counts = np.unique(found.group, return_counts=True)
    assert names.tolist() == [
        "25 to under 50",
        "50 to under 74",
        "74 and over",
        "under 25",
    ]
    assert counts.tolist() == [25, 24, 26, 25]


@pytest.mark.parametrize(
    "values", [["1", "2", "3"] * 10, ["1", "2", "nan"] * 10, ["30 to 39"] * 10]
)
def test_codes_and_words_are_not_cut(values: list[str]) -> None:
    found = attributes(segments("age", values), IDS[: len(values)])["age"]
    assert found.group.tolist() == values
    assert found.edges is None


def test_of_very_many_values_the_rarest_are_pooled() -> None:
    words = [f"town {i % 36}" for i in range(36 * LEAST_ACCOUNTS)]
    values = [*words, "town 35"]
    found = attributes(segments("town", values), IDS[: len(values)])["town"]
    names, counts = np.unique(found.group, return_counts=True)
    assert len(names) == MOST_GROUPS + 1
    assert counts[names == "town 35"] == [LEAST_ACCOUNTS + 1]
    assert counts[names == REST] == [(36 - MOST_GROUPS) * LEAST_ACCOUNTS]


def test_a_value_of_few_accounts_is_pooled() -> None:
    few = LEAST_ACCOUNTS - 1
    values = ["north"] * LEAST_ACCOUNTS + ["south"] * few + ["east"] * few
    found = attributes(segments("region", values), IDS[: len(values)])["region"]
    assert found.group.tolist() == ["north"] * LEAST_ACCOUNTS + [REST] * 2 * few


def test_only_the_accounts_asked_for_count() -> None:
    values = ["north"] * (LEAST_ACCOUNTS + 1)
    found = attributes(segments("region", values), IDS[2 : len(values)])["region"]
    assert found.group.tolist() == [REST] * (LEAST_ACCOUNTS - 1)


QUICK = TrainingConfig(max_trees=20, patience=10, groups=3, least_cures=10)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("segments") / "data"
    simulate(folder, accounts=400, months=8, seed=4)
    return folder


def test_no_feature_is_a_personal_attribute(data: Path) -> None:
    found = read_tables(data).segments
    assert found is not None
    personal = {column.name for column in SEGMENTS.columns} | set(found["segment"])
    assert personal >= {"segment", "value", "sex", "age", "education"}
    assert personal.isdisjoint(NAMES)


def trained(data: Path) -> tuple[Floats, Indices, str, Calibration]:
    """Features and labels that train, the booster and the calibration."""
    population = read_population(data, CURE, QUICK.seed, Window())
    rows = population.snapshots.take(out_of_time(population.snapshots, QUICK.test_share).train)
    features = matrix(population.panel, rows.view)
    found = fit(features, rows, CATALOGUE, QUICK, print)
    return features, rows.label, found.booster.model_to_string(), found.calibration


def test_what_is_trained_is_the_same_with_and_without_personal_attributes(
    data: Path, tmp_path: Path
) -> None:
    without = tmp_path / "data"
    shutil.copytree(data, without)
    (without / "segments.parquet").unlink()
    first, second = trained(data), trained(without)
    for ours, theirs in zip(first[:2], second[:2], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert first[2:] == second[2:]
