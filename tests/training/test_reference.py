import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.reference import (
    Counted,
    histogram_of,
    largest,
    psi,
    reference_of,
    stability,
)

NAN = float("nan")
NAMES = ("first", "second")


def values(*numbers: float) -> np.ndarray:
    return np.array(numbers, np.float64)


def test_few_values_have_a_bin_each_and_what_is_missing_one_of_its_own() -> None:
    assert histogram_of(values(0, 0, 1, 4, NAN)) == {
        "edges": [0.5, 2.5],
        "shares": [0.5, 0.25, 0.25],
        "missing": pytest.approx(0.2),
    }


def test_many_values_lie_in_bins_of_equal_mass() -> None:
    found = histogram_of(np.arange(100.0))
    assert found["edges"] == [9.5, 19.5, 29.5, 39.5, 49.5, 59.5, 69.5, 79.5, 89.5]
    assert found["shares"] == pytest.approx([0.1] * 10)


@pytest.mark.parametrize("spike", [0.0, 50.5, 99.0])
def test_a_value_that_most_rows_have_takes_one_bin(spike: float) -> None:
    found = histogram_of(np.concatenate([np.arange(100.0), np.full(400, spike)]))
    assert max(found["shares"]) == pytest.approx(0.8, abs=0.1)
    assert min(found["shares"]) > 0


@pytest.mark.parametrize("known", [values(NAN, NAN), values(3, 3, 3), values(3, NAN)])
def test_where_there_is_one_value_or_none_there_are_no_edges(known: np.ndarray) -> None:
    found = histogram_of(known)
    assert (found["edges"], found["shares"]) == ([], [1.0])
    assert found["missing"] == pytest.approx(np.isnan(known).mean())


floats = st.floats(-1e12, 1e12) | st.sampled_from([0.0, 1.0, 30.0, NAN])


@given(st.lists(floats, min_size=1, max_size=200))
def test_histograms_are_sound_and_do_not_differ_from_what_they_were_made_of(
    numbers: list[float],
) -> None:
    found = histogram_of(values(*numbers))
    assert len(found["shares"]) == len(found["edges"]) + 1
    assert sum(found["shares"]) == pytest.approx(1, abs=1e-9)
    assert (np.diff(found["edges"]) > 0).all()
    assert found["missing"] == pytest.approx(np.isnan(numbers).mean())
    assert psi(found, values(*numbers)) == pytest.approx(0, abs=1e-9)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_psi_is_that_of_the_formula() -> None:
    found = histogram_of(values(0, 0, 0, 1))
    now = values(0, 1, 1, 1)
    assert psi(found, now) == pytest.approx(2 * 0.5 * np.log(3))
    assert psi(found, values()) is None


def test_what_is_missing_now_is_drift() -> None:
    found = histogram_of(np.arange(100.0))
    gone = np.where(np.arange(100) < 30, NAN, np.roll(np.arange(100.0), 37))
    assert psi(found, gone) > 0.25


def test_an_empty_bin_counts_as_half_a_row() -> None:
    found = histogram_of(np.repeat([0.0, 1.0], 50))
    assert psi(found, np.zeros(10)) == pytest.approx(
        (1 - 0.5) * np.log(1 / 0.5) + (0.5 - 0.05) * np.log(0.5 / 0.05)
    )


def test_reasons_are_the_features_of_largest_contribution_either_way() -> None:
    contributions = np.array([[1.0, -2.0], [0.5, 0.5], [3.0, 1.0]])
    assert largest(contributions, NAMES) == ["second", "first", "first"]
    rows = np.zeros((3, 2))
    found = reference_of(rows, rows[:, 0], contributions, NAMES)
    assert found["reasons"] == pytest.approx({"first": 2 / 3, "second": 1 / 3})
    assert set(found) == {"score", "features", "reasons"}
    explained = reference_of(rows, rows[:, 0], contributions[:2], NAMES)["reasons"]
    assert explained == {"first": 0.5, "second": 0.5}
    with pytest.raises(ValueError, match="needs rows"):
        reference_of(rows[:0], rows[:0, 0], contributions[:0], NAMES)


def population(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, log-odds and contributions of n rows."""
    features = rng.normal(size=(n, 2))
    features[rng.random(n) < 0.1, 0] = NAN
    return features, rng.normal(size=n), rng.normal(size=(n, 2)) * (1, 2)


def test_rows_of_the_same_population_drift_as_chance_has_it() -> None:
    rng = np.random.default_rng(1)
    reference = reference_of(*population(rng, 4_000), NAMES)
    found = [stability(reference, *population(rng, 200), NAMES, 4_000) for _ in range(300)]
    expected = found[0]["expected_by_chance"]
    assert expected["score"] == pytest.approx(9 * (1 / 4_000 + 1 / 200))
    assert expected["features"]["first"] == pytest.approx(10 * (1 / 4_000 + 1 / 200))
    assert np.mean([each["score_psi"] for each in found]) == pytest.approx(
        expected["score"], rel=0.15
    )
    assert np.mean([each["reasons_psi"] for each in found]) == pytest.approx(
        expected["reasons"], rel=0.25
    )
    for each in found:
        assert each["features"]["first"] < each["chance_limit"]["features"]["first"]


def test_drift_is_told_of_what_drifted() -> None:
    rng = np.random.default_rng(1)
    reference = reference_of(*population(rng, 4_000), NAMES)
    features, log_odds, contributions = population(rng, 2_000)
    features[:, 1] += 1
    contributions[:, 0] *= 8
    found = stability(reference, features, log_odds, contributions, NAMES, 4_000)
    assert found["features"]["second"] > 0.25 > 0.1 > found["features"]["first"]
    assert found["reasons_psi"] > 0.25 > 0.1 > found["score_psi"]
    counted = Counted(reference, 4_000)
    counted.add(log_odds, largest(contributions, NAMES), {"second": features[:, 1]})
    moved = counted.moved()["second"]
    assert moved["up_to"] is None
    assert moved["above"] == reference["features"]["second"]["edges"][-1]
    assert moved["now"] > 2 * moved["training"]


def test_rows_counted_in_parts_are_as_those_counted_at_once() -> None:
    rng = np.random.default_rng(1)
    reference = reference_of(*population(rng, 500), NAMES)
    features, log_odds, contributions = population(rng, 300)
    counted = Counted(reference, 500)
    for part in (slice(0, 10), slice(10, 300)):
        columns = {name: features[part, j] for j, name in enumerate(NAMES)}
        counted.add(log_odds[part], largest(contributions[part], NAMES), columns)
    assert counted.drift() == stability(reference, features, log_odds, contributions, NAMES, 500)
    counted.add(log_odds, [], None)
    assert counted.features is None
    assert counted.drift()["features"] == {}


def test_the_length_of_months_is_no_drift() -> None:
    rng = np.random.default_rng(4)
    atoms, months = np.array([4.25, 4.285, 4.291]), rng.choice(3, 4_000, p=(0.2, 0.3, 0.5))
    steady = rng.normal(0, 5, 4_000)
    rolled = rng.random(4_000) < 0.6
    then = np.where(rolled, atoms[months], steady)
    now = np.where(rolled, atoms[(months + 1) % 3], steady)
    found = psi(histogram_of(then), now)
    assert found is not None
    assert found < 0.05
    assert psi(histogram_of(then), np.where(rolled, 9.0, steady)) > 1  # type: ignore[operator]
