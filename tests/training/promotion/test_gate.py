"""Each demand of the gate, at its bound and beyond."""

import json
from pathlib import Path
from typing import Any

import pytest

from features.errors import InputError
from training.promotion.gate import (
    Check,
    GateSettings,
    Verdict,
    calibration_checks,
    difference_check,
    fairness_check,
    leak_check,
    load_gate,
    psi_check,
    row_checks,
)
from training.promotions import LONGEST_REASON, LONGEST_TAG, Grounds, tag_of

SETTINGS = GateSettings()
CLEAN = {
    "passed": True,
    "moved_features": [],
    "implausible_features": [],
    "strongest_features": [{"name": "paid", "auc": 0.7}],
}


def calibrated(**changed: Any) -> dict[str, Any]:
    return {
        "ece": 0.01,
        "ece_band": {"mean": 0.01, "p95": 0.02},
        "calibration_slope": 1.0,
        "calibration_slope_ci": (0.9, 1.1),
        "by_stage": {"M1": {"deviation_sd": 0.5}, "M2": {"deviation_sd": None}},
    } | changed


def refused(found: dict[str, Any]) -> list[str]:
    return [check.check for check in calibration_checks(found, SETTINGS) if not check.passed]


@pytest.mark.parametrize(
    ("changed", "broken"),
    [
        ({}, []),
        ({"ece": 0.035}, []),
        ({"ece": 0.0351}, ["ECE"]),
        ({"ece": 0.05, "ece_band": {"mean": 0.03, "p95": 0.05}}, []),
        ({"ece": 0.051, "ece_band": {"mean": 0.03, "p95": 0.05}}, ["ECE"]),
        ({"calibration_slope_ci": (0.7, 0.85)}, []),
        ({"calibration_slope_ci": (0.7, 0.849)}, ["calibration slope"]),
        ({"calibration_slope_ci": (1.25, 1.5)}, []),
        ({"calibration_slope_ci": (1.251, 1.5)}, ["calibration slope"]),
        ({"calibration_slope_ci": None}, ["calibration slope"]),
        ({"by_stage": {"M3": {"deviation_sd": -3.0}}}, []),
        ({"by_stage": {"M3": {"deviation_sd": -3.01}}}, ["rate in M3"]),
        ({"by_stage": {"M3": {"deviation_sd": 3.01}}}, ["rate in M3"]),
    ],
)
def test_calibration_is_held_to_its_bounds(changed: dict[str, Any], broken: list[str]) -> None:
    assert refused(calibrated(**changed)) == broken


@pytest.mark.parametrize(("low", "passed"), [(-0.0051, False), (-0.005, True), (0.1, True)])
def test_the_lower_end_of_the_difference_decides(low: float, passed: bool) -> None:
    found = {"baselines": {"champion": {"difference": 0.15, "difference_ci": (low, 0.2)}}}
    told = f"+0.1500 [{low:+.4f}, +0.2000]"
    assert difference_check(found, SETTINGS) == Check(
        "AUC above champion", told, "lower end >= -0.005", passed
    )


def test_a_difference_without_an_interval_fails() -> None:
    found = {"baselines": {"champion": {"difference": None, "difference_ci": None}}}
    assert not difference_check(found, SETTINGS).passed


@pytest.mark.parametrize(("psi", "passed"), [(0.25, True), (0.2501, False), (None, False)])
def test_the_score_may_have_moved_so_far(psi: float | None, passed: bool) -> None:
    assert psi_check(psi, SETTINGS).passed is passed


def test_rows_of_either_outcome_are_counted() -> None:
    found = [*row_checks(110, 49, "early_warning", SETTINGS)]
    assert [(c.check, c.figure, c.passed) for c in found] == [
        ("rows that stayed current", 49, False),
        ("rows that did not", 61, True),
    ]
    assert all(check.passed for check in row_checks(100, 50, "cure", SETTINGS))


@pytest.mark.parametrize(
    ("guards", "figure"),
    [
        (CLEAN, None),
        (CLEAN | {"passed": False, "implausible_features": ["x", "y"]}, "x, y"),
        (CLEAN | {"passed": False, "moved_features": ["z"]}, "z"),
        (None, "not looked for"),
    ],
)
def test_a_training_whose_guards_flagged_something_fails(
    guards: dict[str, Any] | None, figure: str | None
) -> None:
    check = leak_check({"guards": guards}, SETTINGS)
    assert check.passed is (figure is None)
    assert check.figure == (figure or "none")


def test_a_group_beyond_its_bound_fails() -> None:
    group = {
        "calibration_gap": 0.08,
        "calibration_gap_ci": (0.06, 0.10),
        "auc_difference": -0.01,
        "auc_difference_ci": (-0.05, 0.03),
    }
    document = {"sex": {"groups": {"female": group}}}
    check = fairness_check(document, SETTINGS)
    assert not check.passed
    assert "sex female: calibration gap +0.080" in str(check.figure)
    assert fairness_check(document, GateSettings(calibration_gap=0.06)).passed
    assert fairness_check({}, SETTINGS).passed


def test_the_longest_record_fits_into_a_tag() -> None:
    long = [Check("n" * 30, "f" * 500, "b" * 500, passed=False) for _ in range(18)]
    checks = Verdict(tuple(long), None, loads=True).recorded()
    _, text = tag_of("promote", 1, 2, Grounds("€" * LONGEST_REASON, forced=True, checks=checks))
    assert len(text) <= LONGEST_TAG
    assert json.loads(text)["checks"][0]["figure"].endswith("…")


def test_a_reason_that_is_too_long_is_bad_input() -> None:
    with pytest.raises(InputError, match="more than 500"):
        Grounds("x" * (LONGEST_REASON + 1))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ecee = 0.1", r"ecee: is not a setting.*Did you mean ece\?.*docs/promotion\.md"),
        ("least_of_each = 1", "least_of_each.*greater than or equal to 10"),
        ("ece = ", "not TOML"),
    ],
)
def test_a_wrong_setting_is_told_by_name(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "gate.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=told):
        load_gate(path)


def test_a_file_changes_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    path.write_text("ece = 0.02\n")
    assert load_gate(path) == GateSettings(ece=0.02)
    assert load_gate(None) == GateSettings()
    with pytest.raises(InputError, match="no such file"):
        load_gate(tmp_path / "other.toml")


def test_every_setting_is_documented_with_its_default() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/promotion.md").read_text()
    for name, value in GateSettings().model_dump().items():
        assert f"| `{name}` | {value} |" in page


def test_a_training_cannot_choose_the_bound_on_one_feature() -> None:
    lax = CLEAN | {"strongest_features": [{"name": "leaked", "auc": 0.978}]}
    check = leak_check({"guards": lax}, SETTINGS)
    assert (check.figure, check.passed) == ("leaked", False)
    assert leak_check({"guards": lax}, GateSettings(implausible_auc=0.99)).passed


def test_bounds_are_finite(tmp_path: Path) -> None:
    (tmp_path / "gate.toml").write_text("stage_deviation = inf\n")
    with pytest.raises(InputError, match="stage_deviation"):
        load_gate(tmp_path / "gate.toml")
