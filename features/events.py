"""Which payments and contacts of a history count: those that stand, those within so many days."""

import numpy as np

from features.clock import DAY_SECONDS
from features.compiled import compiled
from features.history import History
from features.tables import CONTACTS, codes_of

OUT = codes_of(CONTACTS, "direction")["out"]
CONVERSATION = codes_of(CONTACTS, "outcome")["conversation"]
PROMISE = codes_of(CONTACTS, "outcome")["promise"]
REFUSED = codes_of(CONTACTS, "outcome")["refused"]


@compiled
def days_since(h: History, at: float) -> float:
    """Days from an instant (UTC seconds) to `as_of`."""
    return (h.as_of - at) / DAY_SECONDS


@compiled
def stands(h: History, p: int) -> bool:
    """Payment p has not been taken back, as far as is known at `as_of`."""
    return not h.reversed_at[p] <= h.as_of


@compiled
def spoke(h: History, i: int) -> bool:
    """Contact i reached the debtor: a conversation, with a promise or refusal or without."""
    return h.outcome[i] in (CONVERSATION, PROMISE, REFUSED)


@compiled
def contacts_within(h: History, days: float) -> int:
    """Position of the oldest contact that is less than so many days old."""
    i = len(h.contact_at)
    while i > 0 and days_since(h, h.contact_at[i - 1]) < days:
        i -= 1
    return i


@compiled
def payments_within(h: History, days: float) -> int:
    """Position of the oldest payment that is less than so many days old."""
    p = len(h.payment_at)
    while p > 0 and days_since(h, h.payment_at[p - 1]) < days:
        p -= 1
    return p


@compiled
def of_contacts(h: History, count: int) -> float:
    """The count, or NaN where the contacts are not known."""
    return float(count) if h.contacts_known else np.nan


@compiled
def of_payments(h: History, count: int) -> float:
    """The count, or NaN where the payments are not known."""
    return float(count) if h.payments_known else np.nan


@compiled
def paid_between(h: History, start: float, end: float) -> float:
    """Payments that stand, of the instants from start to end, both included."""
    total = 0.0
    for p in range(len(h.payment_at)):
        if start <= h.payment_at[p] <= end and stands(h, p):
            total += h.payment_amount[p]
    return total
