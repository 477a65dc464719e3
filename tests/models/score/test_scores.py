from pathlib import Path

import numpy as np
import pytest
import shap
from hypothesis import given
from hypothesis import strategies as st

from features.catalogue import BY_NAME, NAMES
from features.panel import known_at, panel
from models.score.bundle import Bundle, load
from models.score.calibration import probability
from models.score.scores import score
from models.score.standing import STEPS, group_sum, percentile, references
from tests.bundles import OFFSETS, small_bundle
from tests.histories import random_tables


@pytest.fixture(scope="module")
def bundle(bundle_dir: Path) -> Bundle:
    return load(bundle_dir)


@pytest.fixture(scope="module")
def portfolio() -> tuple:
    history = panel(*random_tables(5, accounts=200))
    view = known_at(history, np.arange(200), np.full(200, 19_250.0 * 86_400))
    return history, view


@pytest.fixture(scope="module")
def by_stage(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The same booster with an offset for each stage."""
    return load(small_bundle(tmp_path_factory.mktemp("bundle") / "stages", offsets=OFFSETS))


@pytest.mark.parametrize("kind", ["bundle", "by_stage"])
def test_base_contributions_and_offset_add_up_to_the_log_odds_served(
    kind: str, portfolio, request: pytest.FixtureRequest
) -> None:
    scores = score(request.getfixturevalue(kind), *portfolio)
    total = scores.base_log_odds + scores.contributions.sum(axis=1) + scores.stage_offset
    assert np.abs(total - scores.log_odds).max() < 1e-9
    assert np.abs(1 / (1 + np.exp(-total)) - scores.probability).max() < 1e-9


def test_the_log_odds_are_the_calibrated_margin_of_the_booster(bundle, portfolio) -> None:
    scores = score(bundle, *portfolio)
    margin = bundle.booster.predict(scores.features, raw_score=True)
    line = bundle.calibration
    assert np.abs(line.slope * margin + line.intercept - scores.log_odds).max() < 1e-9
    assert (scores.stage_offset == 0).all()


def test_the_offset_is_that_of_the_stage_at_the_last_statement(bundle, by_stage, portfolio) -> None:
    history, view = portfolio
    plain, scores = score(bundle, history, view), score(by_stage, history, view)
    late = history.days_past_due[view.row, view.stop - 1]
    known = view.stop > history.first
    expected = dict(zip((0.0, 30.0, 60.0, 90.0), OFFSETS, strict=False))
    assert {*late[known].tolist()} == {*expected}
    assert scores.stage_offset[known].tolist() == [expected[days] for days in late[known]]
    assert (scores.stage_offset[~known] == 0).all()
    assert np.abs(plain.log_odds + scores.stage_offset - scores.log_odds).max() < 1e-12
    assert (plain.contributions == scores.contributions).all()
    assert plain.ability.tolist() == scores.ability.tolist()


def test_the_contributions_are_those_of_shap(bundle, portfolio) -> None:
    scores = score(bundle, *portfolio)
    explained = shap.TreeExplainer(bundle.booster)(scores.features)
    difference = bundle.calibration.slope * explained.values - scores.contributions
    assert np.abs(difference).max() < 1e-9


def test_a_row_scored_alone_equals_its_row_in_the_batch_bit_for_bit(bundle, portfolio) -> None:
    history, view = portfolio
    together = score(bundle, history, view)
    for i in range(0, 200, 7):
        alone = score(bundle, history, view.take(np.array([i])))
        for name in (
            "contributions",
            "stage_offset",
            "log_odds",
            "probability",
            "ability",
            "willingness",
        ):
            assert getattr(alone, name).tobytes() == getattr(together, name)[i : i + 1].tobytes()
        assert alone.base_log_odds == together.base_log_odds


@pytest.mark.parametrize("kind", ["bundle", "by_stage"])
@pytest.mark.parametrize("later", [60.0, 90.0, 120.0, 200.0])
def test_more_days_past_due_never_raise_the_score(
    kind: str, portfolio, later: float, request: pytest.FixtureRequest
) -> None:
    bundle = request.getfixturevalue(kind)
    history, view = portfolio
    rows = np.flatnonzero(view.stop > history.first)
    last = (view.row[rows], view.stop[rows] - 1)
    late = history.days_past_due[last] > 0
    rows, last = rows[late], (last[0][late], last[1][late])
    worse = history.days_past_due.copy()
    worse[last] = np.maximum(worse[last], later)
    before = score(bundle, history, view.take(rows))
    after = score(bundle, history._replace(days_past_due=worse), view.take(rows))
    assert (after.log_odds <= before.log_odds + 1e-12).all()
    assert (after.log_odds < before.log_odds).any()


def test_no_rows_are_no_error(bundle, portfolio) -> None:
    history, view = portfolio
    scores = score(bundle, history, view.take(np.empty(0, np.int64)))
    assert len(scores.probability) == 0


@given(st.lists(st.floats(-700, 700), min_size=1, max_size=20))
def test_probability_rises_with_the_log_odds_and_stays_within_bounds(values: list[float]) -> None:
    ordered = np.sort(np.array(values))
    result = probability(ordered)
    assert ((result >= 0) & (result <= 1)).all()
    assert (np.diff(result) >= 0).all()
    assert np.allclose(result + probability(-ordered), 1, atol=1e-12)


def test_percentiles_place_a_sum_in_its_population() -> None:
    shares = np.linspace(-1, 1, 2_001)[:, None]
    names = ("utilisation_last",)
    reference = references(shares, names).ability
    assert len(reference) == STEPS + 1
    told = percentile(reference, np.array([-5.0, -1.0, -0.5, 0.0, 0.5, 1.0, 5.0]))
    assert told == pytest.approx([0, 0, 25, 50, 75, 100, 100], abs=0.2)
    assert (group_sum(shares, names, "willingness") == 0).all()


def test_percentiles_are_told_to_two_decimals() -> None:
    reference = np.arange(STEPS + 1.0)
    between = np.arange(-1.0, STEPS + 1.5, 0.5)  # each quantile, and between each two
    below, not_above = (np.searchsorted(reference, between, side) for side in ("left", "right"))
    share = (below + not_above - 1) / (2 * STEPS)
    expected = np.clip(share * 100, 0, 100).round(2)
    assert percentile(reference, between).tolist() == expected.tolist()


def test_a_group_s_contributions_are_added_up_in_their_order() -> None:
    shares = np.random.default_rng(3).normal(size=(3_000, len(NAMES))) ** 5
    for layout in (shares, np.asfortranarray(shares), shares[::-1][::-1]):
        for group in ("ability", "willingness"):
            own = [j for j, name in enumerate(NAMES) if BY_NAME[name].group == group]
            expected = [sum(row[own].tolist()) for row in shares]
            assert group_sum(layout, NAMES, group).tolist() == expected


def test_a_population_of_equals_stands_in_the_middle() -> None:
    reference = references(np.zeros((50, 1)), ("days_since_payment",)).willingness
    assert percentile(reference, np.array([0.0]))[0] == 50
