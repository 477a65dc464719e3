"""Tables arranged as the panel that features are computed from."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.clock import DAY_SECONDS, midnights_after
from features.panel import Contacts, Fixed, Panel, Payments, Statements, panel
from features.tables import ACCOUNTS, CONTACTS, STATEMENTS, Table, codes_of, point_number
from training.debtors import contacts_of_debtors
from training.tables import Tables

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

DAY_SPAN = 200_000  # more days than lie between any two dates that the tables allow


class AccountPanel(NamedTuple):
    """A panel and the id of each of its accounts, in the panel's order."""

    panel: Panel
    account_ids: NDArray[np.str_]


class Zones(NamedTuple):
    """The time zones of a portfolio: their names, and the position of each account's."""

    names: NDArray[np.str_]
    of_account: Indices


def panel_of(tables: Tables, others: pd.DataFrame | None = None) -> AccountPanel:
    """The panel of checked tables: one account per row of `accounts`, in that order.

    `others` are the contacts on debtors' other accounts, as training.debtors tells them, where
    the tables are a part of a portfolio; rows told to accounts that are not there count for
    nothing. None: the tables are all of it, and say so themselves. Raises InputError where a
    debtor has more accounts than one can have.
    """
    accounts = tables.accounts
    ids = pa.array(accounts["account_id"], type=pa.large_string())
    of_account, names = pd.factorize(accounts["timezone"])
    zones = Zones(names.to_numpy(dtype=str), of_account)
    fixed = _fixed(tables)
    payments = None if tables.payments is None else _payments(tables.payments, ids)
    contacts = None if tables.contacts is None else _contacts(tables.contacts, ids, zones)
    told = contacts_of_debtors(tables) if others is None else _listed(others, ids)
    arranged = panel(
        fixed,
        _statements(tables.statements, ids, zones),
        payments,
        contacts,
        None if told is None else _contacts(told, ids, zones),
    )
    return AccountPanel(arranged, accounts["account_id"].to_numpy(dtype=str))


def _fixed(tables: Tables) -> Fixed:
    accounts = tables.accounts
    n = len(accounts)
    return Fixed(
        opened_day=_days(accounts["opened_on"]),
        product=_numbers(accounts, ACCOUNTS, "product"),
        security=_numbers(accounts, ACCOUNTS, "security"),
        payments_known=np.full(n, tables.payments is not None),
        contacts_known=np.full(n, tables.contacts is not None),
    )


def _statements(frame: pd.DataFrame, ids: pa.Array, zones: Zones) -> Statements:
    account = positions(frame, ids)
    day = _days(frame["statement_date"])
    return Statements(
        account=account,
        day=day,
        known_at=_midnights(day, zones.of_account[account], zones.names),
        balance=_floats(frame["balance"]),
        amount_due=_floats(frame["amount_due"]),
        amount_paid=_floats(frame["amount_paid"]),
        days_past_due=_floats(frame["days_past_due"]),
        credit_limit=_floats(frame["credit_limit"]),
        status=_numbers(frame, STATEMENTS, "status"),
    )


def _payments(frame: pd.DataFrame, ids: pa.Array) -> Payments:
    return Payments(
        account=positions(frame, ids),
        at=seconds(frame["received_at"]),
        amount=_floats(frame["amount"]),
        reversed=_floats(frame["reversed"]),
        reversed_at=seconds(frame["reversed_at"]),
    )


def _contacts(frame: pd.DataFrame, ids: pa.Array, zones: Zones) -> Contacts:
    account = positions(frame, ids)
    zone = zones.of_account[account]
    local_day, local_hour = _local_times(frame["at"], zone, zones.names)
    return Contacts(
        account=account,
        at=seconds(frame["at"]),
        local_hour=local_hour,
        channel=_numbers(frame, CONTACTS, "channel"),
        direction=_numbers(frame, CONTACTS, "direction"),
        outcome=_numbers(frame, CONTACTS, "outcome"),
        reason=_numbers(frame, CONTACTS, "reason"),
        promised_amount=_floats(frame["promised_amount"]),
        promised_until=_midnights(_days(frame["promised_on"]), zone, zones.names),
        appointment_at=seconds(frame["appointment_at"]),
        local_day=local_day,
        point=_points(frame["contact_point_id"]),
        place=_numbers(frame, CONTACTS, "place"),
    )


def _listed(frame: pd.DataFrame, ids: pa.Array) -> pd.DataFrame:
    """The rows of accounts that are among the ids."""
    rows = pa.array(frame["account_id"], type=pa.large_string())
    listed: NDArray[np.bool_] = pc.is_in(rows, value_set=ids).to_numpy(zero_copy_only=False)
    return frame.loc[listed]


def positions(frame: pd.DataFrame, ids: pa.Array) -> Indices:
    """The account's position of each row; the tables' check has seen that each has one."""
    rows = pa.array(frame["account_id"], type=pa.large_string())
    position: Indices = pc.index_in(rows, value_set=ids).to_numpy(zero_copy_only=False)
    return position.astype(np.int64)


def _numbers(frame: pd.DataFrame, table: Table, column: str) -> Floats:
    """Codes as their numbers, NaN where there is none."""
    names = pa.array(list(codes_of(table, column)), type=pa.large_string())
    number = pc.index_in(pa.array(frame[column], type=pa.large_string()), value_set=names)
    numbers: Floats = number.to_numpy(zero_copy_only=False)
    return numbers.astype(np.float64)


def _floats(values: pd.Series) -> Floats:
    return values.to_numpy(np.float64, na_value=np.nan)


def _days(dates: pd.Series) -> Floats:
    """Days since 1970, NaN where there is no date."""
    days = dates.to_numpy("datetime64[D]")
    return np.where(np.isnat(days), np.nan, days.astype(np.int64).astype(np.float64))


def seconds(instants: pd.Series) -> Floats:
    """UTC seconds of instants, to the microsecond; NaN where there is none."""
    naive = instants.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]")
    micros: Indices = naive.astype(np.int64)
    return np.where(np.isnat(naive), np.nan, micros / 1e6)


def _midnights(day: Floats, zone: Indices, names: NDArray[np.str_]) -> Floats:
    """UTC seconds at which each day has passed in its zone; NaN where there is no day.

    Each distinct pair of day and zone is looked up once.
    """
    midnights = np.full(len(day), np.nan)
    known = np.flatnonzero(~np.isnan(day))
    if len(known) == 0:
        return midnights
    low = int(day[known].min())
    pair = zone[known] * DAY_SPAN + (day[known].astype(np.int64) - low)
    position, pairs = pd.factorize(pair)
    found = midnights_after((pairs % DAY_SPAN + low).astype(np.float64), names[pairs // DAY_SPAN])
    midnights[known] = found[position]
    return midnights


def _local_times(at: pd.Series, zone: Indices, names: NDArray[np.str_]) -> tuple[Floats, Floats]:
    """Date (days since 1970) and hour of the day (0 to 24, with fraction) in each row's zone."""
    second = np.empty(len(at), np.int64)
    for number in np.unique(zone):
        here = zone == number
        local = at[here].dt.tz_convert(str(names[number])).dt.tz_localize(None)
        second[here] = local.to_numpy("datetime64[s]").astype(np.int64)
    day, second = np.divmod(second, int(DAY_SECONDS))
    return day.astype(np.float64), second // 3600 + second // 60 % 60 / 60 + second % 60 / 3600


def _points(identifiers: pd.Series) -> Floats:
    """The numbers that stand for contact points, NaN where none is known."""
    points = pa.array(identifiers, type=pa.large_string()).dictionary_encode()
    number = np.array([point_number(point) for point in points.dictionary.to_pylist()])
    numbers = np.full(len(points), np.nan)
    known = points.is_valid().to_numpy(zero_copy_only=False)
    numbers[known] = number[points.indices.drop_null().to_numpy()]
    return numbers
