"""What is wrong with the tables: every problem found, in one bounded message."""

import os
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.errors import InputError

PROBLEMS_SHOWN = 20

Rows = NDArray[np.int64]


class Problem(NamedTuple):
    """One thing that is wrong in a table, with every row that has it.

    `rows` count from 0 in the table, ascending; None where the whole column or file is meant.
    `column` is None where the whole row or file is meant. `values` holds what stands in each
    of the rows, None where nothing does.
    """

    rows: Rows | None
    column: str | None
    problem: str
    remedy: str
    values: pa.Array | None = None


class TablesError(InputError):
    """Tables that cannot be used; `problems` holds the first PROBLEMS_SHOWN of them."""

    def __init__(self, where: str, problems: Sequence[InputError]) -> None:
        self.problems = tuple(problems[:PROBLEMS_SHOWN])
        lines = [f"  {problem}" for problem in self.problems]
        if len(problems) > PROBLEMS_SHOWN:
            lines.append(f"  … and more: the first {PROBLEMS_SHOWN} are shown")
        count = "1 problem" if len(problems) == 1 else f"{len(lines)} problems"
        if len(problems) > PROBLEMS_SHOWN:
            count = f"more than {PROBLEMS_SHOWN} problems"
        super().__init__(
            where,
            "\n".join([count, *lines]) + "\n",
            "Rows are counted from 1 at the first row of data, below the header",
        )


def masked(value: object) -> str:
    """An id as messages may show it: ids are personal, and the row says which it is."""
    return f"{len(str(value))} characters, not shown"


def written(values: pa.Array) -> list[object]:
    """Values as a person would write them; null as None."""
    try:
        return [_written(value) for value in values.to_pylist()]
    except (OverflowError, ValueError):  # an instant beyond the years that Python knows
        return list(values.cast(pa.string()).to_pylist())


def _written(value: object) -> object:
    if isinstance(value, datetime):
        whole_day = value.tzinfo is None and value.time() == time()
        return str(value.date()) if whole_day else value.isoformat()
    return str(value) if isinstance(value, date) else value


def unreadable(path: Path, error: Exception, remedy: str) -> InputError:
    """A file that is not what its name says.

    What the reader said is left out: it may quote rows, with the ids in them.
    """
    number = error.errno if isinstance(error, OSError) else None
    reason = f": {os.strerror(number)}" if number else ""
    return InputError(path.name, f"cannot be read{reason}", remedy)
