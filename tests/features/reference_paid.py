"""The reference's features of what was paid in cycles: the families payment and regularity."""

import math
from collections.abc import Callable
from decimal import Decimal

from tests.features.reference_known import Cycle, Known, feature, trend
from tests.features.reference_numbers import Value, deviation, highest, mean, ratio, share
from tests.features.reference_numbers import known as known_values

Answer = Callable[[Cycle], bool | None]


def cycle_back(known: Known, back: int) -> Cycle | None:
    cycles = known.cycles()
    return cycles[-1 - back] if len(cycles) > back else None


def paid_in(known: Known, months: int) -> list[Value]:
    return [s.paid for s in known.in_months(months)]


def share_of_balance(cycle: Cycle | None) -> Value:
    return None if cycle is None else ratio(cycle.paid, cycle.balance_then)


def share_of_due(cycle: Cycle | None) -> Value:
    return None if cycle is None else ratio(cycle.paid, cycle.due_then)


def capped_mean(shares: list[Value]) -> Value:
    """In an average share each cycle counts as at most 1."""
    return mean([min(1.0, value) for value in known_values(shares)])


def paid_share_mean(known: Known, months: int) -> Value:
    return capped_mean([share_of_balance(cycle) for cycle in known.cycles_in(months)])


def paid_to_due_mean(known: Known, months: int) -> Value:
    return capped_mean([share_of_due(cycle) for cycle in known.cycles_in(months)])


def paid_over_balance(known: Known, months: int) -> Value:
    """Each payment is held against the balance of its own statement."""
    rows = [
        (s.paid, s.balance) for s in known.in_months(months) if s.paid is not None and s.balance > 0
    ]
    return ratio(math.fsum(paid for paid, _ in rows), math.fsum(owed for _, owed in rows))


def no_payment(cycle: Cycle) -> bool | None:
    return None if cycle.paid is None else cycle.paid == 0


def in_part(cycle: Cycle) -> bool | None:
    if cycle.paid is None or cycle.due_then is None:
        return None
    return 0 < cycle.paid < cycle.due_then


def due_met(cycle: Cycle) -> bool | None:
    if cycle.paid is None or cycle.due_then is None:
        return None
    return cycle.paid >= cycle.due_then


def less_than_due(cycle: Cycle) -> bool | None:
    met = due_met(cycle)
    return None if met is None else not met


def in_full(cycle: Cycle) -> bool | None:
    """Money has at most 4 decimals: 99% of it is taken of the decimal number."""
    if cycle.paid is None or cycle.balance_then is None:
        return None
    return Decimal(repr(cycle.paid)) >= Decimal("0.99") * Decimal(repr(cycle.balance_then))


def at_minimum(cycle: Cycle) -> bool | None:
    if due_met(cycle) is None or in_full(cycle) is None:
        return None
    return bool(due_met(cycle)) and not in_full(cycle)


def above_due(cycle: Cycle) -> bool | None:
    """Whether more than asked for was paid, where that was met and not the whole balance."""
    due, balance = cycle.due_then, cycle.balance_then
    if not due_met(cycle) or due is None or balance is None or cycle.paid is None:
        return None
    if Decimal(repr(due)) >= Decimal("0.999") * Decimal(repr(balance)):
        return None
    return cycle.paid > due


def share_of_cycles(known: Known, months: int, answer: Answer) -> Value:
    answers = [answer(cycle) for cycle in known.cycles_in(months)]
    return share([yes for yes in answers if yes is not None])


def row_of_cycles(known: Known, answer: Answer) -> Value:
    answers = [answer(cycle) for cycle in reversed(known.cycles())]
    if answers[0] is None:
        return None
    count = 0
    for yes in answers:
        if not yes:
            break
        count += 1
    return count


@feature
def paid_last(known: Known) -> Value:
    return known.last.paid


@feature
def paid_previous(known: Known) -> Value:
    before = known.before_last(1)
    return None if before is None else before.paid


@feature
def paid_share_last(known: Known) -> Value:
    return share_of_balance(cycle_back(known, 0))


@feature
def paid_share_previous(known: Known) -> Value:
    return share_of_balance(cycle_back(known, 1))


@feature
def paid_to_balance_last(known: Known) -> Value:
    return ratio(known.last.paid, known.last.balance)


@feature
def paid_share_mean_6(known: Known) -> Value:
    return paid_share_mean(known, 6)


@feature
def paid_share_mean_12(known: Known) -> Value:
    return paid_share_mean(known, 12)


@feature
def paid_over_balance_3(known: Known) -> Value:
    return paid_over_balance(known, 3)


@feature
def paid_over_balance_12(known: Known) -> Value:
    return paid_over_balance(known, 12)


@feature
def paid_to_due_last(known: Known) -> Value:
    return share_of_due(cycle_back(known, 0))


@feature
def paid_to_due_mean_3(known: Known) -> Value:
    return paid_to_due_mean(known, 3)


@feature
def paid_to_due_mean_12(known: Known) -> Value:
    return paid_to_due_mean(known, 12)


@feature
def paid_over_due_6(known: Known) -> Value:
    rows = [
        (cycle.paid, cycle.due_then)
        for cycle in known.cycles_in(6)
        if cycle.paid is not None and cycle.due_then is not None
    ]
    return ratio(math.fsum(paid for paid, _ in rows), math.fsum(due for _, due in rows))


@feature
def paid_highest_to_balance_12(known: Known) -> Value:
    return ratio(highest(paid_in(known, 12)), known.last.balance)


@feature
def paid_trend_6(known: Known) -> Value:
    return trend(known.in_months(6), paid_in(known, 6))


@feature
def missed_share_3(known: Known) -> Value:
    return share_of_cycles(known, 3, no_payment)


@feature
def missed_share_12(known: Known) -> Value:
    return share_of_cycles(known, 12, no_payment)


@feature
def missed_share_24(known: Known) -> Value:
    return share_of_cycles(known, 24, no_payment)


@feature
def partial_share_12(known: Known) -> Value:
    return share_of_cycles(known, 12, in_part)


@feature
def minimum_share_12(known: Known) -> Value:
    return share_of_cycles(known, 12, at_minimum)


@feature
def due_met_share_6(known: Known) -> Value:
    return share_of_cycles(known, 6, due_met)


@feature
def due_met_share_24(known: Known) -> Value:
    return share_of_cycles(known, 24, due_met)


@feature
def above_due_share_24(known: Known) -> Value:
    return share_of_cycles(known, 24, above_due)


@feature
def full_share_12(known: Known) -> Value:
    return share_of_cycles(known, 12, in_full)


@feature
def missed_streak(known: Known) -> Value:
    return row_of_cycles(known, no_payment)


@feature
def short_streak(known: Known) -> Value:
    return row_of_cycles(
        known, lambda cycle: None if due_met(cycle) is None else not due_met(cycle)
    )


@feature
def months_since_paid(known: Known) -> Value:
    paid = [s for s in known.statements if s.paid is not None and s.paid > 0]
    return known.months_since(paid[-1]) if paid else None


@feature
def months_since_full(known: Known) -> Value:
    full = [cycle.statement for cycle in known.cycles() if in_full(cycle)]
    return known.months_since(full[-1]) if full else None


@feature
def paid_variation_12(known: Known) -> Value:
    return ratio(deviation(paid_in(known, 12)), mean(paid_in(known, 12)))
