"""The files of a table: `<name>.parquet`, `<name>.csv`, or a folder `<name>/` of Parquet parts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import InputError
from features.tables import Table
from training.problems import TablesError, unreadable
from training.source import Source, source_of
from training.textfile import check_utf8, first_rows, text_batches, text_schema

AS_PARQUET = "Write it again as Parquet, or as CSV"
ALIKE = "Write every part with the same columns and types"

Looked = TypeVar("Looked")


@dataclass(frozen=True)
class Files:
    """Where a table is: one CSV, or one or more Parquet files, and their names in messages."""

    table: Table
    paths: tuple[Path, ...]
    names: tuple[str, ...]

    @property
    def is_text(self) -> bool:
        """Whether it is a CSV."""
        return self.paths[0].suffix == ".csv"


class Header(NamedTuple):
    """What files say before their rows are read; `schema` is that of all parts together."""

    schema: pa.Schema
    has_rows: bool


def each_table(
    directory: Path, tables: Iterable[Table], look: Callable[[Files], Looked]
) -> tuple[dict[str, Looked], list[InputError]]:
    """What `look` makes of the files of each table there is, and all that is wrong with them."""
    if not directory.is_dir():
        raise InputError(str(directory), "is not a folder", "Name a folder that holds tables")
    found: dict[str, Looked] = {}
    errors: list[InputError] = []
    for table in tables:
        try:
            files = _files(directory, table)
            if files is not None:
                found[table.name] = look(files)
            elif not table.optional:
                errors.append(_missing(table))
        except TablesError as error:
            errors.extend(error.problems)
        except InputError as error:
            errors.append(error)
    return found, errors


def read(files: Files) -> Source:
    """All rows of the files; InputError where one cannot be read."""
    table, paths = files.table, files.paths
    if files.is_text:
        names = header(files).schema.names
        columns = pa.Table.from_batches(text_batches(paths[0], names), text_schema(names))
        return source_of(table, columns, [(files.names[0], columns.num_rows)])
    parts = [_parquet(path, table) for path in paths]
    try:
        columns = pa.concat_tables(parts, promote_options="permissive")
    except pa.ArrowException as error:
        raise unreadable(paths[0].parent, error, ALIKE) from error
    counts = [part.num_rows for part in parts]
    return source_of(table, columns, list(zip(files.names, counts, strict=True)))


def header(files: Files) -> Header:
    """The columns of the files; InputError where one cannot be read, or names no column."""
    if files.is_text:
        check_utf8(files.paths[0])
        names, has_rows = first_rows(files.paths[0])
        _check_names(files.paths[0], files.table, names)
        return Header(text_schema(names), has_rows)
    schemas, rows = [], 0
    for path in files.paths:
        try:
            with pq.ParquetFile(path) as file:
                schemas.append(file.schema_arrow.remove_metadata())
                rows += file.metadata.num_rows
        except (pa.ArrowException, OSError) as error:
            raise unreadable(path, error, AS_PARQUET) from error
        _check_names(path, files.table, schemas[-1].names)
    try:
        return Header(pa.unify_schemas(schemas, promote_options="permissive"), rows > 0)
    except pa.ArrowException as error:
        raise unreadable(files.paths[0].parent, error, ALIKE) from error


def _files(directory: Path, table: Table) -> Files | None:
    """The files of the table; None where there are none."""
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
    if present[0] != folder:
        return Files(table, (present[0],), (present[0].name,))
    parts = tuple(sorted(folder.glob("*.parquet")))
    if not parts:
        raise InputError(
            f"{table.name}/", "holds no Parquet file", "Put the parts there as *.parquet"
        )
    return Files(table, parts, tuple(f"{table.name}/{part.name}" for part in parts))


def _missing(table: Table) -> InputError:
    return InputError(
        f"{table.name}.parquet",
        f"there is no table {table.name}",
        f"Put {table.name}.parquet, {table.name}.csv or a folder {table.name}/ there",
    )


def _parquet(path: Path, table: Table) -> pa.Table:
    try:
        with pq.ParquetFile(path) as file:
            columns = file.read()
    except (pa.ArrowException, OSError) as error:
        raise unreadable(path, error, AS_PARQUET) from error
    _check_names(path, table, columns.column_names)
    return columns


def _check_names(path: Path, table: Table, names: Sequence[str]) -> None:
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
