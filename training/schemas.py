"""The schemas that tables are checked by, derived from the columns in features.tables."""

from collections.abc import Callable
from functools import lru_cache
from zoneinfo import available_timezones

import numpy as np
import pandas as pd
import pandera.errors
import pandera.pandas as pa
import pyarrow
import pyarrow.compute as pc

from features.errors import InputError
from features.tables import (
    FIRST_DATE,
    ID_LENGTH,
    LAST_DATE,
    MONEY_BOUND,
    MONEY_DECIMALS,
    TABLES,
    TEXT_LENGTH,
    Column,
    Kind,
    Table,
)
from training.problems import PROBLEMS_SHOWN, Problem
from training.relations import RELATIONS

DTYPES: dict[Kind, str] = {
    "id": "str",
    "text": "str",
    "code": "str",
    "money": "float64",
    "number": "float64",
    "count": "Int64",
    "date": "datetime64[s]",
    "instant": "datetime64[us, UTC]",
    "flag": "boolean",
}


def problems_of(table: Table, frame: pd.DataFrame) -> list[Problem]:
    """All that is wrong in a frame of typed columns, at most about 20 rows for each check."""
    try:
        schema(table.name).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        return [
            problem for error in errors.schema_errors for problem in _problems(table, frame, error)
        ]
    return []


@lru_cache
def schema(name: str) -> pa.DataFrameSchema:
    """The schema of that table; a column that it does not list is refused."""
    table = TABLES[name]
    return pa.DataFrameSchema(
        {
            column.name: pa.Column(DTYPES[column.kind], _checks(column), nullable=column.optional)
            for column in table.columns
        },
        checks=[_unique(table), *(_row_check(*of) for of in RELATIONS.get(name, ()))],
        strict=True,
        name=name,
    )


def _check(test: Callable[[pd.Series], pd.Series], problem: str, remedy: str) -> pa.Check:
    return pa.Check(test, title=problem, description=remedy, n_failure_cases=PROBLEMS_SHOWN + 1)


def _row_check(
    names: list[str], test: Callable[[pd.DataFrame], pd.Series], problem: str, remedy: str
) -> pa.Check:
    """A check of what columns `names` have in common; the last of them is named when it fails.

    Where one of them is missing, that is told already and this check passes.
    """
    return pa.Check(
        lambda frame: test(frame[names]) if {*names} <= {*frame} else True,
        name=names[-1],
        title=problem,
        description=remedy,
        n_failure_cases=PROBLEMS_SHOWN + 1,
    )


def _checks(column: Column) -> list[pa.Check]:
    """What every value of the column, where there is one, must pass."""
    if column.kind in ("id", "text"):
        return _text_checks(column)
    if column.kind == "code":
        codes = list(column.codes)
        remedy = f"Write one of {', '.join(codes)}"
        return [_check(lambda values: values.isin(codes), "is not a known code", remedy)]
    if column.kind == "date":
        first, last = pd.Timestamp(FIRST_DATE), pd.Timestamp(LAST_DATE)
        problem = f"lies outside {FIRST_DATE} to {LAST_DATE}"
        remedy = "Write the real day, or nothing where it is not known"
        return [_check(lambda values: values.between(first, last), problem, remedy)]
    if column.kind == "money":
        return [*_money_checks(), *_bound_checks(column)]
    if column.kind == "number":
        return [_finite(), *_bound_checks(column)]
    return _bound_checks(column) if column.kind == "count" else []


def _text_checks(column: Column) -> list[pa.Check]:
    longest = ID_LENGTH if column.kind == "id" else TEXT_LENGTH
    checks = [
        _check(
            lambda values: values.str.len().between(1, longest),
            f"is not 1 to {longest} characters long",
            "Use a shorter name for it",
        ),
        _check(_printable, "has characters that cannot be printed", "Leave them out"),
    ]
    if column.pattern:
        checks.append(
            _check(
                lambda values: values.str.fullmatch(column.pattern),
                f"does not have the form {column.pattern}",
                f"Write the {column.meaning}",
            )
        )
    if column.name == "timezone":
        checks.append(
            _check(
                lambda values: values.isin(list(available_timezones())),
                "is not a time zone of the IANA database",
                "Write its name, such as Asia/Shanghai",
            )
        )
    if column.name == "currency":
        checks.append(
            _check(
                lambda values: values.isin(values[:1]),
                "differs from the currency of the first account",
                "Keep one folder of tables for each currency",
            )
        )
    return checks


def _printable(values: pd.Series) -> pd.Series:
    printable = pc.utf8_is_printable(pyarrow.array(values, type=pyarrow.large_string()))
    return pd.Series(printable.to_numpy(zero_copy_only=False), index=values.index)


def _finite() -> pa.Check:
    return _check(
        lambda values: ~np.isinf(values),
        "is infinite",
        "Write the real number, or nothing where it is not known",
    )


def _money_checks() -> list[pa.Check]:
    return [
        _finite(),
        _check(
            lambda values: np.isinf(values) | (values.abs() < MONEY_BOUND),
            f"is not below {MONEY_BOUND:g} in size",
            "Write the amount in units of the account's currency",
        ),
        _check(
            _rounded,
            f"has more than {MONEY_DECIMALS} decimals",
            f"Round it to {MONEY_DECIMALS} decimals or fewer",
        ),
    ]


def _rounded(values: pd.Series) -> pd.Series:
    """Whether there are no more decimals than allowed, beside the noise of adding floats."""
    noise = 1e-9 + 1e-15 * values.abs()
    with np.errstate(invalid="ignore"):  # of infinity less infinity
        return values.abs().eq(np.inf) | ((values - values.round(MONEY_DECIMALS)).abs() <= noise)


def _bound_checks(column: Column) -> list[pa.Check]:
    checks = []
    low, high = column.minimum, column.maximum
    if low is not None and low > -MONEY_BOUND:
        remedy = f"Write {column.meaning}, {low:g} or more"
        checks.append(_check(lambda values: values >= low, f"is below {low:g}", remedy))
    if high is not None and high < MONEY_BOUND:
        remedy = f"Write {column.meaning}, {high:g} or less"
        checks.append(_check(lambda values: values <= high, f"is above {high:g}", remedy))
    return checks


def _unique(table: Table) -> pa.Check:
    """Of the rows with one key, every one but the first fails."""
    key = list(table.key)
    return _row_check(
        key,
        lambda frame: ~frame.duplicated() | frame.isna().any(axis=1),
        f"repeats the {' and '.join(key)} of an earlier row",
        "Keep one row for each",
    )


def _problems(
    table: Table, frame: pd.DataFrame, error: pandera.errors.SchemaError
) -> list[Problem]:
    reason = error.reason_code.name
    if reason == "COLUMN_NOT_IN_SCHEMA":
        known = f"Leave it out; the table has {', '.join(c.name for c in table.columns)}"
        name = str(error.failure_cases)[: InputError.SHOWN]
        return [Problem(None, name, "is not a column of the table", known)]
    if reason == "COLUMN_NOT_IN_DATAFRAME":
        name = str(error.failure_cases)
        remedy = f"Add it: {table.column(name).meaning}"
        return [Problem(None, name, "is missing", remedy)]
    if reason == "SERIES_CONTAINS_NULLS":
        name = error.schema.name
        rows = np.flatnonzero(frame[name].isna())[: PROBLEMS_SHOWN + 1]
        remedy = f"Write {table.column(name).meaning}"
        return [Problem(int(row), name, "is empty", remedy) for row in rows]
    check = error.check
    if reason == "DATAFRAME_CHECK" and isinstance(check, pa.Check):
        whole = isinstance(error.schema, pa.DataFrameSchema)
        name = str(check.name if whole else error.schema.name)
        rows = error.failure_cases["index"].drop_duplicates()
        return [
            Problem(
                int(row),
                name,
                str(check.title),
                str(check.description),
                _plain(frame[name].iloc[int(row)]),
            )
            for row in rows
        ]
    # Not the error's own text, nor what led to it: they quote values.
    raise RuntimeError(f"{table.name}: the check of {error.schema.name}: {reason}") from None


def _plain(value: object) -> object:
    """A value as a person would write it."""
    if isinstance(value, pd.Timestamp):
        return value.isoformat() if value.tz else str(value.date())
    return value.item() if isinstance(value, np.generic) else value
