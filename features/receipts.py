"""Receipts: the single payments that came in, how lately, how regularly, and taken back."""

import numpy as np

from features.clock import DAY_SECONDS
from features.compiled import compiled
from features.events import days_since, of_payments, payments_within, stands
from features.feature import Family
from features.history import History
from features.series import ratio

FAMILY = Family("receipts")


@compiled
def since_statement(h: History) -> int:
    """Position of the first payment received once the last statement was known."""
    p = len(h.payment_at)
    while p > 0 and h.payment_at[p - 1] >= h.known_at[-1]:
        p -= 1
    return p


@compiled
def paid_since_statement(h: History) -> float:
    """Payments received once the last statement was known; NaN without payments."""
    total = 0.0
    for p in range(since_statement(h), len(h.payment_at)):
        if stands(h, p):
            total += h.payment_amount[p]
    return total if h.payments_known else np.nan


@compiled
def last_payment_days(h: History) -> float:
    """Days since the last payment that stands; NaN if there is none."""
    for p in range(len(h.payment_at) - 1, -1, -1):
        if stands(h, p):
            return days_since(h, h.payment_at[p])
    return np.nan


@compiled
def mean_gap(h: History, days: float) -> float:
    """Average days between the payments that stand, of so many days; NaN below 2."""
    count, first, last = 0, np.nan, np.nan
    for p in range(payments_within(h, days), len(h.payment_at)):
        if stands(h, p):
            last = h.payment_at[p]
            first = last if count == 0 else first
            count += 1
    return (last - first) / DAY_SECONDS / (count - 1) if count > 1 else np.nan


@FAMILY.feature(
    unit="share",
    group="exposure",
    monotone=1,
    en="Paid since the last statement, as a share of the balance: {value}",
    zh="最近一期账单后已还款占欠款的比例：{value}",
)
def paid_since_statement_to_balance(h: History) -> float:
    return ratio(paid_since_statement(h), h.balance[-1])


@FAMILY.feature(
    unit="share",
    group="exposure",
    monotone=1,
    en="Paid since the last statement, as a share of the amount asked for: {value}",
    zh="最近一期账单后已还款占应还款额的比例：{value}",
)
def paid_since_statement_to_due(h: History) -> float:
    return ratio(paid_since_statement(h), h.amount_due[-1])


@FAMILY.feature(
    unit="count",
    group="willingness",
    monotone=1,
    en="Payments since the last statement: {value}",
    zh="最近一期账单后的还款笔数：{value}",
)
def payments_since_statement(h: History) -> float:
    count = 0
    for p in range(since_statement(h), len(h.payment_at)):
        count += stands(h, p)
    return of_payments(h, count)


@FAMILY.feature(
    unit="days",
    group="willingness",
    monotone=-1,
    en="Days since the last payment: {value}",
    zh="距最近一笔还款的天数：{value}",
)
def days_since_payment(h: History) -> float:
    return last_payment_days(h)


@FAMILY.feature(
    unit="count",
    group="willingness",
    monotone=1,
    en="Payments in 90 days: {value}",
    zh="近 90 天还款笔数：{value}",
)
def payments_90(h: History) -> float:
    count = 0
    for p in range(payments_within(h, 90.0), len(h.payment_at)):
        count += stands(h, p)
    return of_payments(h, count)


@FAMILY.feature(
    unit="days",
    group="willingness",
    en="Average days between one payment and the next, of those in 365 days: {value}",
    zh="近 365 天相邻两笔还款的平均间隔天数：{value}",
)
def payment_gap_mean_365(h: History) -> float:
    return mean_gap(h, 365.0)


@FAMILY.feature(
    unit="ratio",
    group="willingness",
    monotone=-1,
    en="Days since the last payment, over the average days between payments in 365 days: {value}",
    zh="距最近一笔还款的天数与近 365 天平均还款间隔之比：{value}",
)
def days_since_payment_to_gap(h: History) -> float:
    return ratio(last_payment_days(h), mean_gap(h, 365.0))


@FAMILY.feature(
    unit="days",
    group="willingness",
    monotone=-1,
    en="Average days from a statement to a payment of its cycle, of the payments in 365 days "
    "whose cycle began current: {value}",
    zh="近 365 天的还款中，周期开始时账户正常者距账单可知的平均天数：{value}",
)
def days_to_pay_mean_365(h: History) -> float:
    total, count = 0.0, 0
    k = len(h.day) - 1  # the statement that payment p follows
    for p in range(len(h.payment_at) - 1, -1, -1):
        at = h.payment_at[p]
        while k >= 0 and h.known_at[k] > at:
            k -= 1
        if k < 0 or days_since(h, at) >= 365:
            break
        if h.days_past_due[k] == 0 and stands(h, p):
            total += at - h.known_at[k]
            count += 1
    return total / DAY_SECONDS / count if count > 0 else np.nan


@FAMILY.feature(
    unit="count",
    group="ability",
    monotone=-1,
    en="Payments taken back in 180 days: {value}",
    zh="近 180 天被退回的还款笔数：{value}",
)
def reversals_180(h: History) -> float:
    count = 0
    for p in range(len(h.payment_at)):
        count += not stands(h, p) and days_since(h, h.reversed_at[p]) < 180
    return of_payments(h, count)
