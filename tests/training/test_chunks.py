"""Portfolios read in chunks, however their files are cut."""

import pickle
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import InputError
from features.tables import TABLES
from tests.csvtables import ACCOUNT, CONTACT, PAYMENT, STATEMENT, assert_same
from training import rowgroups
from training.accepted import Accepted, accepted
from training.arranged import arranged
from training.chunks import ChunkReader
from training.portfolio import check_columns
from training.rowgroups import GroupReader, RowGroup
from training.tables import Tables, read_tables

Layout = Callable[[Path, str, pa.Table], None]

IDS = ["007", "10", "1", "A", "a", "aa", "ab", "é", "中", "z" * 64]  # not in the order of bytes


def tables_of(ids: list[str]) -> dict[str, pa.Table]:
    """Columns as text, for each account three statements, four payments and two contacts."""
    months = ["2024-01-31", "2024-02-29", "2024-03-31"]
    rows = {
        "accounts": [ACCOUNT | {"account_id": name} for name in ids],
        "statements": [
            STATEMENT | {"account_id": name, "statement_date": day}
            for day in months
            for name in ids
        ],
        "payments": [
            PAYMENT | {"account_id": name, "payment_id": f"{k}-{name}"[:64]}
            for name in ids
            for k in range(4)
        ],
        "contacts": [
            CONTACT | {"account_id": name, "contact_id": f"{k}-{name}"[:64]}
            for k in range(2)
            for name in ids
        ],
    }
    return {name: pa.Table.from_pylist(of_table) for name, of_table in rows.items()}


def by_id(table: pa.Table) -> pa.Table:
    return table.take(pc.sort_indices(table, sort_keys=[("account_id", "ascending")]))


def one_file(folder: Path, name: str, table: pa.Table) -> None:
    pq.write_table(table, folder / f"{name}.parquet")


def ordered_file(folder: Path, name: str, table: pa.Table) -> None:
    pq.write_table(by_id(table), folder / f"{name}.parquet", row_group_size=7)


def tiny_groups(folder: Path, name: str, table: pa.Table) -> None:
    pq.write_table(by_id(table), folder / f"{name}.parquet", row_group_size=1)


def ordered_parts(folder: Path, name: str, table: pa.Table) -> None:
    """Parts in the order of ids, though not of their names; rows within them in none."""
    (folder / name).mkdir()
    table, size = by_id(table), 6
    for k in range(0, len(table), size):
        part = table.slice(k, size)
        order = np.random.default_rng(k).permutation(len(part))
        pq.write_table(part.take(order), folder / name / f"{99 - k // size}.parquet")


def by_month(folder: Path, name: str, table: pa.Table) -> None:
    (folder / name).mkdir()
    size = max(len(table) // 3, 1)
    for k in range(0, len(table), size):
        pq.write_table(table.slice(k, size), folder / name / f"{k:05}.parquet")


def shuffled(folder: Path, name: str, table: pa.Table) -> None:
    (folder / name).mkdir()
    table = table.take(np.random.default_rng(3).permutation(len(table)))
    for k in range(0, len(table), 9):
        pq.write_table(table.slice(k, 9), folder / name / f"{k:05}.parquet", row_group_size=4)


def views(folder: Path, name: str, table: pa.Table) -> None:
    kinds = pa.schema([(field.name, pa.string_view()) for field in table.schema])
    pq.write_table(by_id(table).cast(kinds), folder / f"{name}.parquet", row_group_size=7)


def views_shuffled(folder: Path, name: str, table: pa.Table) -> None:
    kinds = pa.schema([(field.name, pa.string_view()) for field in table.schema])
    (folder / name).mkdir()
    for k in (1, 0):
        pq.write_table(
            table.slice(k * 9, 9 if k == 0 else None).cast(kinds), folder / name / f"{k}.parquet"
        )


def as_csv(folder: Path, name: str, table: pa.Table) -> None:
    pyarrow.csv.write_csv(table, folder / f"{name}.csv")


LAYOUTS = [
    one_file,
    ordered_file,
    tiny_groups,
    ordered_parts,
    by_month,
    shuffled,
    views,
    views_shuffled,
    as_csv,
]
IN_PLACE = [one_file, ordered_file, tiny_groups, ordered_parts, views]  # one row group is in order


def written(folder: Path, layout: Layout, tables: dict[str, pa.Table]) -> Path:
    folder.mkdir(parents=True)
    for name, table in tables.items():
        layout(folder, name, table)
    return folder


def reader_of(folder: Path) -> ChunkReader:
    return ChunkReader(arranged(check_columns(folder), folder.parent / "work"))


def chunks(reader: ChunkReader, accounts: int) -> list[Accepted]:
    edges = [None, *reader.bounds(accounts)[1:], None]
    return [accepted(reader.read(first, after)) for first, after in pairwise(edges)]


def joined(parts: list[Accepted]) -> Tables:
    """The tables of all chunks as one, in the order of their keys."""
    return Tables(
        **{
            name: pd.concat([part.tables.present()[name] for part in parts])
            .sort_values(list(TABLES[name].key), kind="stable")
            .reset_index(drop=True)
            for name in parts[0].tables.present()
        }
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_chunks_together_are_what_is_read_at_once(tmp_path: Path, layout: Layout) -> None:
    folder = written(tmp_path / "data", layout, tables_of(IDS))
    reader, whole = reader_of(folder), read_tables(folder)
    assert reader.accounts == len(IDS)
    for size in (1, 4, len(IDS), 100):
        assert reader.bounds(size) == sorted(IDS, key=str.encode)[::size]
        parts = chunks(reader, size)
        counts = [len(part.tables.accounts) for part in parts]
        assert counts[:-1] == [size] * (len(parts) - 1)
        assert not any(len(part.refused) for part in parts)
        assert_same(joined(parts), whole)


def test_one_account_is_one_chunk(tmp_path: Path) -> None:
    folder = written(tmp_path / "data", by_month, tables_of(["007"]))
    (part,) = chunks(reader_of(folder), 4)
    assert_same(part.tables, read_tables(folder))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_only_tables_that_are_in_no_order_are_sorted(tmp_path: Path, layout: Layout) -> None:
    tables = arranged(
        check_columns(written(tmp_path / "data", layout, tables_of(IDS))), tmp_path / "work"
    )
    for table in tables.values():
        assert table.arranged == (layout not in IN_PLACE)
    assert (tmp_path / "work").exists() == (layout not in IN_PLACE)


@given(
    st.lists(st.text(st.characters(codec="utf-8"), max_size=5), min_size=1, max_size=12),
    st.sampled_from(LAYOUTS[:-1]),  # a CSV cannot hold every text
    st.integers(1, 5),
)
def test_chunks_of_any_ids_are_those_of_their_bytes(
    tmp_path_factory: pytest.TempPathFactory, ids: list[str], layout: Layout, size: int
) -> None:
    """Ids of any text, twice and unprintable ones too: each chunk has all rows of its accounts."""
    tables = tables_of(ids)
    reader = reader_of(written(tmp_path_factory.mktemp("chunks") / "data", layout, tables))
    every = sorted(set(ids), key=str.encode)
    edges = [None, *reader.bounds(size)[1:], None]
    for number, (first, after) in enumerate(pairwise(edges)):
        wanted = set(every[number * size : (number + 1) * size])
        for name, source in reader.read(first, after).items():
            expected = [row for row in tables[name].to_pylist() if row["account_id"] in wanted]
            found = source.columns.to_pylist()
            assert sorted(map(str, found)) == sorted(map(str, expected))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_row_knows_its_place_in_the_file_it_came_from(tmp_path: Path, layout: Layout) -> None:
    folder = written(tmp_path / "data", layout, tables_of(IDS))
    reader = reader_of(folder)
    seen: Counter[str] = Counter()
    for first, after in pairwise([None, *reader.bounds(3)[1:], None]):
        for name, source in reader.read(first, after).items():
            for k, row in enumerate(source.columns.to_pylist()):
                file, number = source.place(k).split(", row ")
                seen[source.place(k)] += 1
                assert rows_of(folder / file)[int(number) - 1] == row
            assert source.table.name == name
    assert set(seen.values()) == {1}
    assert seen.total() == sum(len(table) for table in tables_of(IDS).values())


@pytest.mark.parametrize("layout", [ordered_parts, by_month])
def test_numbers_that_no_type_of_all_parts_holds_are_told(tmp_path: Path, layout: Layout) -> None:
    folder = written(tmp_path / "data", layout, tables_of(IDS))
    for k, path in enumerate(sorted((folder / "accounts").iterdir())):
        rows = pq.read_table(path)
        numbers = [2**60 + 1] * len(rows) if k else [1.5] * len(rows)
        place = rows.column_names.index("balance")
        pq.write_table(rows.set_column(place, "balance", pa.array(numbers)), path)
    with pytest.raises(InputError, match="same columns and types"):
        chunks(reader_of(folder), 4)


@pytest.mark.parametrize("layout", [ordered_parts, by_month])
def test_rows_of_a_part_without_ids_are_refused(tmp_path: Path, layout: Layout) -> None:
    folder = written(tmp_path / "data", layout, tables_of(IDS))
    path = max((folder / "statements").iterdir())
    rows = pq.read_table(path)
    pq.write_table(rows.drop_columns("account_id"), path)
    refused = pd.concat([part.refused for part in chunks(reader_of(folder), 4)])
    told = refused[refused["problem"] == "is empty"]
    assert len(told) == len(rows)
    assert set(told["file"]) == {f"statements/{path.name}"}


def rows_of(path: Path) -> list[dict[str, str]]:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    return pd.read_csv(path, dtype=str, keep_default_na=False).to_dict("records")


@pytest.mark.parametrize("layout", [one_file, ordered_parts, by_month, as_csv])
def test_a_bad_row_is_told_by_its_own_file(tmp_path: Path, layout: Layout) -> None:
    tables = tables_of(IDS)
    statements = tables["statements"].to_pylist()
    statements[14]["balance"] = "x"  # the second of account a
    tables["statements"] = pa.Table.from_pylist(statements)
    folder = written(tmp_path / "data", layout, tables)
    parts = chunks(reader_of(folder), 4)
    (found,) = pd.concat([part.refused for part in parts]).to_dict("records")
    assert (found["account_id"], found["column"], found["value"]) == ("a", "balance", "'x'")
    assert rows_of(folder / found["file"])[found["row"] - 1]["balance"] == "x"
    left = [name for name in IDS if name != "a"]
    assert_same(joined(parts), read_tables(written(tmp_path / "left", one_file, tables_of(left))))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_account_listed_twice_stands_in_one_chunk(tmp_path: Path, layout: Layout) -> None:
    ids = [f"{k:02}" for k in range(12)]
    tables = tables_of(ids)
    twice = [*tables["accounts"].to_pylist(), ACCOUNT | {"account_id": "03"}]
    tables["accounts"] = pa.Table.from_pylist([*twice[:6], twice[-1], *twice[6:-1]])
    parts = chunks(reader_of(written(tmp_path / "data", layout, tables)), 4)
    refused = pd.concat([part.refused for part in parts])
    assert refused["account_id"].tolist() == ["03"]
    assert [len(part.tables.accounts) for part in parts] == [3, 4, 4]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_of_nobody_come_in_the_first_chunk(tmp_path: Path, layout: Layout) -> None:
    tables = tables_of(IDS)
    for name in ("accounts", "statements"):
        rows = tables[name].to_pylist()
        tables[name] = pa.Table.from_pylist([*rows, rows[0] | {"account_id": None}])
    parts = chunks(reader_of(written(tmp_path / "data", layout, tables)), 3)
    assert [len(part.refused) for part in parts] == [2, 0, 0, 0]
    assert parts[0].refused["account_id"].isna().all()


def test_rows_of_unlisted_accounts_are_in_some_chunk(tmp_path: Path) -> None:
    tables = tables_of(IDS)
    tables["accounts"] = pa.Table.from_pylist([ACCOUNT | {"account_id": "b"}])
    (part,) = chunks(reader_of(written(tmp_path / "data", shuffled, tables)), 3)
    assert part.tables.accounts["account_id"].tolist() == ["b"]
    assert len(part.refused) == len(IDS) * (3 + 4 + 2)


def test_where_no_account_has_an_id_all_is_one_chunk(tmp_path: Path) -> None:
    tables = tables_of(IDS)
    ids = pa.nulls(len(IDS), pa.string())
    tables["accounts"] = tables["accounts"].set_column(0, "account_id", ids)
    reader = reader_of(written(tmp_path / "data", one_file, tables))
    assert reader.bounds(3) == []
    (part,) = chunks(reader, 3)
    assert len(part.tables.accounts) == 0
    assert len(part.refused) == len(IDS) * (1 + 3 + 4 + 2)


def test_an_id_that_is_no_utf8_is_refused_and_bounds_a_chunk_as_well(tmp_path: Path) -> None:
    latin = pa.array([b"a", b"\xe9", b"z"]).cast(pa.string(), safe=False)
    tables = {name: table.slice(0, 3) for name, table in tables_of(["a", "q", "z"]).items()}
    tables = {
        name: table.set_column(table.column_names.index("account_id"), "account_id", latin)
        for name, table in tables.items()
    }
    for layout in (ordered_file, shuffled):
        folder = written(tmp_path / layout.__name__ / "data", layout, tables)
        parts = chunks(reader_of(folder), 1)
        left = [part.tables.accounts["account_id"].tolist() for part in parts]
        assert left == [["a"], ["z"], []]
        assert parts[2].refused["problem"].tolist() == ["is not text"] * 4


def test_a_reader_goes_to_another_process_without_its_open_files(tmp_path: Path) -> None:
    folder = written(tmp_path / "data", ordered_parts, tables_of(IDS))
    reader = reader_of(folder)
    first, after = reader.bounds(4)[1:3]
    here = reader.read(first, after)
    there = pickle.loads(pickle.dumps(reader)).read(first, after)
    assert {name: source.columns for name, source in here.items()} == {
        name: source.columns for name, source in there.items()
    }


def test_each_row_group_is_decoded_once_for_chunks_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(tmp_path / "data", ordered_file, tables_of([f"{k:03}" for k in range(50)]))
    reader = reader_of(folder)
    edges = [None, *reader.bounds(3)[1:], None]
    decoded: Counter[RowGroup] = Counter()
    read = GroupReader.read

    def counted(self: GroupReader, group: RowGroup, columns: list[str] | None = None) -> pa.Table:
        decoded[group] += 1
        return read(self, group, columns)

    monkeypatch.setattr(GroupReader, "read", counted)
    for first, after in pairwise(edges):
        reader.read(first, after)
    assert set(decoded.values()) == {1}
    assert len(decoded) == sum(-(-len(t) // 7) for t in tables_of(["x"] * 50).values())


def test_chunks_may_be_read_in_any_order(tmp_path: Path) -> None:
    reader = reader_of(written(tmp_path / "data", ordered_file, tables_of(IDS)))
    edges = list(pairwise([None, *reader.bounds(2)[1:], None]))
    forth = [reader.read(*edge) for edge in edges]
    back = [reader.read(*edge) for edge in edges[::-1]][::-1]
    for left, right in zip(forth, back, strict=True):
        for name in left:
            assert left[name].columns == right[name].columns
            assert left[name].row.tolist() == right[name].row.tolist()


def test_a_row_group_without_what_its_statistics_say_is_told(tmp_path: Path) -> None:
    folder = written(tmp_path / "data", tiny_groups, tables_of(IDS))
    reader = reader_of(folder)
    other = by_id(tables_of([f"{name[:63]}x" for name in IDS])["statements"])
    pq.write_table(other, folder / "statements.parquet", row_group_size=1)
    with pytest.raises(InputError, match=r"statements\.parquet: does not hold the account ids"):
        reader.read(None, None)


def test_a_table_that_has_no_rows_is_there_in_every_chunk(tmp_path: Path) -> None:
    tables = tables_of(IDS)
    tables["payments"] = tables["payments"].slice(0, 0)
    del tables["contacts"]
    for layout in (one_file, as_csv):
        folder = written(tmp_path / layout.__name__ / "data", layout, tables)
        for part in chunks(reader_of(folder), 4):
            assert part.tables.payments is not None
            assert len(part.tables.payments) == 0
            assert part.tables.contacts is None


def test_large_row_groups_are_sorted_into_smaller_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(tmp_path / "data", ordered_file, tables_of(IDS))
    monkeypatch.setattr(rowgroups, "GROUP_ROWS", 6)
    assert all(t.arranged for t in arranged(check_columns(folder), tmp_path / "work").values())
    monkeypatch.setattr(rowgroups, "GROUP_ROWS", 7)
    assert not any(t.arranged for t in arranged(check_columns(folder), tmp_path / "w").values())


def test_ids_too_long_for_statistics_are_read(tmp_path: Path) -> None:
    tables = tables_of([*IDS, "x" * 10_000])
    folder = written(tmp_path / "data", ordered_file, tables)
    parts = chunks(reader_of(folder), 4)
    refused = pd.concat([part.refused for part in parts])
    assert set(refused["problem"]) == {"is not 1 to 64 characters long"}
    assert len(joined(parts).accounts) == len(IDS)
