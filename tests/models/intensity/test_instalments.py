"""Repayment plans: the fewest months that what was paid in a month allows, to the cent."""

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.intensity.instalments import Instalments, instalments


@pytest.mark.parametrize(
    ("past_due", "paid_month", "most_months", "expected"),
    [
        (300, 100, 12, (3, 100)),
        (300.01, 100, 12, (4, 75.01)),
        (299.99, 100, 12, (3, 100)),
        (1_200, 100, 12, (12, 100)),
        (1_200.01, 100, 12, None),
        (50, 100, 12, (1, 50)),
        (100, 100, 1, (1, 100)),
        (100.01, 100, 1, None),
        (100, 33.33, 12, (4, 25)),
        (10, 3.34, 3, (3, 3.34)),
        (10.0001, 5, 12, (3, 3.34)),
        (0.29, 0.29, 1, (1, 0.29)),  # 0.29 × 100 falls short of 29
        (1.1, 1.1, 1, (1, 1.1)),  # 1.1 × 100 is more than 110
        (10, 4.99995, 12, (3, 3.34)),  # the middle of two payments may have parts of a cent
        (10, 0, 12, None),
        (10, 0.009, 12, None),
        (10, nan, 12, None),
        (0, 10, 12, None),
    ],
)
def test_the_shortest_plan_within_what_was_paid(
    past_due: float, paid_month: float, most_months: int, expected: tuple[int, float] | None
) -> None:
    plan = instalments(past_due, paid_month, most_months)
    assert plan == (None if expected is None else Instalments(*expected))


@given(st.integers(1, 10**13), st.integers(1, 2 * 10**12), st.integers(1, 120))
def test_a_plan_pays_everything_and_never_asks_for_more_than_was_paid(
    past_due: int, paid: int, most: int
) -> None:
    """Amounts of 4 decimals; `paid` is the middle of two, so half of the fourth may come in."""
    owed, paid_month = past_due / 10_000, paid / 20_000
    plan = instalments(owed, paid_month, most)
    cents_able, cents_owed = paid // 200, -(-past_due // 100)
    if plan is None:
        assert cents_able * most < cents_owed
        return
    cents = round(plan.instalment * 100)
    assert plan.instalment == cents / 100
    assert plan.instalment <= paid_month
    last = cents_owed - (plan.months - 1) * cents
    assert 0 < last <= cents
    assert plan.months <= most
    assert cents_able * (plan.months - 1) < cents_owed  # no shorter plan would do
    assert (cents - 1) * plan.months < cents_owed  # no lower instalment either
