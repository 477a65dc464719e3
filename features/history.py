"""One account's history as a feature sees it: arrays that end where knowledge ended."""

from typing import NamedTuple

import numpy as np
from numba import njit

from features.clock import CYCLE_DAYS, DAY_SECONDS
from features.panel import Floats, Panel, View


class History(NamedTuple):
    """What is known of one account at `as_of` (UTC seconds), oldest first, NaN for not known.

    There is at least one statement. Money is in the account's currency, `day` in days since
    1970, `*_at` and `promised_until` in UTC seconds, codes as their number in features.tables.
    """

    as_of: float
    day: Floats
    balance: Floats
    amount_due: Floats
    amount_paid: Floats
    days_past_due: Floats
    credit_limit: Floats
    known_at: Floats
    opened_day: float
    product: float
    security: float
    payments_known: bool
    payment_at: Floats
    payment_amount: Floats
    reversed_at: Floats
    contacts_known: bool
    contact_at: Floats
    channel: Floats
    direction: Floats
    outcome: Floats
    promised_amount: Floats
    promised_until: Floats


@njit
def history(panel: Panel, view: View, i: int) -> History:
    """The history behind row `i` of the view."""
    row = view.row[i]
    first, stop = panel.first[row], view.stop[i]
    paid, paid_stop = panel.payment_start[row], view.payment_stop[i]
    met, met_stop = panel.contact_start[row], view.contact_stop[i]
    return History(
        view.as_of[i],
        panel.day[row, first:stop],
        panel.balance[row, first:stop],
        panel.amount_due[row, first:stop],
        panel.amount_paid[row, first:stop],
        panel.days_past_due[row, first:stop],
        panel.credit_limit[row, first:stop],
        panel.known_at[row, first:stop],
        panel.fixed.opened_day[row],
        panel.fixed.product[row],
        panel.fixed.security[row],
        panel.fixed.payments_known[row],
        panel.payments.at[paid:paid_stop],
        panel.payments.amount[paid:paid_stop],
        panel.payments.reversed_at[paid:paid_stop],
        panel.fixed.contacts_known[row],
        panel.contacts.at[met:met_stop],
        panel.contacts.channel[met:met_stop],
        panel.contacts.direction[met:met_stop],
        panel.contacts.outcome[met:met_stop],
        panel.contacts.promised_amount[met:met_stop],
        panel.contacts.promised_until[met:met_stop],
    )


@njit
def cycles_between(early: float, late: float) -> int:
    """Monthly cycles between two statement dates (days since 1970), to the nearest."""
    return int(np.floor((late - early) / CYCLE_DAYS + 0.5))


@njit
def window(h: History, cycles: int) -> int:
    """Position of the first statement within the last `cycles` cycles, the newest being one."""
    last = len(h.day) - 1
    i = last
    while i > 0 and cycles_between(h.day[i - 1], h.day[last]) < cycles:
        i -= 1
    return i


@njit
def ratio(part: float, whole: float) -> float:
    """part / whole; NaN where the whole is not positive or either is not known."""
    return part / whole if whole > 0 else np.nan


@njit
def mean(values: Floats, first: int) -> float:
    """Mean of the known values from `first` on; NaN if none is known."""
    total, count = 0.0, 0
    for i in range(first, len(values)):
        if not np.isnan(values[i]):
            total += values[i]
            count += 1
    return total / count if count > 0 else np.nan


@njit
def highest(values: Floats, first: int) -> float:
    """Highest known value from `first` on; NaN if none is known."""
    best = np.nan
    for i in range(first, len(values)):
        if not values[i] <= best and not np.isnan(values[i]):
            best = values[i]
    return best


@njit
def slope(day: Floats, values: Floats, first: int) -> float:
    """Least-squares change of the values per cycle from `first` on; NaN below 3 known ones."""
    count, mean_x, mean_y, xx, xy = 0, 0.0, 0.0, 0.0, 0.0
    for i in range(first, len(values)):
        if np.isnan(values[i]):
            continue
        count += 1
        x = (day[i] - day[-1]) / CYCLE_DAYS
        dx, dy = x - mean_x, values[i] - mean_y
        mean_x += dx / count
        mean_y += dy / count
        xx += dx * (x - mean_x)
        xy += dx * (values[i] - mean_y)
    return xy / xx if count >= 3 and xx > 0 else np.nan


@njit
def days_since(h: History, at: float) -> float:
    """Days from an instant (UTC seconds) to `as_of`."""
    return (h.as_of - at) / DAY_SECONDS


@njit
def stands(h: History, i: int) -> bool:
    """Payment i has not been taken back, as far as is known at `as_of`."""
    return not h.reversed_at[i] <= h.as_of
