"""One table by itself: in the order of its key, its columns typed and checked."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.tables import Table
from training.arrow import array_of
from training.columns import absent, typed
from training.problems import Problem, Rows
from training.schemas import problems_of
from training.source import Source


def frame_of(source: Source) -> tuple[pd.DataFrame, list[Problem]]:
    """The table with its columns typed, and all that is wrong with its rows one by one.

    Rows stand in the order of the table's key, those of one key as in the source: the order of
    the rows in the files says nothing. The index numbers them as the source does.
    """
    table, columns = source.table, source.columns
    problems: list[Problem] = []
    values: dict[str, pd.Series] = {}
    for column in table.columns:
        if column.name in columns.column_names:
            values[column.name], found = typed(column, columns[column.name])
            problems.extend(found)
        elif column.optional:
            values[column.name] = absent(column, columns.num_rows)
    unknown = [name for name in columns.column_names if name not in values]
    frame = pd.DataFrame(values | dict.fromkeys(unknown), copy=False)
    problems += _untold(problems_of(table, frame), problems)
    return _ordered(table, frame), problems


def no_rows(table: Table) -> list[Problem]:
    """What is wrong with a table that has no rows."""
    remedy = f"Put rows of {table.name} there"
    return [] if table.optional else [Problem(None, None, "has no rows", remedy)]


def settled(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Columns in their order, rows renumbered; required counts and flags without room for null."""
    required = {column.name: column.kind for column in table.columns if not column.optional}
    dtypes = {"count": "int64", "flag": "bool"}
    return (
        frame[[column.name for column in table.columns]]
        .astype({name: dtypes[kind] for name, kind in required.items() if kind in dtypes})
        .reset_index(drop=True)
    )


def _untold(problems: list[Problem], told: list[Problem]) -> list[Problem]:
    """What stands as null because it could not be read is told: that it is empty says it twice."""
    rows_told = {problem.column: problem.rows for problem in told}
    return [left for problem in problems if (left := _left(problem, rows_told)) is not None]


def _left(problem: Problem, rows_told: dict[str | None, Rows | None]) -> Problem | None:
    if problem.rows is None or problem.column not in rows_told:
        return problem
    told = rows_told[problem.column]
    if told is None:
        return None
    keep = ~np.isin(problem.rows, told)
    if not keep.any():
        return None
    values = None if problem.values is None else problem.values.filter(pa.array(keep))
    return problem._replace(rows=problem.rows[keep], values=values)


def _ordered(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    if not {*table.key} <= {*frame}:
        return frame
    key = [array_of(frame[name]) for name in table.key]
    if _in_order(key):
        return frame
    if len(key) > 1:
        key = [_rank(values) for values in key]
    names = [str(number) for number in range(len(key))]
    order = pc.sort_indices(pa.table(key, names), sort_keys=[(name, "ascending") for name in names])
    return frame.take(order.to_numpy())


def _in_order(key: list[pa.Array]) -> bool:
    """Whether rows stand in the order of these columns, the first of them foremost."""
    ordered = pa.scalar(True)
    for values in reversed(key):
        before, after = values[:-1], values[1:]
        same = pc.and_(pc.equal(before, after), ordered)
        ordered = pc.fill_null(pc.or_(pc.less(before, after), same), False)
    return bool(pc.all(ordered).as_py())


def _rank(values: pa.Array) -> pa.Array:
    """Numbers in the order of the values: texts in that of their UTF-8 bytes."""
    if not pa.types.is_large_string(values.type):
        return values
    distinct = values.dictionary_encode()
    return pc.rank(distinct.dictionary).take(distinct.indices)
