"""Drawn histories: monthly statements with gaps and unknown amounts, payments and contacts.

Statements alone go to the peers; the events are for the whole catalogue, which reads them too.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import arrays
from features.clock import CYCLE_DAYS, DAY_SECONDS
from features.panel import Contacts, Fixed, Flags, Floats, Payments, Statements
from features.tables import ACCOUNTS, CHANNELS, DIRECTIONS, OUTCOMES, REASONS, STATEMENTS, codes_of

FIRST_DAY = 19_000.0  # January 2022
KNOWN_UNTIL = 25  # of the days 0 to 27 on which a cycle ends: later ones are not yet known
PAYMENTS_A_MONTH = 0.6
CONTACTS_A_MONTH = 0.3


class Histories(NamedTuple):
    """The tables of many accounts, and the instant (UTC seconds) as of which features are asked."""

    fixed: Fixed
    statements: Statements
    payments: Payments
    contacts: Contacts
    as_of: float


def histories(accounts: int, months: int, seed: int = 1) -> Histories:
    """Draw so many accounts over at most so many months; some are younger, some months missing.

    Of each account at least one statement is known at `as_of`.
    """
    rng = np.random.default_rng(seed)
    day = FIRST_DAY + np.floor(CYCLE_DAYS * np.arange(months)) + rng.integers(0, 28, (accounts, 1))
    young = rng.random(accounts) < 0.2
    start = np.where(young, rng.integers(0, months - 1, accounts), 0)[:, None]
    month = np.arange(months)
    there = (month > start) & (rng.random((accounts, months)) > 0.03) | (month == start)
    return Histories(
        fixed=_fixed(rng, day[np.arange(accounts), start[:, 0]]),
        statements=_statements(rng, day, there),
        payments=_payments(rng, accounts, months),
        contacts=_contacts(rng, accounts, months),
        as_of=(FIRST_DAY + np.floor(CYCLE_DAYS * (months - 1)) + KNOWN_UNTIL) * DAY_SECONDS,
    )


def _fixed(rng: np.random.Generator, first_day: Floats) -> Fixed:
    n = len(first_day)
    return Fixed(
        opened_day=_some_unknown(rng, first_day - rng.integers(30, 3_000, n), 0.1),
        product=_codes(rng, len(ACCOUNTS.column("product").codes), n),
        security=_codes(rng, len(ACCOUNTS.column("security").codes), n),
        payments_known=np.ones(n, np.bool_),
        contacts_known=np.ones(n, np.bool_),
    )


def _statements(rng: np.random.Generator, day: Floats, there: Flags) -> Statements:
    accounts, months = day.shape
    late = _days_past_due(rng, accounts, months)
    limit = np.round(rng.uniform(500, 20_000, (accounts, 1)), -2)
    drift = np.cumsum(rng.normal(0, 0.06, day.shape), axis=1)
    balance = np.round(np.clip(rng.random((accounts, 1)) + drift, -0.02, 1.2) * limit, 2)
    owed = np.maximum(balance, 0)
    part = rng.choice([0, 0.05, 0.1, 0.3, 1], day.shape, p=[0.3, 0.3, 0.2, 0.1, 0.1])
    paid = np.round(owed * part * rng.uniform(0.8, 1.2, day.shape), 2)
    codes = codes_of(STATEMENTS, "status")
    status = np.where(rng.random(day.shape) < 0.02, codes["restructured"], codes["open"])
    return Statements(
        account=np.nonzero(there)[0].astype(np.int64),
        day=day[there],
        known_at=(day[there] + 1) * DAY_SECONDS,
        balance=balance[there],
        amount_due=_some_unknown(rng, np.round(0.05 * owed, 2)[there], 0.05),
        amount_paid=_some_unknown(rng, paid[there], 0.05),
        days_past_due=late[there],
        credit_limit=np.broadcast_to(_some_unknown(rng, limit, 0.1), day.shape)[there],
        status=status[there].astype(np.float64),
    )


def _days_past_due(rng: np.random.Generator, accounts: int, months: int) -> Floats:
    """Months late go up, stay or fall back to none from one statement to the next."""
    behind = np.zeros((accounts, months))
    for m in range(1, months):
        drawn, before = rng.random(accounts), behind[:, m - 1]
        later = np.where(drawn < 0.35, 0, np.where(drawn < 0.6, before, before + 1))
        behind[:, m] = np.where(before > 0, later, drawn < 0.15)
    return np.where(behind > 0, 30 * behind - rng.integers(0, 30, (accounts, 1)), 0.0)


def _payments(rng: np.random.Generator, accounts: int, months: int) -> Payments:
    n = int(PAYMENTS_A_MONTH * accounts * months)
    at = _instants(rng, n, months)
    taken_back = rng.random(n) < 0.02
    return Payments(
        account=rng.integers(0, accounts, n),
        at=at,
        amount=np.round(rng.uniform(10, 500, n), 2),
        reversed=taken_back.astype(np.float64),
        reversed_at=np.where(taken_back, at + 3 * DAY_SECONDS, np.nan),
    )


def _contacts(rng: np.random.Generator, accounts: int, months: int) -> Contacts:
    n = int(CONTACTS_A_MONTH * accounts * months)
    at = _instants(rng, n, months)
    outcome = _codes(rng, len(OUTCOMES), n)
    promise = outcome == OUTCOMES.index("promise")
    return Contacts(
        account=rng.integers(0, accounts, n),
        at=at,
        local_hour=rng.uniform(8, 20, n),
        channel=_codes(rng, len(CHANNELS), n),
        direction=_codes(rng, len(DIRECTIONS), n),
        outcome=outcome,
        reason=_some_unknown(rng, _codes(rng, len(REASONS), n), 0.8),
        promised_amount=np.where(promise, np.round(rng.uniform(10, 500, n), 2), np.nan),
        promised_until=np.where(promise, at + 7 * DAY_SECONDS, np.nan),
        appointment_at=np.full(n, np.nan),
        local_day=at // DAY_SECONDS,
        point=np.full(n, np.nan),
        place=np.full(n, np.nan),
    )


def _instants(rng: np.random.Generator, n: int, months: int) -> Floats:
    return (FIRST_DAY + rng.uniform(0, CYCLE_DAYS * months, n)) * DAY_SECONDS


def _codes(rng: np.random.Generator, kinds: int, n: int) -> Floats:
    return rng.integers(0, kinds, n).astype(np.float64)


def _some_unknown(rng: np.random.Generator, values: Floats, share: float) -> Floats:
    return np.where(rng.random(values.shape) < share, np.nan, values)


def write(drawn: Histories, folder: Path) -> None:
    """Write every table into the folder, and the instant as as_of.npy."""
    for table in Histories._fields[:-1]:
        arrays.write(folder, table, getattr(drawn, table)._asdict())
    np.save(folder / "as_of.npy", drawn.as_of)
