"""Tables for tests, written as CSV from rows drawn as dictionaries."""

from pathlib import Path

import pandas as pd
import pytest

from features.errors import InputError
from features.tables import FLAGS
from training.problems import TablesError
from training.tables import Tables, read_tables

Row = dict[str, str]

ACCOUNT = {
    "account_id": "007",
    "product": "credit_card",
    "security": "none",
    "currency": "USD",
    "balance": "120.50",
    "past_due_amount": "20",
    "days_past_due": "30",
    "jurisdiction": "US-NY-NYC",
    "timezone": "America/New_York",
} | dict.fromkeys(FLAGS, "false")
STATEMENT = {
    "account_id": "007",
    "statement_date": "2024-01-31",
    "balance": "120.50",
    "days_past_due": "30",
    "status": "open",
}
PAYMENT = {
    "payment_id": "p1",
    "account_id": "007",
    "received_at": "2024-01-15T23:30:00-05:00",
    "amount": "10",
    "reversed": "false",
}
CONTACT = {
    "contact_id": "c1",
    "account_id": "007",
    "at": "2024-02-11T04:30:00Z",  # still the 10th in New York
    "channel": "call",
    "direction": "out",
    "outcome": "promise",
    "promised_amount": "10",
    "promised_on": "2024-02-10",
}
PROPENSITIES = {f"propensity_{level}": "0.2" for level in range(5)}
ASSIGNMENT = (
    {"account_id": "007", "at": "2024-02-01T06:00:00Z", "level": "1"}
    | PROPENSITIES
    | {"arm": "explore", "policy": "p", "overridden": "0"}
)


# A wrong cell of a second row: table, column, value, what is said of it (None: of its row).
CELLS: list[tuple[str, str, str, str | None]] = [
    ("accounts", "balance", "nan", "not a number"),
    ("accounts", "balance", "inf", "infinite"),
    ("accounts", "balance", "12,50", None),
    ("accounts", "balance", "1e12", "not below 1e+12"),
    ("accounts", "balance", "-1e12", "not below 1e+12"),
    ("accounts", "balance", "1.23456", "more than 4 decimals"),
    ("accounts", "balance", "", "is empty"),
    ("accounts", "past_due_amount", "-0.01", "below 0"),
    ("accounts", "days_past_due", "30.5", "not a whole number"),
    ("accounts", "days_past_due", "-1", "below 0"),
    ("accounts", "days_past_due", "36501", "above 36500"),
    ("accounts", "product", "Credit card", "not a known code"),
    ("accounts", "currency", "usd", "does not have the form"),
    ("accounts", "jurisdiction", "New York", "does not have the form"),
    ("accounts", "timezone", "America/Gotham", "not a time zone"),
    ("accounts", "hardship", "yes", "neither true nor false"),
    ("accounts", "account_id", "x" * 65, "not 1 to 64 characters"),
    ("accounts", "account_id", "a\tb", "cannot be printed"),
    ("statements", "statement_date", "2023-02-29", "not a date"),
    ("statements", "statement_date", "31.01.2024", "not a date"),
    ("statements", "statement_date", "9999-12-31", "lies outside"),
    ("statements", "status", "closed", "not a known code"),
    ("statements", "account_id", "8", "not among the accounts"),
    ("payments", "received_at", "2024-01-15T23:30:00", "not an instant with an offset"),
    ("payments", "received_at", "2024-01-15", "not an instant with an offset"),
    ("payments", "reversed", "2", "neither true nor false"),
    ("accounts", "past_due_amount", "120.51", "is more than the balance"),
    ("accounts", "opened_on", "2024-02-01", "lies after the account's last statement"),
    ("contacts", "promised_amount", "0", "is a promise of nothing"),
    ("contacts", "promised_on", "2024-02-09", "lies before the day of the contact"),
    ("contacts", "promised_on", "2025-02-11", "lies over 366 days after"),
    ("assignments", "level", "5", "above 4"),
    ("assignments", "propensity_4", "0.3", "do not sum to 1"),
    ("assignments", "propensity_0", "-0.1", "below 0"),
]
# A first row for each of these tables that is right, and a second that is right beside it.
FIRST = {
    "accounts": ACCOUNT | {"account_id": "first", "opened_on": "2024-01-31"},
    "statements": STATEMENT,
    "contacts": CONTACT,
    "payments": PAYMENT,
    "assignments": ASSIGNMENT,
}
SECOND = {
    "accounts": ACCOUNT | {"opened_on": "2024-01-31"},
    "contacts": CONTACT | {"contact_id": "c2"},
    "statements": STATEMENT | {"statement_date": "2024-02-29"},
    "payments": PAYMENT | {"payment_id": "p2"},
    "assignments": ASSIGNMENT | {"at": "2024-03-01T06:00:00Z"},
}


def csv(folder: Path, name: str, *rows: Row) -> Path:
    """Write the rows as one table of the folder."""
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def folder_with(folder: Path, **tables: list[Row]) -> Path:
    """A folder with these tables; one good account and statement where none are given."""
    rows = {"accounts": [ACCOUNT], "statements": [STATEMENT]} | tables
    for name, of_table in rows.items():
        csv(folder, name, *of_table)
    return folder


def problems(folder: Path) -> list[InputError]:
    """What is wrong with the folder: each is told, and with a remedy."""
    with pytest.raises(TablesError) as caught:
        read_tables(folder)
    for problem in caught.value.problems:
        assert str(problem) in str(caught.value)
        assert problem.remedy
    return list(caught.value.problems)


def assert_same(left: Tables, right: Tables) -> None:
    """Both hold the same tables, to the last value."""
    assert left.present().keys() == right.present().keys()
    for name, frame in left.present().items():
        pd.testing.assert_frame_equal(frame, right.present()[name])
