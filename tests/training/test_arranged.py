"""Tables sorted on disk: types kept, whole or not at all, in bounded memory."""

import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import InputError
from tests.csvtables import ACCOUNT, PAYMENT, STATEMENT, assert_same
from training import runs
from training.accepted import accepted
from training.arranged import arranged
from training.chunks import ChunkReader
from training.files import read
from training.portfolio import check_columns
from training.problems import TablesError
from training.rowgroups import PLACE
from training.runs import sorted_rows

ROOT = Path(__file__).resolve().parents[2]
FAR = 253_402_300_800  # seconds from 1970 to the year 10000, which Python does not know


def portfolio(folder: Path, statements: list[pa.Table]) -> Path:
    (folder / "statements").mkdir(parents=True)
    accounts = [ACCOUNT | {"account_id": name} for name in ("a", "b", "c")]
    pq.write_table(pa.Table.from_pylist(accounts), folder / "accounts.parquet")
    for number, part in enumerate(statements):
        pq.write_table(part, folder / "statements" / f"{number}.parquet")
    return folder


def statements_of(ids: list[str | None], days: list[str]) -> pa.Table:
    return pa.Table.from_pylist(
        [STATEMENT | {"account_id": name, "statement_date": day} for name in ids for day in days]
    )


MONTHS = [statements_of(["c", "a", "b"], [day]) for day in ("2024-01-31", "2024-02-29")]

TYPES = {
    "account_id": [
        pa.array(["b", "a", None, "c"]).dictionary_encode(),
        pa.array(["b", "a", None, "c"], pa.large_string()),
    ],
    "statement_date": [
        pa.array([19_753, 19_754, 0, 10**7], pa.date32()),
        pa.array([19_753 * 86_400_000, 1, None, 0], pa.date64()),
        pa.array([pd.Timestamp("2024-01-31"), pd.Timestamp("2024-01-31 10:00"), None, None]),
        pa.array([10**9, FAR * 1000, -1, None], pa.timestamp("ms")),
    ],
    "balance": [
        pa.array([Decimal("1.25"), Decimal("1.12345"), None, Decimal(10) ** 13]),
        pa.array([Decimal(3), None, Decimal(1) / 8, Decimal(0)], pa.decimal256(50, 5)),
        pa.array([1, 2**62, -5, None]),
        pa.array([1, 2**64 - 1, 0, None], pa.uint64()),
        pa.array(np.array([1.5, np.nan, np.inf, 0.1], np.float16)),
        pa.array([1.5, float("nan"), float("-inf"), None], pa.float32()),
    ],
    "amount_due": [pa.nulls(4), pa.array(["1", "x", "", None])],
    "days_past_due": [pa.array([1, 2, None, -1], pa.int8()), pa.array([30.0, 0.5, 1e300, None])],
    "reversed": [pa.array([1, 0, 2, None]), pa.array([True, False, None, True])],
    "received_at": [
        pa.array([1, FAR * 10**6, -(2**62), None], pa.timestamp("us", "America/New_York")),
        pa.array([1_700_000_000_123_456_789, -1, 0, None], pa.timestamp("ns", "UTC")),
        pa.array([1_700_000_000_000, 2**62, 0, None], pa.timestamp("ms", "UTC")),
    ],
}


@pytest.mark.parametrize(
    ("column", "values"), [(column, values) for column, all_ in TYPES.items() for values in all_]
)
def test_values_are_the_same_sorted_or_not(tmp_path: Path, column: str, values: pa.Array) -> None:
    """Whatever their type: what is accepted, what is refused, and how its value is shown."""
    table = "payments" if column in ("reversed", "received_at") else "statements"
    rows = pa.Table.from_pylist(
        [
            STATEMENT | {"amount_due": "1", "account_id": name, "statement_date": f"2024-01-{day}"}
            if table == "statements"
            else PAYMENT | {"account_id": name, "payment_id": str(day)}
            for name, day in zip(("b", "a", "c", "a"), range(10, 14), strict=True)
        ]
    )
    rows = rows.set_column(rows.column_names.index(column), column, values)
    folder = portfolio(tmp_path / "data", MONTHS if table == "payments" else [rows, rows])
    if table == "payments":
        (folder / "payments").mkdir()
        for number in range(2):
            pq.write_table(rows, folder / "payments" / f"{number}.parquet")
    checked = check_columns(folder)
    tables = arranged(checked, tmp_path / "work")
    assert tables[table].arranged
    sorted_source = ChunkReader(tables).read(None, None)
    together = {name: read(files) for name, files in checked.files.items()}
    left, right = accepted(sorted_source), accepted(together)
    assert_same(left.tables, right.tables)
    pd.testing.assert_frame_equal(left.refused, right.refused)


def test_rows_of_an_account_stay_as_they_come_in_the_files(tmp_path: Path) -> None:
    folder = portfolio(tmp_path / "data", MONTHS)
    source = ChunkReader(arranged(check_columns(folder), tmp_path / "work")).read(None, None)
    statements = source["statements"]
    assert statements.columns["account_id"].to_pylist() == ["a", "a", "b", "b", "c", "c"]
    assert [statements.place(row) for row in range(6)] == [
        f"statements/{part}.parquet, row {row}" for row in (2, 3, 1) for part in (0, 1)
    ]


def test_a_column_that_only_some_parts_have_is_null_in_the_others(tmp_path: Path) -> None:
    more = MONTHS[1].append_column("credit_limit", pa.array([1, 2, 3]))
    folder = portfolio(tmp_path / "data", [MONTHS[0], more])
    source = ChunkReader(arranged(check_columns(folder), tmp_path / "work")).read(None, None)
    limits = source["statements"].columns["credit_limit"]
    assert limits.to_pylist() == [None, 2, None, 3, None, 1]


def test_what_was_arranged_is_used_again(tmp_path: Path) -> None:
    checked = check_columns(portfolio(tmp_path / "data", MONTHS))
    first = arranged(checked, tmp_path / "work")
    (path,) = (tmp_path / "work").iterdir()
    before = path.stat().st_mtime_ns
    assert arranged(checked, tmp_path / "work") == first
    assert path.stat().st_mtime_ns == before
    again = arranged(checked, tmp_path / "again")
    assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()
    assert again["statements"].rows == 6


def test_where_a_part_cannot_be_read_nothing_is_left(tmp_path: Path) -> None:
    folder = portfolio(tmp_path / "data", MONTHS)
    path = folder / "statements" / "1.parquet"
    sound = path.read_bytes()
    checked = check_columns(folder)
    path.write_bytes(sound[:4] + bytes(100) + sound[104:])  # what its end says is still there
    with pytest.raises(InputError, match=r"1\.parquet: cannot be read"):
        arranged(checked, tmp_path / "work")
    assert list((tmp_path / "work").iterdir()) == []
    path.write_bytes(sound)
    assert arranged(checked, tmp_path / "work")["statements"].rows == 6


def test_of_several_tables_the_one_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    folder = portfolio(tmp_path / "data", MONTHS * 20)
    (folder / "payments").mkdir()
    for number in range(2):
        rows = [PAYMENT | {"account_id": name, "payment_id": f"{number}{name}"} for name in "cab"]
        pq.write_table(pa.Table.from_pylist(rows), folder / "payments" / f"{number}.parquet")
    checked = check_columns(folder)
    path = folder / "payments" / "0.parquet"
    path.write_bytes(path.read_bytes()[:4] + bytes(100) + path.read_bytes()[104:])
    with pytest.raises(InputError, match=r"0\.parquet: cannot be read"):
        arranged(checked, tmp_path / "work")
    left = {path.name for path in (tmp_path / "work").iterdir()}
    assert left <= {"statements.parquet"}  # whole, if it was done before


def test_rows_with_too_many_fields_are_told(tmp_path: Path) -> None:
    folder = portfolio(tmp_path / "data", [])
    (folder / "statements").rmdir()
    line = ",".join(STATEMENT.values())
    text = "\n".join([",".join(STATEMENT), line, f"{line},1", line])
    (folder / "statements.csv").write_text(text)
    with pytest.raises(TablesError, match=r"statements\.csv, row 2: has 6 fields where"):
        arranged(check_columns(folder), tmp_path / "work")
    assert list((tmp_path / "work").iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from training import arranged, runs
from training.files import read
from training.portfolio import check_columns

written = runs._written
def then_killed(*arguments):
    path = written(*arguments)
    if path.name == "2.arrow":
        os.kill(os.getpid(), signal.SIGKILL)
    return path
runs._written = then_killed
arranged.arranged(check_columns(Path(sys.argv[1])), Path(sys.argv[2]), memory=1)
"""


def test_sorting_that_was_killed_begins_anew(tmp_path: Path) -> None:
    folder = portfolio(tmp_path / "data", MONTHS * 3)
    work = tmp_path / "work"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, folder, work], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not (work / "statements.parquet").exists()
    assert (work / ".statements.parquet.runs" / "2.arrow").exists()
    assert arranged(check_columns(folder), work)["statements"].rows == 18
    assert not (work / ".statements.parquet.runs").exists()
    arranged(check_columns(folder), tmp_path / "other")
    paths = [place / "statements.parquet" for place in (work, tmp_path / "other")]
    assert paths[0].read_bytes() == paths[1].read_bytes()


ids = st.none() | st.text(st.characters(codec="utf-8"), max_size=3)


@given(st.lists(st.lists(ids, max_size=9), max_size=12), st.integers(1, 3), st.integers(1, 400))
def test_runs_merged_in_any_number_of_rounds_are_all_rows_in_order(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[str | None]], block: int, memory: int
) -> None:
    folder = tmp_path_factory.mktemp("runs")
    rows = [
        {"account_id": name, "_file": file, "_row": row}
        for file, names in enumerate(files)
        for row, name in enumerate(names, start=1)
    ]
    schema = pa.schema([("account_id", pa.string()), *PLACE])
    tables = [pa.Table.from_pylist(rows[k : k + 4], schema) for k in range(0, len(rows), 4)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "BLOCK", block)
        patch.setattr(runs, "FAN", 2)
        found = [row for table in sorted_rows(tables, folder, memory) for row in table.to_pylist()]
    in_order = sorted(
        rows, key=lambda row: (str(row["account_id"] or "").encode(), rows.index(row))
    )
    assert found == in_order
    assert list(folder.iterdir()) == []


# The highest of rusage would count what the process was before it ran another program.
SORTING = """
import sys
from pathlib import Path
import numpy as np, pyarrow as pa
from training.rowgroups import PLACE
from training.runs import sorted_rows

def tables(rows):
    names = ["account_id", *PLACE.names, *map(str, range(20))]
    for start in range(0, rows, 10_000):
        number = np.arange(start, start + 10_000)
        ids = pa.array((number * 7_919 % rows).astype(str))
        values = [pa.array(number * 1.5) for _ in range(20)]
        yield pa.table([ids, pa.array(np.zeros(10_000, np.int32)), number, *values], names)

def highest():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

before = highest()
rows = sum(map(len, sorted_rows(tables(int(sys.argv[2])), Path(sys.argv[1]), 2**23)))
assert rows == int(sys.argv[2])
print(highest() - before)
"""


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Another 150 megabytes of rows cost next to none."""
    grown = []
    for rows in (600_000, 1_400_000):
        command = [sys.executable, "-c", SORTING, str(tmp_path), str(rows)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
        grown.append(int(done.stdout) * 1024)
    assert grown[1] < grown[0] + 2**26
