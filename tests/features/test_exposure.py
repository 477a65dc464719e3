import numpy as np
import pytest

from tests.histories import drawn, row_of


def test_exposure() -> None:
    row = row_of(
        drawn(
            """
            2024-01-31  200 20 0 0  400
            2024-02-29  600 60 0 30 500
            2024-03-31  300 30 0 30 500
            """,
            opened="2023-01-15",
            product=0,
            security=1,
        ),
        "2024-04-02T00:00",
    )
    assert row["balance_last"] == 300
    assert row["balance_to_previous"] == 0.5
    assert row["balance_to_highest_12"] == 0.5
    assert row["utilisation_last"] == pytest.approx(0.6)
    assert row["utilisation_mean_12"] == pytest.approx((0.5 + 1.2 + 0.6) / 3)
    assert row["utilisation_change"] == pytest.approx(-0.6)
    assert row["over_limit_share_12"] == pytest.approx(1 / 3)
    assert row["months_since_over_limit"] == 1
    assert row["limit_last"] == 500
    assert row["limit_to_highest_24"] == 1
    assert row["due_to_balance"] == pytest.approx(0.1)
    assert row["months_on_book"] == 14
    assert row["days_since_statement"] == 1
    assert row["is_secured"] == 1
    assert row["is_credit_card"] == 1
    months = np.array([-60, -31, 0]) / (365.25 / 12)
    assert row["balance_trend_6"] == pytest.approx(np.polyfit(months, [200, 600, 300], 1)[0])
    assert row["utilisation_trend_6"] == pytest.approx(np.polyfit(months, [0.5, 1.2, 0.6], 1)[0])


def test_a_limit_may_have_been_cut_or_be_unknown() -> None:
    cut = "2024-02-29 600 60 0 0 800\n2024-03-31 300 30 0 0 200"
    row = row_of(drawn(cut), "2024-04-02T00:00")
    assert row["limit_to_highest_24"] == 0.25
    assert row["months_since_over_limit"] == 0
    none = row_of(drawn("2024-03-31 300 30 0 0 ."), "2024-04-02T00:00")
    for name in (
        "limit_last",
        "limit_to_highest_24",
        "utilisation_last",
        "over_limit_share_12",
        "months_since_over_limit",
        "months_on_book",
    ):
        assert np.isnan(none[name])


def test_what_was_never_paid_is_no_measure_of_what_is_asked_for() -> None:
    row = row_of(drawn("2024-03-31 300 30 0 0 ."), "2024-04-02T00:00")
    assert np.isnan(row["due_to_usual_paid_12"])
