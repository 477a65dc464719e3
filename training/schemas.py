"""The schemas that tables are checked by, derived from the columns in features.tables."""

from collections.abc import Callable
from functools import lru_cache
from zoneinfo import available_timezones

import numpy as np
import pandas as pd
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
    TEXT_LENGTH,
    Column,
    Kind,
    Table,
)
from training.arrow import array_of
from training.problems import Problem, Rows
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
    """All that is wrong in a frame of typed columns, indexed from 0."""
    problems = _misnamed(table, frame)
    checked = schema(table)
    for name, column in checked.columns.items():
        if name in frame:
            problems += _problems_in(table.column(name), column, frame[name])
    for check in checked.checks:
        result = check(frame)
        if not result.check_passed:
            rows = np.flatnonzero(~result.check_output.to_numpy(bool))
            problems.append(_failed(check, str(check.name), rows, frame[str(check.name)]))
    return problems


def _misnamed(table: Table, frame: pd.DataFrame) -> list[Problem]:
    names = [column.name for column in table.columns]
    known = f"Leave it out; the table has {', '.join(names)}"
    return [
        Problem(None, name[: InputError.SHOWN], "is not a column of the table", known)
        for name in frame.columns.difference(names, sort=False)
    ] + [
        Problem(None, column.name, "is missing", f"Add it: {column.meaning}")
        for column in table.columns
        if column.name not in frame and not column.optional
    ]


def _problems_in(column: Column, checked: pa.Column, values: pd.Series) -> list[Problem]:
    problems = []
    empty = np.flatnonzero(values.isna())
    if len(empty) and not checked.nullable:
        problems.append(Problem(empty, column.name, "is empty", f"Write {column.meaning}"))
    given = values.dropna() if len(empty) else values
    for check in checked.checks:
        result = check(given)
        if not result.check_passed:
            passed = result.check_output
            rows = passed.index.to_numpy()[~passed.to_numpy(bool)]
            problems.append(_failed(check, column.name, rows, values))
    return problems


def _failed(check: pa.Check, name: str, rows: Rows, values: pd.Series) -> Problem:
    wrong = array_of(values.iloc[rows])
    return Problem(rows, name, str(check.title), str(check.description), wrong)


@lru_cache
def schema(table: Table) -> pa.DataFrameSchema:
    """The schema of that table; a column that it does not list is refused."""
    return pa.DataFrameSchema(
        {
            column.name: pa.Column(DTYPES[column.kind], _checks(column), nullable=column.optional)
            for column in table.columns
        },
        checks=[_row_check(*relation) for relation in RELATIONS.get(table.name, ())],
        strict=True,
        name=table.name,
    )


def _check(test: Callable[[pd.Series], pd.Series], problem: str, remedy: str) -> pa.Check:
    return pa.Check(test, title=problem, description=remedy)


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
        ignore_na=False,  # it would look for rows that are null throughout: slowly
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
            lambda values: _long(values, longest),
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
                lambda values: ~values.isin(set(values.unique()) - _timezones()),
                "is not a time zone of the IANA database",
                "Write its name, such as Asia/Shanghai",
            )
        )
    return checks


@lru_cache(maxsize=1)
def _timezones() -> set[str]:
    return available_timezones()


def _long(values: pd.Series, longest: int) -> pd.Series:
    """Whether each text has 1 to `longest` characters; seen in bytes where all are that few."""
    sizes = pc.min_max(pc.binary_length(array_of(values)))
    if len(values) and sizes["min"].as_py() > 0 and sizes["max"].as_py() <= longest:
        return pd.Series(True, index=values.index)
    return values.str.len().between(1, longest)


def _printable(values: pd.Series) -> pd.Series:
    texts = array_of(values)
    if _plain(texts):
        return pd.Series(True, index=values.index)
    printable = pc.utf8_is_printable(texts).to_numpy(zero_copy_only=False)
    return pd.Series(printable, index=values.index)


def _plain(texts: pyarrow.Array) -> bool:
    """Whether there is nothing beyond printable ASCII: seen in the bytes of all at once."""
    held = np.frombuffer(texts.buffers()[2] or b"", np.uint8)
    return len(held) == 0 or bool(held.min() >= ord(" ") and held.max() <= ord("~"))


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
    with np.errstate(invalid="ignore"):  # of infinity less infinity
        rounded = values.round(MONEY_DECIMALS)
        exact = values == rounded
        if exact.all():  # the usual case
            return exact
        noise = 1e-9 + 1e-15 * values.abs()
        return exact | ((values - rounded).abs() <= noise)


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
