from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import InputError
from features.tables import PRODUCTS, TABLES
from tests.csvtables import (
    ACCOUNT,
    ASSIGNMENT,
    CELLS,
    CONTACT,
    FIRST,
    PAYMENT,
    SECOND,
    STATEMENT,
    Row,
    assert_same,
    folder_with,
)
from training.accepted import Accepted, accepted
from training.files import each_table, read
from training.panels import panel_of
from training.problems import TablesError
from training.source import Source, source_of
from training.tables import Tables, checked, read_tables

GOOD = {
    "accounts": [FIRST["accounts"]],
    "statements": [STATEMENT | {"account_id": "first"}],
    "payments": [PAYMENT | {"account_id": "first", "payment_id": "g1"}],
    "contacts": [CONTACT | {"account_id": "first", "contact_id": "g1"}],
    "assignments": [ASSIGNMENT | {"account_id": "first"}],
}
OTHER = {
    "accounts": [SECOND["accounts"]],
    "statements": [STATEMENT],
    "payments": [PAYMENT],
    "contacts": [CONTACT],
    "assignments": [ASSIGNMENT],
}


def both(good: dict[str, list[Row]], other: dict[str, list[Row]]) -> dict[str, list[Row]]:
    return {name: good[name] + other[name] for name in good}


def accepted_in(folder: Path) -> Accepted:
    sources, errors = each_table(folder, TABLES.values(), read)
    assert not errors
    return accepted(sources)


def folder_of(folder: Path, tables: dict[str, list[Row]]) -> Path:
    folder.mkdir()
    return folder_with(folder, **tables)


@pytest.mark.parametrize(
    ("table", "column", "value", "said"), [cell for cell in CELLS if cell[3] is not None]
)
def test_a_wrong_cell_refuses_its_account_and_no_other(
    tmp_path: Path, table: str, column: str, value: str, said: str
) -> None:
    wrong = SECOND[table] | {column: value}
    rows = {name: list(of_table) for name, of_table in OTHER.items()}
    rows[table] = [wrong] if table == "accounts" else [*rows[table], wrong]
    tables, refused = accepted_in(folder_of(tmp_path / "all", both(GOOD, rows)))
    (found,) = [row for row in refused.to_dict("records") if said in row["problem"]]
    place = (found["table"], found["file"], found["row"], found["column"])
    assert place == (table, f"{table}.csv", 2 if table == "accounts" else 3, column)
    assert found["remedy"]
    if column == "account_id":
        assert found["account_id"] == value
        assert pd.isna(found["value"])  # it is personal
    else:
        assert found["account_id"] == "007"
        known = value.rstrip("0").rstrip(".") in str(found["value"])
        assert pd.isna(found["value"]) if value == "" else known or str(float(value))
    left = both(GOOD, OTHER) if (table, column) == ("statements", "account_id") else GOOD
    assert_same(tables, read_tables(folder_of(tmp_path / "left", left)))


def test_nothing_is_refused_of_sound_tables(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "all", both(GOOD, OTHER))
    tables, refused = accepted_in(folder)
    assert_same(tables, read_tables(folder))
    assert len(refused) == 0
    assert refused["row"].dtype == "int64"
    assert (refused.drop(columns="row").dtypes == "str").all()


def test_every_bad_row_is_told_at_once(tmp_path: Path) -> None:
    ids = [f"{k:03}" for k in range(300)]
    rows = {
        "accounts": [ACCOUNT | {"account_id": name, "hardship": "?"} for name in ids],
        "statements": [STATEMENT | {"account_id": name, "balance": "x"} for name in ids],
        "payments": [
            PAYMENT | {"account_id": name, "payment_id": name, "amount": "-1"} for name in ids
        ],
    }
    tables, refused = accepted_in(folder_of(tmp_path / "all", rows))
    assert len(refused) == 900
    assert refused["account_id"].tolist() == [name for name in ids for _ in range(3)]
    assert refused["table"].tolist() == ["accounts", "statements", "payments"] * 300
    assert refused["row"].tolist() == [k + 1 for k in range(300) for _ in range(3)]
    assert len(tables.accounts) == 0


def test_where_nothing_is_left_the_tables_are_empty_and_of_their_kinds(tmp_path: Path) -> None:
    sound = read_tables(folder_of(tmp_path / "sound", both(GOOD, OTHER)))
    rows = both(GOOD, OTHER)
    rows["accounts"] = [row | {"balance": ""} for row in rows["accounts"]]
    tables, _ = accepted_in(folder_of(tmp_path / "bad", rows))
    for name, frame in tables.present().items():
        pd.testing.assert_frame_equal(frame, sound.present()[name].iloc[:0])
    panel, ids = panel_of(tables)
    assert (panel.accounts, len(ids)) == (0, 0)
    assert panel.fixed.payments_known.shape == (0,)


def test_rows_of_nobody_are_refused_one_by_one(tmp_path: Path) -> None:
    rows = both(GOOD, OTHER)
    rows["statements"] += [STATEMENT | {"account_id": ""}, STATEMENT | {"account_id": "8"}]
    rows["payments"] += [PAYMENT | {"account_id": "8", "payment_id": "p2", "amount": "-1"}]
    rows["accounts"] += [ACCOUNT | {"account_id": "", "opened_on": ""}]
    tables, refused = accepted_in(folder_of(tmp_path / "all", rows))
    told = refused[["account_id", "file", "row", "column", "problem"]].astype(object)
    assert told.where(told.notna(), None).to_numpy().tolist() == [
        [None, "accounts.csv", 3, "account_id", "is empty"],
        [None, "statements.csv", 3, "account_id", "is empty"],
        ["8", "statements.csv", 4, "account_id", "is not among the accounts"],
        ["8", "payments.csv", 3, "account_id", "is not among the accounts"],
        ["8", "payments.csv", 3, "amount", "is below 0"],
    ]
    assert_same(tables, read_tables(folder_of(tmp_path / "left", both(GOOD, OTHER))))


def test_what_needs_sound_rows_is_asked_of_those_that_are_left(tmp_path: Path) -> None:
    """The account of zone Gotham is refused first; it would have no local day."""
    rows = both(GOOD, OTHER)
    rows["accounts"] += [
        ACCOUNT | {"account_id": name, "opened_on": day, "timezone": zone}
        for name, day, zone in (
            ("late", "2024-02-01", "UTC"),
            ("gotham", "2024-02-01", "America/Gotham"),
            ("far", "2024-01-01", "Asia/Shanghai"),
        )
    ]
    rows["statements"] += [STATEMENT | {"account_id": name} for name in ("late", "gotham", "far")]
    rows["contacts"] += [
        CONTACT | {"account_id": name, "contact_id": name} for name in ("gotham", "far")
    ]  # promised for the 10th, when it was the 11th in Shanghai
    tables, refused = accepted_in(folder_of(tmp_path / "all", rows))
    assert dict(zip(refused["account_id"], refused["column"], strict=True)) == {
        "far": "promised_on",
        "gotham": "timezone",
        "late": "opened_on",
    }
    assert_same(tables, read_tables(folder_of(tmp_path / "left", both(GOOD, OTHER))))


def test_an_account_that_is_listed_twice_is_refused(tmp_path: Path) -> None:
    rows = both(GOOD, OTHER)
    rows["accounts"].append(SECOND["accounts"] | {"balance": "121"})
    tables, refused = accepted_in(folder_of(tmp_path / "all", rows))
    (found,) = refused.to_dict("records")
    assert (found["account_id"], found["row"], found["column"]) == ("007", 3, "account_id")
    assert found["problem"] == "repeats the account_id of an earlier row"
    assert tables.accounts["account_id"].tolist() == ["first"]


def test_ids_are_repeated_within_an_account_only(tmp_path: Path) -> None:
    rows = both(GOOD, OTHER)
    of_another = rows["payments"][0] | {"account_id": "007"}
    rows["payments"] = [*rows["payments"], of_another, GOOD["payments"][0]]
    tables, refused = accepted_in(folder_of(tmp_path / "all", rows))
    (found,) = refused.to_dict("records")
    assert (found["account_id"], found["row"], found["column"]) == ("first", 4, "payment_id")
    assert tables.payments is not None
    assert tables.payments["payment_id"].tolist() == ["g1", "p1"]


def test_currencies_are_not_compared(tmp_path: Path) -> None:
    rows = both(GOOD, OTHER)
    rows["accounts"][0] = rows["accounts"][0] | {"currency": "EUR"}
    tables, refused = accepted_in(folder_of(tmp_path / "all", rows))
    assert tables.accounts["currency"].tolist() == ["USD", "EUR"]
    assert len(refused) == 0


def test_a_long_value_is_cut(tmp_path: Path) -> None:
    rows = both(GOOD, OTHER)
    rows["statements"][1] = STATEMENT | {"status": "y" * 10_000}
    _, refused = accepted_in(folder_of(tmp_path / "all", rows))
    assert len(refused["value"].iloc[0]) == InputError.SHOWN + 1


def test_a_column_that_is_wrong_throughout_is_raised(tmp_path: Path) -> None:
    sources, _ = each_table(folder_of(tmp_path / "all", GOOD), TABLES.values(), read)
    source = sources["statements"]
    ids = source.columns.set_column(0, "account_id", pa.array([7]))
    with pytest.raises(TablesError, match="column account_id: holds int64 values"):
        accepted(sources | {"statements": replace(source, columns=ids)})


# Rows drawn with a wrong cell now and then, as text.
def rarely(wrong: list[str | None], right: list[str | None]) -> st.SearchStrategy[str | None]:
    return st.sampled_from(right * 20 + wrong)


IDS = rarely(["z" * 70, "\t", "", None, "stranger"], ["a", "A", "aa", "b", "é", "中"])
MONEY = rarely(["x", "inf", "1.23456", None], ["20", "20.5"])
DRAWN: dict[str, dict[str, st.SearchStrategy[str | None]]] = {
    "accounts": {
        "account_id": IDS,
        "balance": MONEY,
        "opened_on": rarely(["2024-03-01", "2024-02-30"], ["2024-01-01", None]),
        "timezone": rarely(["Gotham"], ["UTC", "Asia/Shanghai"]),
        "product": rarely(["", None], list(PRODUCTS)),
        "plan_months": rarely(["3"], [None]),
    },
    "statements": {
        "account_id": IDS,
        "statement_date": rarely(["2024-02-30"], ["2024-01-31", "2024-02-29", "2024-03-31"]),
        "balance": MONEY,
    },
    "payments": {
        "payment_id": st.sampled_from(["p1", "p2", "p3", None]),
        "account_id": IDS,
        "amount": rarely(["-1"], ["1", "2"]),
    },
    "contacts": {
        "contact_id": st.sampled_from(["c1", "c2", "c3"]),
        "account_id": IDS,
        "promised_on": rarely(["2024-02-01", "2026-01-01"], ["2024-02-11", None]),
    },
}


@st.composite
def drawn_source(draw: st.DrawFn, name: str) -> Source:
    right = {"accounts": ACCOUNT, "statements": STATEMENT, "payments": PAYMENT, "contacts": CONTACT}
    counts = draw(st.lists(st.integers(0, 8), min_size=1, max_size=2))
    rows: list[dict[str, Any]] = [
        right[name] | draw(st.fixed_dictionaries(DRAWN[name])) for _ in range(sum(counts))
    ]
    for row in rows:  # ids of different accounts differ, as read_tables asks
        for column in ("payment_id", "contact_id"):
            if row.get(column):
                row[column] = f"{row[column]}{row['account_id']}"[:64]
    columns = {
        column: pa.array([row[column] for row in rows], pa.string())
        for column in right[name] | DRAWN[name]
    }
    parts = [(f"{name}/{k}", count) for k, count in enumerate(counts)]
    return source_of(TABLES[name], pa.table(columns), parts)


def among(source: Source, ids: Iterable[str | None]) -> Source:
    keep = pa.array([each in ids for each in source.columns["account_id"].to_pylist()], pa.bool_())
    rows = np.asarray(keep, dtype=bool)
    return replace(
        source,
        columns=source.columns.filter(keep),
        file=source.file[rows],
        row=source.row[rows],
    )


def joined(parts: list[Tables]) -> Tables:
    """The tables of several chunks of accounts as one, in the order of their keys."""
    frames = {
        name: pd.concat([part.present()[name] for part in parts])
        .sort_values(list(TABLES[name].key), kind="stable")
        .reset_index(drop=True)
        for name in parts[0].present()
    }
    return Tables(**frames)


@given(st.fixed_dictionaries({name: drawn_source(name) for name in DRAWN}), st.data())
def test_each_account_is_judged_by_its_own_rows(
    sources: dict[str, Source], data: st.DataObject
) -> None:
    whole = accepted(sources)
    ids = {each for source in sources.values() for each in source.columns["account_id"].to_pylist()}
    ordered = sorted(ids - {None}, key=lambda name: name.encode())
    cut = data.draw(st.integers(0, len(ordered)))
    chunks = [
        accepted({name: among(source, wanted) for name, source in sources.items()})
        for wanted in ([None, *ordered[:cut]], ordered[cut:])
    ]
    refused = pd.concat([chunk.refused for chunk in chunks], ignore_index=True)
    pd.testing.assert_frame_equal(refused, whole.refused)
    assert_same(joined([chunk.tables for chunk in chunks]), whole.tables)

    listed = set(sources["accounts"].columns["account_id"].to_pylist())
    left = listed - set(refused["account_id"]) - {None}
    assert set(whole.tables.accounts["account_id"]) == left
    for name, frame in whole.tables.present().items():
        assert len(frame) == len(among(sources[name], left).row)
    if len(whole.tables.accounts) and len(whole.tables.statements):
        assert_same(checked(whole.tables, "left"), whole.tables)
