"""The files of a table: `<name>.parquet`, `<name>.csv`, or a folder `<name>/` of Parquet parts."""

import codecs
import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from features.errors import InputError
from features.tables import Column, Kind, Table
from training.problems import PROBLEMS_SHOWN, TablesError, unreadable

BLOCK = 2**20  # bytes of a CSV looked at together
AS_CSV = "Write it as CSV: UTF-8, commas, the columns' names in the first line"

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


@dataclass(frozen=True)
class Source:
    """A table as read, before any check: its columns and the files its rows came from.

    `parts` holds, for each file in order, its name and number of rows.
    """

    table: Table
    columns: pa.Table
    parts: tuple[tuple[str, int], ...]

    def place(self, row: int | None) -> str:
        """File, and row (from 1) within it, of the table's `row` (from 0)."""
        if row is None:
            return self.parts[0][0] if len(self.parts) == 1 else f"{self.table.name}/"
        ends = np.cumsum([rows for _, rows in self.parts])
        part = int(np.searchsorted(ends, row, side="right"))
        name, rows = self.parts[part]
        return f"{name}, row {row - int(ends[part]) + rows + 1}"


def arrow_schema(columns: Iterable[Column]) -> pa.Schema:
    """How columns stand in Parquet: dates as dates, instants in UTC to the microsecond."""
    return pa.schema([(column.name, ARROW_TYPES[column.kind]) for column in columns])


def arrow_of(frame: pd.DataFrame) -> pa.Table:
    """A data frame as Arrow columns; instants in UTC."""
    return pa.table({str(name): _array(frame[name]) for name in frame.columns})


def _array(values: pd.Series) -> pa.Array:
    if not isinstance(values.dtype, pd.DatetimeTZDtype):
        return pa.array(values, from_pandas=True)
    # pyarrow itself takes such a column by a way that pandas warns of.
    naive = values.dt.tz_convert("UTC").dt.tz_localize(None)
    array = pa.array(naive.to_numpy(), from_pandas=True)
    return array.cast(pa.timestamp(values.dtype.unit, "UTC"))


def find(directory: Path, table: Table) -> Source | None:
    """The table's rows as the files have them; None where there is no such file."""
    text, parquet = directory / f"{table.name}.csv", directory / f"{table.name}.parquet"
    folder = directory / table.name
    present = [path for path in (text, parquet) if path.is_file()]
    present += [folder] if folder.is_dir() else []
    if not present:
        return None
    if len(present) > 1:
        raise InputError(
            f"{directory.name}/",
            f"holds the table {table.name} twice, as "
            + " and ".join(path.name for path in present),
            "Leave only one of them there",
        )
    if present[0] == folder:
        return _folder(folder, table)
    columns = _csv(text, table) if present[0] == text else _parquet(parquet, table)
    return Source(table, columns, ((present[0].name, columns.num_rows),))


def _folder(folder: Path, table: Table) -> Source:
    parts = sorted(folder.glob("*.parquet"))
    if not parts:
        raise InputError(
            f"{table.name}/", "holds no Parquet file", "Put the parts there as *.parquet"
        )
    tables = [_parquet(part, table) for part in parts]
    try:
        columns = pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException as error:
        remedy = "Write every part with the same columns and types"
        raise unreadable(folder, error, remedy) from error
    names = tuple(
        (f"{table.name}/{part.name}", rows.num_rows)
        for part, rows in zip(parts, tables, strict=True)
    )
    return Source(table, columns, names)


def _parquet(path: Path, table: Table) -> pa.Table:
    try:
        with pq.ParquetFile(path) as file:
            columns = file.read()
    except (pa.ArrowException, OSError) as error:
        raise unreadable(path, error, "Write it again as Parquet, or as CSV") from error
    _check_header(path, table, columns.column_names)
    return columns


def _csv(path: Path, table: Table) -> pa.Table:
    """Every column as text: ids keep their leading zeros; an empty field is null."""
    _check_utf8(path)
    names = _names(path)
    _check_header(path, table, names)
    uneven: list[InputError] = []

    def keep(row: pyarrow.csv.InvalidRow) -> str:
        if len(uneven) <= PROBLEMS_SHOWN:
            uneven.append(_uneven(path, row))
        return "skip"

    try:
        columns = pyarrow.csv.read_csv(
            path,
            read_options=pyarrow.csv.ReadOptions(use_threads=False),  # else rows go unnumbered
            parse_options=pyarrow.csv.ParseOptions(invalid_row_handler=keep),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except (pa.ArrowException, OSError) as error:
        raise unreadable(path, error, AS_CSV) from error
    if uneven:
        raise TablesError(path.name, uneven)
    return columns


def _check_utf8(path: Path) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                # No text has a NUL: UTF-16 is full of them.
                if "\0" in decoder.decode(block):
                    raise InputError(path.name, "is not UTF-8", AS_CSV)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:  # its object is the file's content
        raise InputError(path.name, "is not UTF-8", AS_CSV) from None
    except OSError as error:
        raise unreadable(path, error, AS_CSV) from error


def _names(path: Path) -> list[str]:
    """The columns' names, which a CSV has in its first line that is not empty."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return next((row for row in csv.reader(file) if row), [])
    except csv.Error as error:
        raise unreadable(path, error, AS_CSV) from error


def _uneven(path: Path, row: pyarrow.csv.InvalidRow) -> InputError:
    return InputError(
        f"{path.name}, row {row.number - 1}",
        f"has {row.actual_columns} fields where the header has {row.expected_columns}",
        "Give every row the header's fields; quote a value that holds a comma",
    )


def _check_header(path: Path, table: Table, names: Sequence[str]) -> None:
    """Refuse names given twice, and a file without names: its first row is nobody's to show."""
    if not {column.name for column in table.columns} & set(names):
        remedy = f"Name the columns (in CSV in the first line): {', '.join(_required(table))} …"
        raise InputError(path.name, f"names no column of the table {table.name}", remedy)
    for name in names:
        if names.count(name) > 1:
            where = f"{path.name}, column {name[: InputError.SHOWN]}"
            raise InputError(where, "occurs more than once", "Leave only one of them")


def _required(table: Table) -> list[str]:
    return [column.name for column in table.columns if not column.optional]
