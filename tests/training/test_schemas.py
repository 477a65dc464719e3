"""The schemas: what is found by them is what pandera finds, which is slower at it."""

from pathlib import Path

import pandas as pd
import pandera.errors
import pytest

from features.tables import TABLES
from tests.csvtables import CELLS, FIRST, SECOND, folder_with
from training.files import each_table, read
from training.frames import frame_of
from training.schemas import problems_of, schema


@pytest.mark.parametrize(("table", "column", "value"), [cell[:3] for cell in CELLS if cell[3]])
def test_rows_that_fail_are_those_that_pandera_finds(
    tmp_path: Path, table: str, column: str, value: str
) -> None:
    wrong = SECOND[table] | {column: value}
    folder = folder_with(tmp_path, **{table: [wrong, FIRST[table], wrong, SECOND[table]]})
    sources, _ = each_table(folder, TABLES.values(), read)
    for name, source in sources.items():
        frame = frame_of(source)[0].sort_index()
        found: set[int] = set()
        for problem in problems_of(TABLES[name], frame):
            assert problem.rows is not None
            found |= set(problem.rows.tolist())
        assert found == pandera_finds(name, frame)


def pandera_finds(name: str, frame: pd.DataFrame) -> set[int]:
    try:
        schema(TABLES[name]).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        return set(errors.failure_cases["index"])
    return set()
