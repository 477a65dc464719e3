"""What is wrong with the tables: every problem found, in one bounded message."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from features.errors import InputError

PROBLEMS_SHOWN = 20


class Problem(NamedTuple):
    """One thing that is wrong in a table.

    `row` counts from 0 in the table, None where the whole column or file is meant;
    `column` is None where the whole row or file is meant.
    """

    row: int | None
    column: str | None
    problem: str
    remedy: str
    value: object = None


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


def located(place: str, problem: Problem, *, personal: bool) -> InputError:
    """The problem as an error that names file and row (`place`), column, value and remedy."""
    where = place if problem.column is None else f"{place}, column {problem.column}"
    value = problem.value
    if personal and value is not None:
        value = masked(value)
    return InputError(where, problem.problem, problem.remedy, value)


def unreadable(path: Path, error: Exception, remedy: str) -> InputError:
    """A file that is not what its name says.

    What the reader said is left out: it may quote rows, with the ids in them.
    """
    number = error.errno if isinstance(error, OSError) else None
    reason = f": {os.strerror(number)}" if number else ""
    return InputError(path.name, f"cannot be read{reason}", remedy)
