"""A portfolio's files, looked at before a row is read."""

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import InputError
from tests.csvtables import ACCOUNT, CONTACT, PAYMENT, STATEMENT, csv, folder_with
from training.portfolio import check_columns, inputs_sha256
from training.problems import TablesError


def told(folder: Path) -> list[tuple[str, str]]:
    with pytest.raises(TablesError) as caught:
        check_columns(folder)
    return [(problem.where, problem.problem) for problem in caught.value.problems]


def test_all_that_headers_tell_is_told_at_once(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, payments=[PAYMENT | {"colour": "red"}])
    (folder / "statements.csv").unlink()
    pq.write_table(pa.table({"account_id": [7], "balance": ["x"]}), folder / "statements.parquet")
    (folder / "contacts.parquet").write_bytes(b"hello")
    assert told(folder) == [
        ("contacts.parquet", "cannot be read"),
        ("statements.parquet, column account_id", "holds int64 values"),
        ("statements.parquet, column statement_date", "is missing"),
        ("statements.parquet, column days_past_due", "is missing"),
        ("statements.parquet, column status", "is missing"),
        ("payments.csv, column colour", "is not a column of the table"),
    ]


def test_tables_that_are_missing_or_without_rows_are_told(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text(",".join(ACCOUNT) + "\n\n")
    assert told(tmp_path) == [
        ("statements.parquet", "there is no table statements"),
        ("accounts.csv", "has no rows"),
    ]
    csv(tmp_path, "accounts", ACCOUNT)
    schema = pa.schema([(name, pa.string()) for name in STATEMENT])
    (tmp_path / "statements").mkdir()
    pq.write_table(schema.empty_table(), tmp_path / "statements" / "a.parquet")
    assert told(tmp_path) == [("statements/a.parquet", "has no rows")]
    (tmp_path / "payments.csv").write_text(",".join(PAYMENT) + "\n")
    pq.write_table(pa.Table.from_pylist([STATEMENT]), tmp_path / "statements" / "b.parquet")
    assert set(check_columns(tmp_path).files) == {"accounts", "statements", "payments"}


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (pa.table({"balance": [True]}), "cannot be read"),  # no number like the other part's
        (pa.table({"colour": ["red"]}), "names no column of the table statements"),
        (pa.table([["1"], ["2"]], ["balance", "balance"]), "occurs more than once"),
    ],
)
def test_every_part_is_looked_at(tmp_path: Path, other: pa.Table, said: str) -> None:
    csv(tmp_path, "accounts", ACCOUNT)
    (tmp_path / "statements").mkdir()
    first = pa.Table.from_pylist([STATEMENT | {"balance": 1.0}])
    pq.write_table(first, tmp_path / "statements" / "a.parquet")
    check_columns(tmp_path)
    pq.write_table(other, tmp_path / "statements" / "b.parquet")
    assert [problem for _, problem in told(tmp_path)] == [said]


def test_rows_and_other_tables_are_not_looked_at(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, accounts=[ACCOUNT | {"balance": "x"}], contacts=[CONTACT])
    (folder / "segments.csv").write_bytes(b"\xff")
    (folder / "assignments.parquet").write_bytes(b"hello")
    assert set(check_columns(folder).files) == {"accounts", "statements", "contacts"}


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a folder"):
        check_columns(tmp_path / "nowhere")


def test_a_file_that_is_not_utf8_throughout_is_told(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    with (folder / "statements.csv").open("ab") as file:
        file.write(b"\xff")
    assert told(folder) == [("statements.csv", "is not UTF-8")]


def test_digests_are_those_of_the_files(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    (folder / "payments").mkdir()
    for name in ("b", "a"):
        row = PAYMENT | {"payment_id": name}
        pq.write_table(pa.Table.from_pylist([row]), folder / "payments" / f"{name}.parquet")
    (folder / "segments.csv").write_text("not read")
    digests = inputs_sha256(check_columns(folder))
    names = ["accounts.csv", "statements.csv", "payments/a.parquet", "payments/b.parquet"]
    assert digests == {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names
    }
    assert list(digests) == names
