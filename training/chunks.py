"""Chunks of a portfolio: all rows of the accounts between two ids."""

from bisect import bisect_left
from collections.abc import Mapping
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import InputError
from features.tables import ACCOUNTS
from training.files import ALIKE
from training.rowgroups import PLACE, GroupReader, RowGroup, RowGroups, account_ids
from training.source import Source


class ChunkReader:
    """Reads the tables of a portfolio by ranges of account ids, a few row groups at a time.

    It passes between processes as the list of row groups, without what it has open. Chunks that
    follow each other are read fastest: the row group in which one ends and the next begins is
    decoded once.
    """

    def __init__(self, tables: Mapping[str, RowGroups]) -> None:
        self._tables = dict(tables)
        self._readers = {name: _TableReader(table) for name, table in tables.items()}

    def __reduce__(self) -> tuple[type["ChunkReader"], tuple[dict[str, RowGroups]]]:
        return ChunkReader, (self._tables,)

    @property
    def accounts(self) -> int:
        """Number of rows of the table of accounts."""
        return self._tables[ACCOUNTS.name].rows

    def bounds(self, accounts: int) -> list[str]:
        """The first of every `accounts` account ids, in the order of their UTF-8 bytes.

        Empty where no row has an id. Raises InputError where the table cannot be read.
        """
        starts = self._tables[ACCOUNTS.name].starts(accounts)
        return [start.decode("utf-8", "surrogateescape") for start in starts]

    def read(self, first: str | None, after: str | None) -> dict[str, Source]:
        """The rows of each table with `first` <= account id < `after` (None: no bound).

        Rows without an account id come where `first` is None. Raises InputError where a file
        cannot be read.
        """
        low, high = _bytes(first), _bytes(after)
        return {name: reader.read(low, high) for name, reader in self._readers.items()}


class _TableReader:
    def __init__(self, table: RowGroups) -> None:
        self._table = table
        self._lows = [group.low for group in table.groups]
        self._highs = [group.high for group in table.groups]
        self._reader = GroupReader()
        self._last: tuple[RowGroup, pa.Table] | None = None

    def read(self, first: bytes | None, after: bytes | None) -> Source:
        start = 0 if first is None else bisect_left(self._highs, first)
        stop = len(self._lows) if after is None else bisect_left(self._lows, after)
        table = self._table
        parts = [pa.schema([*table.schema, *PLACE]).empty_table()]
        for group in table.groups[start:stop]:
            rows = self._rows(group)
            begun = first is None or (first <= group.low and not group.unnamed)
            ended = after is None or group.high < after
            self._last = None if ended else (group, rows)
            if not (begun and ended):
                rows = rows.filter(_between(account_ids(rows), first, after))
            parts.append(rows)
        try:
            columns = pa.concat_tables(parts, promote_options="permissive")
        except pa.ArrowException:  # a number that the type common to all parts does not hold
            where = table.files[0] if len(table.files) == 1 else f"{table.table.name}/"
            raise InputError(where, "cannot be read", ALIKE) from None
        file, row = (columns[name].to_numpy() for name in PLACE.names)
        return Source(table.table, columns.drop_columns(PLACE.names), table.files, file, row)

    def _rows(self, group: RowGroup) -> pa.Table:
        """The row group with the place of each row; the last one is kept for the next chunk."""
        if self._last is not None and self._last[0] == group:
            return self._last[1]
        self._last = None
        rows = self._reader.read(group)
        if self._table.arranged:
            return rows
        file = np.full(len(rows), group.file, np.int32)
        row = np.arange(group.before + 1, group.before + len(rows) + 1)
        return rows.append_column(PLACE.field(0), [file]).append_column(PLACE.field(1), [row])


def _between(ids: pa.Array, first: bytes | None, after: bytes | None) -> pa.Array:
    """Which of the ids lie there; rows without one do where `first` is None."""
    bounds = []
    if first is not None:
        bounds.append(pc.greater_equal(ids, pa.scalar(first, ids.type)))
    if after is not None:
        bounds.append(pc.less(ids, pa.scalar(after, ids.type)))
    return pc.fill_null(reduce(pc.and_, bounds), first is None)


def _bytes(bound: str | None) -> bytes | None:
    return None if bound is None else bound.encode("utf-8", "surrogateescape")
