"""Exposure: how much is owed, against which limit, for how long."""

import numpy as np
from numba import njit

from features.clock import CYCLE_DAYS, DAY_SECONDS
from features.feature import Family
from features.history import History, highest, ratio, slope, window
from features.tables import ACCOUNTS, codes_of

FAMILY = Family("exposure")

UNSECURED = codes_of(ACCOUNTS, "security")["none"]
CREDIT_CARD = codes_of(ACCOUNTS, "product")["credit_card"]


@njit
def utilisation(h: History, i: int) -> float:
    """Balance over limit at statement i."""
    return ratio(h.balance[i], h.credit_limit[i])


@njit
def mean_utilisation(h: History, cycles: int) -> float:
    """Average of balance over limit in the window, where known."""
    total, count = 0.0, 0
    for i in range(window(h, cycles), len(h.day)):
        used = utilisation(h, i)
        if not np.isnan(used):
            total += used
            count += 1
    return total / count if count > 0 else np.nan


@FAMILY.feature(
    unit="money",
    group="exposure",
    en="Balance at the last statement: {value}",
    zh="最近一期账单余额：{value}",
)
def balance_last(h: History) -> float:
    return h.balance[-1]


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Balance against one statement earlier: {value}",
    zh="账单余额与上一期之比：{value}",
)
def balance_to_previous(h: History) -> float:
    return ratio(h.balance[-1], h.balance[-2]) if len(h.day) > 1 else np.nan


@FAMILY.feature(
    unit="share",
    group="exposure",
    en="Balance against the highest in up to 12 months: {value}",
    zh="账单余额与近 12 个月最高余额之比：{value}",
)
def balance_to_highest_12(h: History) -> float:
    return ratio(h.balance[-1], highest(h.balance, window(h, 12)))


@FAMILY.feature(
    unit="money_per_month",
    group="ability",
    en="Monthly trend of the balance in up to 6 months: {value}",
    zh="近 6 个月余额的月度趋势：{value}",
)
def balance_trend_6(h: History) -> float:
    return slope(h.day, h.balance, window(h, 6))


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Balance as a share of the credit limit: {value}",
    zh="余额占信用额度的比例：{value}",
)
def utilisation_last(h: History) -> float:
    return utilisation(h, len(h.day) - 1)


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Average share of the credit limit used in up to 3 months: {value}",
    zh="近 3 个月平均额度使用率：{value}",
)
def utilisation_mean_3(h: History) -> float:
    return mean_utilisation(h, 3)


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Average share of the credit limit used in up to 12 months: {value}",
    zh="近 12 个月平均额度使用率：{value}",
)
def utilisation_mean_12(h: History) -> float:
    return mean_utilisation(h, 12)


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Change of the share of the limit used since the statement before: {value}",
    zh="额度使用率较上一期的变化：{value}",
)
def utilisation_change(h: History) -> float:
    last = len(h.day) - 1
    return utilisation(h, last) - utilisation(h, last - 1) if last > 0 else np.nan


@FAMILY.feature(
    unit="share",
    group="exposure",
    en="Share of statements over the limit in up to 12 months: {value}",
    zh="近 12 个月超额度账单占比：{value}",
)
def over_limit_share_12(h: History) -> float:
    over, known = 0, 0
    for i in range(window(h, 12), len(h.day)):
        used = utilisation(h, i)
        if not np.isnan(used):
            known += 1
            over += used > 1
    return over / known if known > 0 else np.nan


@FAMILY.feature(
    unit="money",
    group="exposure",
    en="Credit limit: {value}",
    zh="信用额度：{value}",
)
def limit_last(h: History) -> float:
    return h.credit_limit[-1]


@FAMILY.feature(
    unit="share",
    group="exposure",
    en="Amount asked for as a share of the balance: {value}",
    zh="应还款额占余额的比例：{value}",
)
def due_to_balance(h: History) -> float:
    return ratio(h.amount_due[-1], h.balance[-1])


@FAMILY.feature(
    unit="months",
    group="exposure",
    en="Months since the account was opened: {value}",
    zh="开户至今月数：{value}",
)
def months_on_book(h: History) -> float:
    return np.floor((h.as_of / DAY_SECONDS - h.opened_day) / CYCLE_DAYS)


@FAMILY.feature(
    unit="count",
    group="exposure",
    en="Statements known in up to 24 months: {value}",
    zh="近 24 个月可用账单数：{value}",
)
def statements_24(h: History) -> float:
    return float(len(h.day) - window(h, 24))


@FAMILY.feature(
    unit="days",
    group="exposure",
    en="Days since the last statement: {value}",
    zh="距最近一期账单的天数：{value}",
)
def days_since_statement(h: History) -> float:
    return np.floor((h.as_of - h.known_at[-1]) / DAY_SECONDS)


@FAMILY.feature(
    unit="yes_no",
    group="exposure",
    en="The debt is secured: {value}",
    zh="有担保：{value}",
)
def is_secured(h: History) -> float:
    return 1.0 if h.security != UNSECURED else 0.0


@FAMILY.feature(
    unit="yes_no",
    group="exposure",
    en="The debt is a credit card: {value}",
    zh="信用卡债务：{value}",
)
def is_credit_card(h: History) -> float:
    return 1.0 if h.product == CREDIT_CARD else 0.0
