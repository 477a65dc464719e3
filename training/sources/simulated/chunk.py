"""One chunk of the simulated portfolio: its accounts, lived through cycle by cycle."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.tables import FLAGS
from training.sources.simulated.contacting import NOTHING, Approached, ContactRows, contact_rows
from training.sources.simulated.debts import (
    CYCLE,
    NO_SECURITY,
    OPEN,
    Debts,
    bill,
    charges,
    close_cycle,
    draw_debts,
    pay,
    restructure,
)
from training.sources.simulated.laws import LEVELS, Late, Law
from training.sources.simulated.levels import Assigned, assign
from training.sources.simulated.paying import (
    Mood,
    Paid,
    PaymentRows,
    payment_rows,
    settle,
    stays_current,
)
from training.sources.simulated.people import People, draw_people, live_on

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

BURN_IN = 8  # cycles lived through before the first that is recorded
NEWCOMERS = 0.25  # share of accounts opened while recording goes on
RESTRUCTURED_SHARE = 0.015  # a cycle, of open accounts two months late or more
SOLD_SHARE = 0.03  # a cycle, of accounts four months late or more
FLAG_SHARES = (0.012, 0.005, 0.006, 0.003, 0.001, 0.003, 0.01, 0.003)  # in the order of FLAGS
GENTLE = ("hardship", "vulnerable")  # at most level 1; any other flag means level 0


@dataclass
class Chunk:
    """Accounts of a chunk, one entry each.

    `start` is the cycle in which an account is opened (-BURN_IN: before all), `day_of_month`
    (1 to 28) the day its cycles end; `flags` is [n × FLAGS], `cap` the level they allow.
    """

    people: People
    debts: Debts
    start: Indices
    day_of_month: Indices
    flags: Flags
    cap: Indices


class Conduct(NamedTuple):
    """What people and bank did in a cycle.

    Arrays have one entry per account, but `assigned` and `contacts`, which are of the accounts
    in `late`. `probability` is [n], `probabilities` [n × 5], of 0 days past due at the cycle's
    end; the latter is NaN where the account is not late. `full`: the amount due was paid.
    """

    late: Indices
    assigned: Assigned
    probability: Floats
    probabilities: Floats
    full: Flags
    paid: Paid
    payments: PaymentRows
    contacts: ContactRows


class Cycle(NamedTuple):
    """One cycle of a chunk: what went on in it, and the statement at its end.

    Arrays have one entry per account. `live` are those with a statement, `old` those with an
    earlier one too; `charged` is what was added to the balance at the end.
    """

    month: int
    live: Flags
    old: Flags
    conduct: Conduct
    willingness: Floats
    ability: Floats
    out_of_work: Flags
    censored: Flags
    charged: Floats
    balance: Floats
    amount_due: Floats
    days_past_due: Indices
    status: Indices


def draw_chunk(rng: np.random.Generator, n: int, months: int) -> Chunk:
    """`n` accounts before their first cycle, of a portfolio recorded for so many months."""
    people = draw_people(rng, n)
    shares = np.tile(FLAG_SHARES, (n, 1))
    shares[:, FLAGS.index("hardship")] *= np.exp(-0.8 * people.ability)
    flags = rng.random((n, len(FLAGS))) < shares
    gentle = np.isin(FLAGS, GENTLE)
    cap = np.where(flags[:, gentle].any(axis=1), 1, LEVELS - 1)
    newcomer = rng.random(n) < NEWCOMERS
    return Chunk(
        people=people,
        debts=draw_debts(rng, people.ability),
        start=np.where(newcomer, rng.integers(0, max(months - 1, 1), n), -BURN_IN),
        day_of_month=rng.integers(1, 29, n),
        flags=flags,
        cap=np.where(flags[:, ~gentle].any(axis=1), 0, cap),
    )


def live(rng: np.random.Generator, chunk: Chunk, months: int, law: Law) -> list[Cycle]:
    """The recorded cycles of the chunk, oldest first; `chunk` ends as of the last of them."""
    untouched = chunk.debts.balance.copy()
    cycles = []
    for month in range(-BURN_IN, months):
        live_on(rng, chunk.people)
        cycle = _live_cycle(rng, chunk, month, law)
        if month >= 0:
            cycles.append(cycle)
        elif month == -1:
            _begin_anew(chunk.debts, untouched)
    return cycles


def _begin_anew(debts: Debts, balance: Floats) -> None:
    """What happened before recording must not have ended or replaced a debt: it starts over."""
    again = debts.status != OPEN
    debts.balance[again] = balance[again]
    debts.due[again] = 0.0
    debts.plan_months[again] = 0
    debts.status[again] = OPEN
    bill(debts, again)


def _live_cycle(rng: np.random.Generator, chunk: Chunk, month: int, law: Law) -> Cycle:
    people, debts = chunk.people, chunk.debts
    here = (chunk.start <= month) & ~debts.ended
    old = here & (chunk.start < month)
    planned, sold = _taken_over(rng, debts, old)
    conduct = _conduct(rng, chunk, old, planned | sold, law)
    pay(debts, conduct.paid.amount)
    restructure(rng, debts, planned)
    charged = np.where(old, charges(rng, debts, people.ability), 0.0)
    close_cycle(debts, here, charged, sold)
    return Cycle(
        month=month,
        live=here,
        old=old,
        conduct=conduct,
        willingness=people.willingness,
        ability=people.ability,
        out_of_work=people.out_of_work[people.account],
        censored=planned | sold,
        charged=charged,
        balance=debts.balance.copy(),
        amount_due=debts.amount_due,
        days_past_due=CYCLE * debts.months_late,
        status=debts.status.copy(),
    )


def _taken_over(rng: np.random.Generator, debts: Debts, old: Flags) -> tuple[Flags, Flags]:
    """Debts that this cycle replaces by a plan, and those it sells.

    Neither depends on what would have been paid: leaving them out does not bend the cures.
    """
    months_late = debts.months_late
    planned = old & (debts.status == OPEN) & (months_late >= 2)
    planned &= rng.random(len(old)) < RESTRUCTURED_SHARE
    sold = old & ~planned & (months_late >= 4) & (rng.random(len(old)) < SOLD_SHARE)
    return planned, sold


def _conduct(
    rng: np.random.Generator, chunk: Chunk, old: Flags, censored: Flags, law: Law
) -> Conduct:
    people, debts = chunk.people, chunk.debts
    due = debts.amount_due
    late = np.flatnonzero(old & (debts.months_late > 0))
    assigned = assign(rng, debts.months_late[late], debts.past_due[late], chunk.cap[late])
    probability, probabilities = _probabilities(chunk, late, assigned.in_force, law)
    full = rng.random(len(due)) < probability
    paid = settle(rng, debts, full, _mood(people))
    pays = old & ~censored
    paid = paid._replace(amount=np.where(pays, paid.amount, 0.0))
    return Conduct(
        late=late,
        assigned=assigned,
        probability=probability,
        probabilities=probabilities,
        full=full & ~censored,
        paid=paid,
        payments=payment_rows(rng, paid, np.where(pays, due, 0.0)),
        contacts=contact_rows(rng, _approached(chunk, late, assigned.in_force, paid, full)),
    )


def _mood(people: People) -> Mood:
    return Mood(people.willingness, people.ability, people.forgetfulness[people.account])


def _probabilities(chunk: Chunk, late: Indices, level: Indices, law: Law) -> tuple[Floats, Floats]:
    """Of the amount due being paid, [n] under the level in force and [n × 5] under each."""
    people, debts = chunk.people, chunk.debts
    due = debts.amount_due
    probability = np.where(due > 0, stays_current(_mood(people)), 1.0)
    probabilities = np.full((len(due), LEVELS), np.nan)
    debtor = people.account[late]
    probabilities[late] = law(
        Late(
            willingness=people.willingness[late],
            ability=people.ability[late],
            forgetfulness=people.forgetfulness[debtor],
            reachability=people.reachability[debtor],
            avoidance=people.avoidance[debtor],
            months_late=debts.months_late[late],
            amount_due=due[late],
            dues=(debts.months_late[late] + 1).astype(np.float64),
            income=people.income[debtor],
            secured=debts.security[late] != NO_SECURITY,
        )
    )
    probability[late] = probabilities[late, level]
    return probability, probabilities


def _approached(chunk: Chunk, late: Indices, level: Indices, paid: Paid, full: Flags) -> Approached:
    people = chunk.people
    debtor = people.account[late]
    amount = paid.amount[late]
    return Approached(
        level=level,
        willingness=people.willingness[late],
        ability=people.ability[late],
        forgetfulness=people.forgetfulness[debtor],
        reachability=people.reachability[debtor],
        out_of_work=people.out_of_work[debtor],
        aggrieved=people.aggrieved[debtor],
        amount_due=chunk.debts.amount_due[late],
        paid=amount,
        paid_day=np.where(amount > 0, paid.day[late], NOTHING),
        settles=full[late] & (amount > 0),
    )
