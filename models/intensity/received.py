"""Received: what an account has paid, and whether that keeps what its debtor promised."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from features.clock import DAY_SECONDS
from features.compiled import compiled
from features.panel import Floats, Indices, Panel, View
from features.tables import CONTACTS, MONEY_DECIMALS, codes_of
from models.account import Account
from models.compiled import compiled_loop

_PROMISE = codes_of(CONTACTS, "outcome")["promise"]

# Days of grace may last longer than 24 hours each, where clocks change or a zone crosses the date
# line: the calendar decides about promises whose grace may still run with these days more.
_SLACK_DAYS = 2

# Compiled loops take array after array: to hand over the panel's named tuples would take longer
# than the loops do for one account.


def paid(panel: Panel, view: View, statements: int) -> tuple[Floats, Floats]:
    """What was received since the last statement, and what is usually paid in a month.

    The first is the sum of the payments from the instant the last statement became known, 0
    without a statement; the second the median of the known amounts paid of so many last
    `statements`, NaN where none is known. In the account's currency, one entry per row of the view.
    """
    received, paid_month = np.empty(len(view.row)), np.empty(len(view.row))
    _fill_money(
        view.row,
        view.as_of,
        view.stop,
        panel.first,
        panel.known_at,
        panel.amount_paid,
        panel.payment_start,
        view.payment_stop,
        *panel.payments[1:],
        np.empty(statements),
        received,
        paid_month,
    )
    return received, paid_month


def _money_each(
    row: Indices,
    as_of: Floats,
    stop: Indices,
    first: Indices,
    known_at: Floats,
    amount_paid: Floats,
    payment_start: Indices,
    payment_stop: Indices,
    at: Floats,
    amount: Floats,
    reversed_now: Floats,
    reversed_at: Floats,
    known: Floats,
    received: Floats,
    paid_month: Floats,
) -> None:
    for i in range(len(row)):
        r = row[i]
        received[i] = 0.0
        if stop[i] > first[r]:
            # A statement holds the payments of its own day and becomes known when that day is
            # over, so a payment counts from that instant on, itself included.
            since = known_at[r, stop[i] - 1]
            received[i] = _received(
                at,
                amount,
                reversed_now,
                reversed_at,
                payment_start[r],
                payment_stop[i],
                since,
                as_of[i],
            )
        count = 0
        for k in range(max(first[r], stop[i] - len(known)), stop[i]):
            if not np.isnan(amount_paid[r, k]):
                known[count] = amount_paid[r, k]
                count += 1
        paid_month[i] = _median(known, count)


@compiled
def _median(values: Floats, count: int) -> float:
    """Median of the first `count` values, which are put in order; NaN of none."""
    if count == 0:
        return np.nan
    for i in range(1, count):
        value, k = values[i], i
        while k > 0 and values[k - 1] > value:
            values[k] = values[k - 1]
            k -= 1
        values[k] = value
    middle: float = (values[(count - 1) // 2] + values[count // 2]) / 2
    return middle


@compiled
def _received(
    at: Floats,
    amount: Floats,
    reversed_now: Floats,
    reversed_at: Floats,
    start: int,
    stop: int,
    since: float,
    as_of: float,
) -> float:
    """Sum of the payments at[start:stop] from `since` until as_of that were not reversed.

    A reversal without an instant counts: it is known today, if not when.
    """
    total = 0.0
    k = stop - 1
    while k >= start and at[k] >= since:
        if reversed_now[k] != 1 or reversed_at[k] > as_of:
            total += amount[k]
        k -= 1
    return total


def promise_ends(panel: Panel, view: View, accounts: Sequence[Account], grace_days: int) -> Floats:
    """UTC seconds at which the hold of each account's latest dated promise ends; NaN: none holds.

    It ends when `grace_days` calendar days at the debtor's place after the promised day are over
    (broken, if unpaid) or when the promise has been kept: payments since it was made reach the
    promised amount or, where no amount was named, there has been any payment. Only the latest
    promise counts, as it replaces those before.
    """
    ends = np.empty(len(view.row))
    running = _fill_due(
        view.row,
        view.as_of,
        panel.payment_start,
        view.payment_stop,
        *panel.payments[1:],
        panel.contact_start,
        view.contact_stop,
        panel.contacts.at,
        panel.contacts.outcome,
        panel.contacts.promised_amount,
        panel.contacts.promised_until,
        (grace_days + _SLACK_DAYS) * DAY_SECONDS,
        ends,
    )
    if running:
        for i in np.flatnonzero(~np.isnan(ends)).tolist():
            over = _grace_over(float(ends[i]), accounts[i].timezone, grace_days)
            ends[i] = over if view.as_of[i] < over else np.nan
    return ends


@lru_cache(maxsize=65_536)
def _grace_over(due_at: float, timezone: str, grace_days: int) -> float:
    # Wall-clock arithmetic: a day of grace that the clocks change on still ends at midnight.
    due = datetime.fromtimestamp(due_at, ZoneInfo(timezone))
    return (due + timedelta(days=grace_days)).timestamp()


def _due_each(
    row: Indices,
    as_of: Floats,
    payment_start: Indices,
    payment_stop: Indices,
    paid_at: Floats,
    amount: Floats,
    reversed_now: Floats,
    reversed_at: Floats,
    contact_start: Indices,
    contact_stop: Indices,
    at: Floats,
    outcome: Floats,
    promised_amount: Floats,
    promised_until: Floats,
    grace: float,
    due: Floats,
) -> int:
    """Fill in when promises that are not kept fall due (NaN: none); returns how many there are.

    Those whose grace of so many seconds is over are left out.
    """
    running = 0
    for i in range(len(row)):
        due[i] = np.nan
        k = _latest_promise(
            at, outcome, promised_amount, promised_until, contact_start[row[i]], contact_stop[i]
        )
        if k < 0 or promised_until[k] + grace < as_of[i]:
            continue
        start, stop = payment_start[row[i]], payment_stop[i]
        paid = _received(paid_at, amount, reversed_now, reversed_at, start, stop, at[k], as_of[i])
        if not _kept(paid, promised_amount[k]):
            due[i] = promised_until[k]
            running += 1
    return running


@compiled
def _kept(paid: float, promised: float) -> bool:
    if promised > 0:
        # Amounts have at most so many decimals; their float sum may fall short by an ulp.
        return round(paid, MONEY_DECIMALS) >= round(promised, MONEY_DECIMALS)
    return paid > 0


@compiled
def _latest_promise(
    at: Floats, outcome: Floats, amount: Floats, until: Floats, start: int, stop: int
) -> int:
    """Position of the latest dated promise in [start, stop), -1 without one.

    An undated promise is passed over: it would never fall due. Of promises made at one instant
    the last to fall due counts, then the largest, so that the order of rows does not.
    """
    best = -1
    for k in range(stop - 1, start - 1, -1):
        if best >= 0 and at[k] < at[best]:
            break
        if outcome[k] == _PROMISE and not np.isnan(until[k]):
            larger = best < 0 or until[k] > until[best]
            if not larger and until[k] == until[best]:
                larger = amount[k] > amount[best] or np.isnan(amount[best])
            if larger:
                best = k
    return best


_fill_money = compiled_loop(_money_each)
_fill_due = compiled_loop(_due_each)
