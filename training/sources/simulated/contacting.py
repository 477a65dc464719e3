"""The contacts of a cycle: what a level means in messages and dials, and what comes of them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from features.tables import CHANNELS, DIRECTIONS, OUTCOMES, PLACES, REASONS
from training.sources.simulated.cycles import SHORTEST_CYCLE
from training.sources.simulated.debts import CENT

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

NOTHING = -1  # no code, no day
OUT, IN = (DIRECTIONS.index(name) for name in ("out", "in"))
SENT, NO_ANSWER, WRONG_PARTY, CONVERSATION, PROMISE, REFUSED = range(len(OUTCOMES))
CALL, VISIT = CHANNELS.index("call"), CHANNELS.index("visit")
TALKED = (CONVERSATION, PROMISE, REFUSED)

# Mean number of contacts in a cycle by level (rows) and channel, in the order of CHANNELS.
RATES = np.array(
    [
        # sms push email call letter visit agency legal
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.8, 0.4, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.6, 0.2, 0.3, 2.0, 0.1, 0.0, 0.0, 0.0],
        [0.6, 0.0, 0.2, 4.5, 0.6, 0.0, 0.0, 0.0],
        [0.3, 0.0, 0.2, 3.0, 0.5, 0.3, 0.6, 0.3],
    ]
)
MOST = 7  # contacts of one channel to one account in a cycle
INBOUND = 0.06  # mean number a cycle, and so much more from those who will pay:
INBOUND_PAYING = 0.10
FIRST_HOUR, LAST_HOUR = 9.2, 19.8  # local; an hour's change of clocks stays within 8 to 21

REFUSES, PROMISES, PROMISES_PAYING = 0.3, 0.25, 0.7
KEPT = 0.8  # of promises of those who pay: the day promised is not before the payment
TELLS_WHY = 0.7


class Approached(NamedTuple):
    """Late accounts of a cycle, one entry each.

    `paid_day` is the day within the cycle of a payment, NOTHING without one; `paid` its amount;
    `settles` whether it is the whole amount due: no contact follows it.
    """

    level: Indices
    willingness: Floats
    ability: Floats
    forgetfulness: Floats
    reachability: Floats
    out_of_work: Flags
    aggrieved: Flags
    amount_due: Floats
    paid: Floats
    paid_day: Indices
    settles: Flags


class ContactRows(NamedTuple):
    """Contacts: `account` is the position among those approached; days within the cycle.

    Codes by their numbers; NOTHING where there is none. `point` is 0 or 1.
    """

    account: Indices
    day: Indices
    hour: Floats
    channel: Indices
    direction: Indices
    outcome: Indices
    point: Indices
    place: Indices
    reason: Indices
    promised_amount: Floats
    promised_day: Indices


def contact_rows(rng: np.random.Generator, late: Approached) -> ContactRows:
    """All contacts of the cycle with the late accounts, outbound and inbound."""
    account, channel, direction, day = _approaches(rng, late)
    n = len(account)
    outcome = _outcomes(rng, late, account, channel, direction)
    outcome = _one_promise(account, outcome)
    promised_day, promised_amount = _promises(rng, late, account, day, outcome == PROMISE)
    spoken = np.isin(outcome, TALKED)
    place = rng.choice(len(PLACES), n, p=(0.7, 0.2, 0.1))
    return ContactRows(
        account=account,
        day=day,
        hour=rng.uniform(FIRST_HOUR, LAST_HOUR, n),
        channel=channel,
        direction=direction,
        outcome=outcome,
        point=(rng.random(n) < 0.2).astype(np.int64),
        place=np.where(np.isin(channel, (CALL, VISIT)) & spoken, place, NOTHING),
        reason=_reasons(rng, late, account, outcome),
        promised_amount=promised_amount,
        promised_day=promised_day,
    )


def _approaches(
    rng: np.random.Generator, late: Approached
) -> tuple[Indices, Indices, Indices, Indices]:
    """Account, channel, direction and day of each contact, ordered by account and day."""
    outbound = np.minimum(rng.poisson(RATES[late.level]), MOST)
    inbound = rng.poisson(INBOUND + INBOUND_PAYING * (late.paid > 0))
    inbound_channel = np.array([CHANNELS.index(name) for name in ("call", "email", "push")])
    cells = np.arange(outbound.size)
    cell = np.repeat(cells, outbound.reshape(-1))
    caller = np.repeat(np.arange(len(inbound)), inbound)
    account = np.concatenate([cell // len(CHANNELS), caller])
    channel = np.concatenate(
        [cell % len(CHANNELS), inbound_channel[rng.choice(3, len(caller), p=(0.6, 0.25, 0.15))]]
    )
    direction = np.where(np.arange(len(account)) < len(cell), OUT, IN)
    day = rng.integers(1, SHORTEST_CYCLE, len(account))
    needed = ~(late.settles[account] & (day > late.paid_day[account]))
    order = np.lexsort((day, account))
    order = order[needed[order]]
    return account[order], channel[order], direction[order], day[order]


def _outcomes(
    rng: np.random.Generator,
    late: Approached,
    account: Indices,
    channel: Indices,
    direction: Indices,
) -> Indices:
    n = len(account)
    willing = late.willingness[account]
    refuses = REFUSES * expit(-1.5 * willing) * (direction == OUT)
    pays = late.paid[account] > 0
    promises = np.where(pays, PROMISES_PAYING, PROMISES) * expit(0.5 + willing)
    u = rng.random(n)
    talked = np.where(u < refuses, REFUSED, np.where(u > 1 - promises, PROMISE, CONVERSATION))
    reached = (rng.random(n) < late.reachability[account]) | (direction == IN)
    missed = np.where(rng.random(n) < 0.04, WRONG_PARTY, NO_ANSWER)
    spoken = np.isin(channel, (CALL, VISIT)) | (direction == IN)
    return np.where(spoken, np.where(reached, talked, missed), SENT)


def _one_promise(account: Indices, outcome: Indices) -> Indices:
    """Only the first promise of an account counts as one; rows are ordered by account and day."""
    rows = np.flatnonzero(outcome == PROMISE)
    _, first = np.unique(account[rows], return_index=True)
    kept = np.zeros(len(outcome), dtype=bool)
    kept[rows[first]] = True
    return np.where((outcome == PROMISE) & ~kept, CONVERSATION, outcome)


def _promises(
    rng: np.random.Generator, late: Approached, account: Indices, day: Indices, promised: Flags
) -> tuple[Indices, Floats]:
    """Day and amount of each promise: payers mostly keep theirs, the others name a day."""
    n = len(account)
    paid_day, paid = late.paid_day[account], late.paid[account]
    will_pay = (paid > 0) & (paid_day >= day)
    kept = will_pay & (rng.random(n) < KEPT)
    named = day + rng.integers(2, 11, n)
    kept_day = np.maximum(paid_day, day + 1) + rng.integers(0, 3, n)
    due = late.amount_due[account]
    half = np.where(rng.random(n) < 0.3, np.maximum(np.round(due / 2, 2), CENT), due)
    amount = np.where(kept, paid, half)
    return (
        np.where(promised, np.where(kept, kept_day, named), NOTHING),
        np.where(promised, amount, np.nan),
    )


def _reasons(
    rng: np.random.Generator, late: Approached, account: Indices, outcome: Indices
) -> Indices:
    """Why the account is late, as the debtor says: often, not always, the hidden cause."""
    n = len(account)
    number = {name: REASONS.index(name) for name in REASONS}
    any_other = np.array([number[name] for name in ("cash_flow", "illness", "family", "other")])
    causes = [
        late.out_of_work[account],
        late.aggrieved[account],
        outcome == REFUSED,
        late.ability[account] < -0.8,
        late.forgetfulness[account] > 0.5,
    ]
    said = [number[name] for name in ("lost_job", "dispute", "unwilling", "cash_flow", "forgot")]
    reason = np.select(causes, said, any_other[rng.integers(0, len(any_other), n)])
    told = np.isin(outcome, TALKED) & (rng.random(n) < TELLS_WHY)
    return np.where(told, reason, NOTHING)
