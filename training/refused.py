"""What is wrong with rows, as a table of its own."""

from collections.abc import Mapping, Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import shown
from training.arrow import array_of
from training.problems import Problem, written
from training.source import Source

_TEXT = pa.large_string()
# What the rows are ordered by beside, which is not part of the result.
_SCHEMA = pa.schema(
    [
        ("named", pa.bool_()),
        ("account_id", _TEXT),
        ("table", _TEXT),
        ("file", _TEXT),
        ("row", pa.int64()),
        ("column", _TEXT),
        ("problem", _TEXT),
        ("remedy", _TEXT),
        ("value", _TEXT),
        ("table_place", pa.int64()),
        ("file_place", pa.int32()),
        ("column_place", pa.int64()),
    ]
)
_SHOWN = ["account_id", "table", "file", "row", "column", "problem", "remedy", "value"]
_ORDER = ("named", "account_id", "table_place", "file_place", "row", "column_place", "problem")


def refused_rows(
    sources: Mapping[str, Source],
    frames: Mapping[str, pd.DataFrame],
    found: Mapping[str, Sequence[Problem]],
) -> pd.DataFrame:
    """A row for each problem of each row of the sources.

    Columns: account_id (null where the row names none), table, file, row (from 1 in the file),
    column (null where the whole row is meant), problem, remedy, and value: what stands there,
    as messages show it; null for ids, which are personal. Ordered by account (null first),
    table, file, row and column, so that those of further accounts follow these.
    """
    parts = [
        _part(sources[name], place, frames[name], problem)
        for place, name in enumerate(sources)
        for problem in found[name]
    ]
    every = pa.concat_tables([_SCHEMA.empty_table(), *parts])
    order = pc.sort_indices(every, sort_keys=[(name, "ascending") for name in _ORDER])
    refused: pd.DataFrame = every.take(order).select(_SHOWN).to_pandas()
    return refused


def _part(source: Source, place: int, frame: pd.DataFrame, problem: Problem) -> pa.Table:
    rows = problem.rows
    assert rows is not None, "whole columns are not refused row by row"
    n = len(rows)
    ids = array_of(frame["account_id"].iloc[frame.index.get_indexer(pd.Index(rows))])
    files = pa.DictionaryArray.from_arrays(source.file[rows], pa.array(source.files, _TEXT))
    columns = [column.name for column in source.table.columns]
    return pa.table(
        {
            "named": ids.is_valid(),
            "account_id": ids,
            "table": pa.repeat(source.table.name, n),
            "file": files,
            "row": source.row[rows],
            "column": pa.repeat(pa.scalar(problem.column, _TEXT), n),
            "problem": pa.repeat(problem.problem, n),
            "remedy": pa.repeat(problem.remedy, n),
            "value": _values(source, problem, n),
            "table_place": pa.repeat(place, n),
            "file_place": source.file[rows],
            "column_place": pa.repeat(columns.index(problem.column or columns[0]), n),
        }
    ).cast(_SCHEMA)


def _values(source: Source, problem: Problem, n: int) -> pa.Array:
    """What stands in each row of the problem; each distinct value is written once."""
    if problem.values is None or problem.column in source.personal:
        return pa.nulls(n, _TEXT)
    distinct = problem.values.dictionary_encode()
    texts = [None if value is None else shown(value) for value in written(distinct.dictionary)]
    return pa.array(texts, _TEXT).take(distinct.indices)
