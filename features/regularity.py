"""Regularity: how often a cycle was paid in full, in part, or not at all, and how evenly."""

import numpy as np

from features.feature import Family
from features.history import History, months_ago
from features.series import deviation, mean, ratio, share_at, share_from

FAMILY = Family("regularity")

FULL = 0.99  # of the earlier balance: banks forgive small change
# Amounts are the floats nearest to decimals; of those that are just 99%, the quotient may fall
# short by some ulps.
FULL_FROM = FULL - 1e-15
ALL = 0.999  # of the balance: from here on the amount due is taken for the whole of it
ALL_FROM = ALL - 1e-15


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=-1,
    en="Share of cycles without any payment in up to 3 months: {value}",
    zh="近 3 个月完全未还款的周期占比：{value}",
)
def missed_share_3(h: History) -> float:
    return share_at(h.amount_paid, h.first_3, 0.0)


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=-1,
    en="Share of cycles without any payment in up to 12 months: {value}",
    zh="近 12 个月完全未还款的周期占比：{value}",
)
def missed_share_12(h: History) -> float:
    return share_at(h.amount_paid, h.first_12, 0.0)


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=-1,
    en="Share of cycles without any payment in up to 24 months: {value}",
    zh="近 24 个月完全未还款的周期占比：{value}",
)
def missed_share_24(h: History) -> float:
    return share_at(h.amount_paid, h.first_24, 0.0)


@FAMILY.feature(
    unit="share",
    group="willingness",
    en="Share of cycles paid in part (less than asked for) in up to 12 months: {value}",
    zh="近 12 个月部分还款（少于应还款额）的周期占比：{value}",
)
def partial_share_12(h: History) -> float:
    hits, known = 0, 0
    for i in range(h.first_12, len(h.day)):
        hits += 0 < h.due_share[i] < 1
        known += not np.isnan(h.due_share[i])
    return hits / known if known > 0 else np.nan


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Share of cycles paid at the minimum (as asked, not in full) in up to 12 months: {value}",
    zh="近 12 个月按应还款额还款但未全额还清的周期占比：{value}",
)
def minimum_share_12(h: History) -> float:
    hits, known = 0, 0
    for i in range(h.first_12, len(h.day)):
        hits += h.due_share[i] >= 1 and h.balance_share[i] < FULL_FROM
        known += not (np.isnan(h.due_share[i]) or np.isnan(h.balance_share[i]))
    return hits / known if known > 0 else np.nan


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=1,
    en="Share of cycles in which the amount asked for was paid, in up to 6 months: {value}",
    zh="近 6 个月还足应还款额的周期占比：{value}",
)
def due_met_share_6(h: History) -> float:
    return share_from(h.due_share, h.first_6, 1.0)


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=1,
    en="Share of cycles in which the amount asked for was paid, in up to 24 months: {value}",
    zh="近 24 个月还足应还款额的周期占比：{value}",
)
def due_met_share_24(h: History) -> float:
    return share_from(h.due_share, h.first_24, 1.0)


@FAMILY.feature(
    unit="share",
    group="ability",
    monotone=1,
    en="Share of cycles with more paid than asked for, of those in which the amount asked for was "
    "paid and was not the whole balance, in up to 24 months: {value}",
    zh="近 24 个月还足应还款额（应还款额非全部余额）的周期中多还的占比：{value}",
)
def above_due_share_24(h: History) -> float:
    above, met = 0, 0
    for i in range(max(h.first_24, 1), len(h.day)):
        if h.due_share[i] >= 1 and h.amount_due[i - 1] < ALL_FROM * h.balance[i - 1]:
            met += 1
            above += h.due_share[i] > 1
    return above / met if met > 0 else np.nan


@FAMILY.feature(
    unit="share",
    group="ability",
    monotone=1,
    en="Share of cycles in which the balance was paid in full, in up to 12 months: {value}",
    zh="近 12 个月全额还款的周期占比：{value}",
)
def full_share_12(h: History) -> float:
    return share_from(h.balance_share, h.first_12, FULL_FROM)


@FAMILY.feature(
    unit="count",
    group="willingness",
    monotone=-1,
    en="Cycles in a row without any payment, the last included: {value}",
    zh="连续完全未还款的周期数（含最近一期）：{value}",
)
def missed_streak(h: History) -> float:
    streak = 0
    while streak < len(h.day) and h.amount_paid[-1 - streak] == 0:
        streak += 1
    return np.nan if np.isnan(h.amount_paid[-1]) else float(streak)


@FAMILY.feature(
    unit="count",
    group="willingness",
    monotone=-1,
    en="Cycles in a row with less paid than asked for, the last included: {value}",
    zh="连续还款少于应还款额的周期数（含最近一期）：{value}",
)
def short_streak(h: History) -> float:
    streak = 0
    while streak < len(h.day) and h.due_share[-1 - streak] < 1:
        streak += 1
    return np.nan if np.isnan(h.due_share[-1]) else float(streak)


@FAMILY.feature(
    unit="months",
    group="willingness",
    en="Months since a cycle with any payment: {value}",
    zh="距上次有还款的周期的月数：{value}",
)
def months_since_paid(h: History) -> float:
    for i in range(len(h.day) - 1, -1, -1):
        if h.amount_paid[i] > 0:
            return months_ago(h, i)
    return np.nan


@FAMILY.feature(
    unit="months",
    group="ability",
    en="Months since a cycle in which the balance was paid in full: {value}",
    zh="距上次全额还款的周期的月数：{value}",
)
def months_since_full(h: History) -> float:
    for i in range(len(h.day) - 1, -1, -1):
        if h.balance_share[i] >= FULL_FROM:
            return months_ago(h, i)
    return np.nan


@FAMILY.feature(
    unit="ratio",
    group="willingness",
    en="Variation of the amount paid per cycle (standard deviation over average) in up to "
    "12 months: {value}",
    zh="近 12 个月每期还款额的波动（标准差与均值之比）：{value}",
)
def paid_variation_12(h: History) -> float:
    return ratio(deviation(h.amount_paid, h.first_12), mean(h.amount_paid, h.first_12))
