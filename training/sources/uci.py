"""*Default of credit card clients* (Taiwan, 2005) as tables.

Yeh, I. (2009), UCI Machine Learning Repository, DOI 10.24432/C55S3H. Amounts in New Taiwan
dollars. What its columns do not say, and what is done about it:

- September (`PAY_0`, `BILL_AMT1`, `PAY_AMT1`) is coded otherwise than the other months: its
  first late code is 1, theirs is 2. It is left out altogether: April to August remain.
- Codes 1 and 2 are both the first month late (30 days past due), code k >= 3 is 30·(k-1).
- Many late codes stand beside a bill of nothing. Statements keep the days as coded, since a
  cure is judged by them; the account's own row is not late when nothing is owed.
- The minimum payment is not published: `amount_due` is null. Nor is the part of a bill that is
  past due: for a late account it is taken to be the whole bill, its upper bound.
- Sex, education, marriage and age go to `segments` only.
- The target (default in October) is another event than a cure and is not imported.
"""

import calendar
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import InputError
from features.tables import FLAGS
from training.columns import EXACT_BOUND
from training.problems import PROBLEMS_SHOWN, TablesError, masked
from training.sources.spreadsheet import Sheet, read_sheet
from training.tables import Tables, checked

TIMEZONE = "Asia/Taipei"
CURRENCY = "TWD"
JURISDICTION = "TW"

TARGETS = ("default payment next month", "default.payment.next.month", "class")
CODES = range(-2, 10)  # of repayment status
FIRST_YEAR, FIRST_MONTH = 2005, 4
SUFFIXES = (6, 5, 4, 3, 2)  # of the columns of April to August

SEX = {1: "male", 2: "female"}
EDUCATION = {1: "graduate_school", 2: "university", 3: "high_school"}
MARRIAGE = {1: "married", 2: "single"}
OTHER = "other"  # documented so for codes 4 (education) and 3 (marriage); the rest undocumented
AGE_BANDS = ((30, "under_30"), (40, "30_to_39"), (50, "40_to_49"), (62, "50_to_61"))
OLDEST = "62_or_over"


class Month(NamedTuple):
    """One month: its statement date and the suffix of its columns."""

    day: date
    suffix: int


def _months() -> tuple[Month, ...]:
    days = [(FIRST_YEAR, FIRST_MONTH + i) for i in range(len(SUFFIXES))]
    return tuple(
        Month(date(year, month, calendar.monthrange(year, month)[1]), suffix)
        for (year, month), suffix in zip(days, SUFFIXES, strict=True)
    )


MONTHS = _months()
PERSONAL = ("SEX", "EDUCATION", "MARRIAGE", "AGE")
NEEDED = (
    "ID",
    "LIMIT_BAL",
    *PERSONAL,
    *(f"{name}{suffix}" for name in ("PAY_", "BILL_AMT", "PAY_AMT") for suffix in SUFFIXES),
)
LEFT_OUT = ("PAY_0", "PAY_1", "BILL_AMT1", "PAY_AMT1", *TARGETS)  # PAY_1: some copies' PAY_0


def import_uci(path: Path, until: date | None = None) -> Tables:
    """The file as tables: CSV, the .xls as published, or the archive that holds either.

    With `until`, the portfolio as it stood then: statements up to that day, accounts as of
    the last of them. Raises InputError for a file that is not this data set.
    """
    sheet = read_sheet(path)
    numbers = _numbers(sheet)
    months = [month for month in MONTHS if until is None or month.day <= until]
    if not months:
        raise InputError(
            "until", "lies before the first statement", f"Give {MONTHS[0].day} or later", str(until)
        )
    ids = np.array([f"uci-{number:d}" for number in numbers["ID"]])
    statements = pd.concat([_statements(ids, numbers, month) for month in months])
    tables = Tables(
        accounts=_accounts(ids, numbers, months[-1]),
        statements=statements.sort_values(["account_id", "statement_date"], kind="stable"),
        segments=_segments(ids, numbers),
    )
    return checked(tables, path.name)


def days_past_due(code: NDArray[np.int64]) -> NDArray[np.int64]:
    """Days past due of repayment status codes."""
    return np.where(code <= 0, 0, 30 * np.maximum(code - 1, 1))


def _numbers(sheet: Sheet) -> dict[str, NDArray[np.int64]]:
    """The needed columns as whole numbers, or everything that is wrong with them."""
    errors = [
        InputError(f"{sheet.name}, column {name}", "is missing", _remedy())
        for name in NEEDED
        if name not in sheet.cells
    ]
    unknown = [name for name in sheet.cells if name not in NEEDED and name not in LEFT_OUT]
    errors += [
        InputError(f"{sheet.name}, column {name}", "is not a column of this data", _remedy())
        for name in unknown
    ]
    if errors:
        raise TablesError(sheet.name, errors)
    numbers: dict[str, NDArray[np.int64]] = {}
    for name in NEEDED:
        numbers[name], wrong = _whole(sheet, name)
        errors += wrong
    if errors:
        raise TablesError(sheet.name, errors)
    for name, allowed, problem, remedy in _rules(numbers):
        errors += _wrong(sheet, name, ~allowed, problem, remedy)
    if errors:
        raise TablesError(sheet.name, errors)
    return numbers


def _remedy() -> str:
    return "Import the file as published: ID, LIMIT_BAL, SEX … PAY_AMT6 and the target"


def _whole(sheet: Sheet, name: str) -> tuple[NDArray[np.int64], list[InputError]]:
    number = pd.to_numeric(sheet.cells[name], errors="coerce").to_numpy(np.float64)
    wrong = ~np.isfinite(number) | (number != np.trunc(number))
    large = ~wrong & (np.abs(number) >= EXACT_BOUND)
    remedy = "Write the number as published"
    errors = [
        *_wrong(sheet, name, wrong, "is not a whole number", remedy),
        *_wrong(sheet, name, large, f"is not below {EXACT_BOUND:.0f} in size", remedy),
    ]
    return np.where(wrong | large, 0, number).astype(np.int64), errors


def _rules(
    numbers: dict[str, NDArray[np.int64]],
) -> list[tuple[str, NDArray[np.bool_], str, str]]:
    """Column, which rows are allowed, what is wrong with the others, and the remedy."""
    repeated = pd.Series(numbers["ID"]).duplicated().to_numpy()
    rules = [("ID", ~repeated, "occurs in an earlier row", "Keep one row for each client")]
    for month in MONTHS:
        status, paid = f"PAY_{month.suffix}", f"PAY_AMT{month.suffix}"
        known = np.isin(numbers[status], CODES)
        remedy = f"Repayment status runs from {CODES[0]} to {CODES[-1]}"
        rules.append((status, known, "is not a code of repayment status", remedy))
        rules.append((paid, numbers[paid] >= 0, "is below 0", "Write the amount paid"))
    rules.append(("LIMIT_BAL", numbers["LIMIT_BAL"] >= 0, "is below 0", "Write the credit limit"))
    return rules


def _wrong(
    sheet: Sheet, name: str, wrong: NDArray[np.bool_], problem: str, remedy: str
) -> list[InputError]:
    rows = np.flatnonzero(wrong)[: PROBLEMS_SHOWN + 1]
    values = sheet.cells[name].astype(str)
    shown = values.map(masked) if name == "ID" else values
    return [
        InputError(f"{sheet.name}, row {row + 1}, column {name}", problem, remedy, shown.iloc[row])
        for row in rows
    ]


def _statements(
    ids: NDArray[np.str_], numbers: dict[str, NDArray[np.int64]], month: Month
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "account_id": ids,
            "statement_date": pd.Timestamp(month.day),
            "balance": numbers[f"BILL_AMT{month.suffix}"].astype(np.float64),
            "amount_paid": numbers[f"PAY_AMT{month.suffix}"].astype(np.float64),
            "days_past_due": days_past_due(numbers[f"PAY_{month.suffix}"]),
            "credit_limit": numbers["LIMIT_BAL"].astype(np.float64),
            "status": "open",
        }
    )


def _accounts(
    ids: NDArray[np.str_], numbers: dict[str, NDArray[np.int64]], month: Month
) -> pd.DataFrame:
    """The accounts as they stood at the month's statement."""
    bill = numbers[f"BILL_AMT{month.suffix}"].astype(np.float64)
    days = np.where(bill > 0, days_past_due(numbers[f"PAY_{month.suffix}"]), 0)
    return pd.DataFrame(
        {
            "account_id": ids,
            "product": "credit_card",
            "security": "none",
            "currency": CURRENCY,
            "balance": bill,
            "past_due_amount": np.where(days > 0, bill, 0.0),
            "credit_limit": numbers["LIMIT_BAL"].astype(np.float64),
            "days_past_due": days,
            "jurisdiction": JURISDICTION,
            "timezone": TIMEZONE,
        }
        | dict.fromkeys(FLAGS, False)
    )


def _segments(ids: NDArray[np.str_], numbers: dict[str, NDArray[np.int64]]) -> pd.DataFrame:
    words = {
        "sex": _words(numbers["SEX"], SEX),
        "education": _words(numbers["EDUCATION"], EDUCATION),
        "marriage": _words(numbers["MARRIAGE"], MARRIAGE),
        "age": _age_bands(numbers["AGE"]),
    }
    parts = [
        pd.DataFrame({"account_id": ids, "segment": segment, "value": values})
        for segment, values in words.items()
    ]
    return pd.concat(parts).sort_values(["account_id", "segment"], kind="stable")


def _words(code: NDArray[np.int64], words: dict[int, str]) -> pd.Series:
    return pd.Series(code).map(words).fillna(OTHER)


def _age_bands(age: NDArray[np.int64]) -> NDArray[np.str_]:
    bounds = [bound for bound, _ in AGE_BANDS]
    names = np.array([*(name for _, name in AGE_BANDS), OLDEST])
    return names[np.searchsorted(bounds, age, side="right")]
