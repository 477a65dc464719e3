"""Promises: what the debtor promised, and whether it was kept."""

import numpy as np

from features.clock import DAY_SECONDS
from features.compiled import compiled
from features.events import PROMISE, contacts_within, days_since, of_contacts, paid_between
from features.feature import Family
from features.history import History
from features.series import ratio
from features.tables import MONEY_DECIMALS

FAMILY = Family("promises")

# Amounts have at most so many decimals; their float sum may fall short by an ulp.
HALF_UNIT = 0.5 * 10.0**-MONEY_DECIMALS


@compiled
def fell_due(h: History, i: int) -> bool:
    """Contact i is a promise whose day has passed."""
    return h.outcome[i] == PROMISE and h.promised_until[i] <= h.as_of


@compiled
def kept(h: History, i: int) -> bool:
    """Promise i was paid in time; any payment counts where no amount was promised."""
    paid = paid_between(h, h.contact_at[i], h.promised_until[i])
    return paid > 0 and not paid < h.promised_amount[i] - HALF_UNIT


@compiled
def days_since_due(h: History, fulfilled: bool) -> float:
    """Days since a promise that was kept, or was broken, last fell due; NaN if none did."""
    latest = np.nan
    for i in range(len(h.contact_at)):
        if fell_due(h, i) and not h.promised_until[i] <= latest and kept(h, i) == fulfilled:
            latest = h.promised_until[i]
    return days_since(h, latest) if h.payments_known else np.nan


@compiled
def dated_promise(h: History) -> int:
    """Position of the latest promise that names a day; -1 if there is none."""
    for i in range(len(h.contact_at) - 1, -1, -1):
        if h.outcome[i] == PROMISE and not np.isnan(h.promised_until[i]):
            return i
    return -1


@FAMILY.feature(
    unit="count",
    group="willingness",
    en="Promises to pay in 180 days: {value}",
    zh="近 180 天承诺还款次数：{value}",
)
def promises_180(h: History) -> float:
    count = 0
    for i in range(contacts_within(h, 180.0), len(h.contact_at)):
        count += h.outcome[i] == PROMISE
    return of_contacts(h, count)


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=1,
    en="Share kept of the promises made in 365 days that have fallen due: {value}",
    zh="近 365 天作出且已到期的承诺的履约率：{value}",
)
def promises_kept_share_365(h: History) -> float:
    due, fulfilled = 0, 0
    for i in range(contacts_within(h, 365.0), len(h.contact_at)):
        if fell_due(h, i):
            due += 1
            fulfilled += kept(h, i)
    return ratio(float(fulfilled), float(due)) if h.payments_known else np.nan


@FAMILY.feature(
    unit="count",
    group="willingness",
    monotone=-1,
    en="Broken promises, of those made in 180 days: {value}",
    zh="近 180 天作出的承诺中的违约次数：{value}",
)
def promises_broken_180(h: History) -> float:
    count = 0
    for i in range(contacts_within(h, 180.0), len(h.contact_at)):
        count += fell_due(h, i) and not kept(h, i)
    return of_contacts(h, count) if h.payments_known else np.nan


@FAMILY.feature(
    unit="count",
    group="willingness",
    monotone=-1,
    en="Broken promises in a row, up to the latest that has fallen due: {value}",
    zh="截至最近一次到期承诺的连续违约次数：{value}",
)
def broken_streak(h: History) -> float:
    count = 0
    for i in range(len(h.contact_at) - 1, -1, -1):
        if fell_due(h, i):
            if kept(h, i):
                break
            count += 1
    return of_contacts(h, count) if h.payments_known else np.nan


@FAMILY.feature(
    unit="days",
    group="willingness",
    en="Days since the last promise was made: {value}",
    zh="距上次作出承诺的天数：{value}",
)
def days_since_promise(h: History) -> float:
    for i in range(len(h.contact_at) - 1, -1, -1):
        if h.outcome[i] == PROMISE:
            return days_since(h, h.contact_at[i])
    return np.nan


@FAMILY.feature(
    unit="days",
    group="willingness",
    en="Days since a promise that was kept last fell due: {value}",
    zh="距最近一次已履行承诺到期的天数：{value}",
)
def days_since_promise_kept(h: History) -> float:
    return days_since_due(h, True)


@FAMILY.feature(
    unit="days",
    group="willingness",
    en="Days since a promise that was broken last fell due: {value}",
    zh="距最近一次违约承诺到期的天数：{value}",
)
def days_since_promise_broken(h: History) -> float:
    return days_since_due(h, False)


@FAMILY.feature(
    unit="days",
    group="willingness",
    en="Full days until the latest dated promise falls due (rounded up; negative: past): {value}",
    zh="距最近一次有日期的承诺到期的天数（向上取整，负数表示已过期）：{value}",
)
def days_to_promise(h: History) -> float:
    i = dated_promise(h)
    return np.ceil((h.promised_until[i] - h.as_of) / DAY_SECONDS) if i >= 0 else np.nan


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=1,
    en="Amount of the latest dated promise, if not yet due, as a share of the amount "
    "asked for: {value}",
    zh="最近一次有日期且未到期的承诺金额占应还款额的比例：{value}",
)
def promise_to_due(h: History) -> float:
    i = dated_promise(h)
    is_open = i >= 0 and h.promised_until[i] > h.as_of
    return ratio(h.promised_amount[i], h.amount_due[-1]) if is_open else np.nan
