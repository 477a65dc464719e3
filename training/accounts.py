"""The accounts of a portfolio as decisions take them."""

from itertools import compress
from typing import Any

import pandas as pd

from features.tables import FLAGS
from models.account import Account, Plan

# The fields of an account in its order, as columns of the table.
_REQUIRED = (
    "account_id",
    "product",
    "security",
    "currency",
    "balance",
    "past_due_amount",
    "days_past_due",
    "jurisdiction",
    "timezone",
)
_OPTIONAL = ("debtor_id", "credit_limit", "opened_on", "apr")
_PLAN = ("plan_months", "plan_instalment", "plan_kept")


def accounts_of(frame: pd.DataFrame) -> list[Account]:
    """The accounts of a checked table, in its order."""
    flags = zip(*(_values(frame[name]) for name in FLAGS), strict=True)
    plans = zip(*(_values(frame[name]) for name in _PLAN), strict=True)
    columns = [
        *(_values(frame[name]) for name in (*_REQUIRED, *_OPTIONAL)),
        [frozenset(compress(FLAGS, flagged)) for flagged in flags],
        [None if plan[0] is None else Plan(*plan) for plan in plans],
    ]
    return [Account(*fields) for fields in zip(*columns, strict=True)]


def _values(column: pd.Series) -> list[Any]:
    """The column's values as Python's own; None where there is none, a date for a day."""
    is_day = pd.api.types.is_datetime64_any_dtype(column.dtype)
    values = (column.dt.date if is_day else column).tolist()
    missing = column.isna().to_numpy()
    if not missing.any():
        return values
    return [None if lacks else value for value, lacks in zip(values, missing, strict=True)]
