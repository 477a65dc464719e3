"""What the columns of one row must have in common."""

from collections.abc import Callable
from typing import NamedTuple

import pandas as pd

from features.tables import TABLES

PROPENSITY_TOLERANCE = 1e-6  # of the sum of one assignment's propensities


class Relation(NamedTuple):
    """A test of some columns of a frame, true for the rows that pass; the last is to blame."""

    columns: list[str]
    test: Callable[[pd.DataFrame], pd.Series]
    problem: str
    remedy: str


def _named(table: str, prefix: str) -> list[str]:
    return [column.name for column in TABLES[table].columns if column.name.startswith(prefix)]


def _past_due_within_balance(frame: pd.DataFrame) -> pd.Series:
    """A late account that owes nothing is let stand: it is never decided or trained on."""
    owed = (frame["days_past_due"].fillna(0) > 0) & (frame["balance"] > 0)
    return ~(owed & (frame["past_due_amount"] > frame["balance"]))


PLAN = _named("accounts", "plan_")
PROPENSITIES = _named("assignments", "propensity_")

RELATIONS: dict[str, tuple[Relation, ...]] = {
    "accounts": (
        Relation(
            ["days_past_due", "balance", "past_due_amount"],
            _past_due_within_balance,
            "is more than the balance, which it is a part of",
            "Write the part of the balance that is past due",
        ),
        Relation(
            PLAN,
            lambda frame: frame.isna().sum(axis=1).isin([0, len(PLAN)]),
            "stands in a plan that is only partly given",
            f"Give {', '.join(PLAN)} together, or none of them",
        ),
    ),
    "payments": (
        Relation(
            ["reversed", "reversed_at"],
            lambda frame: frame["reversed"].fillna(True) | frame["reversed_at"].isna(),
            "is given, but reversed is false",
            "Write reversed as true, or leave reversed_at empty",
        ),
        Relation(
            ["received_at", "reversed_at"],
            lambda frame: ~(frame["reversed_at"] < frame["received_at"]),
            "lies before received_at",
            "Write when it was taken back, or nothing where that is not known",
        ),
    ),
    "contacts": (
        Relation(
            ["outcome", "promised_amount"],
            lambda frame: ~((frame["outcome"] == "promise") & (frame["promised_amount"] == 0)),
            "is a promise of nothing",
            "Write nothing where no amount was promised",
        ),
    ),
    "assignments": (
        Relation(
            PROPENSITIES,
            lambda frame: (frame.sum(axis=1) - 1).abs() <= PROPENSITY_TOLERANCE,
            "belongs to propensities that do not sum to 1",
            "Give the probability that each level had, level 0 too",
        ),
    ),
}
