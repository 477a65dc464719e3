"""Exposure: how much is owed, against which limit, for how long."""

import numpy as np

from features.clock import CYCLE_DAYS, DAY_SECONDS
from features.feature import Family
from features.history import History, months_ago
from features.series import highest, mean, ratio, share_above, slope
from features.tables import ACCOUNTS, codes_of

FAMILY = Family("exposure")

UNSECURED = codes_of(ACCOUNTS, "security")["none"]
CREDIT_CARD = codes_of(ACCOUNTS, "product")["credit_card"]


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
    group="exposure",
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
    return ratio(h.balance[-1], highest(h.balance, h.first_12))


@FAMILY.feature(
    unit="money_per_month",
    group="exposure",
    en="Monthly trend of the balance in up to 6 months: {value}",
    zh="近 6 个月余额的月度趋势：{value}",
)
def balance_trend_6(h: History) -> float:
    return slope(h.day, h.balance, h.first_6)


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Balance as a share of the credit limit: {value}",
    zh="余额占信用额度的比例：{value}",
)
def utilisation_last(h: History) -> float:
    return h.utilisation[-1]


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Average share of the credit limit used in up to 3 months: {value}",
    zh="近 3 个月平均额度使用率：{value}",
)
def utilisation_mean_3(h: History) -> float:
    return mean(h.utilisation, h.first_3)


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Average share of the credit limit used in up to 12 months: {value}",
    zh="近 12 个月平均额度使用率：{value}",
)
def utilisation_mean_12(h: History) -> float:
    return mean(h.utilisation, h.first_12)


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Change of the share of the limit used since the statement before: {value}",
    zh="额度使用率较上一期的变化：{value}",
)
def utilisation_change(h: History) -> float:
    return h.utilisation[-1] - h.utilisation[-2] if len(h.day) > 1 else np.nan


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Monthly trend of the share of the limit used in up to 6 months: {value}",
    zh="近 6 个月额度使用率的月度趋势：{value}",
)
def utilisation_trend_6(h: History) -> float:
    return slope(h.day, h.utilisation, h.first_6)


@FAMILY.feature(
    unit="share",
    group="exposure",
    en="Share of statements over the limit in up to 12 months: {value}",
    zh="近 12 个月超额度账单占比：{value}",
)
def over_limit_share_12(h: History) -> float:
    return share_above(h.utilisation, h.first_12, 1.0)


@FAMILY.feature(
    unit="months",
    group="exposure",
    en="Months since a statement over the limit: {value}",
    zh="距上次超额度账单的月数：{value}",
)
def months_since_over_limit(h: History) -> float:
    for i in range(len(h.day) - 1, -1, -1):
        if h.utilisation[i] > 1:
            return months_ago(h, i)
    return np.nan


@FAMILY.feature(
    unit="money",
    group="exposure",
    en="Credit limit at the last statement: {value}",
    zh="最近一期账单的信用额度：{value}",
)
def limit_last(h: History) -> float:
    return h.credit_limit[-1]


@FAMILY.feature(
    unit="share",
    group="exposure",
    en="Credit limit against the highest in up to 24 months: {value}",
    zh="信用额度与近 24 个月最高额度之比：{value}",
)
def limit_to_highest_24(h: History) -> float:
    return ratio(h.credit_limit[-1], highest(h.credit_limit, h.first_24))


@FAMILY.feature(
    unit="share",
    group="exposure",
    en="Amount asked for as a share of the balance: {value}",
    zh="应还款额占余额的比例：{value}",
)
def due_to_balance(h: History) -> float:
    return ratio(h.amount_due[-1], h.balance[-1])


@FAMILY.feature(
    unit="ratio",
    group="exposure",
    monotone=-1,
    en="Amount asked for, over the average amount paid per cycle in up to 12 months: {value}",
    zh="应还款额与近 12 个月平均每期还款额之比：{value}",
)
def due_to_usual_paid_12(h: History) -> float:
    return ratio(h.amount_due[-1], mean(h.amount_paid, h.first_12))


@FAMILY.feature(
    unit="months",
    group="exposure",
    en="Full months since the account was opened: {value}",
    zh="开户至今整月数：{value}",
)
def months_on_book(h: History) -> float:
    return np.floor((h.as_of / DAY_SECONDS - h.opened_day) / CYCLE_DAYS)


@FAMILY.feature(
    unit="count",
    group="exposure",
    en="Statements in up to 24 months: {value}",
    zh="近 24 个月账单数：{value}",
)
def statements_24(h: History) -> float:
    return float(len(h.day) - h.first_24)


@FAMILY.feature(
    unit="days",
    group="exposure",
    en="Full days since the last statement became known: {value}",
    zh="最近一期账单可知后的整天数：{value}",
)
def days_since_statement(h: History) -> float:
    return np.floor((h.as_of - h.known_at[-1]) / DAY_SECONDS)


@FAMILY.feature(
    unit="yes_no",
    group="exposure",
    en="The debt is secured (by collateral or a guarantor): {value}",
    zh="有担保（抵押物或保证人）：{value}",
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
