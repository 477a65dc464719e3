"""The reference's features of single payments and of what is owed: receipts and exposure."""

import math
from itertools import pairwise

from tests.features.reference_known import DAY, MONTH, Known, feature, trend
from tests.features.reference_numbers import Value, difference, highest, mean, ratio, share
from tests.features.reference_rows import PaymentRow, StatementRow


def since_statement(known: Known) -> list[PaymentRow] | None:
    """The payments since the last statement became known."""
    if known.standing is None:
        return None
    return [p for p in known.standing if p.at >= known.last.known_at]


def paid_since_statement(known: Known) -> Value:
    payments = since_statement(known)
    return None if payments is None else math.fsum(p.amount for p in payments)


def utilisation(statement: StatementRow | None) -> Value:
    return None if statement is None else ratio(statement.balance, statement.limit)


def utilisations(known: Known, months: int) -> list[Value]:
    return [utilisation(s) for s in known.in_months(months)]


def over_limit(statement: StatementRow) -> bool | None:
    used = utilisation(statement)
    return None if used is None else used > 1


@feature
def paid_since_statement_to_balance(known: Known) -> Value:
    return ratio(paid_since_statement(known), known.last.balance)


@feature
def paid_since_statement_to_due(known: Known) -> Value:
    return ratio(paid_since_statement(known), known.last.due)


@feature
def payments_since_statement(known: Known) -> Value:
    payments = since_statement(known)
    return None if payments is None else len(payments)


@feature
def days_since_payment(known: Known) -> Value:
    return known.days_since(known.standing[-1].at) if known.standing else None


@feature
def payments_90(known: Known) -> Value:
    if known.standing is None:
        return None
    return sum(known.as_of - p.at < 90 * DAY for p in known.standing)


@feature
def payment_gap_mean_365(known: Known) -> Value:
    at = [p.at for p in known.standing or [] if known.as_of - p.at < 365 * DAY]
    return mean([(new - old) / DAY for old, new in pairwise(at)])


@feature
def days_since_payment_to_gap(known: Known) -> Value:
    return ratio(days_since_payment(known), payment_gap_mean_365(known))


@feature
def days_to_pay_mean_365(known: Known) -> Value:
    days = list[float]()
    for payment in known.standing or []:
        before = [s for s in known.statements if s.known_at <= payment.at]
        if known.as_of - payment.at < 365 * DAY and before and before[-1].dpd == 0:
            days.append((payment.at - before[-1].known_at) / DAY)
    return mean(list[Value](days))


@feature
def reversals_180(known: Known) -> Value:
    if known.payments is None:
        return None
    back = [p.reversed_at for p in known.payments if p.reversed_at is not None]
    return sum(at <= known.as_of and known.as_of - at < 180 * DAY for at in back)


@feature
def balance_last(known: Known) -> Value:
    return known.last.balance


@feature
def balance_to_previous(known: Known) -> Value:
    before = known.before_last(1)
    return None if before is None else ratio(known.last.balance, before.balance)


@feature
def balance_to_highest_12(known: Known) -> Value:
    return ratio(known.last.balance, highest([s.balance for s in known.in_months(12)]))


@feature
def balance_trend_6(known: Known) -> Value:
    return trend(known.in_months(6), [s.balance for s in known.in_months(6)])


@feature
def utilisation_last(known: Known) -> Value:
    return utilisation(known.last)


@feature
def utilisation_mean_3(known: Known) -> Value:
    return mean(utilisations(known, 3))


@feature
def utilisation_mean_12(known: Known) -> Value:
    return mean(utilisations(known, 12))


@feature
def utilisation_change(known: Known) -> Value:
    return difference(utilisation(known.last), utilisation(known.before_last(1)))


@feature
def utilisation_trend_6(known: Known) -> Value:
    return trend(known.in_months(6), utilisations(known, 6))


@feature
def over_limit_share_12(known: Known) -> Value:
    answers = [over_limit(s) for s in known.in_months(12)]
    return share([yes for yes in answers if yes is not None])


@feature
def months_since_over_limit(known: Known) -> Value:
    over = [s for s in known.statements if over_limit(s)]
    return known.months_since(over[-1]) if over else None


@feature
def limit_last(known: Known) -> Value:
    return known.last.limit


@feature
def limit_to_highest_24(known: Known) -> Value:
    return ratio(known.last.limit, highest([s.limit for s in known.in_months(24)]))


@feature
def due_to_balance(known: Known) -> Value:
    return ratio(known.last.due, known.last.balance)


@feature
def due_to_usual_paid_12(known: Known) -> Value:
    return ratio(known.last.due, mean([s.paid for s in known.in_months(12)]))


@feature
def months_on_book(known: Known) -> Value:
    if known.opened_day is None:
        return None
    return math.floor((known.as_of - known.opened_day * DAY) / (MONTH * DAY))


@feature
def statements_24(known: Known) -> Value:
    return len(known.in_months(24))


@feature
def days_since_statement(known: Known) -> Value:
    return math.floor((known.as_of - known.last.known_at) / DAY)


@feature
def is_secured(known: Known) -> Value:
    return known.security in ("collateral", "guarantor")


@feature
def is_credit_card(known: Known) -> Value:
    return known.product == "credit_card"
