"""Payment: what was paid against what was owed, how regularly, and what came in since."""

import numpy as np
from numba import njit

from features.feature import Family
from features.history import History, cycles_between, days_since, highest, ratio, stands, window

FAMILY = Family("payment")

FULL = 0.99  # of the earlier balance: banks forgive small change


@njit
def paid_share(h: History, i: int) -> float:
    """Payment of cycle i over the balance of the statement before it."""
    return ratio(h.amount_paid[i], h.balance[i - 1]) if i > 0 else np.nan


@njit
def mean_paid_share(h: History, cycles: int) -> float:
    """Average, over the window, of payment to earlier balance, each counted as at most 1."""
    total, count = 0.0, 0
    for i in range(max(window(h, cycles), 1), len(h.day)):
        share = paid_share(h, i)
        if not np.isnan(share):
            total += min(share, 1.0)
            count += 1
    return total / count if count > 0 else np.nan


@njit
def paid_over_balance(h: History, cycles: int) -> float:
    """Sum of payments over sum of balances in the window, where both are known."""
    paid, owed = 0.0, 0.0
    for i in range(window(h, cycles), len(h.day)):
        if not np.isnan(h.amount_paid[i]) and h.balance[i] > 0:
            paid += h.amount_paid[i]
            owed += h.balance[i]
    return ratio(paid, owed)


@njit
def missed_share(h: History, cycles: int) -> float:
    """Share of the cycles in the window without any payment, of those that are known."""
    missed, known = 0, 0
    for i in range(window(h, cycles), len(h.day)):
        if not np.isnan(h.amount_paid[i]):
            known += 1
            missed += h.amount_paid[i] == 0
    return missed / known if known > 0 else np.nan


@njit
def full_share(h: History, cycles: int) -> float:
    """Share of the cycles in the window in which the earlier balance was paid in full."""
    full, known = 0, 0
    for i in range(max(window(h, cycles), 1), len(h.day)):
        share = paid_share(h, i)
        if not np.isnan(share):
            known += 1
            full += share >= FULL
    return full / known if known > 0 else np.nan


@njit
def paid_since_statement(h: History) -> float:
    """Payments received after the last statement became known; NaN without payments."""
    if not h.payments_known:
        return np.nan
    total = 0.0
    for i in range(len(h.payment_at) - 1, -1, -1):
        if h.payment_at[i] < h.known_at[-1]:
            break
        if stands(h, i):
            total += h.payment_amount[i]
    return total


@FAMILY.feature(
    unit="money",
    group="ability",
    en="Paid in the last cycle: {value}",
    zh="最近一个周期的还款额：{value}",
)
def paid_last(h: History) -> float:
    return h.amount_paid[-1]


@FAMILY.feature(
    unit="money",
    group="ability",
    en="Paid in the cycle before the last: {value}",
    zh="上一个周期的还款额：{value}",
)
def paid_previous(h: History) -> float:
    return h.amount_paid[-2] if len(h.day) > 1 else np.nan


@FAMILY.feature(
    unit="share",
    group="ability",
    monotone=1,
    en="Paid in the last cycle, as a share of the balance then owed: {value}",
    zh="最近一个周期还款占当时欠款的比例：{value}",
)
def paid_share_last(h: History) -> float:
    return paid_share(h, len(h.day) - 1)


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Paid in the cycle before the last, as a share of the balance then owed: {value}",
    zh="上一个周期还款占当时欠款的比例：{value}",
)
def paid_share_previous(h: History) -> float:
    return paid_share(h, len(h.day) - 2)


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Paid in the last cycle, as a share of the balance now owed: {value}",
    zh="最近一个周期还款占当前欠款的比例：{value}",
)
def paid_to_balance_last(h: History) -> float:
    return ratio(h.amount_paid[-1], h.balance[-1])


@FAMILY.feature(
    unit="share",
    group="ability",
    monotone=1,
    en="Average share of the balance paid per cycle in up to 6 months: {value}",
    zh="近 6 个月平均每期还款占欠款的比例：{value}",
)
def paid_share_mean_6(h: History) -> float:
    return mean_paid_share(h, 6)


@FAMILY.feature(
    unit="share",
    group="ability",
    monotone=1,
    en="Average share of the balance paid per cycle in up to 12 months: {value}",
    zh="近 12 个月平均每期还款占欠款的比例：{value}",
)
def paid_share_mean_12(h: History) -> float:
    return mean_paid_share(h, 12)


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Payments over balances in up to 3 months: {value}",
    zh="近 3 个月还款总额与欠款总额之比：{value}",
)
def paid_over_balance_3(h: History) -> float:
    return paid_over_balance(h, 3)


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Payments over balances in up to 12 months: {value}",
    zh="近 12 个月还款总额与欠款总额之比：{value}",
)
def paid_over_balance_12(h: History) -> float:
    return paid_over_balance(h, 12)


@FAMILY.feature(
    unit="share",
    group="ability",
    monotone=1,
    en="Paid in the last cycle, as a share of the amount then asked for: {value}",
    zh="最近一个周期还款占应还款额的比例：{value}",
)
def paid_to_due_last(h: History) -> float:
    return ratio(h.amount_paid[-1], h.amount_due[-2]) if len(h.day) > 1 else np.nan


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=-1,
    en="Share of cycles without any payment in up to 3 months: {value}",
    zh="近 3 个月完全未还款的周期占比：{value}",
)
def missed_share_3(h: History) -> float:
    return missed_share(h, 3)


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=-1,
    en="Share of cycles without any payment in up to 12 months: {value}",
    zh="近 12 个月完全未还款的周期占比：{value}",
)
def missed_share_12(h: History) -> float:
    return missed_share(h, 12)


@FAMILY.feature(
    unit="share",
    group="ability",
    monotone=1,
    en="Share of cycles in which the balance was paid in full, in up to 12 months: {value}",
    zh="近 12 个月全额还款的周期占比：{value}",
)
def full_share_12(h: History) -> float:
    return full_share(h, 12)


@FAMILY.feature(
    unit="months",
    group="willingness",
    en="Months since a cycle with any payment: {value}",
    zh="距上次有还款的周期的月数：{value}",
)
def months_since_paid(h: History) -> float:
    for i in range(len(h.day) - 1, -1, -1):
        if h.amount_paid[i] > 0:
            return float(cycles_between(h.day[i], h.day[-1]))
    return np.nan


@FAMILY.feature(
    unit="ratio",
    group="ability",
    en="Variation of payments in up to 12 months (standard deviation over average): {value}",
    zh="近 12 个月还款额的波动（标准差与均值之比）：{value}",
)
def paid_variation_12(h: History) -> float:
    count, average, squares = 0, 0.0, 0.0
    for i in range(window(h, 12), len(h.day)):
        if not np.isnan(h.amount_paid[i]):
            count += 1
            delta = h.amount_paid[i] - average
            average += delta / count
            squares += delta * (h.amount_paid[i] - average)
    return ratio(np.sqrt(squares / count), average) if count > 1 else np.nan


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Largest payment in up to 12 months, as a share of the balance now owed: {value}",
    zh="近 12 个月最大一笔周期还款占当前欠款的比例：{value}",
)
def paid_highest_to_balance_12(h: History) -> float:
    return ratio(highest(h.amount_paid, window(h, 12)), h.balance[-1])


@FAMILY.feature(
    unit="share",
    group="ability",
    monotone=1,
    en="Paid since the last statement, as a share of the balance: {value}",
    zh="最近一期账单后已还款占欠款的比例：{value}",
)
def paid_since_statement_to_balance(h: History) -> float:
    return ratio(paid_since_statement(h), h.balance[-1])


@FAMILY.feature(
    unit="share",
    group="ability",
    monotone=1,
    en="Paid since the last statement, as a share of the amount asked for: {value}",
    zh="最近一期账单后已还款占应还款额的比例：{value}",
)
def paid_since_statement_to_due(h: History) -> float:
    return ratio(paid_since_statement(h), h.amount_due[-1])


@FAMILY.feature(
    unit="days",
    group="willingness",
    monotone=-1,
    en="Days since the last payment: {value}",
    zh="距最近一笔还款的天数：{value}",
)
def days_since_payment(h: History) -> float:
    for i in range(len(h.payment_at) - 1, -1, -1):
        if stands(h, i):
            return days_since(h, h.payment_at[i])
    return np.nan


@FAMILY.feature(
    unit="count",
    group="willingness",
    monotone=1,
    en="Payments in 90 days: {value}",
    zh="近 90 天还款笔数：{value}",
)
def payments_90(h: History) -> float:
    if not h.payments_known:
        return np.nan
    count = 0
    for i in range(len(h.payment_at) - 1, -1, -1):
        if days_since(h, h.payment_at[i]) >= 90:
            break
        count += stands(h, i)
    return float(count)
