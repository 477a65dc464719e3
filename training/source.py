"""A table as it was read, before any check."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.errors import InputError
from features.tables import Table
from training.problems import PROBLEMS_SHOWN, Problem, masked, written


@dataclass(frozen=True)
class Source:
    """The columns of a table as the files have them, and where each row stands.

    Row `i` of the columns is row `row[i]`, from 1, of the file named `files[file[i]]`.
    """

    table: Table
    columns: pa.Table
    files: tuple[str, ...]
    file: NDArray[np.int32]
    row: NDArray[np.int64]

    def place(self, row: int | None) -> str:
        """File, and row (from 1) within it, of the table's `row` (from 0)."""
        if row is None:
            return self.files[0] if len(self.files) == 1 else f"{self.table.name}/"
        return f"{self.files[self.file[row]]}, row {self.row[row]}"

    def errors(self, problem: Problem) -> list[InputError]:
        """The problem as errors that name file and row, column, value and remedy.

        One for each of its first rows: one more than are shown, so that more is told.
        """
        said, remedy = problem.problem, problem.remedy
        if problem.rows is None:
            return [InputError(self._where(None, problem.column), said, remedy)]
        rows = problem.rows[: PROBLEMS_SHOWN + 1].tolist()
        values: list[object] = [None] * len(rows)
        if problem.values is not None:
            values = written(problem.values[: len(rows)])
        if problem.column in self.personal:
            values = [None if value is None else masked(value) for value in values]
        return [
            InputError(self._where(row, problem.column), said, remedy, value)
            for row, value in zip(rows, values, strict=True)
        ]

    @property
    def personal(self) -> frozenset[str]:
        """The columns that hold ids, which no message shows."""
        return frozenset(column.name for column in self.table.columns if column.kind == "id")

    def _where(self, row: int | None, column: str | None) -> str:
        place = self.place(row)
        return place if column is None else f"{place}, column {column}"


def source_of(table: Table, columns: pa.Table, parts: Sequence[tuple[str, int]]) -> Source:
    """Whole files as one table; `parts` holds the name and number of rows of each, in order."""
    counts = [rows for _, rows in parts]
    return Source(
        table,
        columns,
        tuple(name for name, _ in parts),
        np.repeat(np.arange(len(parts), dtype=np.int32), counts),
        np.concatenate([np.arange(1, rows + 1, dtype=np.int64) for rows in counts]),
    )
