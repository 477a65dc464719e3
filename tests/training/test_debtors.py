"""Contacts on a debtor's other accounts: told to each account of a chunk, as in the whole."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from features.errors import InputError
from features.tables import DEBTOR_ACCOUNTS
from tests.csvtables import ACCOUNT, CONTACT, STATEMENT
from training import debtors
from training.accepted import accepted
from training.arranged import arranged
from training.chunks import ChunkReader
from training.debtors import DAYS, DEBTOR_CONTACTS, debtor_contacts, debtor_rows
from training.panels import panel_of
from training.portfolio import check_columns
from training.sources.simulate import simulate
from training.tables import read_tables

Row = dict[str, str | None]
Layout = Callable[[Path, pa.Table], None]

AS_OF = datetime(2024, 3, 1, 12, tzinfo=UTC)


def row_groups(folder: Path, table: pa.Table) -> None:
    pq.write_table(table, folder.with_suffix(".parquet"), row_group_size=50)


def shuffled_parts(folder: Path, table: pa.Table) -> None:
    folder.mkdir()
    table = table.take(np.random.default_rng(3).permutation(len(table)))
    for k in range(0, len(table), 97):
        pq.write_table(table.slice(k, 97), folder / f"{k:05}.parquet", row_group_size=40)


def text(folder: Path, table: pa.Table) -> None:
    pyarrow.csv.write_csv(table, folder.with_suffix(".csv"))


def reader_of(folder: Path, as_of: datetime, work: Path) -> ChunkReader:
    tables = arranged(check_columns(folder), work)
    return ChunkReader(tables | {DEBTOR_CONTACTS: debtor_contacts(tables, as_of, work)})


def told(reader: ChunkReader, accounts: int) -> dict[str, list[tuple[float, ...]]]:
    """The contacts that each account is told, account by account, read in chunks."""
    found = {}
    for first, after in pairwise([None, *reader.bounds(accounts)[1:], None]):
        sources = reader.read(first, after)
        others = debtor_rows(sources.pop(DEBTOR_CONTACTS))
        panel, ids = panel_of(accepted(sources).tables, others)
        rows = list(zip(*(values.tolist() for values in panel.others[1:]), strict=True))
        for i, name in enumerate(ids.tolist()):
            found[name] = rows[panel.other_start[i] : panel.other_start[i + 1]]
    return found


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("debtors") / "data"
    simulate(folder, accounts=600, months=5, seed=6)
    return folder


@pytest.mark.parametrize("layout", [row_groups, shuffled_parts, text])
def test_chunks_are_told_what_the_whole_is_told(
    simulated: Path, tmp_path: Path, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debtors, "BATCH", 3)
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("accounts", "statements", "payments", "contacts"):
        layout(folder / name, pq.read_table(simulated / f"{name}.parquet"))
    panel, ids = panel_of(read_tables(simulated))
    at = panel.others.at
    end = float(np.median(at))
    as_of = datetime.fromtimestamp(end, UTC)
    recent = (at > end - DAYS * 86_400) & (at <= end)
    assert 10 < recent.sum() < len(at) / 2
    expected = {name: list[tuple[float, ...]]() for name in ids.tolist()}
    for k in np.flatnonzero(recent):
        row = tuple(float(values[k]) for values in panel.others[1:])
        expected[str(ids[panel.others.account[k]])].append(row)
    for accounts in (151, 1_000):
        found = told(reader_of(folder, as_of, tmp_path / "work"), accounts)
        assert repr(found) == repr(expected)  # nan as nan


def drawn(folder: Path, debtor: dict[str, str | None], contacts: list[Row]) -> Path:
    """Accounts with their debtors, and contacts: CSV files."""
    tables = {
        "accounts": [ACCOUNT | {"account_id": a, "debtor_id": d} for a, d in debtor.items()],
        "statements": [STATEMENT | {"account_id": a} for a in debtor],
        "contacts": contacts,
    }
    folder.mkdir()
    for name, rows in tables.items():
        text(folder / name, pa.Table.from_pylist(rows))
    return folder


def contact(account: str | None, number: int, **given: str) -> Row:
    sent = {"outcome": "sent", "promised_amount": None, "promised_on": None}
    return CONTACT | sent | {"account_id": account, "contact_id": f"c{number}", **given}


DEBTORS = {"a": "d1", "b": "d1", "c": "d1", "d": "d2", "e": None, "f": None}


def counts(folder: Path, accounts: int = 2) -> dict[str, int]:
    found = told(reader_of(folder, AS_OF, folder.parent / "work"), accounts)
    return {name: len(rows) for name, rows in found.items() if rows}


def test_each_contact_is_told_to_every_other_account_of_the_debtor(tmp_path: Path) -> None:
    rows = [contact(account, k) for k, account in enumerate("aabdeef")]
    folder = drawn(tmp_path / "data", DEBTORS, rows)
    assert counts(folder) == {"a": 1, "b": 2, "c": 3}


@pytest.mark.parametrize(
    ("at", "known"),
    [
        ("2024-01-21T12:00:00Z", False),
        ("2024-01-21T12:00:01Z", True),
        ("2024-03-01T12:00:00Z", True),
        ("2024-03-01T12:00:01Z", False),
    ],
)
def test_contacts_of_the_last_forty_days_are_told(tmp_path: Path, at: str, known: bool) -> None:
    folder = drawn(tmp_path / "data", DEBTORS, [contact("a", 1, at=at)])
    assert counts(folder) == ({"b": 1, "c": 1} if known else {})


def test_bad_rows_are_not_told_and_those_beside_them_are(tmp_path: Path) -> None:
    rows = [
        contact("a", 1),
        contact("a", 2, channel="fax"),
        contact("a", 3, at="yesterday"),
        contact("a", 1),
        contact(None, 4),
        contact("g", 5),  # of no account
    ]
    folder = drawn(tmp_path / "data", DEBTORS, rows)
    assert counts(folder) == {"b": 1, "c": 1}


def test_an_account_with_something_wrong_is_told_nothing_and_its_contacts_are(
    tmp_path: Path,
) -> None:
    folder = drawn(tmp_path / "data", DEBTORS, [contact("a", 1), contact("b", 2)])
    with (folder / "statements.csv").open("a") as file:
        file.write('"a","2024-02-29","?","30","open"\n')
    assert counts(folder) == {"b": 1, "c": 2}


@pytest.mark.parametrize("without", ["contacts", "debtor_id"])
def test_where_contacts_or_debtors_are_not_known_nothing_is_told(
    tmp_path: Path, without: str
) -> None:
    folder = drawn(tmp_path / "data", DEBTORS, [contact("a", 1)])
    if without == "contacts":
        (folder / "contacts.csv").unlink()
    else:
        held = pyarrow.csv.read_csv(folder / "accounts.csv")
        pyarrow.csv.write_csv(held.drop_columns("debtor_id"), folder / "accounts.csv")
    assert counts(folder) == {}


def test_a_column_that_only_some_parts_have_is_null_in_the_others(tmp_path: Path) -> None:
    folder = drawn(tmp_path / "data", DEBTORS, [contact("a", 1)])
    (folder / "contacts.csv").unlink()
    (folder / "contacts").mkdir()
    for name, rows, without in (
        ("1", [contact("a", 1), contact("a", 2)], "promised_on"),
        ("2", [contact("b", 3)], "place"),
        ("3", [contact("c", 4)], "channel"),
    ):
        part = pa.Table.from_pylist([row | {"place": "home"} for row in rows])
        pq.write_table(part.drop_columns(without), folder / "contacts" / f"{name}.parquet")
    found = told(reader_of(folder, AS_OF, tmp_path / "work"), 2)
    places = {name: [row[-1] for row in rows] for name, rows in found.items() if rows}
    # The contact with c has no channel: nobody is told it, and c is refused.
    assert repr(places) == repr({"a": [math.nan], "b": [0.0, 0.0]})


def test_what_was_written_is_used_again(tmp_path: Path) -> None:
    folder = drawn(tmp_path / "data", DEBTORS, [contact("a", 1)])
    expected = counts(folder)
    written = tmp_path / "work" / f"{DEBTOR_CONTACTS}.parquet"
    before = written.stat().st_mtime_ns
    assert counts(folder) == expected
    assert written.stat().st_mtime_ns == before


@pytest.mark.parametrize("accounts", [DEBTOR_ACCOUNTS, DEBTOR_ACCOUNTS + 1])
def test_a_debtor_has_so_many_accounts_at_most(tmp_path: Path, accounts: int) -> None:
    ids = {f"{k:03}": "d" for k in range(accounts)}
    folder = drawn(tmp_path / "data", ids | DEBTORS, [contact("000", 1)])
    if accounts == DEBTOR_ACCOUNTS:
        assert len(counts(folder, 20)) == accounts - 1
    else:
        with pytest.raises(InputError, match="names one debtor for more than 100 accounts"):
            counts(folder)
