"""A portfolio that may be larger than memory: its files, looked at before a row is read."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from features.tables import ACCOUNTS, CONTACTS, PAYMENTS, STATEMENTS
from training.files import Files, each_table, header
from training.frames import frame_of, no_rows
from training.problems import TablesError
from training.source import Source, source_of

SCORED = (ACCOUNTS, STATEMENTS, PAYMENTS, CONTACTS)  # what decisions are made from


@dataclass(frozen=True)
class Portfolio:
    """The files of each table of SCORED that is there, and its columns; by the table's name."""

    files: dict[str, Files]
    schemas: dict[str, pa.Schema]


def check_columns(directory: Path) -> Portfolio:
    """The portfolio in a folder, whose columns and their types have been checked.

    Raises TablesError for all that can be said without reading rows: files that cannot be read,
    columns missing, unknown, twice or of another type, tables missing or without a row. What is
    left to find concerns rows, but for rows of a CSV with too few or too many fields.
    """
    headers, errors = each_table(directory, SCORED, lambda files: (files, header(files)))
    for files, (schema, has_rows) in headers.values():
        source = _without_rows(files, schema)
        problems = ([] if has_rows else no_rows(files.table)) + frame_of(source)[1]
        errors += [error for problem in problems for error in source.errors(problem)]
    if errors:
        raise TablesError(str(directory), errors)
    return Portfolio(
        {name: files for name, (files, _) in headers.items()},
        {name: schema for name, (_, (schema, _)) in headers.items()},
    )


def inputs_sha256(portfolio: Portfolio) -> dict[str, str]:
    """SHA-256 of each of the portfolio's files, by the name that messages give it."""
    paths = {
        name: path
        for files in portfolio.files.values()
        for name, path in zip(files.names, files.paths, strict=True)
    }
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        return dict(zip(paths, threads.map(_sha256, paths.values()), strict=True))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _without_rows(files: Files, schema: pa.Schema) -> Source:
    return source_of(files.table, schema.empty_table(), [(name, 0) for name in files.names])
