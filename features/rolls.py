"""Rolls: runs of late and of current statements, rises and falls, and ways back to current."""

import numpy as np

from features.compiled import compiled
from features.feature import Family
from features.history import History, months_ago
from features.tables import STATEMENTS, codes_of

FAMILY = Family("rolls")

RESTRUCTURED = codes_of(STATEMENTS, "status")["restructured"]


@compiled
def run_start(h: History) -> int:
    """Position of the first statement of the present run of late ones; past the end if current."""
    i = len(h.day)
    while i > 0 and h.days_past_due[i - 1] > 0:
        i -= 1
    return i


@compiled
def cure_at(h: History, i: int) -> bool:
    """Statement i is current and the one before it was late."""
    return h.days_past_due[i - 1] > 0 and h.days_past_due[i] == 0


@compiled
def cures_from(h: History, first: int) -> float:
    """Cures of which both statements lie from `first` on; NaN with one statement alone."""
    cured = 0
    for i in range(first + 1, len(h.day)):
        cured += cure_at(h, i)
    return float(cured) if len(h.day) > 1 else np.nan


@FAMILY.feature(
    unit="count",
    group="exposure",
    monotone=-1,
    en="Late statements in a row, the last included: {value}",
    zh="连续逾期账单数（含最近一期）：{value}",
)
def late_streak(h: History) -> float:
    return float(len(h.day) - run_start(h))


@FAMILY.feature(
    unit="count",
    group="exposure",
    monotone=-1,
    en="Most late statements in a row in up to 24 months: {value}",
    zh="近 24 个月内最长连续逾期账单数：{value}",
)
def longest_late_streak_24(h: History) -> float:
    longest, streak = 0, 0
    for i in range(h.first_24, len(h.day)):
        streak = streak + 1 if h.days_past_due[i] > 0 else 0
        longest = max(longest, streak)
    return float(longest)


@FAMILY.feature(
    unit="count",
    group="willingness",
    monotone=1,
    en="Current statements in a row, up to the last or to the present run of late ones: {value}",
    zh="截至最近一期（或本轮逾期开始前）的连续正常账单数：{value}",
)
def current_streak(h: History) -> float:
    start = run_start(h)
    streak = 0
    while streak < start and h.days_past_due[start - 1 - streak] == 0:
        streak += 1
    return float(streak) if start > 0 else np.nan


@FAMILY.feature(
    unit="count",
    group="willingness",
    monotone=-1,
    en="Late statements in up to 24 months before the present run of late ones: {value}",
    zh="近 24 个月内本轮逾期之前的逾期账单数：{value}",
)
def late_before_24(h: History) -> float:
    start = run_start(h)
    late = 0
    for i in range(h.first_24, start):
        late += h.days_past_due[i] > 0
    return float(late) if start > 0 else np.nan


@FAMILY.feature(
    unit="months",
    group="exposure",
    en="Months since the account was last current: {value}",
    zh="距上次正常还款状态的月数：{value}",
)
def months_since_current(h: History) -> float:
    start = run_start(h)
    return months_ago(h, start - 1) if start > 0 else np.nan


@FAMILY.feature(
    unit="months",
    group="exposure",
    monotone=1,
    en="Months since the worst statement in up to 12 months, the newest of equals: {value}",
    zh="距近 12 个月内逾期最严重一期（相同时取最近）的月数：{value}",
)
def months_since_worst_12(h: History) -> float:
    worst = len(h.day) - 1
    for i in range(len(h.day) - 1, h.first_12 - 1, -1):
        if h.days_past_due[i] > h.days_past_due[worst]:
            worst = i
    return months_ago(h, worst)


@FAMILY.feature(
    unit="months",
    group="exposure",
    monotone=1,
    en="Months since a statement more than 30 days past due: {value}",
    zh="距上次逾期超过 30 天的账单的月数：{value}",
)
def months_since_over_30(h: History) -> float:
    for i in range(len(h.day) - 1, -1, -1):
        if h.days_past_due[i] > 30:
            return months_ago(h, i)
    return np.nan


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=1,
    en="Share of the account's earlier late statements that were followed by a cure: {value}",
    zh="以往逾期账单中下一期即恢复正常的比例：{value}",
)
def own_cure_share(h: History) -> float:
    late, cured = 0, 0
    for i in range(1, len(h.day)):
        late += h.days_past_due[i - 1] > 0
        cured += cure_at(h, i)
    return cured / late if late > 0 else np.nan


@FAMILY.feature(
    unit="count",
    group="willingness",
    monotone=1,
    en="Cures in up to 12 months: {value}",
    zh="近 12 个月恢复正常的次数：{value}",
)
def cures_12(h: History) -> float:
    return cures_from(h, h.first_12)


@FAMILY.feature(
    unit="count",
    group="willingness",
    monotone=1,
    en="Cures in up to 24 months: {value}",
    zh="近 24 个月恢复正常的次数：{value}",
)
def cures_24(h: History) -> float:
    return cures_from(h, h.first_24)


@FAMILY.feature(
    unit="months",
    group="willingness",
    en="Months since the last cure: {value}",
    zh="距上次恢复正常的月数：{value}",
)
def months_since_cure(h: History) -> float:
    for i in range(len(h.day) - 1, 0, -1):
        if cure_at(h, i):
            return months_ago(h, i)
    return np.nan


@FAMILY.feature(
    unit="count",
    group="exposure",
    monotone=-1,
    en="Late statements in a row before a cure, average over the cures in up to 24 months: {value}",
    zh="近 24 个月每次恢复正常前的平均连续逾期账单数：{value}",
)
def late_run_mean_24(h: History) -> float:
    cured, late, streak = 0, 0, 0
    for i in range(h.first_24, len(h.day)):
        if h.days_past_due[i] > 0:
            streak += 1
        else:
            cured += streak > 0
            late += streak
            streak = 0
    return late / cured if cured > 0 else np.nan


@FAMILY.feature(
    unit="share",
    group="exposure",
    monotone=-1,
    en="Share of steps in which days past due rose, in up to 6 months: {value}",
    zh="近 6 个月逾期天数较上期上升的比例：{value}",
)
def roll_forward_share_6(h: History) -> float:
    rises = 0
    for i in range(h.first_6 + 1, len(h.day)):
        rises += h.days_past_due[i] > h.days_past_due[i - 1]
    steps = len(h.day) - 1 - h.first_6
    return rises / steps if steps > 0 else np.nan


@FAMILY.feature(
    unit="share",
    group="exposure",
    monotone=1,
    en="Share of steps in which days past due fell, in up to 12 months: {value}",
    zh="近 12 个月逾期天数较上期下降的比例：{value}",
)
def roll_back_share_12(h: History) -> float:
    falls = 0
    for i in range(h.first_12 + 1, len(h.day)):
        falls += h.days_past_due[i] < h.days_past_due[i - 1]
    steps = len(h.day) - 1 - h.first_12
    return falls / steps if steps > 0 else np.nan


@FAMILY.feature(
    unit="yes_no",
    group="exposure",
    en="Restructured at a statement in up to 24 months: {value}",
    zh="近 24 个月账单中有过重组：{value}",
)
def was_restructured_24(h: History) -> float:
    found = 0
    for i in range(h.first_24, len(h.day)):
        found += h.status[i] == RESTRUCTURED
    return 1.0 if found > 0 else 0.0
