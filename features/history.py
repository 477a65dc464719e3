"""One account's history as a feature sees it: arrays that end where knowledge ended."""

from typing import NamedTuple

import numpy as np

from features.clock import CYCLE_DAYS
from features.compiled import compiled
from features.panel import Floats, Panel, View
from features.series import ratio

DERIVED = 3  # arrays of a History that are worked out rather than read


class History(NamedTuple):
    """What is known of one account at `as_of` (UTC seconds), oldest first, NaN for not known.

    There is at least one statement. Money is in the account's currency, `day` in days since
    1970, `*_at` and `promised_until` in UTC seconds, codes as their number in features.tables.
    `known_at` is the instant from which each statement is known.
    `first_3` … `first_24` are the positions at which the windows of so many months begin.
    `utilisation` is balance over limit; `balance_share` and `due_share` are the payment of a
    cycle over the balance and the amount due of the statement before it.
    """

    as_of: float
    day: Floats
    balance: Floats
    amount_due: Floats
    amount_paid: Floats
    days_past_due: Floats
    credit_limit: Floats
    status: Floats
    known_at: Floats
    first_3: int
    first_6: int
    first_12: int
    first_24: int
    utilisation: Floats
    balance_share: Floats
    due_share: Floats
    opened_day: float
    product: float
    security: float
    payments_known: bool
    payment_at: Floats
    payment_amount: Floats
    reversed_at: Floats
    contacts_known: bool
    contact_at: Floats
    local_hour: Floats
    channel: Floats
    direction: Floats
    outcome: Floats
    reason: Floats
    promised_amount: Floats
    promised_until: Floats


@compiled
def history(panel: Panel, view: View, i: int, scratch: Floats) -> History:
    """The history behind row `i` of the view.

    `scratch` is DERIVED × the panel's statement columns; the history's derived arrays lie in it.
    """
    row = view.row[i]
    first, stop = panel.first[row], view.stop[i]
    paid, paid_stop = panel.payment_start[row], view.payment_stop[i]
    met, met_stop = panel.contact_start[row], view.contact_stop[i]
    day = panel.day[row, first:stop]
    balance = panel.balance[row, first:stop]
    amount_due = panel.amount_due[row, first:stop]
    amount_paid = panel.amount_paid[row, first:stop]
    credit_limit = panel.credit_limit[row, first:stop]
    count = stop - first
    utilisation, balance_share, due_share = (
        scratch[0, :count],
        scratch[1, :count],
        scratch[2, :count],
    )
    balance_share[0] = due_share[0] = np.nan
    for k in range(count):
        utilisation[k] = ratio(balance[k], credit_limit[k])
    for k in range(1, count):
        balance_share[k] = ratio(amount_paid[k], balance[k - 1])
        due_share[k] = ratio(amount_paid[k], amount_due[k - 1])
    first_3 = window(day, count - 1, 3)
    first_6 = window(day, first_3, 6)
    first_12 = window(day, first_6, 12)
    first_24 = window(day, first_12, 24)
    return History(
        view.as_of[i],
        day,
        balance,
        amount_due,
        amount_paid,
        panel.days_past_due[row, first:stop],
        credit_limit,
        panel.status[row, first:stop],
        panel.known_at[row, first:stop],
        first_3,
        first_6,
        first_12,
        first_24,
        utilisation,
        balance_share,
        due_share,
        panel.fixed.opened_day[row],
        panel.fixed.product[row],
        panel.fixed.security[row],
        panel.fixed.payments_known[row],
        panel.payments.at[paid:paid_stop],
        panel.payments.amount[paid:paid_stop],
        panel.payments.reversed_at[paid:paid_stop],
        panel.fixed.contacts_known[row],
        panel.contacts.at[met:met_stop],
        panel.contacts.local_hour[met:met_stop],
        panel.contacts.channel[met:met_stop],
        panel.contacts.direction[met:met_stop],
        panel.contacts.outcome[met:met_stop],
        panel.contacts.reason[met:met_stop],
        panel.contacts.promised_amount[met:met_stop],
        panel.contacts.promised_until[met:met_stop],
    )


@compiled
def cycles_between(early: float, late: float) -> int:
    """Monthly cycles between two statement dates (days since 1970), to the nearest."""
    return int(np.floor((late - early) / CYCLE_DAYS + 0.5))


@compiled
def window(day: Floats, i: int, cycles: int) -> int:
    """Position of the first statement within the last `cycles` cycles, the newest being one.

    `i` is a statement within them to start from. A whole number of days is never half a cycle,
    so this is `cycles_between(day, newest) < cycles` without its division.
    """
    beyond = day[-1] - (cycles - 0.5) * CYCLE_DAYS
    while i > 0 and day[i - 1] > beyond:
        i -= 1
    return i


@compiled
def months_ago(h: History, i: int) -> float:
    """Months from statement i to the last one, to the nearest."""
    return float(cycles_between(h.day[i], h.day[-1]))
