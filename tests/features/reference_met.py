"""The reference's features of contacts: the families contact, promises and responses."""

import math
from collections.abc import Callable

from tests.features.reference_known import DAY, Known, feature
from tests.features.reference_numbers import Value, mean, ratio, share
from tests.features.reference_rows import ContactRow, PaymentRow

Test = Callable[[ContactRow], bool]
FOLLOWED_DAYS = 7
TOLERANCE = 0.00005  # of a promised amount
NO_MEANS = ("cash_flow", "lost_job", "illness", "family")


def chosen(known: Known, test: Test, days: float = math.inf) -> list[ContactRow] | None:
    """The contacts in so many days that pass the test; None without the table."""
    if known.contacts is None:
        return None
    return [c for c in known.in_days(known.contacts, days) if test(c)]


def count(known: Known, test: Test, days: float) -> Value:
    contacts = chosen(known, test, days)
    return None if contacts is None else len(contacts)


def days_since_last(known: Known, test: Test) -> Value:
    contacts = chosen(known, test)
    return known.days_since(contacts[-1].at) if contacts else None


def is_attempt(contact: ContactRow) -> bool:
    return contact.attempt


def is_conversation(contact: ContactRow) -> bool:
    return contact.conversation


def is_inbound(contact: ContactRow) -> bool:
    return contact.direction == "in"


def is_call_or_visit(contact: ContactRow) -> bool:
    return contact.attempt and contact.channel in ("call", "visit")


def is_evening_call_or_visit(contact: ContactRow) -> bool:
    return is_call_or_visit(contact) and contact.hour >= 17


def is_message(contact: ContactRow) -> bool:
    return contact.attempt and contact.channel in ("sms", "push", "email", "letter")


def is_promise(contact: ContactRow) -> bool:
    return contact.outcome == "promise"


def is_dated(contact: ContactRow) -> bool:
    return is_promise(contact) and contact.promised_until is not None


def reach_rate(known: Known, test: Test, days: float) -> Value:
    return share([c.conversation for c in chosen(known, test, days) or []])


def paid_between(payments: list[PaymentRow], start: float, end: float) -> float:
    return math.fsum(p.amount for p in payments if start <= p.at <= end)


def until(promise: ContactRow) -> float:
    assert promise.promised_until is not None
    return promise.promised_until


def is_kept(promise: ContactRow, payments: list[PaymentRow]) -> bool:
    paid = paid_between(payments, promise.at, until(promise))
    return paid > 0 and paid >= (promise.promised_amount or 0) - TOLERANCE


def fallen_due(known: Known, days: float = math.inf) -> list[tuple[ContactRow, bool]] | None:
    """The promises made in so many days that have fallen due, and whether each was kept."""
    dated, payments = chosen(known, is_dated, days), known.standing
    if dated is None or payments is None:
        return None
    return [(p, is_kept(p, payments)) for p in dated if until(p) <= known.as_of]


def last_due(known: Known, kept: bool) -> Value:
    ends = [until(promise) for promise, was_kept in fallen_due(known) or [] if was_kept == kept]
    return known.days_since(max(ends)) if ends else None


def stated_in(known: Known, days: float) -> list[str]:
    """The reasons stated in so many days."""
    return [c.reason for c in known.in_days(known.contacts or (), days) if c.reason is not None]


def said(known: Known, *reasons: str) -> Value:
    stated = stated_in(known, 180)
    return stated[-1] in reasons if stated else None


def followed_share(known: Known, test: Test, days: float) -> Value:
    contacts, payments = chosen(known, test, days), known.standing
    if contacts is None or payments is None:
        return None
    later = FOLLOWED_DAYS * DAY
    return share(
        [
            any(c.at <= p.at <= c.at + later and p.amount > 0 for p in payments)
            for c in contacts
            if known.as_of - c.at >= later
        ]
    )


@feature
def attempts_7(known: Known) -> Value:
    return count(known, is_attempt, 7)


@feature
def attempts_30(known: Known) -> Value:
    return count(known, is_attempt, 30)


@feature
def days_since_attempt(known: Known) -> Value:
    return days_since_last(known, is_attempt)


@feature
def conversations_90(known: Known) -> Value:
    return count(known, is_conversation, 90)


@feature
def reach_rate_90(known: Known) -> Value:
    return reach_rate(known, is_call_or_visit, 90)


@feature
def reach_rate_365(known: Known) -> Value:
    return reach_rate(known, is_call_or_visit, 365)


@feature
def evening_reach_rate_180(known: Known) -> Value:
    return reach_rate(known, is_evening_call_or_visit, 180)


@feature
def reached_hour_365(known: Known) -> Value:
    reached = chosen(known, lambda c: is_call_or_visit(c) and c.conversation, 365)
    return mean([c.hour for c in reached or []])


@feature
def unanswered_streak(known: Known) -> Value:
    if known.contacts is None:
        return None
    unanswered = 0
    for contact in known.contacts:
        if contact.conversation:
            unanswered = 0
        elif contact.attempt and contact.outcome == "no_answer":
            unanswered += 1
    return unanswered


@feature
def days_since_conversation(known: Known) -> Value:
    return days_since_last(known, is_conversation)


@feature
def last_conversation_inbound(known: Known) -> Value:
    conversations = chosen(known, is_conversation)
    return is_inbound(conversations[-1]) if conversations else None


@feature
def inbound_90(known: Known) -> Value:
    return count(known, is_inbound, 90)


@feature
def days_since_inbound(known: Known) -> Value:
    return days_since_last(known, is_inbound)


@feature
def wrong_parties_90(known: Known) -> Value:
    return count(known, lambda c: c.outcome == "wrong_party", 90)


@feature
def escalations_365(known: Known) -> Value:
    return count(known, lambda c: c.attempt and c.channel in ("agency", "legal"), 365)


@feature
def promises_180(known: Known) -> Value:
    return count(known, is_promise, 180)


@feature
def promises_kept_share_365(known: Known) -> Value:
    return share([kept for _, kept in fallen_due(known, 365) or []])


@feature
def promises_broken_180(known: Known) -> Value:
    due = fallen_due(known, 180)
    return None if due is None else sum(not kept for _, kept in due)


@feature
def broken_streak(known: Known) -> Value:
    due = fallen_due(known)
    if due is None:
        return None
    streak = 0
    for _, kept in due:
        streak = 0 if kept else streak + 1
    return streak


@feature
def days_since_promise(known: Known) -> Value:
    return days_since_last(known, is_promise)


@feature
def days_since_promise_kept(known: Known) -> Value:
    return last_due(known, kept=True)


@feature
def days_since_promise_broken(known: Known) -> Value:
    return last_due(known, kept=False)


@feature
def days_to_promise(known: Known) -> Value:
    dated = chosen(known, is_dated)
    return math.ceil((until(dated[-1]) - known.as_of) / DAY) if dated else None


@feature
def promise_to_due(known: Known) -> Value:
    dated = chosen(known, is_dated)
    if not dated or until(dated[-1]) <= known.as_of:
        return None
    return ratio(dated[-1].promised_amount, known.last.due)


@feature
def refusals_180(known: Known) -> Value:
    return count(known, lambda c: c.outcome == "refused", 180)


@feature
def said_no_means_180(known: Known) -> Value:
    return said(known, *NO_MEANS)


@feature
def said_no_means_share_365(known: Known) -> Value:
    return share([reason in NO_MEANS for reason in stated_in(known, 365)])


@feature
def said_no_will_180(known: Known) -> Value:
    return said(known, "dispute", "unwilling")


@feature
def said_forgot_180(known: Known) -> Value:
    return said(known, "forgot")


@feature
def paid_after_message_share_180(known: Known) -> Value:
    return followed_share(known, is_message, 180)


@feature
def paid_after_talk_share_180(known: Known) -> Value:
    return followed_share(known, is_conversation, 180)
