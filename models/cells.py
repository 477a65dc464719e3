"""Cells of CSV files that people open in spreadsheets, where a text may be taken for a formula."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import Path

_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Cell = str | int | float | None


def cell(value: Cell) -> Cell:
    """The value as a cell: a text that a spreadsheet would run gets an apostrophe before it."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write rows under their columns' names; None is an empty cell."""
    path.write_text(csv_text(columns, rows), encoding="utf-8", newline="")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """The same as a text."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([cell(name) for name in columns])
    writer.writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()
