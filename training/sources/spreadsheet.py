"""A sheet of cells under a header: from CSV, from .xls, or from an archive that holds one."""

import io
import re
import zipfile
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import xlrd

from features.errors import InputError
from training.problems import unreadable

LARGEST = 200_000_000  # bytes of a member of an archive, unpacked
HEADER_MARK = "LIMIT_BAL"  # tells the row of names from a row that numbers the columns
HEADER_ROWS = 2


class Sheet(NamedTuple):
    """A file's name and its cells: one column per name, rows from 0."""

    name: str
    cells: pd.DataFrame


def read_sheet(path: Path) -> Sheet:
    """The sheet in `path`. Raises InputError where there is none."""
    if not path.is_file():
        raise InputError(str(path), "there is no such file", "Name the data set's CSV, XLS or ZIP")
    content = path.read_bytes()
    if not content:
        raise InputError(path.name, "is empty", "Download it again")
    if zipfile.is_zipfile(io.BytesIO(content)):
        return _archived(path, content)
    return _sheet(path.name, content)


def _archived(path: Path, content: bytes) -> Sheet:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [
                member
                for member in archive.infolist()
                if member.filename.lower().endswith((".xls", ".csv"))
            ]
            if len(members) != 1 or members[0].file_size > LARGEST:
                names = ", ".join(name for name in archive.namelist()[:5])
                remedy = "Give the archive as published: it holds one .xls (or one .csv)"
                raise InputError(path.name, "does not hold one sheet", remedy, names)
            return _sheet(members[0].filename, archive.read(members[0]))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise unreadable(path, error, "Download the archive again") from error


def _sheet(name: str, content: bytes) -> Sheet:
    excel = content.startswith(b"\xd0\xcf\x11\xe0")  # the compound file that .xls is
    rows = _excel_rows(name, content) if excel else _csv_rows(name, content)
    for number in range(min(HEADER_ROWS, len(rows))):
        header = [str(cell).strip() for cell in rows.iloc[number]]
        if HEADER_MARK in header:
            cells = rows.iloc[number + 1 :].reset_index(drop=True).set_axis(header, axis=1)
            return Sheet(name, _once(name, cells))
    remedy = f"The first or second row must name the columns, {HEADER_MARK} among them"
    raise InputError(name, "has no header of this data set", remedy)


def _once(name: str, cells: pd.DataFrame) -> pd.DataFrame:
    repeated = cells.columns[cells.columns.duplicated()]
    if len(repeated):
        where = f"{name}, column {repeated[0]}"
        raise InputError(where, "occurs more than once", "Leave only one of them")
    if not len(cells):
        raise InputError(name, "has no rows", "Import the file as published")
    return cells


def _csv_rows(name: str, content: bytes) -> pd.DataFrame:
    try:
        return pd.read_csv(
            io.BytesIO(content),
            header=None,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            low_memory=False,
        )
    except UnicodeDecodeError:  # its object is the file's content
        raise InputError(name, "is not UTF-8", "Give the file as CSV in UTF-8, or XLS") from None
    except pd.errors.ParserError as error:
        raise _uneven(name, error) from error
    except pd.errors.EmptyDataError as error:
        raise unreadable(Path(name), error, "Give the file as CSV or XLS") from error


def _uneven(name: str, error: pd.errors.ParserError) -> InputError:
    """The numbers in what pandas says; nothing of the file."""
    counts = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
    if counts is None:
        return unreadable(Path(name), error, "Give the file as CSV or XLS")
    expected, line, saw = counts.groups()
    problem = f"has {saw} fields where there were {expected} before"
    return InputError(f"{name}, line {line}", problem, "Import the file as published")


def _excel_rows(name: str, content: bytes) -> pd.DataFrame:
    try:
        sheet = xlrd.open_workbook(file_contents=content).sheet_by_index(0)
    except (xlrd.XLRDError, xlrd.compdoc.CompDocError, AssertionError, IndexError) as error:
        raise unreadable(Path(name), error, "Download the file again") from error
    return pd.DataFrame([sheet.row_values(row) for row in range(sheet.nrows)])
