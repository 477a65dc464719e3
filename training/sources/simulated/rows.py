"""The rows of statements, events and truth that a chunk's cycles leave behind."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.tables import CHANNELS, DIRECTIONS, OUTCOMES, PLACES, REASONS, STATUSES
from training.sources.simulated import arrays
from training.sources.simulated.chunk import Chunk, Cycle
from training.sources.simulated.contacting import NOTHING, VISIT
from training.sources.simulated.cycles import Cycles
from training.sources.simulated.debts import CARD, OPEN
from training.sources.simulated.laws import LEVELS
from training.sources.simulated.levels import ARMS, POLICY
from training.sources.simulated.people import ZONE_OF_PLACE

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]
Rows = dict[str, NDArray[Any]]  # columns of one length

MOST_ROWS = 10_000  # of one account in any table: room for the numbers in the rows' ids
GAP = 0.003  # share of statements that the source has lost
HASH = 2_654_435_761  # odd: multiplying by it permutes the numbers below 2**32
NIGHT = (2.0, 5.0)  # local hours in which levels are assigned


@dataclass(frozen=True)
class Lived:
    """A chunk and its recorded cycles; `first` is the number of its first account.

    `lost[m]` marks the accounts whose statement of cycle `m` the source has lost.
    """

    first: int
    ids: pa.Array
    chunk: Chunk
    cycles: list[Cycle]
    calendar: Cycles
    lost: list[Flags]

    def end(self, month: int, account: Indices) -> Indices:
        """Day number on which the accounts' cycle `month` ends."""
        return self.calendar.end(month, self.chunk.day_of_month[account])

    def instant(self, day: Indices, hour: Floats, account: Indices) -> Floats:
        """UTC seconds of a local hour of the day at each account's debtor."""
        people = self.chunk.people
        zone = ZONE_OF_PLACE[people.place[people.account[account]]]
        return self.calendar.instant(day, hour, zone)


def lost_statements(rng: np.random.Generator, cycles: list[Cycle]) -> list[Flags]:
    """For each cycle, the accounts whose statement is lost: never a first or last one."""
    lost = []
    for cycle in cycles:
        within = 0 < cycle.month < len(cycles) - 1
        going = cycle.old & (cycle.status == OPEN)
        lost.append((rng.random(len(going)) < GAP) & going & within)
    return lost


def statements(lived: Lived) -> pa.Table:
    """The statements table."""
    debts = lived.chunk.debts
    limit = np.where(debts.product == CARD, debts.amount, np.nan)

    def of(cycle: Cycle) -> Rows:
        account = np.flatnonzero(cycle.live & ~lived.lost[cycle.month])
        return {
            "account": account,
            "day": lived.end(cycle.month, account),
            "balance": cycle.balance[account],
            "amount_due": cycle.amount_due[account],
            "amount_paid": cycle.conduct.paid.amount[account],
            "days_past_due": cycle.days_past_due[account],
            "status": cycle.status[account],
        }

    rows = _gathered(map(of, lived.cycles), "day")
    return pa.table(
        {
            "account_id": lived.ids.take(pa.array(rows["account"])),
            "statement_date": arrays.dates(rows["day"]),
            "balance": rows["balance"],
            "amount_due": rows["amount_due"],
            "amount_paid": rows["amount_paid"],
            "days_past_due": rows["days_past_due"],
            "credit_limit": arrays.amounts(limit[rows["account"]]),
            "status": arrays.codes(STATUSES, rows["status"]),
        }
    )


def payments(lived: Lived) -> pa.Table:
    """The payments table."""

    def of(cycle: Cycle) -> Rows:
        paid = cycle.conduct.payments
        began = lived.end(cycle.month - 1, paid.account)
        return {
            "account": paid.account,
            "at": lived.instant(began + paid.day, paid.hour, paid.account),
            "amount": paid.amount,
            "reversed": paid.reversed,
            "reversed_at": lived.instant(began + paid.reversed_day, paid.hour, paid.account),
        }

    rows = _gathered(map(of, lived.cycles), "at")
    return pa.table(
        {
            "payment_id": _row_names("p", lived, len(rows["at"])),
            "account_id": lived.ids.take(pa.array(rows["account"])),
            "received_at": arrays.instants(rows["at"]),
            "amount": rows["amount"],
            "reversed": rows["reversed"],
            "reversed_at": arrays.instants(rows["reversed_at"], rows["reversed"]),
        }
    )


def _contacted(lived: Lived, cycle: Cycle) -> Rows:
    made = cycle.conduct.contacts
    account = cycle.conduct.late[made.account]
    began = lived.end(cycle.month - 1, account)
    return made._asdict() | {
        "account": account,
        "at": lived.instant(began + made.day, made.hour, account),
        "promised_on": np.where(made.promised_day == NOTHING, NOTHING, began + made.promised_day),
    }


def contacts(lived: Lived) -> pa.Table:
    """The contacts table."""
    rows = _gathered((_contacted(lived, cycle) for cycle in lived.cycles), "at")
    visit = rows["channel"] == VISIT
    point = (lived.first + rows["account"]) * 2 + rows["point"]
    promised_on = rows["promised_on"]
    at = arrays.instants(rows["at"])
    return pa.table(
        {
            "contact_id": _row_names("c", lived, len(visit)),
            "account_id": lived.ids.take(pa.array(rows["account"])),
            "at": at,
            "channel": arrays.codes(CHANNELS, rows["channel"]),
            "direction": arrays.codes(DIRECTIONS, rows["direction"]),
            "outcome": arrays.codes(OUTCOMES, rows["outcome"]),
            "contact_point_id": arrays.names("point-", point * HASH % 2**32),
            "place": arrays.codes(PLACES, rows["place"]),
            "consent": pa.array(visit, mask=~visit),
            "reason": arrays.codes(REASONS, rows["reason"]),
            "promised_amount": arrays.amounts(rows["promised_amount"]),
            "promised_on": arrays.dates(promised_on, promised_on != NOTHING),
            "appointment_at": pa.array(rows["at"] * 1e6, mask=~visit)
            .cast(pa.int64())
            .cast(at.type),
        }
    )


def assignments(lived: Lived, rng: np.random.Generator) -> pa.Table:
    """The assignments table: those after the first recorded statement."""

    def of(cycle: Cycle) -> Rows:
        late, assigned = cycle.conduct.late, cycle.conduct.assigned
        day = lived.end(cycle.month - 1, late) + 1
        hour = rng.uniform(*NIGHT, len(late))
        return assigned._asdict() | {"account": late, "at": lived.instant(day, hour, late)}

    rows = _gathered(map(of, lived.cycles[1:]), "at")
    propensities = rows["propensities"].reshape(-1, LEVELS)
    return pa.table(
        {
            "account_id": lived.ids.take(pa.array(rows["account"])),
            "at": arrays.instants(rows["at"]),
            "level": rows["level"],
            **{f"propensity_{level}": propensities[:, level] for level in range(LEVELS)},
            "arm": arrays.codes(ARMS, rows["arm"]),
            "policy": pa.repeat(POLICY, len(propensities)),
            "overridden": rows["overridden"],
        }
    )


def _hidden(lived: Lived, cycle: Cycle) -> Rows:
    account = np.flatnonzero(cycle.old & ~lived.lost[cycle.month - 1])
    conduct = cycle.conduct
    level = np.full(len(cycle.old), NOTHING)
    level[conduct.late] = conduct.assigned.in_force
    return {
        "account": account,
        "day": lived.end(cycle.month - 1, account),
        "next_day": lived.end(cycle.month, account),
        "willingness": cycle.willingness[account],
        "ability": cycle.ability[account],
        "out_of_work": cycle.out_of_work[account],
        "level": level[account],
        "probability": conduct.probability[account],
        "probabilities": conduct.probabilities[account],
        "cured": conduct.full[account],
        "censored": cycle.censored[account],
        "charges": cycle.charged[account],
    }


def truth(lived: Lived) -> pa.Table:
    """What is hidden, for each statement that another cycle follows."""
    people = lived.chunk.people
    rows = _gathered((_hidden(lived, cycle) for cycle in lived.cycles[1:]), "day")
    account = rows["account"]
    debtor = people.account[account]
    probabilities = rows["probabilities"].reshape(-1, LEVELS)
    return pa.table(
        {
            "account_id": lived.ids.take(pa.array(account)),
            "statement_date": arrays.dates(rows["day"]),
            "next_statement_date": arrays.dates(rows["next_day"]),
            "willingness": rows["willingness"],
            "ability": rows["ability"],
            "forgetfulness": people.forgetfulness[debtor],
            "reachability": people.reachability[debtor],
            "avoidance": people.avoidance[debtor],
            "out_of_work": rows["out_of_work"],
            "level": pa.array(rows["level"], mask=rows["level"] == NOTHING),
            "probability": rows["probability"],
            **{
                f"probability_{level}": arrays.amounts(probabilities[:, level])
                for level in range(LEVELS)
            },
            "cured": rows["cured"],
            "censored": rows["censored"],
            "charges": rows["charges"],
        }
    )


def _gathered(parts: Iterable[Rows], time: str) -> Rows:
    """Rows of all cycles, ordered by account and time."""
    every = list(parts)
    rows = {name: np.concatenate([part[name] for part in every]) for name in every[0]}
    order = np.lexsort((rows[time], rows["account"]))
    return {name: values[order] for name, values in rows.items()}


def _row_names(prefix: str, lived: Lived, rows: int) -> pa.Array:
    return arrays.names(prefix, lived.first * MOST_ROWS + np.arange(rows))
