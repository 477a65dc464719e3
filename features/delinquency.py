"""Delinquency: how late the account is, was, and how often it found its way back."""

import numpy as np
from numba import njit

from features.feature import Family
from features.history import History, cycles_between, highest, mean, slope, window

FAMILY = Family("delinquency")


@njit
def late_share(h: History, cycles: int) -> float:
    """Share of the statements in the window that were late."""
    first = window(h, cycles)
    late = 0
    for i in range(first, len(h.day)):
        if h.days_past_due[i] > 0:
            late += 1
    return late / (len(h.day) - first)


@FAMILY.feature(
    unit="days",
    group="willingness",
    monotone=-1,
    en="Days past due at the last statement: {value}",
    zh="最近一期账单的逾期天数：{value}",
)
def dpd_last(h: History) -> float:
    return h.days_past_due[-1]


@FAMILY.feature(
    unit="days",
    group="willingness",
    en="Days past due one statement earlier: {value}",
    zh="上一期账单的逾期天数：{value}",
)
def dpd_previous(h: History) -> float:
    return h.days_past_due[-2] if len(h.day) > 1 else np.nan


@FAMILY.feature(
    unit="days",
    group="willingness",
    en="Days past due two statements earlier: {value}",
    zh="前两期账单的逾期天数：{value}",
)
def dpd_before_previous(h: History) -> float:
    return h.days_past_due[-3] if len(h.day) > 2 else np.nan


@FAMILY.feature(
    unit="days",
    group="willingness",
    monotone=-1,
    en="Change of days past due since the statement before: {value}",
    zh="逾期天数较上一期的变化：{value}",
)
def dpd_change(h: History) -> float:
    return h.days_past_due[-1] - h.days_past_due[-2] if len(h.day) > 1 else np.nan


@FAMILY.feature(
    unit="days",
    group="willingness",
    monotone=-1,
    en="Most days past due in up to 3 months: {value}",
    zh="近 3 个月内最高逾期天数：{value}",
)
def dpd_highest_3(h: History) -> float:
    return highest(h.days_past_due, window(h, 3))


@FAMILY.feature(
    unit="days",
    group="willingness",
    monotone=-1,
    en="Most days past due in up to 12 months: {value}",
    zh="近 12 个月内最高逾期天数：{value}",
)
def dpd_highest_12(h: History) -> float:
    return highest(h.days_past_due, window(h, 12))


@FAMILY.feature(
    unit="days",
    group="willingness",
    monotone=-1,
    en="Average days past due in up to 3 months: {value}",
    zh="近 3 个月平均逾期天数：{value}",
)
def dpd_mean_3(h: History) -> float:
    return mean(h.days_past_due, window(h, 3))


@FAMILY.feature(
    unit="days",
    group="willingness",
    monotone=-1,
    en="Average days past due in up to 6 months: {value}",
    zh="近 6 个月平均逾期天数：{value}",
)
def dpd_mean_6(h: History) -> float:
    return mean(h.days_past_due, window(h, 6))


@FAMILY.feature(
    unit="days",
    group="willingness",
    monotone=-1,
    en="Average days past due in up to 12 months: {value}",
    zh="近 12 个月平均逾期天数：{value}",
)
def dpd_mean_12(h: History) -> float:
    return mean(h.days_past_due, window(h, 12))


@FAMILY.feature(
    unit="days",
    group="willingness",
    monotone=-1,
    en="Monthly trend of days past due in up to 6 months: {value}",
    zh="近 6 个月逾期天数的月度趋势：{value}",
)
def dpd_trend_6(h: History) -> float:
    return slope(h.day, h.days_past_due, window(h, 6))


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=-1,
    en="Share of late statements in up to 3 months: {value}",
    zh="近 3 个月逾期账单占比：{value}",
)
def late_share_3(h: History) -> float:
    return late_share(h, 3)


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=-1,
    en="Share of late statements in up to 6 months: {value}",
    zh="近 6 个月逾期账单占比：{value}",
)
def late_share_6(h: History) -> float:
    return late_share(h, 6)


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=-1,
    en="Share of late statements in up to 12 months: {value}",
    zh="近 12 个月逾期账单占比：{value}",
)
def late_share_12(h: History) -> float:
    return late_share(h, 12)


@FAMILY.feature(
    unit="count",
    group="willingness",
    monotone=-1,
    en="Late statements in a row, the last included: {value}",
    zh="连续逾期账单数（含最近一期）：{value}",
)
def late_streak(h: History) -> float:
    streak = 0
    while streak < len(h.day) and h.days_past_due[-1 - streak] > 0:
        streak += 1
    return float(streak)


@FAMILY.feature(
    unit="months",
    group="willingness",
    en="Months since the account was last current: {value}",
    zh="距上次正常还款状态的月数：{value}",
)
def months_since_current(h: History) -> float:
    for i in range(len(h.day) - 1, -1, -1):
        if h.days_past_due[i] == 0:
            return float(cycles_between(h.day[i], h.day[-1]))
    return np.nan


@FAMILY.feature(
    unit="months",
    group="willingness",
    monotone=1,
    en="Months since the worst statement in up to 12 months: {value}",
    zh="距近 12 个月内最严重一期的月数：{value}",
)
def months_since_worst_12(h: History) -> float:
    worst = len(h.day) - 1
    for i in range(len(h.day) - 1, window(h, 12) - 1, -1):
        if h.days_past_due[i] > h.days_past_due[worst]:
            worst = i
    return float(cycles_between(h.day[worst], h.day[-1]))


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=1,
    en="Share of the account's earlier late statements that were followed by a cure: {value}",
    zh="以往逾期后下一期即恢复正常的比例：{value}",
)
def own_cure_share(h: History) -> float:
    late, cured = 0, 0
    for i in range(len(h.day) - 1):
        if h.days_past_due[i] > 0:
            late += 1
            cured += h.days_past_due[i + 1] == 0
    return cured / late if late > 0 else np.nan


@FAMILY.feature(
    unit="count",
    group="willingness",
    monotone=1,
    en="Cures in up to 12 months: {value}",
    zh="近 12 个月恢复正常的次数：{value}",
)
def cures_12(h: History) -> float:
    cured = 0
    for i in range(window(h, 12) + 1, len(h.day)):
        cured += h.days_past_due[i - 1] > 0 and h.days_past_due[i] == 0
    return float(cured) if len(h.day) > 1 else np.nan


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=-1,
    en="Share of months in which days past due rose, in up to 6 months: {value}",
    zh="近 6 个月逾期天数上升的月份占比：{value}",
)
def roll_forward_share_6(h: History) -> float:
    first = window(h, 6)
    rises = 0
    for i in range(first + 1, len(h.day)):
        rises += h.days_past_due[i] > h.days_past_due[i - 1]
    steps = len(h.day) - 1 - first
    return rises / steps if steps > 0 else np.nan
