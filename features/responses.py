"""Responses: refusals, stated reasons, and whether a payment followed a contact."""

import numpy as np

from features.clock import DAY_SECONDS
from features.compiled import compiled
from features.events import (
    OUT,
    REFUSED,
    contacts_within,
    days_since,
    of_contacts,
    paid_between,
    spoke,
)
from features.feature import Family
from features.history import History
from features.series import ratio
from features.tables import CONTACTS, codes_of

FAMILY = Family("responses")

SMS = codes_of(CONTACTS, "channel")["sms"]
PUSH = codes_of(CONTACTS, "channel")["push"]
EMAIL = codes_of(CONTACTS, "channel")["email"]
LETTER = codes_of(CONTACTS, "channel")["letter"]
FORGOT = (codes_of(CONTACTS, "reason")["forgot"],)
NO_MEANS = tuple(
    codes_of(CONTACTS, "reason")[name] for name in ("cash_flow", "lost_job", "illness", "family")
)
NO_WILL = tuple(codes_of(CONTACTS, "reason")[name] for name in ("dispute", "unwilling"))

FOLLOWED_DAYS = 7.0  # a payment within so many days is taken for an answer


@compiled
def said(h: History, days: float, reasons: tuple[int, ...]) -> float:
    """Whether the latest stated reason of so many days is one of these; NaN if none was stated."""
    for i in range(len(h.contact_at) - 1, contacts_within(h, days) - 1, -1):
        if not np.isnan(h.reason[i]):
            return 1.0 if h.reason[i] in reasons else 0.0
    return np.nan


@compiled
def is_message(h: History, i: int) -> bool:
    """Contact i was written to the debtor."""
    return h.direction[i] == OUT and h.channel[i] in (SMS, PUSH, EMAIL, LETTER)


@compiled
def answered(h: History, i: int) -> bool:
    """A payment followed contact i."""
    at = h.contact_at[i]
    return paid_between(h, at, at + FOLLOWED_DAYS * DAY_SECONDS) > 0


@FAMILY.feature(
    unit="count",
    group="willingness",
    monotone=-1,
    en="Refusals to pay in 180 days: {value}",
    zh="近 180 天拒绝还款次数：{value}",
)
def refusals_180(h: History) -> float:
    count = 0
    for i in range(contacts_within(h, 180.0), len(h.contact_at)):
        count += h.outcome[i] == REFUSED
    return of_contacts(h, count)


@FAMILY.feature(
    unit="yes_no",
    group="ability",
    en="Last stated reason in 180 days is want of means (cash flow, lost job, illness, "
    "family): {value}",
    zh="近 180 天最近一次所述逾期原因为还款能力不足（资金周转、失业、疾病、家庭）：{value}",
)
def said_no_means_180(h: History) -> float:
    return said(h, 180.0, NO_MEANS)


@FAMILY.feature(
    unit="share",
    group="ability",
    en="Share of the reasons stated in 365 days that are want of means (cash flow, lost job, "
    "illness, family): {value}",
    zh="近 365 天所述逾期原因中还款能力不足（资金周转、失业、疾病、家庭）的占比：{value}",
)
def said_no_means_share_365(h: History) -> float:
    stated, means = 0, 0
    for i in range(contacts_within(h, 365.0), len(h.contact_at)):
        stated += not np.isnan(h.reason[i])
        means += h.reason[i] in NO_MEANS
    return means / stated if stated > 0 else np.nan


@FAMILY.feature(
    unit="yes_no",
    group="willingness",
    monotone=-1,
    en="Last stated reason in 180 days is want of will (dispute, unwilling): {value}",
    zh="近 180 天最近一次所述逾期原因为不愿还款（争议、不愿意）：{value}",
)
def said_no_will_180(h: History) -> float:
    return said(h, 180.0, NO_WILL)


@FAMILY.feature(
    unit="yes_no",
    group="willingness",
    monotone=1,
    en="Last stated reason in 180 days is having forgotten: {value}",
    zh="近 180 天最近一次所述逾期原因为忘记还款：{value}",
)
def said_forgot_180(h: History) -> float:
    return said(h, 180.0, FORGOT)


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=1,
    en="Share of messages in 180 days that a payment followed within 7 days: {value}",
    zh="近 180 天短信等书面联系后 7 天内有还款的比例：{value}",
)
def paid_after_message_share_180(h: History) -> float:
    sent, paid = 0, 0
    for i in range(contacts_within(h, 180.0), len(h.contact_at)):
        if is_message(h, i) and days_since(h, h.contact_at[i]) >= FOLLOWED_DAYS:
            sent += 1
            paid += answered(h, i)
    return ratio(float(paid), float(sent)) if h.payments_known else np.nan


@FAMILY.feature(
    unit="share",
    group="willingness",
    monotone=1,
    en="Share of conversations in 180 days that a payment followed within 7 days: {value}",
    zh="近 180 天沟通后 7 天内有还款的比例：{value}",
)
def paid_after_talk_share_180(h: History) -> float:
    held, paid = 0, 0
    for i in range(contacts_within(h, 180.0), len(h.contact_at)):
        if spoke(h, i) and days_since(h, h.contact_at[i]) >= FOLLOWED_DAYS:
            held += 1
            paid += answered(h, i)
    return ratio(float(paid), float(held)) if h.payments_known else np.nan
