"""What is paid in a cycle: whether the amount due, how much otherwise, and when."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from training.sources.simulated.cycles import SHORTEST_CYCLE
from training.sources.simulated.debts import CARD, CENT, Debts

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

SPLIT = 0.12  # share of payments that come in two
BOUNCED = 0.02  # of those who pay nothing, a payment that is taken back
TAKEN_BACK = (2, 6)  # days after which it is
EARLY_END = 0.005  # of loans paid on time, paid off before the end


class Mood(NamedTuple):
    """What is hidden of each account's debtor in this cycle."""

    willingness: Floats
    ability: Floats
    forgetfulness: Floats


class Paid(NamedTuple):
    """One entry per account: the amount that counted, and the day within the cycle (from 1)."""

    amount: Floats
    day: Indices


class PaymentRows(NamedTuple):
    """Payments of a cycle: account's position, day within the cycle, hour, amount, reversed.

    `reversed_day` is the day within the cycle on which it was taken back, 0 where it was not.
    """

    account: Indices
    day: Indices
    hour: Floats
    amount: Floats
    reversed: Flags
    reversed_day: Indices


def stays_current(mood: Mood) -> Floats:
    """P = s(4.0 + 1.0 w + 1.0 a - 1.5 f): that an account not late pays what is due."""
    probability: Floats = expit(
        4.0 + 1.0 * mood.willingness + 1.0 * mood.ability - 1.5 * mood.forgetfulness
    )
    return probability


def settle(rng: np.random.Generator, debts: Debts, full: Flags, mood: Mood) -> Paid:
    """Amounts paid: at least the amount due where `full`, less than it elsewhere.

    The able pay more than is due, the willing pay early in the cycle and the forgetful late;
    both drive a part of what is due. Nobody pays more than the balance.
    """
    n = len(full)
    due = debts.amount_due
    on_time = debts.months_late == 0
    whole = on_time & np.where(debts.product == CARD, debts.transactor, rng.random(n) < EARLY_END)
    extra = rng.random(n) < expit(1.2 * mood.ability - 1.0)
    more = np.where(extra, np.ceil(due * rng.uniform(1.05, 2.0, n) / 10) * 10, due)
    at_least = np.minimum(np.maximum(np.where(whole, debts.balance, more), due), debts.balance)
    kind = rng.random(n)
    part = 0.7 * expit(1.5 * mood.willingness + 0.5 * mood.ability - 0.3)
    some = np.where(kind < part / 2, debts.due[:, 0], np.round(due * rng.uniform(0.1, 0.9, n)))
    less = np.where(kind < part, np.clip(some, 0.0, np.maximum(due - CENT, 0.0)), 0.0)
    amount = np.round(np.where(full, at_least, less), 2)
    late_day = rng.integers(2, SHORTEST_CYCLE, n)
    habit = 15 - 3.5 * mood.willingness + 8 * (mood.forgetfulness - 1 / 3)
    usual_day = np.clip(np.round(rng.normal(habit, 3, n)), 1, SHORTEST_CYCLE - 1)
    day = np.where(on_time, usual_day, late_day).astype(np.int64)
    return Paid(np.maximum(amount, 0.0), day)


def payment_rows(rng: np.random.Generator, paid: Paid, due: Floats) -> PaymentRows:
    """The payments that make up what was paid, and those that were taken back.

    These are taken back within the cycle, as its statement leaves them out of what was paid.
    """
    who = np.flatnonzero(paid.amount > 0)
    amount, day = paid.amount[who], paid.day[who]
    split = (rng.random(len(who)) < SPLIT) & (amount >= 1.0) & (day > 1)
    first = np.where(split, np.round(amount * rng.uniform(0.3, 0.7, len(who)), 2), amount)
    bounced = np.flatnonzero((paid.amount == 0) & (due > 0) & (rng.random(len(due)) < BOUNCED))
    account = np.concatenate([who, who[split], bounced])
    early = rng.integers(1, np.maximum(day[split], 2))
    after = rng.spawn(1)[0].integers(*TAKEN_BACK, len(bounced))  # all else is drawn as without it
    received = np.minimum(paid.day[bounced], SHORTEST_CYCLE - 1 - after)
    return PaymentRows(
        account=account,
        day=np.concatenate([day, early, received]),
        hour=np.clip(rng.normal(13.5, 4.5, len(account)), 0.05, 23.95),
        amount=np.concatenate([first, np.round(amount - first, 2)[split], due[bounced]]),
        reversed=np.arange(len(account)) >= len(account) - len(bounced),
        reversed_day=np.concatenate(
            [np.zeros(len(account) - len(bounced), dtype=np.int64), received + after]
        ),
    )
