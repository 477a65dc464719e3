"""Contact: how often the debtor was tried, reached, and what was promised and kept."""

import numpy as np
from numba import njit

from features.clock import DAY_SECONDS
from features.feature import Family
from features.history import History, days_since, ratio, stands
from features.tables import CONTACTS, MONEY_DECIMALS, codes_of

FAMILY = Family("contact")

OUT = codes_of(CONTACTS, "direction")["out"]
NO_ANSWER = codes_of(CONTACTS, "outcome")["no_answer"]
CONVERSATION = codes_of(CONTACTS, "outcome")["conversation"]
PROMISE = codes_of(CONTACTS, "outcome")["promise"]
REFUSED = codes_of(CONTACTS, "outcome")["refused"]
CALL = codes_of(CONTACTS, "channel")["call"]
VISIT = codes_of(CONTACTS, "channel")["visit"]

# Amounts have at most so many decimals; their float sum may fall short by an ulp.
HALF_UNIT = 0.5 * 10.0**-MONEY_DECIMALS


@njit
def spoke(h: History, i: int) -> bool:
    """Contact i reached the debtor: a conversation, with a promise or refusal or without."""
    outcome = h.outcome[i]
    return outcome == CONVERSATION or outcome == PROMISE or outcome == REFUSED


@njit
def first_within(h: History, days: float) -> int:
    """Position of the oldest contact that is less than so many days old."""
    i = len(h.contact_at)
    while i > 0 and days_since(h, h.contact_at[i - 1]) < days:
        i -= 1
    return i


@njit
def if_known(h: History, count: int) -> float:
    """The count, or NaN where the contacts are not known."""
    return float(count) if h.contacts_known else np.nan


@njit
def paid_on_promise(h: History, i: int) -> float:
    """Payments that stand, from promise i to the end of its last day, as far as is known."""
    total = 0.0
    for p in range(len(h.payment_at)):
        if h.contact_at[i] <= h.payment_at[p] <= h.promised_until[i] and stands(h, p):
            total += h.payment_amount[p]
    return total


@njit
def kept(h: History, i: int) -> bool:
    """Promise i was paid in time; any payment counts where no amount was promised."""
    paid = paid_on_promise(h, i)
    return paid > 0 and not paid < h.promised_amount[i] - HALF_UNIT


@FAMILY.feature(
    unit="count",
    group="contact",
    en="Attempts to reach the debtor in 30 days: {value}",
    zh="近 30 天联系尝试次数：{value}",
)
def attempts_30(h: History) -> float:
    count = 0
    for i in range(first_within(h, 30.0), len(h.contact_at)):
        count += h.direction[i] == OUT
    return if_known(h, count)


@FAMILY.feature(
    unit="count",
    group="contact",
    en="Conversations in 90 days: {value}",
    zh="近 90 天通话沟通次数：{value}",
)
def conversations_90(h: History) -> float:
    count = 0
    for i in range(first_within(h, 90.0), len(h.contact_at)):
        count += spoke(h, i)
    return if_known(h, count)


@FAMILY.feature(
    unit="share",
    group="contact",
    monotone=1,
    en="Share of calls and visits in 90 days that reached the debtor: {value}",
    zh="近 90 天电话与上门的接通率：{value}",
)
def reach_rate_90(h: History) -> float:
    tried, reached = 0, 0
    for i in range(first_within(h, 90.0), len(h.contact_at)):
        if h.direction[i] == OUT and (h.channel[i] == CALL or h.channel[i] == VISIT):
            tried += 1
            reached += spoke(h, i)
    return ratio(float(reached), float(tried))


@FAMILY.feature(
    unit="count",
    group="contact",
    monotone=-1,
    en="Unanswered attempts since the debtor was last reached: {value}",
    zh="自上次接通以来的未接次数：{value}",
)
def unanswered_streak(h: History) -> float:
    count = 0
    for i in range(len(h.contact_at) - 1, -1, -1):
        if spoke(h, i):
            break
        count += h.outcome[i] == NO_ANSWER
    return if_known(h, count)


@FAMILY.feature(
    unit="days",
    group="contact",
    en="Days since the last conversation: {value}",
    zh="距上次沟通的天数：{value}",
)
def days_since_conversation(h: History) -> float:
    for i in range(len(h.contact_at) - 1, -1, -1):
        if spoke(h, i):
            return days_since(h, h.contact_at[i])
    return np.nan


@FAMILY.feature(
    unit="count",
    group="contact",
    monotone=1,
    en="Times the debtor called or wrote in 90 days: {value}",
    zh="近 90 天债务人主动联系次数：{value}",
)
def inbound_90(h: History) -> float:
    count = 0
    for i in range(first_within(h, 90.0), len(h.contact_at)):
        count += h.direction[i] != OUT
    return if_known(h, count)


@FAMILY.feature(
    unit="count",
    group="willingness",
    monotone=-1,
    en="Refusals to pay in 180 days: {value}",
    zh="近 180 天拒绝还款次数：{value}",
)
def refusals_180(h: History) -> float:
    count = 0
    for i in range(first_within(h, 180.0), len(h.contact_at)):
        count += h.outcome[i] == REFUSED
    return if_known(h, count)


@FAMILY.feature(
    unit="count",
    group="willingness",
    en="Promises to pay in 180 days: {value}",
    zh="近 180 天承诺还款次数：{value}",
)
def promises_180(h: History) -> float:
    count = 0
    for i in range(first_within(h, 180.0), len(h.contact_at)):
        count += h.outcome[i] == PROMISE
    return if_known(h, count)


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=1,
    en="Share of the promises due in 365 days that were kept: {value}",
    zh="近 365 天到期承诺的履约率：{value}",
)
def promises_kept_share_365(h: History) -> float:
    if not h.payments_known:
        return np.nan
    due, fulfilled = 0, 0
    for i in range(first_within(h, 365.0), len(h.contact_at)):
        if h.outcome[i] == PROMISE and h.promised_until[i] <= h.as_of:
            due += 1
            fulfilled += kept(h, i)
    return ratio(float(fulfilled), float(due))


@FAMILY.feature(
    unit="days",
    group="willingness",
    en="Days until the latest dated promise is due (negative: past): {value}",
    zh="距最近一次有日期的承诺到期的天数（负数表示已过期）：{value}",
)
def days_to_promise(h: History) -> float:
    for i in range(len(h.contact_at) - 1, -1, -1):
        if h.outcome[i] == PROMISE and not np.isnan(h.promised_until[i]):
            return np.ceil((h.promised_until[i] - h.as_of) / DAY_SECONDS)
    return np.nan
