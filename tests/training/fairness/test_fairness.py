"""Fairness: measures counted by hand, unfairness put in and found, none found where none is."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from features.panel import Flags, Floats, Indices
from models.score.breaches import FairnessBounds, breaches
from training.evaluate import Judged
from training.fairness.measures import MEASURES, fairness
from training.fairness.segments import REST

SEXES = np.array(["female", "male"])


def portfolio(n: int, seed: int, groups: int = 2, months: int = 1) -> tuple[Judged, Indices]:
    """Rows of n accounts whose labels follow their log-odds, and the group of each account."""
    rng = np.random.default_rng(seed)
    account = np.repeat(np.arange(n), months)
    log_odds = rng.normal(-0.5, 1.2, n * months)
    label = (rng.random(n * months) < 1 / (1 + np.exp(-log_odds))).astype(np.int64)
    stage = rng.integers(1, 5, n * months)
    return Judged(label, log_odds, account, stage, {}), rng.integers(0, groups, n)


def ids(n: int) -> np.ndarray[Any, np.dtype[np.str_]]:
    return np.array([f"account-{i}" for i in range(n)])


def table(attribute: str, values: np.ndarray[Any, Any]) -> pd.DataFrame:
    return pd.DataFrame(
        {"account_id": ids(len(values)), "segment": attribute, "value": values.astype(str)}
    )


def with_log_odds(judged: Judged, log_odds: Floats) -> Judged:
    return Judged(judged.label, log_odds, judged.account, judged.stage, {})


def document(judged: Judged, group: Indices, draws: int = 200, seed: int = 1) -> dict[str, Any]:
    """By `sex` of two values, or of more that are no words."""
    names = SEXES[group] if group.max() < 2 else np.char.add("group ", group.astype(str))
    segments = table("sex", names)
    return fairness(judged, judged.stage, segments, ids(len(group)), draws, seed)


def where(judged: Judged, group: Indices, number: int) -> Flags:
    return np.asarray(group[judged.account] == number)


def test_each_measure_is_that_of_the_group_s_rows() -> None:
    judged, group = portfolio(600, 1)
    found = document(judged, group)["sex"]
    values = {}
    for number, name in enumerate(SEXES):
        rows = where(judged, group, number)
        label, probability = judged.label[rows], judged.probability[rows]
        values[name] = {
            "target_rate": label.mean(),
            "mean_predicted": probability.mean(),
            "calibration_gap": label.mean() - probability.mean(),
            "mean_level": judged.stage[rows].mean(),
            "auc": roc_auc_score(label, probability),
        }
        told = found["groups"][name]
        assert (told["n"], told["accounts"], told["compared"]) == (rows.sum(), rows.sum(), True)
        for measure in MEASURES:
            assert told[measure] == pytest.approx(values[name][measure])
            assert told[f"{measure}_ci"][0] < told[measure] < told[f"{measure}_ci"][1]
        whole = roc_auc_score(judged.label, judged.log_odds)
        assert told["auc_difference"] == pytest.approx(values[name]["auc"] - whole)
    assert found["overall"]["auc"] == pytest.approx(whole)
    for measure, told in found["largest_difference"].items():
        high, low = sorted(SEXES, key=lambda name: -values[name][measure])
        assert (told["highest"], told["lowest"]) == (high, low)
        assert told["difference"] == pytest.approx(values[high][measure] - values[low][measure])
        assert told["difference_ci"][0] < told["difference"] < told["difference_ci"][1]


@pytest.mark.parametrize("shift", [-0.9, 0.9])
def test_a_shifted_group_is_found_and_the_other_is_not(shift: float) -> None:
    judged, group = portfolio(1_500, 2)
    shifted = with_log_odds(judged, judged.log_odds + shift * where(judged, group, 1))
    found = document(shifted, group)
    (breach,) = breaches(found, FairnessBounds())
    assert (breach.attribute, breach.group, breach.measure) == ("sex", "male", "calibration_gap")
    assert np.sign(breach.value) == -np.sign(shift)
    assert "sex male: calibration gap" in str(breach)
    gap = found["sex"]["largest_difference"]["calibration_gap"]
    assert {gap["highest"], gap["lowest"]} == set(SEXES)
    assert gap["difference_ci"][0] > 0.1


def test_a_group_that_is_not_ranked_is_found() -> None:
    judged, group = portfolio(3_000, 3, groups=4)
    rows = np.flatnonzero(where(judged, group, 0))
    log_odds = judged.log_odds.copy()
    log_odds[rows] = log_odds[np.random.default_rng(0).permutation(rows)]
    found = document(with_log_odds(judged, log_odds), group)
    (breach,) = breaches(found, FairnessBounds())
    assert (breach.group, breach.measure) == ("group 0", "auc_difference")
    assert str(breach).startswith("sex group 0: AUC difference -0.")
    assert found["sex"]["largest_difference"]["auc"]["lowest"] == "group 0"


def test_chance_alone_breaks_no_bound() -> None:
    gaps = []
    for seed in range(15):
        judged, group = portfolio(400, seed, groups=4)
        found = document(judged, group, draws=100)
        gaps += [abs(told["calibration_gap"]) for told in found["sex"]["groups"].values()]
        assert breaches(found, FairnessBounds()) == []
    assert sum(gap > FairnessBounds().calibration_gap for gap in gaps) > 5


@pytest.mark.parametrize(("gap", "broken"), [((0.049, 0.2), False), ((0.051, 0.2), True)])
@pytest.mark.parametrize("side", [1, -1])
def test_the_end_of_the_interval_nearer_to_zero_decides(
    gap: tuple[float, float], broken: bool, side: int
) -> None:
    told = {
        "calibration_gap": side * 0.1,
        "calibration_gap_ci": gap if side > 0 else (-gap[1], -gap[0]),
        "auc_difference": -0.15,
        "auc_difference_ci": (-0.2, -0.099),
    }
    found = {"age": {"groups": {"62 and over": told}}}
    assert bool(breaches(found, FairnessBounds())) == broken
    assert breaches(found, FairnessBounds(calibration_gap=0.3)) == []
    (auc,) = breaches(found, FairnessBounds(calibration_gap=0.3, auc_shortfall=0.09))
    assert (auc.measure, auc.bound) == ("auc_difference", 0.09)


def test_intervals_cover_the_truth() -> None:
    judged, group = portfolio(6_000, 4, groups=30)
    found = document(judged, group)["sex"]["groups"]
    covered = sum(low < 0 < high for low, high in (t["calibration_gap_ci"] for t in found.values()))
    assert len(found) == 30
    assert 25 <= covered < 30  # of 30, 28.5 are expected; all 30 would be seen in one of 5 cases
    for told in found.values():
        error = np.sqrt(told["target_rate"] * (1 - told["target_rate"]) / told["n"])
        assert np.diff(told["target_rate_ci"])[0] == pytest.approx(3.92 * error, rel=0.3)


def test_rows_of_an_account_do_not_count_as_evidence_of_their_own() -> None:
    one, group = portfolio(400, 5)
    label, log_odds, stage = (np.tile(x, 4) for x in (one.label, one.log_odds, one.stage))
    together = Judged(label, log_odds, np.tile(one.account, 4), stage, {})
    apart = Judged(label, log_odds, np.arange(1_600), stage, {})
    alone, copies, strangers = (
        document(judged, each)["sex"]["groups"]["male"]
        for judged, each in ((one, group), (together, group), (apart, np.tile(group, 4)))
    )
    for measure in MEASURES:
        width = [np.diff(told[f"{measure}_ci"])[0] for told in (alone, copies, strangers)]
        assert width[1] == pytest.approx(width[0])
        assert width[2] < 0.7 * width[1]


def test_a_small_group_is_counted_but_not_compared() -> None:
    judged, group = portfolio(400, 6)
    group[:12] = 2
    names = np.array(["female", "male", "rare"])[group]
    found = fairness(judged, judged.stage, table("sex", names), ids(400), 100, 1)["sex"]
    rare = found["groups"]["rare"]
    assert (rare["n"], rare["compared"], rare["auc"]) == (12, False, None)
    assert rare["target_rate"] == pytest.approx(judged.label[:12].mean())
    assert all(rare[f"{measure}_ci"] is None for measure in MEASURES)
    for told in found["largest_difference"].values():
        assert {told["highest"], told["lowest"]} == set(SEXES)


def test_many_rows_of_few_accounts_are_a_small_group() -> None:
    judged, group = portfolio(200, 7, months=12)
    group[:] = 0
    group[:12] = 1
    label = judged.label.copy()
    label[judged.account < 3] = 1  # nine accounts are left that know both outcomes
    few = Judged(label, judged.log_odds, judged.account, judged.stage, {})
    found = document(few, group)["sex"]
    assert found["groups"]["male"]["n"] == 144
    assert not found["groups"]["male"]["compared"]
    assert found["largest_difference"] == {}


def test_a_rare_outcome_makes_a_small_group() -> None:
    judged, group = portfolio(400, 8)
    label = judged.label.copy()
    label[np.flatnonzero(group == 1)[9:]] = 0
    label[np.flatnonzero(group == 1)[:9]] = 1
    rare = Judged(label, judged.log_odds, judged.account, judged.stage, {})
    assert not document(rare, group)["sex"]["groups"]["male"]["compared"]
    label[np.flatnonzero(group == 1)[:10]] = 1
    assert document(rare, group)["sex"]["groups"]["male"]["compared"]


def test_accounts_without_a_value_are_a_group_of_their_own() -> None:
    judged, group = portfolio(500, 9)
    segments = table("sex", SEXES[group]).iloc[:300]
    found = fairness(judged, judged.stage, segments, ids(500), 100, 1)["sex"]["groups"]
    assert set(found) == {*SEXES, "unknown"}
    assert found["unknown"]["n"] == 200


def test_values_of_single_persons_do_not_reach_the_document() -> None:
    judged, _ = portfolio(300, 12)
    names = np.array([f"Person {chr(65 + k % 26)}{k}" for k in range(300)])
    names[:100] = "not told"
    found = fairness(judged, judged.stage, table("name", names), ids(300), 100, 1)
    assert set(found["name"]["groups"]) == {"not told", REST}
    assert found["name"]["groups"][REST]["accounts"] == 200
    assert "Person" not in json.dumps(found)


def test_rows_meet_the_groups_of_their_own_accounts() -> None:
    judged, group = portfolio(500, 10)
    rows = judged.take(np.arange(500) >= 100)
    segments = table("sex", SEXES[group]).sample(frac=1, random_state=1)
    found = fairness(rows, rows.stage, segments, ids(500), 100, 1)["sex"]["groups"]
    for number, name in enumerate(SEXES):
        expected = rows.label[group[rows.account] == number].mean()
        assert found[name]["target_rate"] == pytest.approx(expected)


def test_the_document_is_json_and_the_same_again() -> None:
    judged, group = portfolio(120, 11, groups=6)
    first, again = (document(judged, group, draws=100) for _ in range(2))
    assert first == again
    assert "NaN" not in json.dumps(first, allow_nan=False)
    assert fairness(judged, judged.stage, None, ids(120), 100, 1) == {}
