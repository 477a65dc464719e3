"""Delinquency: how late the account is and was, and which way that moves."""

import numpy as np

from features.feature import Family
from features.history import History
from features.series import highest, mean, share_above, slope

FAMILY = Family("delinquency")


@FAMILY.feature(
    unit="days",
    group="exposure",
    monotone=-1,
    en="Days past due at the last statement: {value}",
    zh="最近一期账单的逾期天数：{value}",
)
def dpd_last(h: History) -> float:
    return h.days_past_due[-1]


@FAMILY.feature(
    unit="days",
    group="exposure",
    en="Days past due one statement earlier: {value}",
    zh="上一期账单的逾期天数：{value}",
)
def dpd_previous(h: History) -> float:
    return h.days_past_due[-2] if len(h.day) > 1 else np.nan


@FAMILY.feature(
    unit="days",
    group="exposure",
    en="Days past due two statements earlier: {value}",
    zh="前两期账单的逾期天数：{value}",
)
def dpd_before_previous(h: History) -> float:
    return h.days_past_due[-3] if len(h.day) > 2 else np.nan


@FAMILY.feature(
    unit="days",
    group="exposure",
    monotone=-1,
    en="Change of days past due since the statement before: {value}",
    zh="逾期天数较上一期的变化：{value}",
)
def dpd_change(h: History) -> float:
    return h.days_past_due[-1] - h.days_past_due[-2] if len(h.day) > 1 else np.nan


@FAMILY.feature(
    unit="days",
    group="exposure",
    monotone=-1,
    en="Change of days past due since the statement before, less the change before that: {value}",
    zh="逾期天数较上一期的变化与前一次变化之差：{value}",
)
def dpd_acceleration(h: History) -> float:
    late = h.days_past_due
    return late[-1] - 2 * late[-2] + late[-3] if len(h.day) > 2 else np.nan


@FAMILY.feature(
    unit="days",
    group="exposure",
    monotone=-1,
    en="Most days past due in up to 3 months: {value}",
    zh="近 3 个月内最高逾期天数：{value}",
)
def dpd_highest_3(h: History) -> float:
    return highest(h.days_past_due, h.first_3)


@FAMILY.feature(
    unit="days",
    group="exposure",
    monotone=-1,
    en="Most days past due in up to 6 months: {value}",
    zh="近 6 个月内最高逾期天数：{value}",
)
def dpd_highest_6(h: History) -> float:
    return highest(h.days_past_due, h.first_6)


@FAMILY.feature(
    unit="days",
    group="exposure",
    monotone=-1,
    en="Most days past due in up to 12 months: {value}",
    zh="近 12 个月内最高逾期天数：{value}",
)
def dpd_highest_12(h: History) -> float:
    return highest(h.days_past_due, h.first_12)


@FAMILY.feature(
    unit="days",
    group="exposure",
    monotone=-1,
    en="Most days past due in up to 24 months: {value}",
    zh="近 24 个月内最高逾期天数：{value}",
)
def dpd_highest_24(h: History) -> float:
    return highest(h.days_past_due, h.first_24)


@FAMILY.feature(
    unit="days",
    group="exposure",
    monotone=-1,
    en="Average days past due in up to 3 months: {value}",
    zh="近 3 个月平均逾期天数：{value}",
)
def dpd_mean_3(h: History) -> float:
    return mean(h.days_past_due, h.first_3)


@FAMILY.feature(
    unit="days",
    group="exposure",
    monotone=-1,
    en="Average days past due in up to 6 months: {value}",
    zh="近 6 个月平均逾期天数：{value}",
)
def dpd_mean_6(h: History) -> float:
    return mean(h.days_past_due, h.first_6)


@FAMILY.feature(
    unit="days",
    group="exposure",
    monotone=-1,
    en="Average days past due in up to 12 months: {value}",
    zh="近 12 个月平均逾期天数：{value}",
)
def dpd_mean_12(h: History) -> float:
    return mean(h.days_past_due, h.first_12)


@FAMILY.feature(
    unit="days",
    group="exposure",
    monotone=-1,
    en="Monthly trend of days past due in up to 6 months: {value}",
    zh="近 6 个月逾期天数的月度趋势：{value}",
)
def dpd_trend_6(h: History) -> float:
    return slope(h.day, h.days_past_due, h.first_6)


@FAMILY.feature(
    unit="days",
    group="exposure",
    monotone=-1,
    en="Monthly trend of days past due in up to 12 months: {value}",
    zh="近 12 个月逾期天数的月度趋势：{value}",
)
def dpd_trend_12(h: History) -> float:
    return slope(h.day, h.days_past_due, h.first_12)


@FAMILY.feature(
    unit="share",
    group="exposure",
    monotone=-1,
    en="Share of late statements in up to 3 months: {value}",
    zh="近 3 个月逾期账单占比：{value}",
)
def late_share_3(h: History) -> float:
    return share_above(h.days_past_due, h.first_3, 0.0)


@FAMILY.feature(
    unit="share",
    group="exposure",
    monotone=-1,
    en="Share of late statements in up to 6 months: {value}",
    zh="近 6 个月逾期账单占比：{value}",
)
def late_share_6(h: History) -> float:
    return share_above(h.days_past_due, h.first_6, 0.0)


@FAMILY.feature(
    unit="share",
    group="exposure",
    monotone=-1,
    en="Share of late statements in up to 12 months: {value}",
    zh="近 12 个月逾期账单占比：{value}",
)
def late_share_12(h: History) -> float:
    return share_above(h.days_past_due, h.first_12, 0.0)


@FAMILY.feature(
    unit="share",
    group="exposure",
    monotone=-1,
    en="Share of late statements in up to 24 months: {value}",
    zh="近 24 个月逾期账单占比：{value}",
)
def late_share_24(h: History) -> float:
    return share_above(h.days_past_due, h.first_24, 0.0)


@FAMILY.feature(
    unit="share",
    group="exposure",
    monotone=-1,
    en="Share of statements more than 30 days past due in up to 12 months: {value}",
    zh="近 12 个月逾期超过 30 天的账单占比：{value}",
)
def over_30_share_12(h: History) -> float:
    return share_above(h.days_past_due, h.first_12, 30.0)
