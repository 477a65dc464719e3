"""The contributions kernel against LightGBM and shap, on boosters fitted on awkward data."""

import logging
from typing import Any

import lightgbm
import numpy as np
import pytest
import shap
from hypothesis import given
from hypothesis import strategies as st

from models.score.booster import BoosterError, booster_text
from models.score.contributions import TABLE_LIMIT, Explainer
from models.score.trees import Numbers, read_trees
from tests.bundles import content

TOLERANCE = 1e-9
PLAIN = {"objective": "binary", "num_threads": 1, "verbose": -1, "min_data_in_leaf": 5}

# LightGBM takes what is no larger than this for zero, and other values can go wrong too.
ZERO = 1.0000000180025095e-35
TINY = [0.0, -0.0, 5e-324, 1e-36, -1e-36, 1e-35, ZERO, -ZERO, 1.1e-35, -1.1e-35]
AWKWARD = np.array([*TINY, np.nan, np.inf, -np.inf, 1e300, -1e300, 1.0, 2.0])


def fitted(features: Numbers, label: Numbers, trees: int = 30, **settings: Any) -> lightgbm.Booster:
    return lightgbm.train(PLAIN | settings, lightgbm.Dataset(features, label), trees)


def columns(rng: np.random.Generator, rows: int) -> Numbers:
    """Columns with holes, zeros, ties, infinities, one that never changes and one never known."""
    normal = rng.normal(size=(rows, 3))
    normal[rng.random(normal.shape) < 0.2] = np.nan
    return np.column_stack(
        [
            normal,
            np.where(rng.random(rows) < 0.5, 0.0, rng.normal(size=rows)),
            rng.integers(-1, 3, rows).astype(float),
            rng.choice(AWKWARD, rows),
            np.full(rows, 7.0),
            np.full(rows, np.nan),
        ]
    )


def probes(booster: lightgbm.Booster, features: Numbers, rng: np.random.Generator) -> Numbers:
    """Rows of the data with values put in that lie on thresholds, just beside them, or are odd."""
    rows = features[rng.integers(0, len(features), 200)].copy()
    for tree in read_trees(booster_text(booster)):
        for feature, threshold in zip(tree.feature, tree.threshold, strict=True):
            with np.errstate(over="ignore"):  # beyond the largest number lies infinity
                near = np.nextafter(threshold, [-np.inf, threshold, np.inf])
            rows[rng.integers(0, len(rows), 3), feature] = near
    odd = rng.random(rows.shape) < 0.1
    rows[odd] = rng.choice(AWKWARD, int(odd.sum()))
    return rows


def assert_exact(explainer: Explainer, booster: lightgbm.Booster, rows: Numbers) -> None:
    found = explainer.explain(rows)
    expected = np.asarray(booster.predict(rows, pred_contrib=True, num_threads=1))
    margin = np.asarray(booster.predict(rows, raw_score=True, num_threads=1))
    assert np.abs(found.contributions - expected[:, :-1]).max() <= TOLERANCE
    assert np.abs(explainer.base - expected[:, -1]).max() <= TOLERANCE
    assert found.margin.tobytes() == margin.tobytes()
    added = explainer.base + found.contributions.sum(axis=1)
    assert np.abs(added - found.margin).max() <= TOLERANCE


@given(
    seed=st.integers(0, 2**32 - 1),
    depth=st.sampled_from([1, 2, 4, 6, 8]),
    leaves=st.sampled_from([2, 4, 15, 31]),
    zero_as_missing=st.booleans(),
    use_missing=st.booleans(),
    smallest_leaf=st.sampled_from([1, 5, 40]),
    noise=st.booleans(),
)
def test_it_equals_lightgbm_and_shap_on_awkward_data(
    seed: int,
    depth: int,
    leaves: int,
    zero_as_missing: bool,
    use_missing: bool,
    smallest_leaf: int,
    noise: bool,
) -> None:
    rng = np.random.default_rng(seed)
    features = columns(rng, 300)
    told = np.nan_to_num(features[:, 0]) + np.isnan(features[:, 1]) - (features[:, 3] == 0)
    label = (rng.random(300) < 0.5 if noise else told + rng.normal(size=300) > 0).astype(float)
    booster = fitted(
        features,
        label,
        max_depth=depth,
        num_leaves=leaves,
        zero_as_missing=zero_as_missing,
        use_missing=use_missing,
        min_data_in_leaf=smallest_leaf,
        min_data_in_bin=1,
    )
    rows = probes(booster, features, rng)
    explainer = Explainer(booster)
    assert explainer.table_bytes > 0
    assert_exact(explainer, booster, rows)
    oracle = shap.TreeExplainer(booster)(rows).values
    assert np.abs(explainer.explain(rows).contributions - oracle).max() <= TOLERANCE


def test_a_feature_repeated_on_a_path_is_one_player() -> None:
    rng = np.random.default_rng(2)
    features = np.column_stack([rng.uniform(0, 10, 2_000), rng.normal(size=2_000)])
    label = (np.sin(3 * features[:, 0]) > 0).astype(float)
    booster = fitted(features, label, max_depth=7, num_leaves=60)
    paths = read_trees(booster_text(booster))
    assert max(np.bincount(tree.feature).max() for tree in paths) > 7  # more than a path is long
    assert_exact(Explainer(booster), booster, probes(booster, features, rng))


def test_trees_of_one_leaf_move_the_base_alone() -> None:
    features = np.random.default_rng(3).normal(size=(100, 2))
    booster = fitted(features, np.repeat([0.0, 1.0, 1.0, 1.0], 25), min_data_in_leaf=90, trees=3)
    assert all(len(tree.feature) == 0 for tree in read_trees(booster_text(booster)))
    explainer = Explainer(booster)
    assert_exact(explainer, booster, features)
    assert explainer.base == pytest.approx(np.log(3))
    assert not explainer.explain(features).contributions.any()


def test_it_equals_lightgbm_on_a_bundle_s_booster() -> None:
    booster = content().booster
    rng = np.random.default_rng(4)
    rows = np.where(
        rng.random((500, booster.num_feature())) < 0.3,
        np.nan,
        rng.choice([0.0, 0.5, 1.0, 3.0, 30.0, 90.0], (500, booster.num_feature())),
    )
    assert_exact(Explainer(booster), booster, probes(booster, rows, rng))


def test_a_row_s_explanation_does_not_depend_on_its_company() -> None:
    rng = np.random.default_rng(5)
    features = columns(rng, 500)
    explainer = Explainer(fitted(features, (rng.random(500) < 0.4).astype(float)))
    together = explainer.explain(features)
    for i in (0, 63, 64, 65, 499):
        alone = explainer.explain(features[i : i + 1])
        assert alone.contributions.tobytes() == together.contributions[i].tobytes()
        assert alone.margin[0] == together.margin[i]


def test_rows_may_lie_in_memory_in_any_way() -> None:
    rng = np.random.default_rng(6)
    features = columns(rng, 200)
    explainer = Explainer(fitted(features, (rng.random(200) < 0.4).astype(float)))
    straight = explainer.explain(features).contributions
    assert np.array_equal(explainer.explain(np.asfortranarray(features)).contributions, straight)
    assert np.array_equal(explainer.explain(features[::-1]).contributions, straight[::-1])


def test_no_rows_are_no_error_but_other_columns_are() -> None:
    features = columns(np.random.default_rng(7), 100)
    for limit in (TABLE_LIMIT, 0):
        explainer = Explainer(fitted(features, (features[:, 4] > 0).astype(float)), limit)
        assert explainer.explain(features[:0]).contributions.shape == (0, 8)
        with pytest.raises(ValueError, match="n × 8"):
            explainer.explain(features[:, 1:])


def test_a_booster_too_deep_for_the_memory_is_explained_by_lightgbm_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rng = np.random.default_rng(8)
    features = columns(rng, 400)
    booster = fitted(features, (rng.random(400) < 0.5).astype(float), max_depth=5, num_leaves=31)
    with caplog.at_level(logging.WARNING):
        fitting, small = Explainer(booster), Explainer(booster, limit=10_000)
    assert fitting.table_bytes > 0
    assert small.table_bytes == 0
    (told,) = caplog.messages
    assert "LightGBM itself explains it" in told
    rows = probes(booster, features, rng)
    assert_exact(small, booster, rows)
    difference = small.explain(rows).contributions - fitting.explain(rows).contributions
    assert np.abs(difference).max() <= TOLERANCE


def test_tables_take_no_more_than_their_limit() -> None:
    rng = np.random.default_rng(9)
    features = columns(rng, 400)
    booster = fitted(features, (rng.random(400) < 0.5).astype(float), max_depth=5, num_leaves=31)
    needed = Explainer(booster).table_bytes
    assert needed > 0
    assert Explainer(booster, limit=needed).table_bytes == needed
    assert Explainer(booster, limit=needed - 1).table_bytes == 0


def test_a_tree_with_more_tests_than_a_word_has_bits_is_left_to_lightgbm() -> None:
    rng = np.random.default_rng(10)
    features = rng.normal(size=(2_000, 6))
    label = (features.sum(axis=1) + rng.normal(size=2_000) > 0).astype(float)
    booster = fitted(features, label, num_leaves=120, max_depth=8, trees=3)
    assert max(len(tree.feature) for tree in read_trees(booster_text(booster))) > 64
    explainer = Explainer(booster)
    assert explainer.table_bytes == 0
    assert_exact(explainer, booster, features[:50])


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"linear_tree": True}, "linear leaves"),
        ({"objective": "multiclass", "num_class": 3}, "more than one margin"),
        ({"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, "averages"),
    ],
)
def test_a_booster_of_another_kind_is_refused(settings: dict[str, Any], problem: str) -> None:
    rng = np.random.default_rng(11)
    features = rng.normal(size=(200, 3))
    booster = fitted(features, rng.integers(0, 2, 200).astype(float), 3, **settings)
    with pytest.raises(BoosterError, match=problem):
        Explainer(booster)
