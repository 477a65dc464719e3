"""What a chunk's accounts are decided on, as the decision log holds it: JSON, lists as columns.

Nothing is done for a single row: columns become Python's values once, and each account takes its
slice of them. `service.bodies.inputs` makes the body of a request of it again.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.panel import Panel, View
from features.tables import CONTACTS, FLAGS, PAYMENTS, STATEMENTS, Kind, Table
from models.account import Account
from training.arrow import array_of
from training.debtors import DEBTOR_CONTACTS
from training.panels import positions
from training.tables import Tables

Indices = NDArray[np.int64]

# An account's fields in a body's order, but for its flags and its plan.
_FIELDS = (
    "account_id",
    "debtor_id",
    "product",
    "security",
    "currency",
    "balance",
    "past_due_amount",
    "credit_limit",
    "days_past_due",
    "opened_on",
    "apr",
    "jurisdiction",
    "timezone",
)
_AT = {STATEMENTS.name: "statement_date", PAYMENTS.name: "received_at", CONTACTS.name: "at"}


class _Rows(NamedTuple):
    """Rows of a table: those that account `i` knows are `order[start[i]:stop[i]]`, oldest first."""

    table: Table
    frame: pd.DataFrame
    order: Indices
    start: Indices
    stop: Indices


class _Column(NamedTuple):
    """Values of some accounts' rows; `held`: whether each account has any, None: all have."""

    name: str
    values: list[Any]
    held: list[bool] | None


class Inputs:
    """What the accounts of a chunk are decided on: all that is known at one instant."""

    def __init__(
        self, tables: Tables, others: pd.DataFrame, panel: Panel, view: View, as_of: datetime
    ) -> None:
        """`panel` and `view` are those of the tables and the debtors' `others`, all accounts."""
        ids = pa.array(tables.accounts["account_id"], type=pa.large_string())
        others = others[pc.is_in(array_of(others["account_id"]), value_set=ids).to_numpy(False)]
        statements = np.append(0, np.cumsum(panel.day.shape[1] - panel.first))
        known = view.stop - panel.first
        self._as_of = as_of.isoformat()
        self._lists = {
            STATEMENTS.name: _rows(STATEMENTS, tables.statements, ids, statements[:-1], known)
        }
        for name, table, frame, start, stop in (
            (PAYMENTS.name, PAYMENTS, tables.payments, panel.payment_start, view.payment_stop),
            (CONTACTS.name, CONTACTS, tables.contacts, panel.contact_start, view.contact_stop),
            (DEBTOR_CONTACTS, CONTACTS, others, panel.other_start, view.other_stop),
        ):
            if frame is not None:
                self._lists[name] = _rows(table, frame, ids, start[:-1], stop - start[:-1])

    def encoded(self, accounts: Sequence[Account], at: Indices) -> list[bytes]:
        """The inputs of each of these accounts, which stand `at` these places in the chunk."""
        lists = {name: _columns(rows, at) for name, rows in self._lists.items()}
        encode = msgspec.json.Encoder().encode
        told = []
        for i, account in enumerate(accounts):
            document = {"as_of": self._as_of, "account": _account(account)}
            for name, (end, columns) in lists.items():
                begin, stop = end[i], end[i + 1]
                if begin < stop:
                    document[name] = {
                        column.name: column.values[begin:stop]
                        for column in columns
                        if column.held is None or column.held[i]
                    }
                elif name != DEBTOR_CONTACTS:  # there were none, which is known
                    document[name] = {}
            told.append(encode(document))
        return told


def _rows(table: Table, frame: pd.DataFrame, ids: Any, start: Indices, count: Indices) -> _Rows:
    """The table's rows in the panel's order: by account, then by time."""
    owner = positions(frame, ids)
    at = frame[_AT[table.name]].to_numpy("datetime64[us]")
    return _Rows(table, frame, np.lexsort((at, owner)), start, start + count)


def _columns(rows: _Rows, accounts: Indices) -> tuple[list[int], list[_Column]]:
    """Where the rows of each of the accounts end, from 0 on, and the columns of all of them."""
    start, count = rows.start[accounts], (rows.stop - rows.start)[accounts]
    end = np.append(0, np.cumsum(count))
    within = np.arange(end[-1]) + np.repeat(start - end[:-1], count)
    frame = rows.frame.take(rows.order[within])
    columns = [
        _Column(
            column.name,
            _VALUES[column.kind](frame[column.name]),
            _held(frame[column.name], end) if column.optional else None,
        )
        for column in rows.table.columns
        if column.name != "account_id"
    ]
    return end.tolist(), [column for column in columns if column.held is None or any(column.held)]


def _held(values: pd.Series, end: Indices) -> list[bool]:
    """Whether each account has any value, its rows being those up to its end."""
    known = np.append(0, np.cumsum(values.notna().to_numpy()))[end]
    held: list[bool] = (known[1:] > known[:-1]).tolist()
    return held


def _account(account: Account) -> dict[str, Any]:
    """The account as in a body, without what is not known."""
    plain = {name: value for name in _FIELDS if (value := getattr(account, name)) is not None}
    for flag in FLAGS:
        plain[flag] = flag in account.flags
    if account.plan is not None:
        plan = account.plan
        plain["plan"] = {"months": plan.months, "instalment": plan.instalment, "kept": plan.kept}
    return plain


def _plain(values: pd.Series) -> list[Any]:
    """Texts and flags."""
    plain: list[Any] = array_of(values).to_pylist()
    return plain


def _numbers(values: pd.Series) -> list[Any]:
    return values.tolist()  # NaN is written as null


def _days(values: pd.Series) -> list[Any]:
    """Dates as texts, each made once."""
    number, days = pd.factorize(values.to_numpy("datetime64[D]"))
    texts = np.array([*np.datetime_as_string(days).tolist(), None], object)
    return list(texts[number])  # what is no day has the number -1


def _instants(values: pd.Series) -> list[Any]:
    """Instants in UTC as texts, to the second or, where any has a fraction, to the microsecond."""
    micros = values.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]")
    missing = np.isnat(micros)
    texts = np.full(len(micros), None, object)
    texts[~missing] = _texts_of(micros[~missing])
    return list(texts)


def _texts_of(micros: NDArray[np.datetime64]) -> NDArray[np.object_]:
    seconds = micros.astype("datetime64[s]")
    if (micros != seconds).any():
        return np.datetime_as_string(micros, timezone="UTC").astype(object)
    # Put together of texts made once, which takes a quarter of the time.
    day, second = np.divmod(seconds.astype(np.int64), len(_TIMES))
    number, days = pd.factorize(day)
    dates = np.array(np.datetime_as_string(days.astype("datetime64[D]")).tolist(), object)
    return np.asarray(dates[number] + _TIMES[second])


# Of each second of a day.
_TIMES = np.array(
    [f"T{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}Z" for s in range(86_400)], object
)

_VALUES: dict[Kind, Callable[[pd.Series], list[Any]]] = {
    "id": _plain,
    "text": _plain,
    "code": _plain,
    "money": _numbers,
    "number": _numbers,
    "count": _numbers,
    "flag": _plain,
    "date": _days,
    "instant": _instants,
}
