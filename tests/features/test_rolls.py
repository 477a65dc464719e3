import numpy as np
import pytest

from tests.histories import drawn, row_of


def row(*late: int) -> dict[str, float]:
    """Features of an account with these days past due at month ends from January 2023 on."""
    first_days = np.datetime64("2023-02") + np.arange(len(late))
    days = [str(first.astype("datetime64[D]") - 1) for first in first_days]
    text = "\n".join(f"{day} 500 50 0 {dpd} 1000" for day, dpd in zip(days, late, strict=True))
    return row_of(drawn(text), "2026-01-01T00:00")


def test_runs_and_cures_of_a_mixed_history() -> None:
    told = row(30, 0, 0, 20, 50, 0, 10, 40, 70)
    assert told["late_streak"] == 3
    assert told["longest_late_streak_24"] == 3
    assert told["current_streak"] == 1
    assert told["late_before_24"] == 3
    assert told["months_since_current"] == 3
    assert told["months_since_worst_12"] == 0
    assert told["own_cure_share"] == pytest.approx(2 / 5)  # the last statement is not earlier
    assert told["cures_12"] == told["cures_24"] == 2
    assert told["months_since_cure"] == 3
    assert told["late_run_mean_24"] == 1.5
    assert told["roll_forward_share_6"] == pytest.approx(4 / 5)  # from 20 on
    assert told["roll_back_share_12"] == pytest.approx(2 / 8)


def test_of_a_current_account_nothing_belongs_to_a_present_run() -> None:
    told = row(30, 60, 0, 0)
    assert told["late_streak"] == 0
    assert told["longest_late_streak_24"] == 2
    assert told["current_streak"] == 2
    assert told["late_before_24"] == 2
    assert told["months_since_current"] == 0
    assert told["months_since_over_30"] == 2
    assert told["late_run_mean_24"] == 2


def test_before_the_present_run_nothing_is_known_where_all_is_late() -> None:
    told = row(10, 20, 30)
    assert told["late_streak"] == 3
    assert told["cures_24"] == 0
    for name in (
        "current_streak",
        "late_before_24",
        "months_since_current",
        "months_since_over_30",
        "months_since_cure",
        "late_run_mean_24",
    ):
        assert np.isnan(told[name])


def test_one_statement_has_no_steps() -> None:
    told = row(10)
    for name in ("cures_12", "cures_24", "roll_forward_share_6", "roll_back_share_12"):
        assert np.isnan(told[name])


def test_a_window_cuts_runs_but_streaks_reach_back() -> None:
    told = row(*[30] * 20, 0, *[30] * 10)
    assert told["late_streak"] == 10
    assert told["longest_late_streak_24"] == 13  # of 20: 7 lie before the window
    assert told["late_run_mean_24"] == 13
    assert told["late_before_24"] == 13
    assert told["cures_12"] == 1
    assert row(*[30] * 30, 0)["longest_late_streak_24"] == 23


def test_the_newest_of_equally_bad_months_counts() -> None:
    assert row(60, 0, 60, 30)["months_since_worst_12"] == 1


def test_a_restructuring_is_told_for_24_months() -> None:
    restructured = "2024-04-30 500 50 0 0 1000 restructured\n2024-05-31 500 50 0 30 1000"
    assert row_of(drawn(restructured), "2024-06-03T12:00")["was_restructured_24"] == 1
    late = restructured.replace("2024-04-30", "2022-04-30")
    assert row_of(drawn(late), "2024-06-03T12:00")["was_restructured_24"] == 0
