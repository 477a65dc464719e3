"""The accounts and segments tables of a chunk, as of the last recorded cycle."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.tables import FLAGS, PRODUCTS, SECURITIES
from training.sources.simulated import arrays
from training.sources.simulated.cycles import SHORTEST_CYCLE
from training.sources.simulated.debts import CARD, CYCLE, SOLD
from training.sources.simulated.people import PLACES
from training.sources.simulated.rows import Lived

UNKNOWN = 0.03  # share of accounts whose opening day, or rate, the source does not know
MONTH = 30.44  # days
PERSONAL = {
    "sex": ("female", "male"),
    "education": ("high_school", "university", "graduate_school", "other"),
    "age": ("under_30", "30_to_39", "40_to_49", "50_to_61", "62_or_over"),
}
FORGETFUL_AGES = 0.5  # how much less often the old forget: a mild correlation, for fairness


def accounts(lived: Lived, rng: np.random.Generator, currency: str) -> pa.Table:
    """The accounts table: the state in which each account's last statement left it.

    Of what was sold nothing is owed to the bank any more.
    """
    chunk, debts, people = lived.chunk, lived.chunk.debts, lived.chunk.people
    n = len(debts.balance)
    owned = debts.status != SOLD
    place = people.place[people.account]
    rate_known = rng.random(n) >= UNKNOWN
    planned = (debts.plan_months > 0) & ~debts.ended
    return pa.table(
        {
            "account_id": lived.ids,
            "debtor_id": arrays.names("d", lived.first + people.account),
            "product": arrays.codes(PRODUCTS, debts.product),
            "security": arrays.codes(SECURITIES, debts.security),
            "currency": pa.repeat(currency, n),
            "balance": np.where(owned, debts.balance, 0.0),
            "past_due_amount": np.where(owned, debts.past_due, 0.0),
            "credit_limit": arrays.amounts(np.where(debts.product == CARD, debts.amount, np.nan)),
            "days_past_due": np.where(owned, CYCLE * debts.months_late, 0),
            "opened_on": arrays.dates(_opened(lived, rng), rng.random(n) >= UNKNOWN),
            "apr": pa.array(debts.rate, mask=~rate_known),
            "jurisdiction": arrays.codes([name for name, _, _ in PLACES], place),
            "timezone": arrays.codes([zone for _, zone, _ in PLACES], place),
            **{flag: chunk.flags[:, number] for number, flag in enumerate(FLAGS)},
            "plan_months": pa.array(debts.plan_months, mask=~planned),
            "plan_instalment": pa.array(debts.instalment, mask=~planned),
            "plan_kept": pa.array(debts.months_late == 0, mask=~planned),
        }
    )


def segments(lived: Lived, rng: np.random.Generator) -> pa.Table:
    """The segments table: independent of behaviour, but for age, mildly so of forgetting."""
    people = lived.chunk.people
    debtors = len(people.income)
    oldness = rng.random(debtors) - FORGETFUL_AGES * (people.forgetfulness - 1 / 3)
    drawn = {
        "sex": rng.integers(0, 2, debtors),
        "education": rng.choice(4, debtors, p=(0.3, 0.45, 0.2, 0.05)),
        "age": np.clip(np.floor(oldness * 5), 0, 4).astype(np.int64),
    }
    values = np.column_stack(
        [np.array(PERSONAL[name])[number][people.account] for name, number in drawn.items()]
    )
    n = len(lived.ids)
    return pa.table(
        {
            "account_id": lived.ids.take(pa.array(np.repeat(np.arange(n), len(drawn)))),
            "segment": pa.array(list(drawn) * n, type=pa.string()),
            "value": pa.array(values.reshape(-1).tolist(), type=pa.string()),
        }
    )


def _opened(lived: Lived, rng: np.random.Generator) -> NDArray[np.int64]:
    """Day on which each account was opened, before its first statement."""
    chunk = lived.chunk
    n = len(chunk.start)
    first = np.empty(n, dtype=np.int64)
    for month in range(len(lived.cycles)):
        here = np.flatnonzero(np.maximum(chunk.start, 0) == month)
        first[here] = lived.end(month, here)
    days = np.where(
        chunk.start >= 0,
        rng.integers(1, SHORTEST_CYCLE, n),
        np.floor(chunk.debts.age_months * MONTH),
    )
    return (first - days).astype(np.int64)
