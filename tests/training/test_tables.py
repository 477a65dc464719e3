from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import InputError
from features.tables import ACCOUNTS, SEGMENTS, STATEMENTS
from tests.csvtables import (
    ACCOUNT,
    CELLS,
    CONTACT,
    FIRST,
    PAYMENT,
    SECOND,
    STATEMENT,
    assert_same,
    folder_with,
    problems,
)
from training.problems import PROBLEMS_SHOWN, TablesError
from training.tables import Tables, checked, read_tables, write_tables


def test_csv_keeps_leading_zeros_and_reads_empty_as_null(tmp_path: Path) -> None:
    account = ACCOUNT | {"credit_limit": "", "opened_on": ""}
    tables = read_tables(folder_with(tmp_path, accounts=[account], payments=[PAYMENT]))
    row = tables.accounts.iloc[0]
    assert row["account_id"] == "007"
    assert np.isnan(row["credit_limit"])
    assert pd.isna(row["opened_on"])
    assert row["days_past_due"] == 30
    assert tables.payments is not None
    assert tables.payments["received_at"].iloc[0] == pd.Timestamp("2024-01-16T04:30:00Z")
    assert tables.contacts is None


def test_every_listed_column_is_there_in_order_and_of_its_kind(tmp_path: Path) -> None:
    accounts = read_tables(folder_with(tmp_path)).accounts
    assert list(accounts) == [column.name for column in ACCOUNTS.columns]
    dtypes = accounts.dtypes.astype(str)
    assert dtypes["account_id"] == "str"
    assert dtypes["balance"] == "float64"
    assert dtypes["days_past_due"] == "int64"
    assert dtypes["plan_months"] == "Int64"
    assert dtypes["hardship"] == "bool"
    assert dtypes["plan_kept"] == "boolean"
    assert dtypes["opened_on"] == "datetime64[s]"


@pytest.mark.parametrize(("table", "column", "value", "said"), CELLS)
def test_a_wrong_cell_is_told_with_file_row_column_value_and_remedy(
    tmp_path: Path, table: str, column: str, value: str, said: str | None
) -> None:
    second = SECOND[table] | {column: value}
    rows = {table: [FIRST[table], second]}
    if table == "accounts":
        rows["statements"] = [STATEMENT, STATEMENT | {"account_id": "first"}]
    folder = folder_with(tmp_path, **rows)
    if said is None:
        with pytest.raises(TablesError, match=f"{table}.csv, row 2: has .* fields"):
            read_tables(folder)
        return
    found = [p for p in problems(folder) if said in p.problem]
    assert found, problems(folder)
    assert found[0].where == f"{table}.csv, row 2, column {column}"
    if value and column != "account_id":
        assert value.rstrip("0").rstrip(".") in str(found[0]) or str(float(value)) in str(found[0])
    if column == "account_id":
        assert value not in str(found[0])  # ids are personal


@pytest.mark.parametrize(
    ("taken_back", "reversed_at", "said"),
    [
        ("false", "2024-01-20T00:00:00Z", "is given, but reversed is false"),
        ("true", "2024-01-16T04:29:59Z", "lies before received_at"),
    ],
)
def test_a_reversal_that_cannot_be_is_told(
    tmp_path: Path, taken_back: str, reversed_at: str, said: str
) -> None:
    sound = PAYMENT | {"reversed": "true", "reversed_at": "2024-01-16T04:30:00Z"}
    wrong = {"payment_id": "p2", "reversed": taken_back, "reversed_at": reversed_at}
    unknown = sound | {"payment_id": "p3", "reversed_at": ""}
    (found,) = problems(folder_with(tmp_path, payments=[sound, sound | wrong, unknown]))
    assert (found.where, found.problem) == ("payments.csv, row 2, column reversed_at", said)
    assert found.value is not None
    assert found.value[1:20] == reversed_at[:19]
    payments = read_tables(folder_with(tmp_path, payments=[sound, unknown])).payments
    assert payments is not None
    assert payments["reversed_at"].isna().tolist() == [False, True]


def test_what_columns_may_have_in_common_is_let_stand(tmp_path: Path) -> None:
    owed = {"past_due_amount": "120.50", "opened_on": "2024-01-31"}
    contacts = [
        CONTACT,
        CONTACT | {"contact_id": "c2", "promised_on": "2025-02-10", "promised_amount": ""},
        CONTACT | {"contact_id": "c3", "outcome": "sent", "promised_amount": "0"},
    ]
    without_statement = ACCOUNT | {"account_id": "8", "balance": "-3", "opened_on": "2024-12-31"}
    accounts = [ACCOUNT | owed, without_statement]
    read = read_tables(folder_with(tmp_path, accounts=accounts, contacts=contacts))
    assert len(read.accounts) == 2


def test_row_number_is_kept_where_thousands_of_rows_are_good(tmp_path: Path) -> None:
    days = [date(1990, 1, 1) + timedelta(days=i) for i in range(5_000)]
    rows = [STATEMENT | {"statement_date": str(day)} for day in days]
    rows[4_321] = rows[4_321] | {"balance": "12x"}
    rows[1_234] = rows[1_234] | {"balance": "-2e12"}
    found = problems(folder_with(tmp_path, statements=rows))
    assert [problem.where for problem in found] == [
        "statements.csv, row 4322, column balance",
        "statements.csv, row 1235, column balance",
    ]


def test_two_statements_of_one_account_on_one_date_are_refused(tmp_path: Path) -> None:
    (found,) = problems(folder_with(tmp_path, statements=[STATEMENT, STATEMENT]))
    assert found.where == "statements.csv, row 2, column statement_date"
    assert "repeats the account_id and statement_date" in found.problem
    assert found.value == "'2024-01-31'"


def test_same_date_of_two_accounts_is_no_repeat(tmp_path: Path) -> None:
    accounts = [ACCOUNT, ACCOUNT | {"account_id": "8"}]
    statements = [STATEMENT, STATEMENT | {"account_id": "8"}]
    assert len(
        read_tables(folder_with(tmp_path, accounts=accounts, statements=statements)).statements
    )


def test_two_currencies_are_refused(tmp_path: Path) -> None:
    accounts = [ACCOUNT, ACCOUNT | {"account_id": "8", "currency": "EUR"}]
    (found,) = problems(folder_with(tmp_path, accounts=accounts))
    assert found.where == "accounts.csv, row 2, column currency"
    assert found.value == "'EUR'"


def test_a_plan_is_given_whole(tmp_path: Path) -> None:
    account = ACCOUNT | {"plan_months": "12", "plan_instalment": "10"}
    (found,) = problems(folder_with(tmp_path, accounts=[account]))
    assert "partly given" in found.problem
    whole = account | {"plan_kept": "true"}
    read_tables(folder_with(tmp_path, accounts=[whole]))


def test_unknown_and_missing_columns_are_told(tmp_path: Path) -> None:
    statement = {name: value for name, value in STATEMENT.items() if name != "status"}
    found = problems(folder_with(tmp_path, statements=[statement | {"colour": "red"}]))
    assert {(p.where, p.problem) for p in found} == {
        ("statements.csv, column colour", "is not a column of the table"),
        ("statements.csv, column status", "is missing"),
    }


def test_all_problems_of_all_tables_come_at_once_and_are_bounded(tmp_path: Path) -> None:
    statements = [
        STATEMENT | {"statement_date": f"2024-{month:02d}-01", "balance": "x"}
        for month in range(1, 13)
    ]
    accounts = [ACCOUNT | {"account_id": str(n), "hardship": "?"} for n in range(40)]
    with pytest.raises(TablesError, match="more than 20 problems") as caught:
        read_tables(folder_with(tmp_path, accounts=accounts, statements=statements))
    assert len(caught.value.problems) == PROBLEMS_SHOWN
    assert len(str(caught.value)) < 300 * PROBLEMS_SHOWN
    few = folder_with(tmp_path, accounts=accounts[:2], statements=statements[:2])
    tables = {str(problem.where).split(",")[0] for problem in problems(few)}
    assert tables == {"accounts.csv", "statements.csv"}


def test_what_a_simulation_hides_is_not_read(tmp_path: Path) -> None:
    folder_with(tmp_path)
    (tmp_path / "truth.parquet").write_bytes(b"not even Parquet")
    assert "truth" not in read_tables(tmp_path).present()


def test_sums_of_floats_are_not_taken_for_too_many_decimals(tmp_path: Path) -> None:
    noisy = STATEMENT | {"balance": repr(0.1 + 0.2), "amount_paid": "999999999999.9999"}
    assert len(read_tables(folder_with(tmp_path, statements=[noisy])).statements) == 1


def test_tables_made_in_memory_are_checked_alike(tmp_path: Path) -> None:
    tables = read_tables(folder_with(tmp_path))
    assert_same(checked(tables, "here"), tables)
    wrong = replace(tables, statements=tables.statements.assign(balance=np.inf))
    with pytest.raises(TablesError, match="statements, row 1, column balance: is infinite"):
        checked(wrong, "here")


money = st.integers(-(10**13), 10**13).map(lambda units: units / 10**4)
texts = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=64)
dates = st.dates(date(1900, 1, 1), date(2199, 12, 31))


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def statements_of(ids: list[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    row = st.fixed_dictionaries(
        {
            "account_id": st.sampled_from(ids),
            "statement_date": dates,
            "balance": money,
            "amount_due": maybe(money.map(abs)),
            "days_past_due": st.integers(0, 36_500),
            "status": st.sampled_from(STATEMENTS.column("status").codes),
        }
    )
    return st.lists(
        row, min_size=1, max_size=8, unique_by=lambda r: (r["account_id"], r["statement_date"])
    )


@given(st.data())
def test_tables_come_back_from_parquet_and_csv_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("tables")
    ids = data.draw(st.lists(texts, min_size=1, max_size=4, unique=True))
    statements = data.draw(statements_of(ids))
    segments = [{"account_id": ids[0], "segment": "age", "value": data.draw(texts)}]
    made = Tables(
        accounts=pd.DataFrame([ACCOUNT | {"account_id": name} for name in ids]),
        statements=pd.DataFrame(statements),
        segments=pd.DataFrame(segments),
    )
    first = checked(made, "drawn")
    write_tables(first, folder / "parquet")
    assert_same(read_tables(folder / "parquet"), first)
    csvs = folder / "csv"
    csvs.mkdir()
    for name, frame in first.present().items():
        frame.to_csv(csvs / f"{name}.csv", index=False, date_format="%Y-%m-%d")
    assert_same(read_tables(csvs), first)


def test_writing_replaces_the_folder_only_if_it_holds_tables(
    tmp_path: Path, tables_there: Callable[[Path], Tables]
) -> None:
    tables = tables_there(tmp_path)
    out = tmp_path / "out"
    write_tables(tables, out)
    with pytest.raises(InputError, match="already holds tables"):
        write_tables(tables, out, force=False)
    write_tables(tables, out)
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="holds other things"):
        write_tables(tables, out)
    assert (out / "thesis.txt").read_text() == "years of work"


@pytest.fixture
def tables_there() -> Callable[[Path], Tables]:
    return lambda folder: read_tables(folder_with(folder))


def test_segments_need_a_word_each(tmp_path: Path) -> None:
    row = {column.name: "x" for column in SEGMENTS.columns} | {"account_id": "007", "value": ""}
    (found,) = problems(folder_with(tmp_path, segments=[row]))
    assert found.where == "segments.csv, row 1, column value"
