import numpy as np
import pytest

from tests.histories import drawn, row_of

RISING = """
    2024-01-31 500 50 50  0 1000
    2024-02-29 500 50  0 30 1000
    2024-03-31 500 50 50  0 1000
    2024-04-30 500 50  0 30 1000
    2024-05-31 500 50  0 60 1000
"""


def test_days_past_due_over_the_windows() -> None:
    row = row_of(drawn(RISING), "2024-06-03T12:00")
    assert row["dpd_last"] == 60
    assert row["dpd_previous"] == 30
    assert row["dpd_before_previous"] == 0
    assert row["dpd_change"] == 30
    assert row["dpd_acceleration"] == 0
    assert row["dpd_highest_3"] == row["dpd_highest_6"] == row["dpd_highest_24"] == 60
    assert row["dpd_mean_3"] == 30
    assert row["dpd_mean_12"] == 24
    assert row["late_share_3"] == pytest.approx(2 / 3)
    assert row["late_share_24"] == pytest.approx(3 / 5)
    assert row["over_30_share_12"] == pytest.approx(1 / 5)
    months = np.array([-121, -92, -61, -31, 0]) / (365.25 / 12)
    slope = np.polyfit(months, [0, 30, 0, 30, 60], 1)[0]
    assert row["dpd_trend_6"] == row["dpd_trend_12"] == pytest.approx(slope)


def test_a_missing_month_is_no_month_of_the_window() -> None:
    row = row_of(
        drawn("""
            2024-01-31 500 50 0 90 1000
            2024-04-30 500 50 0 30 1000
            2024-05-31 500 50 0 60 1000
        """),
        "2024-06-03T12:00",
    )
    assert row["dpd_highest_3"] == 60
    assert row["dpd_mean_3"] == 45
    assert row["dpd_highest_12"] == 90
    assert row["months_since_worst_12"] == 4
    assert row["months_since_over_30"] == 0


@pytest.mark.parametrize(
    ("oldest", "highest_24", "statements"), [("2022-06-30", 90, 3), ("2022-05-31", 60, 2)]
)
def test_a_window_of_24_months_holds_24_month_ends(
    oldest: str, highest_24: float, statements: float
) -> None:
    row = row_of(
        drawn(f"""
            {oldest}   500 50 0 90 1000
            2024-04-30 500 50 0 30 1000
            2024-05-31 500 50 0 60 1000
        """),
        "2024-06-03T12:00",
    )
    assert row["dpd_highest_24"] == highest_24
    assert row["statements_24"] == statements
    assert row["dpd_highest_12"] == 60


def test_a_short_history_has_no_change_and_no_trend() -> None:
    row = row_of(drawn("2024-05-31 500 50 0 60 1000"), "2024-06-03T12:00")
    for name in ("dpd_previous", "dpd_change", "dpd_acceleration", "dpd_trend_6"):
        assert np.isnan(row[name])
    assert row["dpd_mean_12"] == 60
    two = row_of(
        drawn("2024-04-30 500 50 0 20 1000\n2024-05-31 500 50 0 60 1000"), "2024-06-03T12:00"
    )
    assert two["dpd_change"] == 40
    assert np.isnan(two["dpd_acceleration"])
    assert np.isnan(two["dpd_trend_12"])
