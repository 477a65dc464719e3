"""A number that stands for what an account is decided on: the same inputs, the same number."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b

import numpy as np
from numba import njit
from numpy.typing import NDArray

from features.clock import DAY_SECONDS
from features.panel import Contacts, Floats, Indices, Panel, Payments, View
from models.account import Account

Keys = NDArray[np.uint64]

BYTES = 8
OTHERS_DAYS = 33  # rules look at 31 of the debtor's days, which begin up to a day from UTC's
BLOCK = 1_000  # accounts of which the numbers are held at once


def fingerprints(
    accounts: Sequence[Account], panel: Panel, view: View, salts: Sequence[bytes]
) -> Keys:
    """A number below 2**64 for each row of the view: of the account, of all that the row knows,
    and of the salt that stand beside it.

    An account's flags and plan are left out: they only ever cap what has been chosen. The number
    stays the same whatever the instant, the order in which rows came in and the other accounts
    are. Of contacts on the debtor's other accounts those of the last OTHERS_DAYS count, by the UTC
    date: a run and a request need not know them from the same day on. Different inputs share a
    number with a probability of 2**-64 (BLAKE2b, RFC 7693).
    """
    beside = zip(accounts, _known(panel, view), salts, strict=True)
    return np.array([_mixed(*one) for one in beside], np.uint64)


def _mixed(account: Account, numbers: memoryview, salt: bytes) -> int:
    mixed = blake2b(salt, digest_size=BYTES)
    mixed.update(_text(account))
    mixed.update(numbers)
    return int.from_bytes(mixed.digest())


def _text(account: Account) -> bytes:
    """The account's fields but its flags and its plan; 5 and 5.0 are the same.

    A flag set since must not end the capacity plan's hold on a level below the flag's cap.
    """
    return repr(
        (
            account.account_id,
            account.debtor_id,
            account.product,
            account.security,
            account.currency,
            account.jurisdiction,
            account.timezone,
            account.balance + 0.0,  # 0.0 for -0.0
            account.past_due_amount + 0.0,
            account.days_past_due,
            None if account.credit_limit is None else account.credit_limit + 0.0,
            None if account.opened_on is None else account.opened_on.toordinal(),
            None if account.apr is None else account.apr + 0.0,
        )
    ).encode()


def _known(panel: Panel, view: View) -> Iterator[memoryview]:
    """All numbers that each row of the view knows."""
    for start in range(0, len(view.row), BLOCK):
        numbers, end = _numbers(panel, view, start, min(start + BLOCK, len(view.row)))
        held, begin = numbers.data, 0
        for stop in end.tolist():
            yield held[begin:stop]
            begin = stop


@njit(cache=True, nogil=True)
def _numbers(panel: Panel, view: View, start: int, stop: int) -> tuple[Floats, Indices]:
    """What the rows from start to stop know, one after the other, and where each one's ends."""
    size = 0
    for i in range(start, stop):
        row = view.row[i]
        size += 6 + 8 * (view.stop[i] - panel.first[row])
        size += 4 * (view.payment_stop[i] - panel.payment_start[row])
        size += 12 * (view.contact_stop[i] - panel.contact_start[row])
        size += 12 * (view.other_stop[i] - _others_start(panel, view, i))
    out, end, k = np.empty(size), np.empty(stop - start, np.int64), 0
    for i in range(start, stop):
        row = view.row[i]
        out[k] = panel.fixed.payments_known[row]
        out[k + 1] = panel.fixed.contacts_known[row]
        k = _add_statements(out, k + 2, panel, row, view.stop[i])
        k = _add_payments(out, k, panel.payments, panel.payment_start[row], view.payment_stop[i])
        k = _add_contacts(out, k, panel.contacts, panel.contact_start[row], view.contact_stop[i])
        k = _add_contacts(out, k, panel.others, _others_start(panel, view, i), view.other_stop[i])
        end[i - start] = k
    return out, end


@njit(cache=True, nogil=True)
def _others_start(panel: Panel, view: View, i: int) -> int:
    first = panel.other_start[view.row[i]]
    begin = (view.as_of[i] // DAY_SECONDS - OTHERS_DAYS) * DAY_SECONDS
    k = view.other_stop[i]
    while k > first and panel.others.at[k - 1] >= begin:
        k -= 1
    return int(k)


@njit(cache=True, nogil=True)
def _add_statements(out: Floats, k: int, panel: Panel, row: int, stop: int) -> int:
    first = panel.first[row]
    out[k] = stop - first
    k += 1
    for m in range(first, stop):
        out[k] = panel.day[row, m]
        out[k + 1] = panel.known_at[row, m]
        out[k + 2] = _same(panel.balance[row, m])
        out[k + 3] = _same(panel.amount_due[row, m])
        out[k + 4] = _same(panel.amount_paid[row, m])
        out[k + 5] = panel.days_past_due[row, m]
        out[k + 6] = _same(panel.credit_limit[row, m])
        out[k + 7] = panel.status[row, m]
        k += 8
    return k


@njit(cache=True, nogil=True)
def _add_payments(out: Floats, k: int, payments: Payments, start: int, stop: int) -> int:
    out[k] = stop - start
    k += 1
    for p in range(start, stop):
        out[k] = payments.at[p]
        out[k + 1] = _same(payments.amount[p])
        out[k + 2] = payments.reversed[p]
        out[k + 3] = _same(payments.reversed_at[p])
        k += 4
    return k


@njit(cache=True, nogil=True)
def _add_contacts(out: Floats, k: int, contacts: Contacts, start: int, stop: int) -> int:
    out[k] = stop - start
    k += 1
    for c in range(start, stop):
        out[k] = contacts.at[c]
        out[k + 1] = _same(contacts.local_hour[c])
        out[k + 2] = contacts.channel[c]
        out[k + 3] = contacts.direction[c]
        out[k + 4] = contacts.outcome[c]
        out[k + 5] = _same(contacts.reason[c])
        out[k + 6] = _same(contacts.promised_amount[c])
        out[k + 7] = _same(contacts.promised_until[c])
        out[k + 8] = _same(contacts.appointment_at[c])
        out[k + 9] = contacts.local_day[c]
        out[k + 10] = _same(contacts.point[c])
        out[k + 11] = _same(contacts.place[c])
        k += 12
    return k


@njit(cache=True, nogil=True)
def _same(value: float) -> float:
    """The one NaN for any, 0.0 for -0.0: numbers that are equal have the same bytes."""
    return np.nan if np.isnan(value) else value + 0.0
