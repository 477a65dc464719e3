"""The compiled features equal the reference, value by value."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from random import Random

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from features.catalogue import BY_NAME, NAMES
from features.matrix import matrix
from tests.features.reference import reference
from tests.features.reference_histories import Portfolio, portfolio
from tests.features.reference_known import RULES, Known, known_of
from tests.features.reference_numbers import Value, ratio
from tests.features.reference_rows import StatementRow

DISTINCT = 5  # values that a feature takes in the corpus at least; a yes_no takes its 2
# Every statement has a date, a balance, days past due and a status, and every account a product
# and a security: what is made of these alone is known from the first statement on.
ALWAYS_KNOWN = {
    "dpd_last",
    "dpd_highest_3",
    "dpd_highest_6",
    "dpd_highest_12",
    "dpd_highest_24",
    "dpd_mean_3",
    "dpd_mean_6",
    "dpd_mean_12",
    "late_share_3",
    "late_share_6",
    "late_share_12",
    "late_share_24",
    "over_30_share_12",
    "late_streak",
    "longest_late_streak_24",
    "months_since_worst_12",
    "was_restructured_24",
    "balance_last",
    "statements_24",
    "days_since_statement",
    "is_secured",
    "is_credit_card",
}
TRENDS: dict[str, Callable[[StatementRow], Value]] = {
    "dpd_trend_6": lambda row: row.dpd,
    "dpd_trend_12": lambda row: row.dpd,
    "paid_trend_6": lambda row: row.paid,
    "balance_trend_6": lambda row: row.balance,
    "utilisation_trend_6": lambda row: ratio(row.balance, row.limit),
}


@dataclass(frozen=True)
class Both:
    """The features of one account at one instant, from both sides, by name."""

    account: int
    known: Known
    compiled: dict[str, float]
    expected: dict[str, float]

    def differs(self, name: str) -> bool:
        compiled, expected = self.compiled[name], self.expected[name]
        if math.isnan(compiled) or math.isnan(expected):
            return math.isnan(compiled) != math.isnan(expected)
        rest = rounding(self.known, name)
        return not math.isclose(compiled, expected, rel_tol=1e-9, abs_tol=rest)

    def told(self, name: str) -> str:
        return (
            f"{name} of account {self.account} as of {self.known.as_of!r}: "
            f"compiled {self.compiled[name]!r}, reference {self.expected[name]!r}"
        )


def rounding(known: Known, name: str) -> float:
    """What rounding may leave of a difference: of a trend, as much as its largest number does."""
    if name not in TRENDS:
        return 1e-13
    figures = [TRENDS[name](row) for row in known.statements]
    return 1e-13 * max(abs(figure) for figure in figures if figure is not None)


def both(drawn: Portfolio) -> list[Both]:
    """Every row of the portfolio."""
    tables = (drawn.fixed, drawn.statements, drawn.payments, drawn.contacts)
    found = []
    for row, account, as_of in zip(matrix(*drawn.view()), drawn.row, drawn.as_of, strict=True):
        known = known_of(account, as_of, *tables)
        compiled = dict(zip(NAMES, row.tolist(), strict=True))
        found.append(Both(account, known, compiled, reference(known)))
    return found


def differences(rows: list[Both]) -> list[str]:
    """What differs: the first row of each feature."""
    first: dict[str, str] = {}
    for row in rows:
        for name in NAMES:
            if name not in first and row.differs(name):
                first[name] = row.told(name)
    return list(first.values())


def assert_equal(rows: list[Both]) -> None:
    found = differences(rows)
    assert not found, "\n".join(found)


def of_seed(seed: int) -> Portfolio:
    """Long histories and short ones, with and without events."""
    months, events = ((30, 40), (8, 12), (2, 3), (60, 0))[seed % 4]
    return portfolio(Random(seed), accounts=5, months=months, events=events, views=6)


@cache
def corpus() -> list[Both]:
    return [row for seed in range(60) for row in both(of_seed(seed))]


def test_the_reference_has_every_feature() -> None:
    assert sorted(RULES) == sorted(NAMES)


def test_compiled_features_equal_the_reference() -> None:
    assert_equal(corpus())


@given(st.randoms(use_true_random=False))
def test_they_are_equal_on_small_histories(rnd: Random) -> None:
    drawn = portfolio(rnd, accounts=1, months=5, events=5, views=3)
    note(repr(drawn))
    assert_equal(both(drawn))


@pytest.mark.prove
@given(st.integers(60, 2**63))
def test_they_are_equal_on_any_history(seed: int) -> None:
    assert_equal(both(of_seed(seed)))


@pytest.mark.parametrize("name", NAMES)
def test_the_comparison_takes_in_many_values(name: str) -> None:
    values = [row.expected[name] for row in corpus() if row.known.statements]
    distinct = {value for value in values if not math.isnan(value)}
    assert len(distinct) >= (2 if BY_NAME[name].unit == "yes_no" else DISTINCT)
    assert any(math.isnan(value) for value in values) == (name not in ALWAYS_KNOWN)


@pytest.mark.parametrize("name", ["late_share_12", "paid_trend_6", "days_since_payment"])
def test_a_difference_is_told_with_both_values(name: str) -> None:
    row = next(row for row in corpus() if row.expected[name] > 0)
    near, far, unknown = (
        replace(row, compiled={**row.compiled, name: value})
        for value in (row.expected[name] * (1 + 1e-10), row.expected[name] * (1 + 1e-8), math.nan)
    )
    assert not near.differs(name)
    assert far.differs(name)
    assert unknown.differs(name)
    assert differences([row, near, unknown, far]) == [unknown.told(name)]
    assert unknown.told(name).startswith(f"{name} of account {row.account} as of ")
    assert unknown.told(name).endswith(f": compiled nan, reference {row.expected[name]!r}")
