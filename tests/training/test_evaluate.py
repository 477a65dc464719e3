"""Measures: what they are on rows small enough to count, and where they are not defined."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from features.panel import Floats, Indices
from training.bootstrap import auc_draws, interval
from training.evaluate import LEAST_OF_EACH, Judged, by_seen, measures


def judged(label: list[int] | Indices, log_odds: list[float] | Floats) -> Judged:
    n = len(label)
    return Judged(
        np.asarray(label, dtype=np.int64),
        np.asarray(log_odds, dtype=np.float64),
        np.arange(n),
        np.ones(n, dtype=np.int64),
        {"roll_rate": np.zeros(n)},
    )


def calibrated(n: int, seed: int = 0, slope: float = 1.0, shift: float = 0.0) -> Judged:
    """Rows whose label follows `slope` times the served log-odds, plus `shift`."""
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-1, 1.2, n)
    return judged(
        (rng.random(n) < 1 / (1 + np.exp(-(slope * log_odds + shift)))).astype(np.int64), log_odds
    )


def test_measures_of_four_rows_counted_by_hand() -> None:
    found = measures(judged([0, 1, 0, 1], [-1.0, -1.0, 0.0, 1.0]), 200, 1)
    assert found["n"] == 4
    assert found["target_rate"] == 0.5
    assert found["auc"] == pytest.approx((0.5 + 0 + 1 + 1) / 4)
    assert found["ks"] == pytest.approx(0.5)
    p = 1 / (1 + np.exp([1.0, 1.0, 0.0, -1.0]))
    assert found["brier"] == pytest.approx(np.mean((p - [0, 1, 0, 1]) ** 2))
    assert found["log_loss"] == pytest.approx(-np.mean(np.log([1 - p[0], p[1], 1 - p[2], p[3]])))
    assert found["baselines"]["roll_rate"]["auc"] == 0.5
    assert found["baselines"]["roll_rate"]["difference"] == pytest.approx(0.125)


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (0.6, 0.0), (1.0, 0.8)])
def test_a_line_that_is_off_is_found(slope: float, shift: float) -> None:
    found = measures(calibrated(6_000, seed=1, slope=slope, shift=shift), 100, 1)
    assert found["calibration_slope"] == pytest.approx(slope, abs=0.08)
    assert found["calibration_intercept"] == pytest.approx(shift, abs=0.1)
    assert found["ece_within_band"] == (slope == 1.0 and shift == 0.0)
    assert (abs(found["deviation_sd"]) < 2) == (slope == 1.0 and shift == 0.0)


@pytest.mark.parametrize("label", [[], [1, 1, 1], [0, 0]])
def test_what_is_not_defined_is_null(label: list[int]) -> None:
    found = json.loads(json.dumps(measures(judged(label, [0.3] * len(label)), 100, 1)))
    for key in ("auc", "auc_ci", "ks", "calibration_slope", "calibration_intercept"):
        assert found[key] is None
    assert found["baselines"]["roll_rate"]["auc"] is None
    assert (found["brier"] is None) == (len(label) == 0)
    assert (found["ece_band"] is None) == (len(label) == 0)
    assert list(found["by_stage"]) == ["M1", "M2", "M3", "M4+"]
    stage = found["by_stage"]["M4+"]
    assert stage.pop("n") == 0
    assert set(stage.values()) == {None}


def test_stages_are_those_of_the_population() -> None:
    rows = calibrated(200)
    pre_due = replace(rows, stage=np.zeros(200, np.int64))
    assert list(measures(pre_due, 100, 1)["by_stage"]) == ["pre_due"]
    found = measures(replace(rows, stage=np.arange(200) % 2 * 2 + 1), 100, 1)
    assert [found["by_stage"][name]["n"] for name in ("M1", "M2", "M3")] == [100, 0, 100]


def test_a_stage_has_the_measures_of_its_rows_alone() -> None:
    rows = calibrated(400)
    stage = np.arange(400) % 2 + 1
    found = measures(replace(rows, stage=stage), 100, 1)["by_stage"]["M2"]
    alone = measures(rows.take(stage == 2), 100, 1)
    assert found == {key: alone[key] for key in found}
    assert {"auc_ci", "ece_band", "calibration_slope_ci", "deviation_sd"} <= set(found)


@pytest.mark.parametrize("wanted", [0, 1])
def test_a_stage_with_hardly_any_of_one_label_has_no_order_and_no_line(wanted: int) -> None:
    rows = calibrated(800)
    label = np.full(800, 1 - wanted)
    of_stage = np.arange(800) % 2 == 0
    label[~of_stage] = rows.label[~of_stage]
    label[np.flatnonzero(of_stage)[:LEAST_OF_EACH]] = wanted
    enough = replace(rows, label=label, stage=np.where(of_stage, 4, 1))
    assert None not in measures(enough, 100, 1)["by_stage"]["M4+"].values()
    label[0] = 1 - wanted
    found = measures(enough, 100, 1)["by_stage"]
    undefined = {key for key, value in found["M4+"].items() if value is None}
    line = {"calibration_slope", "calibration_intercept"}
    assert undefined == {"auc", "auc_ci", "ks", *line, *(f"{key}_ci" for key in line)}
    assert None not in found["M1"].values()


def test_no_line_is_made_up_for_separated_classes() -> None:
    found = measures(judged([0, 0, 1, 1], [-2.0, -1.0, 1.0, 2.0]), 100, 1)
    assert found["auc"] == 1.0
    assert found["calibration_slope"] is None


@given(seed=st.integers(0, 200), levels=st.integers(1, 6))
def test_the_bootstrap_auc_is_that_of_the_drawn_rows(seed: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, 40)
    score = rng.integers(0, levels, 40).astype(float)
    account = rng.integers(0, 12, 40)
    drawn = auc_draws(label, [score, -score], account, 5, seed)
    again = np.random.default_rng(seed)
    accounts = np.unique(account)
    for d in range(5):
        counts = np.bincount(again.integers(len(accounts), size=len(accounts)))
        rows = [
            r
            for a, count in enumerate(counts)
            for r in np.flatnonzero(account == accounts[a]).tolist() * int(count)
        ]
        if len(set(label[rows])) < 2:
            assert np.isnan(drawn[d]).all()
            continue
        assert drawn[d, 0] == pytest.approx(roc_auc_score(label[rows], score[rows]))
        assert drawn[d, 0] + drawn[d, 1] == pytest.approx(1.0)


def test_the_interval_is_wider_when_rows_hang_together() -> None:
    one = calibrated(500)
    alone = auc_draws(one.label, [one.log_odds], one.account, 400, 1)[:, 0]
    label, score = np.tile(one.label, 4), np.tile(one.log_odds, 4)
    together = auc_draws(label, [score], np.tile(one.account, 4), 400, 1)[:, 0]
    apart = auc_draws(label, [score], np.arange(2_000), 400, 1)[:, 0]
    width = [np.ptp(np.array(interval(draws))) for draws in (alone, together, apart)]
    assert width[0] == pytest.approx(width[1], rel=1e-9)
    assert width[2] < 0.7 * width[1]
    assert interval(np.array([np.nan])) is None


def test_seen_and_unseen_accounts_are_told_apart() -> None:
    rows = calibrated(300)
    seen = np.arange(300) < 100
    found = by_seen(rows, seen, 100, 1)
    assert (found["seen"]["n"], found["unseen"]["n"]) == (100, 200)
    expected = roc_auc_score(rows.label[seen], rows.log_odds[seen])
    assert found["seen"]["auc"] == pytest.approx(expected)
    against = found["seen"]["baselines"]["roll_rate"]
    assert against["difference"] == pytest.approx(expected - 0.5)
    low, high = against["difference_ci"]
    assert low < against["difference"] < high
