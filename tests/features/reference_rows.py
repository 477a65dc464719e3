"""The reference's rows: one account's own, read from the flat tables."""

import math
from dataclasses import dataclass

from features.panel import Contacts, Payments, Statements
from features.tables import CHANNELS, DIRECTIONS, OUTCOMES, REASONS, STATUSES
from tests.features.reference_numbers import Value


@dataclass(frozen=True)
class StatementRow:
    """A statement; `day` in days since 1970, `known_at` in UTC seconds, None for not known."""

    day: float
    known_at: float
    balance: float
    due: Value
    paid: Value
    dpd: float
    limit: Value
    status: str

    @property
    def late(self) -> bool:
        return self.dpd > 0


@dataclass(frozen=True)
class PaymentRow:
    """A payment; instants in UTC seconds, `reversed_at` None where none is given."""

    at: float
    amount: float
    reversed_at: Value


@dataclass(frozen=True)
class ContactRow:
    """A contact; instants in UTC seconds, `hour` of the day at the debtor's place."""

    at: float
    hour: float
    channel: str
    direction: str
    outcome: str
    reason: str | None
    promised_amount: Value
    promised_until: Value
    appointment_at: Value

    @property
    def attempt(self) -> bool:
        return self.direction == "out"

    @property
    def conversation(self) -> bool:
        return self.outcome in ("conversation", "promise", "refused")


def value_of(number: float) -> Value:
    """The number, None for NaN."""
    return None if math.isnan(number) else float(number)


def statements_of(account: int, table: Statements) -> list[StatementRow]:
    """That account's statements, oldest first."""
    rows = [
        StatementRow(
            float(day),
            float(known_at),
            float(balance),
            value_of(due),
            value_of(paid),
            float(dpd),
            value_of(limit),
            STATUSES[int(status)],
        )
        for owner, day, known_at, balance, due, paid, dpd, limit, status in zip(*table, strict=True)
        if owner == account
    ]
    return sorted(rows, key=lambda row: row.day)


def payments_of(account: int, table: Payments) -> list[PaymentRow]:
    """That account's payments, oldest first."""
    rows = [
        PaymentRow(float(at), float(amount), value_of(reversed_at))
        for owner, at, amount, _, reversed_at in zip(*table, strict=True)
        if owner == account
    ]
    return sorted(rows, key=lambda row: row.at)


def contacts_of(account: int, table: Contacts) -> list[ContactRow]:
    """That account's contacts, oldest first.

    Those of one instant by hour, then the numbers of their codes, then what was agreed.
    """
    rows = sorted(
        (row[1:] for row in zip(*table, strict=True) if row[0] == account),
        key=lambda row: [math.inf if math.isnan(number) else number for number in row],
    )
    return [
        ContactRow(
            float(at),
            float(hour),
            CHANNELS[int(channel)],
            DIRECTIONS[int(direction)],
            OUTCOMES[int(outcome)],
            None if math.isnan(reason) else REASONS[int(reason)],
            value_of(amount),
            value_of(until),
            value_of(appointment),
        )
        for at, hour, channel, direction, outcome, reason, amount, until, appointment, *_ in rows
    ]
