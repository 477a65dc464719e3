"""Data frames as Arrow columns."""

from collections.abc import Iterable

import pandas as pd
import pyarrow as pa

from features.tables import Column, Kind

ARROW_TYPES: dict[Kind, pa.DataType] = {
    "id": pa.string(),
    "text": pa.string(),
    "code": pa.string(),
    "money": pa.float64(),
    "number": pa.float64(),
    "count": pa.int64(),
    "date": pa.date32(),
    "instant": pa.timestamp("us", "UTC"),
    "flag": pa.bool_(),
}


def arrow_schema(columns: Iterable[Column]) -> pa.Schema:
    """How columns stand in Parquet: dates as dates, instants in UTC to the microsecond."""
    return pa.schema([(column.name, ARROW_TYPES[column.kind]) for column in columns])


def arrow_of(frame: pd.DataFrame) -> pa.Table:
    """A data frame as Arrow columns; instants in UTC."""
    return pa.table({str(name): array_of(frame[name]) for name in frame.columns})


def array_of(values: pd.Series) -> pa.Array:
    """A column as one Arrow array; what pandas takes for missing is null."""
    if not isinstance(values.dtype, pd.DatetimeTZDtype):
        array = pa.array(values, from_pandas=True)
        return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    # pyarrow itself takes such a column by a way that pandas warns of.
    naive = values.dt.tz_convert("UTC").dt.tz_localize(None)
    array = pa.array(naive.to_numpy(), from_pandas=True)
    return array.cast(pa.timestamp(values.dtype.unit, "UTC"))
