"""A table as Parquet row groups in the order of account ids, of which a few are read at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.errors import InputError
from features.tables import Table
from training.files import AS_PARQUET, Files
from training.problems import unreadable

GROUP_ROWS = 2**20  # of more rows, a row group is no small part of a table

# Which of the table's files a row came from, and which row of it, from 1, it was.
PLACE = pa.schema([("_file", pa.int32()), ("_row", pa.int64())])


class RowGroup(NamedTuple):
    """Row group `number` of a file: `rows` rows, after `before` others.

    `low` and `high` are the least and the greatest of its account ids, by their UTF-8 bytes;
    `unnamed` is the number of its rows without one. `file` counts the table's files.
    """

    path: Path
    file: int
    number: int
    before: int
    rows: int
    low: bytes
    high: bytes
    unnamed: int


@dataclass(frozen=True)
class RowGroups:
    """All row groups of a table: each but the first begins with the id the last ended, or later.

    `files` are the names of the files that the rows came from, `schema` all their columns;
    an `arranged` table has the columns of PLACE beside.
    """

    table: Table
    files: tuple[str, ...]
    schema: pa.Schema
    groups: tuple[RowGroup, ...]
    arranged: bool = False

    @property
    def rows(self) -> int:
        """Number of rows in all."""
        return sum(group.rows for group in self.groups)

    def starts(self, accounts: int) -> Iterator[bytes]:
        """The first of every `accounts` account ids in their order; looks at one group at a time.

        Raises InputError where the table cannot be read.
        """
        reader, seen, last = GroupReader(), 0, None
        for group in self.groups:
            ids = account_ids(reader.read(group, ["account_id"])).unique().drop_null()
            ids = ids.take(pc.array_sort_indices(ids))
            if len(ids) and ids[0].as_py() == last:
                ids = ids[1:]
            yield from ids.take(
                pa.array(np.arange(-seen % accounts, len(ids), accounts))
            ).to_pylist()
            seen += len(ids)
            last = group.high


class GroupReader:
    """Reads row groups; keeps the file of the last one open."""

    def __init__(self) -> None:
        self._file: pq.ParquetFile | None = None
        self._path: Path | None = None

    def read(self, group: RowGroup, columns: Sequence[str] | None = None) -> pa.Table:
        """The row group, or those columns of it, account_id among them.

        Raises InputError where it cannot be read, or holds other ids than its statistics say:
        rows would get lost.
        """
        try:
            if self._path != group.path or self._file is None:
                self.close()
                self._file, self._path = pq.ParquetFile(group.path), group.path
            rows = self._file.read_row_group(group.number, columns)
            rows = rows.cast(without_views(rows.schema))
        except (pa.ArrowException, OSError) as error:
            raise unreadable(group.path, error, AS_PARQUET) from error
        if len(rows) != group.rows or id_range(account_ids(rows)) != group[-3:]:
            problem = "does not hold the account ids that its statistics say"
            raise InputError(group.path.name, problem, AS_PARQUET)
        return rows

    def close(self) -> None:
        """Close the file that is open."""
        if self._file is not None:
            self._file.close()
        self._file = None


def row_groups(files: Files, schema: pa.Schema) -> RowGroups | None:
    """The row groups as they stand in Parquet files; None where they are in no order.

    That is so where their account ids overlap or statistics do not tell them, where rows have
    no id, and where a row group is too large to be read at once.
    """
    groups: list[RowGroup] = []
    for file, path in enumerate(files.paths):
        found = groups_of(path, file)
        if found is None or any(group.unnamed or group.rows > GROUP_ROWS for group in found):
            return None
        groups += found
    groups.sort(key=lambda group: (group.low, group.high, group.file, group.number))
    in_order = all(later.low >= group.high for group, later in pairwise(groups))
    if not in_order:
        return None
    return RowGroups(files.table, files.names, without_views(schema), tuple(groups))


def groups_of(path: Path, file: int, *, measure: bool = False) -> list[RowGroup] | None:
    """The row groups of a file that have rows; None where statistics do not tell their ids.

    To `measure`, the ids themselves are looked at then. Raises InputError where the file cannot
    be read.
    """
    groups, before = [], 0
    try:
        with pq.ParquetFile(path) as opened:
            names = opened.schema_arrow.names
            if "account_id" not in names:  # other parts have it
                return None
            column = names.index("account_id")
            for number in range(opened.num_row_groups):
                group = opened.metadata.row_group(number)
                told = _told(group.column(column).statistics, group.num_rows)
                if told is None and measure:
                    told = id_range(account_ids(opened.read_row_group(number, ["account_id"])))
                if told is None:
                    return None
                if group.num_rows:
                    groups.append(RowGroup(path, file, number, before, group.num_rows, *told))
                before += group.num_rows
    except (pa.ArrowException, OSError) as error:
        raise unreadable(path, error, AS_PARQUET) from error
    return groups


def without_views(schema: pa.Schema) -> pa.Schema:
    """The schema with views of text as text: rows with views cannot be filtered."""
    types = pa.types
    return pa.schema(
        [
            (field.name, pa.large_string() if types.is_string_view(field.type) else field.type)
            for field in schema
        ]
    )


def account_ids(rows: pa.Table) -> pa.Array:
    """The account ids as bytes, which order them as they stand in row groups."""
    ids = rows["account_id"]
    if pa.types.is_dictionary(ids.type):
        ids = ids.cast(ids.type.value_type)
    return ids.cast(pa.large_binary()).combine_chunks()


def id_range(ids: pa.Array) -> tuple[bytes, bytes, int]:
    """The least and the greatest of the ids, and how many rows have none; b"" where all have."""
    bounds = pc.min_max(ids)
    return bounds["min"].as_py() or b"", bounds["max"].as_py() or b"", ids.null_count


def _told(statistics: pq.Statistics | None, rows: int) -> tuple[bytes, bytes, int] | None:
    if statistics is None or not statistics.has_null_count:
        return None
    if statistics.null_count == rows:
        return b"", b"", rows
    if not statistics.has_min_max:
        return None
    return statistics.min_raw, statistics.max_raw, statistics.null_count
