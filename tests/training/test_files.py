import gzip
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import InputError
from tests.csvtables import (
    ACCOUNT,
    PAYMENT,
    STATEMENT,
    assert_same,
    csv,
    folder_with,
    problems,
)
from training.lineage import data_sha256
from training.problems import unreadable
from training.tables import read_tables, write_tables


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("statements.parquet", b"hello", "cannot be read"),
        ("statements.parquet", b"", "cannot be read"),
        ("statements.csv", b"", "names no column of the table statements"),
        ("statements.csv", b"account_id\n\xff\n", "is not UTF-8"),
        ("statements.csv", gzip.compress(b"account_id\n1\n"), "is not UTF-8"),
        ("statements.csv", "account_id\n1\n".encode("utf-16"), "is not UTF-8"),
        ("statements.csv", "account_id\n1\n".encode("utf-16-le"), "is not UTF-8"),
        ("statements.csv", b'account_id,"' + b"x" * 200_000, "cannot be read"),
        ("statements.csv", ",".join(STATEMENT).encode() + b"\n", "has no rows"),
        ("statements.csv", b"balance,balance\n1,2\n", "occurs more than once"),
        ("other.csv", b"x\n", "there is no table statements"),
    ],
)
def test_a_bad_file_is_told(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    csv(tmp_path, "accounts", ACCOUNT)
    (tmp_path / name).write_bytes(content)
    assert any(said in problem.problem for problem in problems(tmp_path))


def test_a_large_file_in_utf_16_is_told_as_such(tmp_path: Path) -> None:
    rows = [STATEMENT | {"statement_date": str(day)} for day in range(40_000)]
    path = folder_with(tmp_path, statements=rows) / "statements.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("utf-16"))
    (found,) = problems(tmp_path)
    assert (found.where, found.problem) == ("statements.csv", "is not UTF-8")


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    path = folder_with(tmp_path) / "accounts.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_tables(tmp_path).accounts["account_id"].tolist() == ["007"]


SECRET = "SECRET-4711"
UNREADABLE = [
    f"{SECRET},{{row}}",  # a field too many
    f'"{SECRET}{{row}}',  # a quote that does not end
    f"{SECRET}é,{{row}}",
    SECRET,
    f"{{row}}\n{SECRET}\xff",  # no UTF-8 further down
]


@pytest.mark.parametrize("line", UNREADABLE)
def test_no_message_holds_what_a_broken_file_holds(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], line: str
) -> None:
    path = folder_with(tmp_path) / "accounts.csv"
    header, row = path.read_text(encoding="utf-8").splitlines()
    for content in (f"{header}\n{row}\n{line.format(row=row)}\n", f"{line.format(row=row)}\n{row}"):
        path.write_bytes(content.encode("utf-8").replace("\xff".encode(), b"\xff"))
        found = problems(tmp_path)
        assert all(problem.where.startswith("accounts.csv") for problem in found)
        assert not any(SECRET in str(problem) or "007" in str(problem) for problem in found)
    assert capfd.readouterr() == ("", "")


def test_an_unknown_column_is_text_like_the_others(tmp_path: Path) -> None:
    # Its type would else be guessed from the first rows, and the error name a later value.
    days = [date(1990, 1, 1) + timedelta(days=i) for i in range(20_000)]
    rows = [STATEMENT | {"statement_date": str(day), "note": "1"} for day in days]
    rows[-1] |= {"note": SECRET}
    (found,) = problems(folder_with(tmp_path, statements=rows))
    assert found.where == "statements.csv, column note"
    assert SECRET not in str(found)


def test_a_file_without_names_does_not_show_its_first_row(tmp_path: Path) -> None:
    path = folder_with(tmp_path) / "accounts.csv"
    path.write_text(",".join(ACCOUNT.values()) + "\n" * 2)
    (found,) = problems(tmp_path)
    assert found.where == "accounts.csv"
    assert "names no column" in found.problem
    assert "007" not in str(found)


def test_what_a_reader_says_of_a_file_is_not_passed_on(tmp_path: Path) -> None:
    error = unreadable(tmp_path / "a.csv", ValueError(f"row of {SECRET}"), "Mend it")
    assert str(error) == "a.csv: cannot be read. Mend it"
    no_entry = unreadable(tmp_path / "a.csv", FileNotFoundError(2, SECRET), "Mend it")
    assert str(no_entry) == "a.csv: cannot be read: No such file or directory. Mend it"


@pytest.mark.parametrize("name", ["accounts", "statements"])
def test_a_header_without_rows_is_told_once(tmp_path: Path, name: str) -> None:
    path = folder_with(tmp_path) / f"{name}.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    (found,) = problems(tmp_path)
    assert (found.where, found.problem) == (f"{name}.csv", "has no rows")


def test_a_column_that_is_empty_throughout_is_told(tmp_path: Path) -> None:
    (found,) = problems(folder_with(tmp_path, accounts=[ACCOUNT | {"currency": ""}]))
    assert (found.where, found.problem) == ("accounts.csv, row 1, column currency", "is empty")


def test_the_order_of_the_rows_does_not_matter(tmp_path: Path) -> None:
    accounts = [ACCOUNT, ACCOUNT | {"account_id": "8"}, ACCOUNT | {"account_id": "10"}]
    statements = [
        STATEMENT | {"account_id": name, "statement_date": day}
        for name in ("8", "007", "10")
        for day in ("2024-02-29", "2024-01-31")
    ]
    payments = [PAYMENT | {"payment_id": name} for name in ("p2", "p1")]
    for name, step in (("there", 1), ("back", -1)):
        (tmp_path / name).mkdir()
        folder_with(
            tmp_path / name,
            accounts=accounts[::step],
            statements=statements[::step],
            payments=payments[::step],
        )
    there, back = read_tables(tmp_path / "there"), read_tables(tmp_path / "back")
    assert_same(there, back)
    assert data_sha256(there) == data_sha256(back)
    assert there.accounts["account_id"].tolist() == ["007", "10", "8"]
    assert there.statements.groupby("account_id")["statement_date"].is_monotonic_increasing.all()


def test_a_table_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    write_tables(read_tables(folder_with(tmp_path)), tmp_path / "again")
    (tmp_path / "again" / "accounts.csv").write_text("x\n")
    (found,) = problems(tmp_path / "again")
    assert "twice" in found.problem


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a folder"):
        read_tables(tmp_path / "nowhere")


def test_an_optional_table_may_be_empty(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    (folder / "payments.csv").write_text(",".join(PAYMENT) + "\n")
    payments = read_tables(folder).payments
    assert payments is not None
    assert len(payments) == 0


def test_parts_of_a_folder_are_one_table_and_rows_are_counted_in_each(tmp_path: Path) -> None:
    tables = read_tables(folder_with(tmp_path))
    (tmp_path / "statements.csv").unlink()
    parts = tmp_path / "statements"
    parts.mkdir()
    days = pd.to_datetime(["2024-02-29", "2024-03-31", "2024-03-31"]).as_unit("s")
    more = pd.concat([tables.statements] * 3).assign(statement_date=days)
    for name, frame in (("a", tables.statements), ("b", more)):
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), parts / f"{name}.parquet")
    (found,) = problems(tmp_path)
    assert found.where == "statements/b.parquet, row 3, column statement_date"
    pq.write_table(pa.Table.from_pandas(more[:2], preserve_index=False), parts / "b.parquet")
    assert len(read_tables(tmp_path).statements) == 3


PARQUET = [
    ("account_id", pa.array([7]), "holds int64 values"),
    ("statement_date", pa.array([1.5]), "holds double values"),
    (
        "statement_date",
        pa.array([pd.Timestamp("2024-01-31 10:00")], pa.timestamp("us")),
        "is not a date",
    ),
    ("balance", pa.array([True]), "holds bool values"),
    ("balance", pa.array([float("inf")]), "is infinite"),
    ("days_past_due", pa.array([30.5]), "is not a whole number"),
]


@pytest.mark.parametrize(("column", "values", "said"), PARQUET)
def test_a_wrong_type_in_parquet_is_told(
    tmp_path: Path, column: str, values: pa.Array, said: str
) -> None:
    tables = read_tables(folder_with(tmp_path))
    (tmp_path / "statements.csv").unlink()
    rows = pa.Table.from_pandas(tables.statements, preserve_index=False)
    place = rows.column_names.index(column)
    pq.write_table(rows.set_column(place, column, values), tmp_path / "statements.parquet")
    (found,) = problems(tmp_path)
    assert said in found.problem
    assert found.where.endswith(f"column {column}")


def test_parquet_types_that_mean_the_same_are_read(tmp_path: Path) -> None:
    tables = read_tables(folder_with(tmp_path))
    (tmp_path / "statements.csv").unlink()
    rows = pa.Table.from_pandas(tables.statements, preserve_index=False)
    for name, values in {
        "account_id": pa.array(["007"]).dictionary_encode(),
        "statement_date": pa.array([pd.Timestamp("2024-01-31")], pa.timestamp("ns")),
        "balance": pa.array([Decimal("120.50")]),
        "days_past_due": pa.array([30.0]),
    }.items():
        rows = rows.set_column(rows.column_names.index(name), name, values)
    pq.write_table(rows, tmp_path / "statements.parquet")
    row = read_tables(tmp_path).statements.iloc[0]
    assert (row["account_id"], row["balance"], row["days_past_due"]) == ("007", 120.5, 30)
    assert row["statement_date"] == pd.Timestamp("2024-01-31")
