"""Contact: how often the debtor was tried and reached, by what means, at what hour."""

import numpy as np

from features.compiled import compiled
from features.events import OUT, contacts_within, days_since, of_contacts, spoke
from features.feature import Family
from features.history import History
from features.series import ratio
from features.tables import CONTACTS, codes_of

FAMILY = Family("contact")

NO_ANSWER = codes_of(CONTACTS, "outcome")["no_answer"]
WRONG_PARTY = codes_of(CONTACTS, "outcome")["wrong_party"]
CALL = codes_of(CONTACTS, "channel")["call"]
VISIT = codes_of(CONTACTS, "channel")["visit"]
AGENCY = codes_of(CONTACTS, "channel")["agency"]
LEGAL = codes_of(CONTACTS, "channel")["legal"]

EVENING = 17.0  # o'clock: from then on most are home from work


@compiled
def tried(h: History, i: int) -> bool:
    """Contact i was a call or a visit to the debtor."""
    return h.direction[i] == OUT and h.channel[i] in (CALL, VISIT)


@compiled
def attempts(h: History, days: float) -> float:
    """Outbound contacts of so many days."""
    count = 0
    for i in range(contacts_within(h, days), len(h.contact_at)):
        count += h.direction[i] == OUT
    return of_contacts(h, count)


@compiled
def reach_rate(h: History, days: float, hour: float) -> float:
    """Share of the calls and visits of so many days, from that local hour on, that reached."""
    count, reached = 0, 0
    for i in range(contacts_within(h, days), len(h.contact_at)):
        if tried(h, i) and h.local_hour[i] >= hour:
            count += 1
            reached += spoke(h, i)
    return ratio(float(reached), float(count))


@FAMILY.feature(
    unit="count",
    group="contact",
    en="Attempts to reach the debtor in 7 days: {value}",
    zh="近 7 天联系尝试次数：{value}",
)
def attempts_7(h: History) -> float:
    return attempts(h, 7.0)


@FAMILY.feature(
    unit="count",
    group="contact",
    en="Attempts to reach the debtor in 30 days: {value}",
    zh="近 30 天联系尝试次数：{value}",
)
def attempts_30(h: History) -> float:
    return attempts(h, 30.0)


@FAMILY.feature(
    unit="days",
    group="contact",
    en="Days since the last attempt to reach the debtor: {value}",
    zh="距上次联系尝试的天数：{value}",
)
def days_since_attempt(h: History) -> float:
    for i in range(len(h.contact_at) - 1, -1, -1):
        if h.direction[i] == OUT:
            return days_since(h, h.contact_at[i])
    return np.nan


@FAMILY.feature(
    unit="count",
    group="contact",
    en="Conversations in 90 days: {value}",
    zh="近 90 天沟通次数：{value}",
)
def conversations_90(h: History) -> float:
    count = 0
    for i in range(contacts_within(h, 90.0), len(h.contact_at)):
        count += spoke(h, i)
    return of_contacts(h, count)


@FAMILY.feature(
    unit="share",
    group="contact",
    monotone=1,
    en="Share of calls and visits in 90 days that reached the debtor: {value}",
    zh="近 90 天电话与上门的接通率：{value}",
)
def reach_rate_90(h: History) -> float:
    return reach_rate(h, 90.0, 0.0)


@FAMILY.feature(
    unit="share",
    group="contact",
    monotone=1,
    en="Share of calls and visits in 365 days that reached the debtor: {value}",
    zh="近 365 天电话与上门的接通率：{value}",
)
def reach_rate_365(h: History) -> float:
    return reach_rate(h, 365.0, 0.0)


@FAMILY.feature(
    unit="share",
    group="contact",
    en="Share of calls and visits from 17:00 on, in 180 days, that reached the debtor: {value}",
    zh="近 180 天 17:00 及以后电话与上门的接通率：{value}",
)
def evening_reach_rate_180(h: History) -> float:
    return reach_rate(h, 180.0, EVENING)


@FAMILY.feature(
    unit="hour",
    group="contact",
    en="Average hour of the calls and visits in 365 days that reached the debtor: {value}",
    zh="近 365 天接通的电话与上门的平均时刻：{value}",
)
def reached_hour_365(h: History) -> float:
    total, count = 0.0, 0
    for i in range(contacts_within(h, 365.0), len(h.contact_at)):
        if tried(h, i) and spoke(h, i):
            total += h.local_hour[i]
            count += 1
    return ratio(total, float(count))


@FAMILY.feature(
    unit="count",
    group="contact",
    monotone=-1,
    en="Unanswered attempts since the last conversation: {value}",
    zh="自上次沟通以来的未接次数：{value}",
)
def unanswered_streak(h: History) -> float:
    count = 0
    for i in range(len(h.contact_at) - 1, -1, -1):
        if spoke(h, i):
            break
        count += h.direction[i] == OUT and h.outcome[i] == NO_ANSWER
    return of_contacts(h, count)


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
    unit="yes_no",
    group="contact",
    en="The debtor began the last conversation: {value}",
    zh="上次沟通由债务人主动发起：{value}",
)
def last_conversation_inbound(h: History) -> float:
    for i in range(len(h.contact_at) - 1, -1, -1):
        if spoke(h, i):
            return 0.0 if h.direction[i] == OUT else 1.0
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
    for i in range(contacts_within(h, 90.0), len(h.contact_at)):
        count += h.direction[i] != OUT
    return of_contacts(h, count)


@FAMILY.feature(
    unit="days",
    group="contact",
    en="Days since the debtor last called or wrote: {value}",
    zh="距债务人上次主动联系的天数：{value}",
)
def days_since_inbound(h: History) -> float:
    for i in range(len(h.contact_at) - 1, -1, -1):
        if h.direction[i] != OUT:
            return days_since(h, h.contact_at[i])
    return np.nan


@FAMILY.feature(
    unit="count",
    group="contact",
    monotone=-1,
    en="Contacts that reached a wrong party in 90 days: {value}",
    zh="近 90 天联系到非本人的次数：{value}",
)
def wrong_parties_90(h: History) -> float:
    count = 0
    for i in range(contacts_within(h, 90.0), len(h.contact_at)):
        count += h.outcome[i] == WRONG_PARTY
    return of_contacts(h, count)


@FAMILY.feature(
    unit="count",
    group="contact",
    en="Attempts by an agency or by legal means in 365 days: {value}",
    zh="近 365 天委外或法律途径的联系尝试次数：{value}",
)
def escalations_365(h: History) -> float:
    count = 0
    for i in range(contacts_within(h, 365.0), len(h.contact_at)):
        count += h.direction[i] == OUT and h.channel[i] in (AGENCY, LEGAL)
    return of_contacts(h, count)
