import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.errors import InputError
from training.panels import panel_of
from training.problems import TablesError
from training.sources.uci import MONTHS, NEEDED, days_past_due, import_uci

HEADER = [
    *("ID", "LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE", "PAY_0"),
    *(f"PAY_{n}" for n in range(2, 7)),
    *(f"BILL_AMT{n}" for n in range(1, 7)),
    *(f"PAY_AMT{n}" for n in range(1, 7)),
]
TARGET = "default payment next month"
LATE_ROW = dict(zip(HEADER, [1] * len(HEADER), strict=True)) | {
    "ID": 7,
    "LIMIT_BAL": 20_000,
    "SEX": 2,
    "EDUCATION": 5,
    "MARRIAGE": 0,
    "AGE": 62,
    "PAY_0": 8,
    "PAY_2": 3,
    "PAY_3": 2,
    "PAY_4": 1,
    "PAY_5": 0,
    "PAY_6": -2,
    "BILL_AMT1": 999_999,
    "BILL_AMT2": 500,
    "BILL_AMT3": -40,
    "BILL_AMT6": 0,
    "PAY_AMT1": 888_888,
    "PAY_AMT2": 33,
    TARGET: 1,
}
PLAIN_ROW = LATE_ROW | {"ID": 11, "SEX": 1, "EDUCATION": 1, "MARRIAGE": 2, "AGE": 29, "PAY_2": 0}
Row = dict[str, object]


def written(path: Path, *rows: Row, above: str = "") -> Path:
    lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    path.write_text(above + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_september_and_the_target_are_left_out(tmp_path: Path) -> None:
    tables = import_uci(written(tmp_path / "a.csv", LATE_ROW))
    days = tables.statements["statement_date"].dt.strftime("%Y-%m-%d").tolist()
    assert days == ["2005-04-30", "2005-05-31", "2005-06-30", "2005-07-31", "2005-08-31"]
    for frame in tables.present().values():
        assert not frame.isin([999_999, 888_888, 240]).any(axis=None)
    assert tables.payments is tables.contacts is tables.assignments is None


def test_a_statement_has_its_own_month_s_bill_payment_and_status(tmp_path: Path) -> None:
    statements = import_uci(written(tmp_path / "a.csv", LATE_ROW)).statements
    assert statements["account_id"].unique().tolist() == ["uci-7"]
    assert statements["days_past_due"].tolist() == [0, 0, 30, 30, 60]
    assert statements["balance"].tolist() == [0, 1, 1, -40, 500]
    assert statements["amount_paid"].tolist() == [1, 1, 1, 1, 33]
    assert statements["amount_due"].isna().all()
    assert (statements["credit_limit"] == 20_000).all()
    assert (statements["status"] == "open").all()


@pytest.mark.parametrize(
    ("code", "days"),
    [(-2, 0), (-1, 0), (0, 0), (1, 30), (2, 30), (3, 60), (4, 90), (5, 120), (8, 210), (9, 240)],
)
def test_days_past_due_of_a_code(code: int, days: int) -> None:
    assert days_past_due(np.array([code])).tolist() == [days]


def test_an_account_is_as_its_last_statement_left_it(tmp_path: Path) -> None:
    account = import_uci(written(tmp_path / "a.csv", LATE_ROW)).accounts.iloc[0]
    assert account["balance"] == account["past_due_amount"] == 500
    assert account["days_past_due"] == 60
    assert account[["currency", "timezone", "jurisdiction"]].tolist() == [
        "TWD",
        "Asia/Taipei",
        "TW",
    ]


def test_until_gives_the_portfolio_as_it_stood_and_nothing_owed_is_not_late(tmp_path: Path) -> None:
    tables = import_uci(written(tmp_path / "a.csv", LATE_ROW), until=date(2005, 8, 30))
    assert len(tables.statements) == 4
    account = tables.accounts.iloc[0]
    assert account["balance"] == -40
    assert account["days_past_due"] == account["past_due_amount"] == 0
    assert tables.statements["days_past_due"].iloc[-1] == 30  # as coded: a cure is judged by it
    with pytest.raises(InputError, match="2005-04-30 or later"):
        import_uci(tmp_path / "a.csv", until=date(2005, 4, 29))


def test_personal_attributes_go_to_segments_in_words_and_nowhere_else(tmp_path: Path) -> None:
    tables = import_uci(written(tmp_path / "a.csv", LATE_ROW, PLAIN_ROW))
    assert tables.segments is not None
    words = tables.segments.pivot(index="account_id", columns="segment", values="value")
    assert words.loc["uci-7"].to_dict() == {
        "age": "62_or_over",
        "education": "other",
        "marriage": "other",
        "sex": "female",
    }
    assert words.loc["uci-11"].to_dict() == {
        "age": "under_30",
        "education": "graduate_school",
        "marriage": "single",
        "sex": "male",
    }
    assert not {"sex", "age", "education", "marriage"} & {*tables.accounts, *tables.statements}


def csv_as_on_kaggle(folder: Path) -> Path:
    row = {("default.payment.next.month" if k == TARGET else k): v for k, v in LATE_ROW.items()}
    return written(folder / "UCI_Credit_Card.csv", row)


def csv_with_numbers_above_the_names(folder: Path) -> Path:
    above = "," + ",".join(f"X{n}" for n in range(1, 24)) + ",Y\n"
    return written(folder / "default.csv", LATE_ROW, above=above)


def xls_as_published(folder: Path) -> Path:
    xlwt = pytest.importorskip("xlwt")
    book = xlwt.Workbook()
    sheet = book.add_sheet("Data")
    for column, (name, value) in enumerate(LATE_ROW.items()):
        if column:
            sheet.write(0, column, "Y" if name == TARGET else f"X{column}")
        sheet.write(1, column, name)
        sheet.write(2, column, value)
    path = folder / "default of credit card clients.xls"
    book.save(str(path))
    return path


def archive_as_published(folder: Path) -> Path:
    path = folder / "default+of+credit+card+clients.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(xls_as_published(folder), "default of credit card clients.xls")
    return path


@pytest.mark.parametrize(
    "form",
    [csv_as_on_kaggle, csv_with_numbers_above_the_names, xls_as_published, archive_as_published],
)
def test_every_published_form_gives_the_same_tables(
    tmp_path: Path, form: Callable[[Path], Path]
) -> None:
    expected = import_uci(written(tmp_path / "plain.csv", LATE_ROW)).present()
    found = import_uci(form(tmp_path)).present()
    assert found.keys() == expected.keys()
    for name, frame in found.items():
        pd.testing.assert_frame_equal(frame, expected[name])


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("PAY_4", 10, "is not a code of repayment status"),
        ("PAY_4", -3, "is not a code of repayment status"),
        ("BILL_AMT2", "12 NT$", "is not a whole number"),
        ("BILL_AMT2", "", "is not a whole number"),
        ("BILL_AMT2", "inf", "is not a whole number"),
        ("BILL_AMT2", "-1e300", "is not below 9007199254740992 in size"),
        ("AGE", 2**53, "is not below 9007199254740992 in size"),
        ("PAY_AMT6", -1, "is below 0"),
        ("LIMIT_BAL", -1, "is below 0"),
    ],
)
def test_a_wrong_cell_is_told(tmp_path: Path, column: str, value: object, said: str) -> None:
    path = written(tmp_path / "a.csv", LATE_ROW, PLAIN_ROW | {column: value})
    with pytest.raises(TablesError) as caught:
        import_uci(path)
    (problem,) = caught.value.problems
    assert problem.where == f"a.csv, row 2, column {column}"
    assert problem.problem == said
    assert problem.value == repr(str(value))
    assert problem.remedy


def test_a_client_occurs_once_and_is_not_shown(tmp_path: Path) -> None:
    rows = [LATE_ROW | {"ID": 98_765}, PLAIN_ROW | {"ID": 98_765}]
    with pytest.raises(TablesError, match="row 2, column ID: occurs in an earlier row") as caught:
        import_uci(written(tmp_path / "a.csv", *rows))
    assert "98765" not in str(caught.value)


@pytest.mark.parametrize("number", ["1e300", str(2**53 + 1)])
def test_an_id_that_is_too_large_a_number_is_refused(tmp_path: Path, number: str) -> None:
    with pytest.raises(TablesError, match=r"row 1, column ID: is not below") as caught:
        import_uci(written(tmp_path / "a.csv", LATE_ROW | {"ID": number}))
    assert number not in str(caught.value)


def test_columns_that_lack_or_do_not_belong_are_told(tmp_path: Path) -> None:
    row = {name: value for name, value in LATE_ROW.items() if name != "PAY_3"} | {"COLOUR": 1}
    with pytest.raises(TablesError) as caught:
        import_uci(written(tmp_path / "a.csv", row))
    assert {(p.where, p.problem) for p in caught.value.problems} == {
        ("a.csv, column PAY_3", "is missing"),
        ("a.csv, column COLOUR", "is not a column of this data"),
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\x00\x01\x02\xff", "is not UTF-8"),
        ("LIMIT_BAL,ID\n1,2\n".encode("utf-16"), "is not UTF-8"),
        (b"LIMIT_BAL,ID\n1,2\nsecret,3,4\n", "line 3: has 3 fields"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 cut short", "cannot be read"),
        (b"PK\x05\x06" + bytes(18), "does not hold one sheet"),
        (b"name,age\nx,1\n", "has no header of this data"),
        (",".join(NEEDED).encode() + b"\n", "has no rows"),
        (b"LIMIT_BAL,LIMIT_BAL\n1,2\n", "occurs more than once"),
    ],
)
def test_a_file_of_another_kind_is_told_without_its_content(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said) as caught:
        import_uci(path)
    assert "secret" not in str(caught.value)


def test_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        import_uci(tmp_path / "none.csv")


def test_the_real_file_has_the_panel_that_was_measured(uci_csv: Path) -> None:
    tables = import_uci(uci_csv)
    panel = panel_of(tables).panel
    assert panel.accounts == 23_934
    assert len(tables.statements) == 23_934 * len(MONTHS)
    late = (panel.days_past_due[:, :-1] > 0) & (panel.balance[:, :-1] > 0)
    cure = panel.days_past_due[:, 1:] == 0
    assert late.sum() == 10_780
    assert late[:, 3].sum() == 3_260
    assert round(cure[:, 3][late[:, 3]].mean(), 3) == 0.308
    assert round(cure[:, :3][late[:, :3]].mean(), 3) == 0.279
    july = import_uci(uci_csv, until=date(2005, 7, 31)).accounts
    assert (july["days_past_due"] > 0).sum() == 3_260
