"""Instalments: a repayment plan that an account has shown it can pay."""

from math import ceil, floor
from typing import NamedTuple


class Instalments(NamedTuple):
    """A repayment plan: so many months of `instalment` each, in the account's currency.

    The last one may be smaller, as it pays what is left.
    """

    months: int
    instalment: float


def instalments(past_due: float, paid_month: float, most_months: int) -> Instalments | None:
    """The shortest plan that pays all of `past_due` within what was paid in a month.

    No instalment is more than `paid_month`, whole cents each, and there are at most
    `most_months`. None where there is no such plan: nothing is past due, it is not known what
    has been paid or less than a cent was, or it would take too many months.
    """
    if not (past_due > 0 and paid_month > 0):
        return None
    owed, able = _cents_up(past_due), _cents_down(paid_month)
    if owed > able * most_months:
        return None
    months = -(-owed // able)
    return Instalments(months, -(-owed // months) / 100)


# A product with 100 may lie on the wrong side of a whole number: amounts are compared themselves.


def _cents_up(amount: float) -> int:
    """The fewest whole cents that are no less than the amount."""
    cents = ceil(amount * 100)
    return cents - 1 if (cents - 1) / 100 >= amount else cents


def _cents_down(amount: float) -> int:
    """The most whole cents that are no more than the amount."""
    cents = floor(amount * 100)
    return cents + 1 if (cents + 1) / 100 <= amount else cents
