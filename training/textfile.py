"""A table as a CSV file: UTF-8, commas, every column as text."""

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from features.errors import InputError
from training.problems import PROBLEMS_SHOWN, TablesError, unreadable

BLOCK = 2**20  # bytes of a CSV looked at together
AS_CSV = "Write it as CSV: UTF-8, commas, the columns' names in the first line"


def check_utf8(path: Path) -> None:
    """Raise InputError where the file is not UTF-8 throughout."""
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


def first_rows(path: Path) -> tuple[list[str], bool]:
    """The columns' names, in the first line that is not empty, and whether a row follows."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = (row for row in csv.reader(file) if row)
            return next(rows, []), next(rows, None) is not None
    except csv.Error as error:
        raise unreadable(path, error, AS_CSV) from error


def text_schema(names: list[str]) -> pa.Schema:
    """Every column as text: ids keep their leading zeros."""
    return pa.schema([(name, pa.string()) for name in names])


def text_batches(path: Path, names: list[str]) -> Iterator[pa.RecordBatch]:
    """The rows, a block at a time, an empty field as null; TablesError at the end for rows that
    have another number of fields than the header.
    """
    uneven: list[InputError] = []

    def keep(row: pyarrow.csv.InvalidRow) -> str:
        if len(uneven) <= PROBLEMS_SHOWN:
            uneven.append(_uneven(path, row))
        return "skip"

    try:
        yield from pyarrow.csv.open_csv(
            path,
            read_options=pyarrow.csv.ReadOptions(use_threads=False),  # else rows go unnumbered
            parse_options=pyarrow.csv.ParseOptions(invalid_row_handler=keep),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=text_schema(names),
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except (pa.ArrowException, OSError) as error:
        raise unreadable(path, error, AS_CSV) from error
    if uneven:
        raise TablesError(path.name, uneven)


def _uneven(path: Path, row: pyarrow.csv.InvalidRow) -> InputError:
    return InputError(
        f"{path.name}, row {row.number - 1}",
        f"has {row.actual_columns} fields where the header has {row.expected_columns}",
        "Give every row the header's fields; quote a value that holds a comma",
    )
