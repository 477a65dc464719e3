"""Contacts with a debtor on the debtor's other accounts: some contact rules count them too.

Tables of them have the columns of contacts; `account_id` is the account that a contact is told
to, not the one that it was about.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.errors import InputError
from features.tables import ACCOUNTS, CONTACTS, DEBTOR_ACCOUNTS
from training.arranged import MEMORY, write_sorted
from training.arrow import array_of, arrow_of, arrow_schema
from training.columns import typed
from training.files import ALIKE
from training.frames import frame_of, settled
from training.problems import unreadable
from training.rowgroups import PLACE, GroupReader, RowGroups, account_ids, groups_of
from training.source import Source, source_of
from training.tables import Tables

DEBTOR_CONTACTS = "debtor_contacts"
DAYS = 40  # before as_of: rules look at 31 at most
BATCH = 2**14  # contacts told together

Indices = NDArray[np.int64]

_SCHEMA = arrow_schema(CONTACTS.columns)


class _Shared(NamedTuple):
    """The accounts whose debtor has several: their ids, those of debtor `d` from start[d] on."""

    ids: pa.Array
    debtor: Indices
    start: Indices


def contacts_of_debtors(tables: Tables) -> pd.DataFrame | None:
    """The table of these contacts, of all times, of a whole portfolio; None where none is known.

    Raises InputError where a debtor has more than DEBTOR_ACCOUNTS.
    """
    if tables.contacts is None:
        return None
    shared = _shared(tables.accounts["account_id"], tables.accounts["debtor_id"])
    return _told(tables.contacts, shared) if len(shared.ids) else None


def debtor_contacts(
    tables: Mapping[str, RowGroups], as_of: datetime, work: Path, memory: int = MEMORY
) -> RowGroups:
    """The table of these contacts of the DAYS until `as_of`, in the order of account ids.

    `tables` are those of a portfolio as training.arranged returns them. The table is written to
    the folder `work`, and used again where it is there. A contact with something wrong in its row
    is left out; what is wrong with other rows of its account does not matter. About `memory`
    bytes are held, beside a row group, 8 bytes for each account and the ids of those that share
    a debtor. Raises InputError where a file cannot be read, or a debtor has more than
    DEBTOR_ACCOUNTS; OSError where there is no room.
    """
    path = work / f"{DEBTOR_CONTACTS}.parquet"
    if not path.exists():
        placed = pa.schema([*_SCHEMA, *PLACE])
        write_sorted(_placed(_since(tables, as_of), placed), placed, path, memory)
    groups = groups_of(path, 0, measure=True) or []
    return RowGroups(CONTACTS, (path.name,), _SCHEMA, tuple(groups), arranged=True)


def debtor_rows(source: Source) -> pd.DataFrame:
    """Rows of `debtor_contacts`, read by a ChunkReader, as panel_of takes them."""
    return settled(CONTACTS, frame_of(source)[0])


def _since(tables: Mapping[str, RowGroups], as_of: datetime) -> Iterator[pd.DataFrame]:
    """The rows told, of one part of the contacts after the other."""
    contacts = tables.get(CONTACTS.name)
    if contacts is None:
        return
    shared = _shared_of(tables[ACCOUNTS.name])
    ids = shared.ids.cast(pa.large_binary())
    reader = GroupReader()
    for group in contacts.groups if len(ids) else ():
        rows = reader.read(group)
        rows = rows.filter(pc.is_in(account_ids(rows), value_set=ids))
        frame = _sound(_whole(rows, contacts.schema, group.path))
        recent = (frame["at"] > as_of - timedelta(days=DAYS)) & (frame["at"] <= as_of)
        frame = frame[recent]
        for start in range(0, len(frame), BATCH):
            yield _told(frame.iloc[start : start + BATCH], shared)
    reader.close()


def _whole(rows: pa.Table, schema: pa.Schema, path: Path) -> Source:
    """The rows with the columns of all parts, null where theirs has none."""
    rows = rows.select([name for name in rows.column_names if name not in PLACE.names])
    try:
        columns = pa.concat_tables([schema.empty_table(), rows], promote_options="permissive")
    except pa.ArrowException as error:  # the type common to all parts does not hold it
        raise unreadable(path, error, ALIKE) from error
    return source_of(CONTACTS, columns, [(path.name, len(columns))])


def _sound(source: Source) -> pd.DataFrame:
    """The rows in which nothing is wrong."""
    frame, problems = frame_of(source)
    for problem in problems:  # they are told where the accounts themselves are read
        wrong = frame.index if problem.rows is None else problem.rows
        frame = frame[~frame.index.isin(wrong)]
    return settled(CONTACTS, frame.drop_duplicates(["contact_id", "account_id"]))


def _told(contacts: pd.DataFrame, shared: _Shared) -> pd.DataFrame:
    """Each contact once for every other account of its debtor."""
    found = pc.index_in(_texts(contacts["account_id"]), value_set=shared.ids)
    row = np.flatnonzero(found.is_valid().to_numpy(zero_copy_only=False))
    about = found.drop_null().to_numpy().astype(np.int64)
    first = shared.start[shared.debtor[about]]
    count = shared.start[shared.debtor[about] + 1] - first
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    to = np.repeat(first, count) + within
    other = to != np.repeat(about, count)
    ids = shared.ids.take(pa.array(to[other])).to_pandas()
    told: pd.DataFrame = contacts.iloc[np.repeat(row, count)[other]].reset_index(drop=True)
    return told.assign(account_id=pd.Series(ids, dtype="str"))


def _shared(account_id: pd.Series, debtor_id: pd.Series) -> _Shared:
    held = _texts(debtor_id).dictionary_encode().indices.fill_null(-1)
    debtor = held.to_numpy().astype(np.int64)
    accounts = np.bincount(debtor + 1, minlength=1)
    accounts[0] = 0  # those whose debtor is not known
    if accounts.max(initial=0) > DEBTOR_ACCOUNTS:
        raise InputError(
            f"{ACCOUNTS.name}, column debtor_id",
            f"names one debtor for more than {DEBTOR_ACCOUNTS} accounts",
            "Leave it empty where the debtor is not known",
        )
    rows = np.flatnonzero(accounts[debtor + 1] > 1)
    rows = rows[np.argsort(debtor[rows], kind="stable")]
    _, debtor, count = np.unique(debtor[rows], return_inverse=True, return_counts=True)
    ids = _texts(account_id).take(pa.array(rows))
    return _Shared(ids, debtor.astype(np.int64), np.append(0, np.cumsum(count)))


def _shared_of(accounts: RowGroups) -> _Shared:
    """Looks twice: debtors with several accounts are found by a number that stands for each."""
    if "debtor_id" not in accounts.schema.names:
        return _shared(pd.Series(dtype="str"), pd.Series(dtype="str"))
    numbers = [_numbers(part["debtor_id"]) for part in _debtors(accounts)]
    number, count = np.unique(
        np.concatenate([np.empty(0, np.uint64), *numbers]), return_counts=True
    )
    several = number[count > 1]
    parts = [part[np.isin(_numbers(part["debtor_id"]), several)] for part in _debtors(accounts)]
    held = pd.concat(parts) if parts else pd.DataFrame({"account_id": [], "debtor_id": []})
    return _shared(held["account_id"], held["debtor_id"])


def _debtors(accounts: RowGroups) -> Iterator[pd.DataFrame]:
    """Accounts with both ids, a row group after the other."""
    names = ["account_id", "debtor_id"]
    reader = GroupReader()
    for group in accounts.groups:
        rows = reader.read(group, names)
        if {*names} <= {*rows.column_names}:
            read = {name: typed(ACCOUNTS.column(name), rows[name]).values for name in names}
            yield pd.DataFrame(read).dropna()
    reader.close()


def _numbers(debtor_id: pd.Series) -> NDArray[np.uint64]:
    return pd.util.hash_pandas_object(debtor_id, index=False).to_numpy().astype(np.uint64)


def _texts(values: pd.Series) -> pa.Array:
    return array_of(values).cast(pa.large_string())


def _placed(frames: Iterator[pd.DataFrame], schema: pa.Schema) -> Iterator[pa.Table]:
    """The frames as Arrow, with the columns of PLACE that sorting keeps the order of."""
    row = 0
    for frame in frames:
        columns = arrow_of(frame).select(_SCHEMA.names)
        place = [np.zeros(len(frame), np.int32), np.arange(row, row + len(frame))]
        yield pa.table([*columns.columns, *place], [*schema.names]).cast(schema)
        row += len(frame)
