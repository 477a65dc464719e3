"""The panel: the repayment history of many accounts as arrays of numbers.

Statements stand as accounts × months, newest last; events (payments, contacts) as flat
arrays, ordered by account and time. Everything is float64, with NaN for what is not known.
A snapshot of the past is a `View`: the panel's own arrays with earlier ends.
"""

from typing import NamedTuple, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Statements(NamedTuple):
    """Statements of all accounts as flat arrays of one length, in any order.

    `account` is the position of the account, `day` the statement date in days since 1970,
    `known_at` the UTC seconds from which it may be known, `status` the code's number.
    """

    account: Indices
    day: Floats
    known_at: Floats
    balance: Floats
    amount_due: Floats
    amount_paid: Floats
    days_past_due: Floats
    credit_limit: Floats
    status: Floats


class Payments(NamedTuple):
    """Payments of all accounts as flat arrays; `at` in UTC seconds, `reversed` 0 or 1.

    `reversed` is today's state, not that of the payment's day: no feature may use it. A
    feature may use `reversed_at` (UTC seconds, NaN where none is known) once it has passed.
    """

    account: Indices
    at: Floats
    amount: Floats
    reversed: Floats
    reversed_at: Floats


class Contacts(NamedTuple):
    """Contacts of all accounts as flat arrays; `at` in UTC seconds, codes by their numbers.

    `local_hour` is the hour (0 to 24) at the debtor's place and `local_day` its date, in days
    since 1970; `promised_until` the UTC seconds at which the day of the promise has passed there,
    `appointment_at` those of an agreed visit. `point` stands for the number or address that was
    contacted (features.tables.point_number), `place` for where it is; NaN where they are not known.
    """

    account: Indices
    at: Floats
    local_hour: Floats
    channel: Floats
    direction: Floats
    outcome: Floats
    reason: Floats
    promised_amount: Floats
    promised_until: Floats
    appointment_at: Floats
    local_day: Floats
    point: Floats
    place: Floats


Events = TypeVar("Events", Payments, Contacts)
Order = Indices | slice


class Fixed(NamedTuple):
    """What never changes about an account, one entry per account."""

    opened_day: Floats
    product: Floats
    security: Floats
    payments_known: Flags
    contacts_known: Flags


class Panel(NamedTuple):
    """History of `n` accounts over at most `m` statements.

    The first eight arrays are `n × m`, right-aligned: account `i` fills the columns from
    `first[i]` on. Events of account `i` are `at[start[i]:start[i + 1]]`, oldest first. `others`
    are the contacts with account `i`'s debtor on the debtor's other accounts: contact rules that
    count per debtor read them, no feature does.
    """

    day: Floats
    known_at: Floats
    balance: Floats
    amount_due: Floats
    amount_paid: Floats
    days_past_due: Floats
    credit_limit: Floats
    status: Floats
    first: Indices
    fixed: Fixed
    payments: Payments
    payment_start: Indices
    contacts: Contacts
    contact_start: Indices
    others: Contacts
    other_start: Indices

    @property
    def accounts(self) -> int:
        """Number of accounts."""
        return len(self.first)


class View(NamedTuple):
    """What is known of account `row[i]` at `as_of[i]` (UTC seconds), for each of `v` rows.

    `stop` bounds the statement columns, `payment_stop`, `contact_stop` and `other_stop` the
    events.
    """

    row: Indices
    as_of: Floats
    stop: Indices
    payment_stop: Indices
    contact_stop: Indices
    other_stop: Indices

    def take(self, rows: Indices | Flags) -> "View":
        """Those rows of the view, in the order given."""
        return View._make(values[rows] for values in self)


_NO_PAYMENTS = Payments(np.empty(0, np.int64), *(np.empty(0) for _ in Payments._fields[1:]))
_NO_CONTACTS = Contacts(np.empty(0, np.int64), *(np.empty(0) for _ in Contacts._fields[1:]))


def panel(
    fixed: Fixed,
    statements: Statements,
    payments: Payments | None = None,
    contacts: Contacts | None = None,
    others: Contacts | None = None,
) -> Panel:
    """Arrange flat tables as a panel of `len(fixed.product)` accounts, with copies of all values.

    The `account` of a row of `others` is the one that it is told to, not the one that it was
    about. Raises IndexError where a row belongs to none of them.
    """
    # Copies are contiguous and may be written to; for arrays of any other kind the features
    # would be compiled once more, which takes half a minute.
    n = len(fixed.product)
    order, start = _by_account(statements, n)
    count = start[1:] - start[:-1]
    width = int(count.max(initial=0))

    def months(values: Floats) -> Floats:
        return _right_aligned(values[order], start, width)

    payments, payment_start = _events(payments, n, _NO_PAYMENTS)
    contacts, contact_start = _events(contacts, n, _NO_CONTACTS)
    others, other_start = _events(others, n, _NO_CONTACTS)
    return Panel(
        day=months(statements.day),
        known_at=months(statements.known_at),
        balance=months(statements.balance),
        amount_due=months(statements.amount_due),
        amount_paid=months(statements.amount_paid),
        days_past_due=months(statements.days_past_due),
        credit_limit=months(statements.credit_limit),
        status=months(statements.status),
        first=width - count,
        fixed=Fixed._make(values.copy() for values in fixed),
        payments=payments,
        payment_start=payment_start,
        contacts=contacts,
        contact_start=contact_start,
        others=others,
        other_start=other_start,
    )


def _events(events: Events | None, n: int, none: Events) -> tuple[Events, Indices]:
    """The events by account and time, and where each account's start."""
    if events is None:
        return none, np.zeros(n + 1, np.int64)
    order, start = _by_account(events, n)
    return type(events)._make(values[order].copy() for values in events), start


def _by_account(table: Statements | Payments | Contacts, n: int) -> tuple[Order, Indices]:
    """What brings the rows in order by account and time, and where each account's start."""
    start, ordered = _starts(table[0], table[1], n)
    if ordered:
        return slice(None), start
    # By account, time, then all the rest: events of one instant have an order of their own,
    # so that no feature depends on how the rows came in.
    return np.lexsort(table[::-1]), start


@njit(cache=True, nogil=True)
def _starts(account: Indices, at: Floats, n: int) -> tuple[Indices, bool]:
    """Where each account's rows start, and whether rows rise by account and time already."""
    start = np.zeros(n + 1, np.int64)
    ordered = True
    for i in range(len(account)):
        if not 0 <= account[i] < n:
            raise IndexError("a row belongs to no account of the panel")
        start[account[i] + 1] += 1
        if i > 0:
            before, same = account[i - 1] < account[i], account[i - 1] == account[i]
            ordered &= before or (same and at[i - 1] < at[i])
    for k in range(n):
        start[k + 1] += start[k]
    return start, ordered


@njit(cache=True, nogil=True)
def _right_aligned(values: Floats, start: Indices, width: int) -> Floats:
    """Values in the accounts' order as accounts × width, the newest last, NaN before the oldest."""
    n = len(start) - 1
    dense = np.full((n, width), np.nan)
    for k in range(n):
        shift = width - start[k + 1]
        for i in range(start[k], start[k + 1]):
            dense[k, shift + i] = values[i]
    return dense


def known_at(history: Panel, row: Indices, as_of: Floats) -> View:
    """What is known of accounts `row` at `as_of` (UTC seconds): the only point-in-time cut.

    A statement is known from its `known_at` on, an event from its own time on.
    """
    row, as_of = row.copy(), as_of.copy()  # as in a panel, of the one kind compiled for
    stops = _stops(
        row,
        as_of,
        history.known_at,
        history.first,
        history.payments.at,
        history.payment_start,
        history.contacts.at,
        history.contact_start,
        history.others.at,
        history.other_start,
    )
    return View(row, as_of, *stops)


@njit(cache=True, nogil=True)
def _stops(
    row: Indices,
    as_of: Floats,
    statement_at: Floats,
    first: Indices,
    payment_at: Floats,
    payment_start: Indices,
    contact_at: Floats,
    contact_start: Indices,
    other_at: Floats,
    other_start: Indices,
) -> tuple[Indices, Indices, Indices, Indices]:
    stop = np.empty(len(row), np.int64)
    payment_stop = np.empty(len(row), np.int64)
    contact_stop = np.empty(len(row), np.int64)
    other_stop = np.empty(len(row), np.int64)
    for i in range(len(row)):
        r = row[i]
        end = first[r]
        while end < statement_at.shape[1] and statement_at[r, end] <= as_of[i]:
            end += 1
        stop[i] = end
        payment_stop[i] = _after(payment_at, payment_start[r], payment_start[r + 1], as_of[i])
        contact_stop[i] = _after(contact_at, contact_start[r], contact_start[r + 1], as_of[i])
        other_stop[i] = _after(other_at, other_start[r], other_start[r + 1], as_of[i])
    return stop, payment_stop, contact_stop, other_stop


@njit(cache=True, nogil=True)
def _after(at: Floats, start: int, end: int, as_of: float) -> int:
    """First position in the ordered at[start:end] that lies after as_of."""
    while start < end:
        middle = (start + end) // 2
        if at[middle] <= as_of:
            start = middle + 1
        else:
            end = middle
    return start
