"""Payment: what was paid in the cycles, against what was owed and what was asked for."""

import numpy as np

from features.compiled import compiled
from features.feature import Family
from features.history import History
from features.panel import Floats
from features.series import capped_mean, highest, ratio, slope

FAMILY = Family("payment")


@compiled
def paid_over_balance(h: History, first: int) -> float:
    """Sum of payments over sum of balances from `first` on, where both are known."""
    paid, owed = 0.0, 0.0
    for i in range(first, len(h.day)):
        if not np.isnan(h.amount_paid[i]) and h.balance[i] > 0:
            paid += h.amount_paid[i]
            owed += h.balance[i]
    return ratio(paid, owed)


@compiled
def paid_over_due(paid: Floats, due: Floats, first: int) -> float:
    """Sum of payments over sum of the amounts asked for before, where both are known."""
    received, asked = 0.0, 0.0
    for i in range(max(first, 1), len(paid)):
        if not np.isnan(paid[i]) and due[i - 1] > 0:
            received += paid[i]
            asked += due[i - 1]
    return ratio(received, asked)


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
    return h.balance_share[-1]


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Paid in the cycle before the last, as a share of the balance then owed: {value}",
    zh="上一个周期还款占当时欠款的比例：{value}",
)
def paid_share_previous(h: History) -> float:
    return h.balance_share[-2] if len(h.day) > 1 else np.nan


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
    return capped_mean(h.balance_share, h.first_6)


@FAMILY.feature(
    unit="share",
    group="ability",
    monotone=1,
    en="Average share of the balance paid per cycle in up to 12 months: {value}",
    zh="近 12 个月平均每期还款占欠款的比例：{value}",
)
def paid_share_mean_12(h: History) -> float:
    return capped_mean(h.balance_share, h.first_12)


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Sum of payments over sum of balances in up to 3 months: {value}",
    zh="近 3 个月还款总额与账单余额总额之比：{value}",
)
def paid_over_balance_3(h: History) -> float:
    return paid_over_balance(h, h.first_3)


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Sum of payments over sum of balances in up to 12 months: {value}",
    zh="近 12 个月还款总额与账单余额总额之比：{value}",
)
def paid_over_balance_12(h: History) -> float:
    return paid_over_balance(h, h.first_12)


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=1,
    en="Paid in the last cycle, as a share of the amount then asked for: {value}",
    zh="最近一个周期还款占应还款额的比例：{value}",
)
def paid_to_due_last(h: History) -> float:
    return h.due_share[-1]


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=1,
    en="Average share of the amount asked for that was paid per cycle in up to 3 months: {value}",
    zh="近 3 个月平均每期还款占应还款额的比例：{value}",
)
def paid_to_due_mean_3(h: History) -> float:
    return capped_mean(h.due_share, h.first_3)


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=1,
    en="Average share of the amount asked for that was paid per cycle in up to 12 months: {value}",
    zh="近 12 个月平均每期还款占应还款额的比例：{value}",
)
def paid_to_due_mean_12(h: History) -> float:
    return capped_mean(h.due_share, h.first_12)


@FAMILY.feature(
    unit="share",
    group="ability",
    monotone=1,
    en="Sum of payments over sum of the amounts asked for in up to 6 months: {value}",
    zh="近 6 个月还款总额与应还款总额之比：{value}",
)
def paid_over_due_6(h: History) -> float:
    return paid_over_due(h.amount_paid, h.amount_due, h.first_6)


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Most paid in one cycle in up to 12 months, as a share of the balance now owed: {value}",
    zh="近 12 个月单期最高还款额占当前欠款的比例：{value}",
)
def paid_highest_to_balance_12(h: History) -> float:
    return ratio(highest(h.amount_paid, h.first_12), h.balance[-1])


@FAMILY.feature(
    unit="money_per_month",
    group="ability",
    en="Monthly trend of the amount paid per cycle in up to 6 months: {value}",
    zh="近 6 个月每期还款额的月度趋势：{value}",
)
def paid_trend_6(h: History) -> float:
    return slope(h.day, h.amount_paid, h.first_6)
