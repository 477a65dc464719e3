"""A column as it came, turned into its kind; what cannot be turned is a problem."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.tables import Column, Kind
from training.problems import Problem, Rows

EXACT_BOUND = 2.0**53  # whole numbers below it are exact in float64

# What a kind is read as, and what to write so that it can be.
READ_AS: dict[Kind, pa.DataType] = {
    "id": pa.large_string(),
    "text": pa.large_string(),
    "code": pa.large_string(),
    "money": pa.float64(),
    "number": pa.float64(),
    "count": pa.float64(),
    "date": pa.timestamp("s"),
    "instant": pa.timestamp("us", "UTC"),
    "flag": pa.bool_(),
}
# On the way: a date must be a whole day, an instant may come with nanoseconds.
STEPS: dict[Kind, pa.DataType] = {"date": pa.date32(), "instant": pa.timestamp("ns", "UTC")}
REMEDIES: dict[Kind, str] = {
    "id": "Write it as text",
    "text": "Write it as text",
    "code": "Write it as text",
    "money": "Write a plain number such as 1234.50, or nothing where it is not known",
    "number": "Write a plain number such as 0.24, or nothing where it is not known",
    "count": "Write a whole number such as 30, or nothing where it is not known",
    "date": "Write a day of the calendar as 2024-01-31",
    "instant": "Write an instant with its UTC offset, such as 2024-01-31T14:05:00+08:00",
    "flag": "Write true or false",
}
SAID: dict[Kind, str] = {
    "id": "is not text",
    "text": "is not text",
    "code": "is not text",
    "money": "is not a number",
    "number": "is not a number",
    "count": "is not a whole number",
    "date": "is not a date",
    "instant": "is not an instant with an offset",
    "flag": "is neither true nor false",
}
# What a text that can be read looks like: by it most wrong ones are found at once.
_NUMBER = r"(?i)^[+-]?(\d+\.?\d*(e[+-]?\d+)?|\.\d+(e[+-]?\d+)?|inf|infinity|nan(\(\w*\))?)$"
_MONTH_AND_DAY = (
    r"((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|[12]\d))"
)
_TIME = r"([01]\d|2[0-3])(:[0-5]\d(:[0-5]\d(\.\d{1,9})?)?)?"
_OFFSET = r"(Z|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)"
SHAPES: dict[Kind, str] = {
    "money": _NUMBER,
    "number": _NUMBER,
    "count": _NUMBER,
    "date": rf"^\d{{4}}-{_MONTH_AND_DAY}$",
    "instant": rf"^(1[6-9]|2[0-2])\d\d-{_MONTH_AND_DAY}[T ]{_TIME}{_OFFSET}$",
    "flag": r"(?i)^(true|false|0|1)$",
}


class Typed(NamedTuple):
    """A column of its kind, with null for what could not be read; `problems` says what."""

    values: pd.Series
    problems: list[Problem]


def typed(column: Column, raw: pa.ChunkedArray) -> Typed:
    """`raw` as values of the column's kind.

    Text, codes and ids as `str`; money and numbers as float64; counts as Int64; flags as
    boolean; dates as datetime64[s]; instants as datetime64[us, UTC].
    """
    array = _plain(raw)
    if not _suits(column.kind, array.type):
        problem = Problem(None, column.name, f"holds {array.type} values", REMEDIES[column.kind])
        array, problems = pa.nulls(len(array), READ_AS[column.kind]), [problem]
        return Typed(_series(column.kind, array), problems)
    values, bad = _cast(column.kind, array)
    problems = []
    if len(bad):
        wrong = array.take(pa.array(bad))
        said, remedy = SAID[column.kind], REMEDIES[column.kind]
        problems = [Problem(bad, column.name, said, remedy, wrong)]
    return Typed(_series(column.kind, values), problems)


def absent(column: Column, rows: int) -> pd.Series:
    """An optional column that the file does not have: null throughout."""
    return _series(column.kind, pa.nulls(rows, READ_AS[column.kind]))


def _plain(raw: pa.ChunkedArray) -> pa.Array:
    if pa.types.is_dictionary(raw.type):
        raw = raw.cast(raw.type.value_type)
    if pa.types.is_string(raw.type) or pa.types.is_string_view(raw.type):
        raw = raw.cast(pa.large_string())  # one array of 32-bit offsets ends at 2 GB
    return raw.combine_chunks() if raw.num_chunks != 1 else raw.chunk(0)


def _suits(kind: Kind, held: pa.DataType) -> bool:
    """Whether values of that type can be of the kind; text always can, as CSV has nothing else."""
    types = pa.types
    if kind in ("money", "number", "count"):
        tests = [types.is_integer(held), types.is_floating(held), types.is_decimal(held)]
    elif kind == "date":
        tests = [types.is_date(held), types.is_timestamp(held) and held.tz is None]
    elif kind == "instant":
        tests = [types.is_timestamp(held) and held.tz is not None]
    elif kind == "flag":
        tests = [types.is_boolean(held), types.is_integer(held)]
    else:
        tests = []
    return any([types.is_null(held), types.is_large_string(held), *tests])


def _cast(kind: Kind, array: pa.Array) -> tuple[pa.Array, Rows]:
    """`array` cast, null where that fails, and the rows in which it failed."""
    if kind == "flag" and pa.types.is_integer(array.type):
        array = array.cast(pa.large_string())  # so that 2 is refused and not taken for true
    if kind in ("id", "text", "code"):
        array = array.cast(pa.large_binary())  # the way back finds what is no UTF-8
    step = STEPS.get(kind, READ_AS[kind])
    bad, values = np.empty(0, np.int64), _castable(array, step)
    if values is None:
        bad = _uncastable(kind, array, step)
        values = _without(array, bad).cast(step)
    values = values.cast(READ_AS[kind], safe=False)
    if kind in ("money", "number", "count", "date"):
        unreal = np.flatnonzero(_unreal(kind, array, values))
        values = _without(values, unreal)
        bad = np.union1d(bad, unreal)
    return values, bad


def _without(array: pa.Array, rows: Rows) -> pa.Array:
    """`array` with null in those rows."""
    if not len(rows):
        return array
    mask = np.zeros(len(array), dtype=np.bool_)
    mask[rows] = True
    return pc.if_else(pa.array(mask), None, array)


def _unreal(kind: Kind, array: pa.Array, values: pa.Array) -> NDArray[np.bool_]:
    """Rows whose text says `nan`, whose count is not whole, or whose date has an hour."""
    if kind == "date":
        # Casting to a date drops the hour without a word.
        return _differ(array, values) if pa.types.is_timestamp(array.type) else _none(array)
    text = pa.types.is_large_string(array.type)
    if kind != "count" and not text:
        return _none(array)
    number: NDArray[np.float64] = values.to_numpy(zero_copy_only=False)
    unknown = np.isnan(number)
    unreal: NDArray[np.bool_] = _none(array)
    if text:  # in Parquet it may stand for what is not known
        unreal = unknown & values.is_valid().to_numpy(zero_copy_only=False)
    if kind == "count":
        whole = (number == np.trunc(number)) & (np.abs(number) < EXACT_BOUND)
        unreal |= ~(whole | unknown)
    return unreal


def _differ(left: pa.Array, right: pa.Array) -> NDArray[np.bool_]:
    differ = pc.fill_null(pc.not_equal(left, right), False)
    rows: NDArray[np.bool_] = differ.to_numpy(zero_copy_only=False)
    return rows


def _none(array: pa.Array) -> NDArray[np.bool_]:
    return np.zeros(len(array), dtype=np.bool_)


def _uncastable(kind: Kind, array: pa.Array, step: pa.DataType) -> Rows:
    """The rows that cannot be cast: those of the wrong shape, then one by one what is left."""
    shapeless = np.empty(0, np.int64)
    if kind in SHAPES and pa.types.is_large_string(array.type):
        matches = pc.fill_null(pc.match_substring_regex(array, SHAPES[kind]), True)
        shapeless = np.flatnonzero(~matches.to_numpy(zero_copy_only=False))
    distinct = _without(array, shapeless).dictionary_encode()
    bad: list[int] = []
    _find_bad(distinct.dictionary, step, 0, bad)
    found = pc.is_in(distinct.indices, value_set=pa.array(bad, type=distinct.indices.type))
    return np.union1d(shapeless, np.flatnonzero(found.to_numpy(zero_copy_only=False)))


def _castable(array: pa.Array, step: pa.DataType) -> pa.Array | None:
    """`array` cast; None where a value of it cannot be."""
    try:
        return array.cast(step)
    except pa.ArrowInvalid:
        return None


def _find_bad(part: pa.Array, step: pa.DataType, start: int, bad: list[int]) -> None:
    """Append the positions of what cannot be cast, by halves: only what fails is split."""
    if _castable(part, step) is not None:
        return
    if len(part) == 1:
        bad.append(start)
        return
    half = len(part) // 2
    _find_bad(part[:half], step, start, bad)
    _find_bad(part[half:], step, start + half, bad)


def _series(kind: Kind, values: pa.Array) -> pd.Series:
    if kind in ("id", "text", "code"):
        return pd.Series(values.to_pandas(), dtype="str")
    if kind == "count":
        number: NDArray[np.float64] = values.to_numpy(zero_copy_only=False)
        unknown = np.isnan(number)
        whole = np.where(unknown, 0, number).astype(np.int64)
        return pd.Series(pd.arrays.IntegerArray(whole, unknown))
    if kind == "flag":
        known = values.is_valid().to_numpy(zero_copy_only=False)
        flags = values.fill_null(False).to_numpy(zero_copy_only=False)
        return pd.Series(pd.arrays.BooleanArray(flags, ~known))
    return pd.Series(values.to_pandas())
