"""What the tables must have in common, beside what each row says by itself.

A frame's index numbers the rows of its source.
"""

from functools import reduce

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.tables import PROMISE_DAYS, Table
from training.arrow import array_of
from training.problems import Problem, Rows

Owners = NDArray[np.int64]

UNLISTED = -1


def owners(accounts: pd.DataFrame, frame: pd.DataFrame) -> Owners:
    """Position in `accounts` of each row's account: of its first row there, or UNLISTED."""
    listed = array_of(accounts["account_id"])
    found = pc.index_in(array_of(frame["account_id"]), value_set=listed, skip_nulls=True)
    position: Owners = found.fill_null(UNLISTED).to_numpy(zero_copy_only=False)
    return position.astype(np.int64)


def strangers(frame: pd.DataFrame, owner: Owners) -> list[Problem]:
    """Rows of an account that the accounts do not list."""
    rows = np.flatnonzero((owner == UNLISTED) & frame["account_id"].notna().to_numpy())
    remedy = "Add the account to the accounts, or leave the row out"
    return _found(frame, rows, "account_id", "is not among the accounts", remedy)


def repeats(table: Table, frame: pd.DataFrame, within: tuple[str, ...] = ()) -> list[Problem]:
    """Rows with the key of an earlier one (that has the same `within`); rows ordered by key."""
    if not {*table.key} <= {*frame}:
        return []
    key = [array_of(frame[name]) for name in table.key]
    same = reduce(pc.and_, [pc.equal(values[1:], values[:-1]) for values in key])
    again = 1 + np.flatnonzero(same.fill_null(False).to_numpy(zero_copy_only=False))
    near = np.union1d(again, again - 1)
    repeated = frame.iloc[near].duplicated([*table.key, *within]).to_numpy()
    problem = f"repeats the {' and '.join(table.key)} of an earlier row"
    return _found(frame, near[repeated], table.key[-1], problem, "Keep one row for each")


def two_currencies(accounts: pd.DataFrame) -> list[Problem]:
    """Accounts in another currency than the first; of the accounts of one folder."""
    given = accounts["currency"].dropna() if "currency" in accounts else pd.Series()
    if given.empty:
        return []
    first = given.loc[given.index.min()]
    differs = accounts["currency"].notna() & (accounts["currency"] != first)
    problem = "differs from the currency of the first account"
    remedy = "Keep one folder of tables for each currency"
    return _found(accounts, np.flatnonzero(differs), "currency", problem, remedy)


def opened_late(accounts: pd.DataFrame, statements: pd.DataFrame, owner: Owners) -> list[Problem]:
    """Accounts opened after their last statement; of sound rows."""
    last = np.full(len(accounts), np.iinfo(np.int64).min)
    np.maximum.at(last, owner, _seconds(statements["statement_date"]))
    opened = accounts["opened_on"]
    late = opened.notna().to_numpy() & (_seconds(opened) > last)
    late &= np.bincount(owner, minlength=len(accounts)) > 0  # without a statement: never late
    rows = np.flatnonzero(late)
    problem = "lies after the account's last statement"
    remedy = "Write the day it was opened, or nothing where it is not known"
    return _found(accounts, rows, "opened_on", problem, remedy)


def promised_far(accounts: pd.DataFrame, contacts: pd.DataFrame, owner: Owners) -> list[Problem]:
    """Promises for a day before the contact's, or more than a year after; of sound rows."""
    rows = np.flatnonzero(contacts["promised_on"].notna())
    promised = contacts.iloc[rows]
    zone, names = pd.factorize(accounts["timezone"])
    days = _days(promised["promised_on"]) - _local_days(promised["at"], zone[owner[rows]], names)
    far = f"lies over {PROMISE_DAYS} days after the day of the contact"
    remedy = "Write the day that was promised, or nothing where none was named"
    early = "lies before the day of the contact"
    return [
        *_found(contacts, rows[days < 0], "promised_on", early, remedy),
        *_found(contacts, rows[days > PROMISE_DAYS], "promised_on", far, remedy),
    ]


def _local_days(at: pd.Series, zone: NDArray[np.int64], names: pd.Index) -> NDArray[np.int64]:
    """The day of each instant in its zone, in days since 1970."""
    days = np.empty(len(at), dtype=np.int64)
    for number in np.unique(zone):
        here = zone == number
        days[here] = _days(at[here].dt.tz_convert(names[number]).dt.tz_localize(None))
    return days


def _seconds(dates: pd.Series) -> NDArray[np.int64]:
    return dates.to_numpy("datetime64[s]").astype(np.int64)


def _days(dates: pd.Series) -> NDArray[np.int64]:
    return dates.to_numpy("datetime64[D]").astype(np.int64)


def _found(
    frame: pd.DataFrame, rows: Rows, column: str, problem: str, remedy: str
) -> list[Problem]:
    if not len(rows):
        return []
    rows = rows[np.argsort(frame.index.to_numpy()[rows])]
    values = array_of(frame[column].iloc[rows])
    return [Problem(frame.index.to_numpy()[rows], column, problem, remedy, values)]
