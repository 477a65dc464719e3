import numpy as np
import pytest

from tests.histories import drawn, row_of

CARD = """
    2024-01-31 400 40   .  0 1000
    2024-02-29 200 20 200 30 1000
    2024-03-31 100  .   0 30 1000
    2024-04-30 250 25 100 30 1000
"""
AS_OF = "2024-05-05T10:00"


def test_payments_of_cycles_against_what_was_owed() -> None:
    row = row_of(drawn(CARD), AS_OF)
    assert row["paid_last"] == 100
    assert row["paid_previous"] == 0
    assert row["paid_share_last"] == 1.0
    assert row["paid_share_previous"] == 0.0
    assert row["paid_to_balance_last"] == 0.4
    assert row["paid_share_mean_6"] == pytest.approx((0.5 + 0 + 1) / 3)
    assert row["paid_over_balance_12"] == pytest.approx(300 / 550)
    assert row["paid_over_balance_3"] == pytest.approx(300 / 550)
    assert row["paid_highest_to_balance_12"] == pytest.approx(0.8)
    months = np.array([-61, -30, 0]) / (365.25 / 12)
    assert row["paid_trend_6"] == pytest.approx(np.polyfit(months, [200, 0, 100], 1)[0])


def test_payments_of_cycles_against_what_was_asked_for() -> None:
    row = row_of(drawn(CARD), AS_OF)
    assert np.isnan(row["paid_to_due_last"])  # March asked for nothing that is known
    assert row["paid_to_due_mean_12"] == 0.5  # February paid five times the 40, March none of 20
    assert row["paid_to_due_mean_3"] == 0.5
    assert row["paid_over_due_6"] == pytest.approx(200 / 60)
    assert row["due_to_usual_paid_12"] == pytest.approx(25 / 100)


def test_cycles_are_missed_partial_minimum_or_full() -> None:
    row = row_of(
        drawn("""
            2023-11-30 1000 100    .  0 2000
            2023-12-31  500  50 1000  0 2000
            2024-01-31  500  50   50  0 2000
            2024-02-29  500  50   49 30 2000
            2024-03-31  500   0    0 60 2000
            2024-04-30  500  50   10 90 2000
        """),
        AS_OF,
    )
    assert row["full_share_12"] == pytest.approx(1 / 5)
    assert row["minimum_share_12"] == pytest.approx(1 / 4)
    assert row["partial_share_12"] == pytest.approx(1 / 4)
    assert row["due_met_share_6"] == row["due_met_share_24"] == pytest.approx(2 / 4)
    assert row["missed_share_3"] == pytest.approx(1 / 3)
    assert row["missed_share_12"] == row["missed_share_24"] == pytest.approx(1 / 5)
    assert row["months_since_full"] == 4
    assert row["months_since_paid"] == 0
    assert row["missed_streak"] == 0
    assert np.isnan(row["short_streak"])  # the last cycle was asked for nothing
    amounts = [1000, 50, 49, 0, 10]
    assert row["paid_variation_12"] == pytest.approx(np.std(amounts) / np.mean(amounts))


@pytest.mark.parametrize(
    ("owed", "paid", "full"),
    [(1000, 989.99, 0), (1000, 990, 1), (1000, 1000, 1), (17, 16.83, 1), (1.1, 1.089, 1)],
)
def test_a_balance_is_paid_in_full_from_99_percent_on(
    owed: float, paid: float, full: float
) -> None:
    text = f"2024-03-31 {owed} 1 0 0 2000\n2024-04-30 500 50 {paid} 0 2000"
    row = row_of(drawn(text), AS_OF)
    assert row["full_share_12"] == full
    assert row["minimum_share_12"] == 1 - full


def test_streaks_end_at_what_is_not_known() -> None:
    row = row_of(
        drawn("""
            2024-01-31 500 50 0 0 2000
            2024-02-29 500 50 . 0 2000
            2024-03-31 500 50 0 0 2000
            2024-04-30 500 50 0 0 2000
        """),
        AS_OF,
    )
    assert row["missed_streak"] == 2
    assert row["short_streak"] == 2
    assert np.isnan(row["months_since_paid"])
    assert np.isnan(row["paid_variation_12"])  # nothing was ever paid: no average to hold it to


def test_receipts_since_the_statement_and_before() -> None:
    row = row_of(
        drawn(
            CARD,
            payments="""
            2024-04-20T10:00 100
            2024-05-01T00:00 20
            2024-05-03T10:00 30 1
            """,
        ),
        AS_OF,
    )
    assert row["paid_since_statement_to_balance"] == pytest.approx(0.2)
    assert row["paid_since_statement_to_due"] == 2.0
    assert row["payments_since_statement"] == 2
    assert row["days_since_payment"] == 2.0
    assert row["payments_90"] == 3
    assert row["payment_gap_mean_365"] == 6.5
    assert row["days_since_payment_to_gap"] == pytest.approx(2 / 6.5)
    assert row["reversals_180"] == 0


def test_a_payment_counts_until_it_is_known_to_be_taken_back() -> None:
    text = "2024-03-31 100 10 0 30 1000"
    history = drawn(text, payments="2024-04-02T10:00 50 1 2024-04-05T10:00")
    before, after = (
        row_of(history, instant) for instant in ("2024-04-05T09:59", "2024-04-05T10:00")
    )
    assert before["paid_since_statement_to_balance"] == 0.5
    assert before["payments_90"] == 1
    assert before["reversals_180"] == 0
    assert after["paid_since_statement_to_balance"] == 0
    assert after["payments_90"] == after["payments_since_statement"] == 0
    assert after["reversals_180"] == 1
    assert np.isnan(after["days_since_payment"])
    assert row_of(history, "2024-10-02T10:00")["reversals_180"] == 0  # 180 days later


def test_a_single_payment_has_no_gap() -> None:
    row = row_of(drawn(CARD, payments="2024-04-20T10:00 100"), AS_OF)
    assert np.isnan(row["payment_gap_mean_365"])
    assert np.isnan(row["days_since_payment_to_gap"])


REMINDED = """
    2024-01-31 400 40  .  0 1000
    2024-02-29 400 40  0 30 1000
    2024-04-30 400 40 50  0 1000
"""


@pytest.mark.parametrize(
    ("payments", "days"),
    [
        ("2024-01-31T23:59 40", np.nan),  # before any statement is known
        ("2024-02-01T00:00 40", 0.0),
        ("2024-02-29T23:59:59 40", 29 - 1 / 86_400),  # the next statement is not yet known
        ("2024-03-01T00:00 40", np.nan),  # of a cycle that began late
        ("2024-04-30T23:59 40", np.nan),  # of the same cycle: March has no statement
        ("2024-05-03T12:00 40", 2.5),
        ("2024-02-03T00:00 5\n2024-02-06T00:00 5\n2024-03-20T00:00 5\n2024-05-02T00:00 5", 8 / 3),
        ("2024-02-03T00:00 40\n2024-05-03T12:00 40 1 2024-05-05T10:00", 2.0),
        ("2024-02-03T00:00 40\n2024-05-03T12:00 40 1 2024-05-05T10:01", 2.25),
    ],
)
def test_days_to_pay_count_from_the_statement_known_when_a_current_debtor_paid(
    payments: str, days: float
) -> None:
    told = row_of(drawn(REMINDED, payments=payments), AS_OF)["days_to_pay_mean_365"]
    assert told == pytest.approx(days, nan_ok=True)


def test_days_to_pay_are_of_365_days_and_need_payments() -> None:
    history = drawn(REMINDED, payments="2024-02-03T10:00 40")
    assert row_of(history, "2025-02-02T09:59")["days_to_pay_mean_365"] == pytest.approx(2 + 10 / 24)
    for none, as_of in (
        (history, "2025-02-02T10:00"),
        (drawn(REMINDED, payments=""), AS_OF),
        (drawn(REMINDED), AS_OF),
    ):
        assert np.isnan(row_of(none, as_of)["days_to_pay_mean_365"])


@pytest.mark.parametrize(
    ("owed", "asked", "paid", "above"),
    [
        (500, 50, 49.9999, np.nan),  # the amount asked for was not paid
        (500, 50, 50, 0),
        (500, 50, 50.0001, 1),
        (500, 50, 500, 1),
        (500, 0, 50, np.nan),
        (500, ".", 50, np.nan),
        (500, 50, ".", np.nan),
        (1000, 998.9999, 1000, 1),
        (1000, 999, 1000, np.nan),  # all was asked for
        (1.7, 1.6983, 1.7, np.nan),
        (0, 50, 60, np.nan),
        (-20, 50, 60, np.nan),
    ],
)
def test_more_than_asked_for_counts_where_less_than_all_was_asked_for(
    owed: float, asked: float | str, paid: float | str, above: float
) -> None:
    text = f"2024-03-31 {owed} {asked} 0 0 2000\n2024-04-30 500 50 {paid} 0 2000"
    told = row_of(drawn(text), AS_OF)["above_due_share_24"]
    assert told == pytest.approx(above, nan_ok=True)


def test_more_than_asked_for_is_a_share_of_the_cycles_of_24_months() -> None:
    earlier = "2022-03-31 500 50 0 0 2000\n"
    text = """2022-05-31 500 50 70 0 2000
        2023-10-31 500 50 50 0 2000
        2024-01-31 500 50 20 0 2000
        2024-03-31 500 50 60 0 2000
        2024-04-30 500 50 80 0 2000
    """
    assert row_of(drawn(text), AS_OF)["above_due_share_24"] == pytest.approx(2 / 3)
    told = row_of(drawn(earlier + text), AS_OF)  # the statement before may lie outside
    assert told["above_due_share_24"] == pytest.approx(3 / 4)
    moved = (earlier + text).replace("2022-05-31", "2022-04-30")
    assert row_of(drawn(moved), AS_OF)["above_due_share_24"] == pytest.approx(2 / 3)
    assert np.isnan(row_of(drawn("2024-04-30 500 50 80 0 2000"), AS_OF)["above_due_share_24"])
