"""Tables put in the order of account ids, on disk where they are larger than memory."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from models.durable import whole_file
from training.files import ALIKE, AS_PARQUET, Files
from training.portfolio import Portfolio
from training.problems import unreadable
from training.rowgroups import PLACE, RowGroups, groups_of, row_groups
from training.runs import sorted_rows
from training.textfile import text_batches

MEMORY = 2**29  # bytes that sorting holds, beside the rows on their way
BATCH = 2**16  # rows read together
GROUP = 2**16  # rows of a row group of an arranged table


def arranged(portfolio: Portfolio, work: Path, memory: int = MEMORY) -> dict[str, RowGroups]:
    """The portfolio's tables as row groups in the order of account ids.

    A table that does not stand so in its files is sorted into one of its own in the folder
    `work`, rows of one account as they come in the files. It appears there whole or not at all,
    and is used again where it is there: `work` is for one portfolio of one content. Sorting
    holds about `memory` bytes and writes the rest to `work` meanwhile. Raises InputError for
    files that cannot be read, OSError where there is no room.
    """
    return {
        name: _table(files, portfolio.schemas[name], work / f"{name}.parquet", memory)
        for name, files in portfolio.files.items()
    }


def _table(files: Files, schema: pa.Schema, path: Path, memory: int) -> RowGroups:
    in_place = None if files.is_text else row_groups(files, schema)
    if in_place is not None:
        return in_place
    kept = pa.schema([(field.name, _plain(field.type)) for field in schema])
    if not path.exists():
        placed = pa.schema([*kept, *PLACE])
        write_sorted(_placed(files, schema, placed), placed, path, memory)
    groups = groups_of(path, 0, measure=True) or []
    return RowGroups(files.table, files.names, kept, tuple(groups), arranged=True)


def write_sorted(rows: Iterable[pa.Table], schema: pa.Schema, path: Path, memory: int) -> None:
    """Write the rows in the order of account ids: the whole file, or nothing of it.

    The schema, that of each table in `rows`, has the columns of PLACE, whose order rows of one
    account keep and come in. Sorting holds about `memory` bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    runs = path.parent / f".{path.name}.runs"
    shutil.rmtree(runs, ignore_errors=True)  # of a process that was killed
    try:
        with whole_file(path) as part, pq.ParquetWriter(part, schema) as writer:
            for together in _alike(sorted_rows(rows, runs, memory)):
                writer.write_table(together)
    finally:
        shutil.rmtree(runs, ignore_errors=True)


def _alike(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The rows in tables of GROUP rows, the last of what is left."""
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        while sum(map(len, held)) >= GROUP:
            rows = pa.concat_tables(held)
            yield rows.slice(0, GROUP)
            held = [rows.slice(GROUP)]
    if sum(map(len, held)):
        yield pa.concat_tables(held)


def _placed(files: Files, schema: pa.Schema, placed: pa.Schema) -> Iterator[pa.Table]:
    """The rows of the files in their order, with the columns of all parts and of PLACE."""
    empty = schema.empty_table()
    for number, path in enumerate(files.paths):
        row = 1
        for batch in _batches(files, path, schema):
            place = [np.full(len(batch), number, np.int32), np.arange(row, row + len(batch))]
            try:
                rows = pa.concat_tables([empty, pa.table(batch)], promote_options="permissive")
                yield pa.table([*rows.columns, *place], [*placed.names]).cast(placed)
            except pa.ArrowException as error:  # the type common to all parts does not hold it
                raise unreadable(path, error, ALIKE) from error
            row += len(batch)


def _batches(files: Files, path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    if files.is_text:
        yield from text_batches(path, schema.names)
        return
    try:
        # Not whole row groups: one may be as large as the file.
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=2**20) as file:
            yield from file.iter_batches(BATCH)
    except (pa.ArrowException, OSError) as error:
        raise unreadable(path, error, AS_PARQUET) from error


def _plain(held: pa.DataType) -> pa.DataType:
    """The type in which values are kept: without a dictionary, which each batch has anew."""
    if pa.types.is_dictionary(held):
        return _plain(held.value_type)
    return pa.large_string() if pa.types.is_string_view(held) else held
