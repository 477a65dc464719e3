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
