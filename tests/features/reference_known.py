"""What the reference knows of one account at one instant, and the register of its features.

The point-in-time cut and the notions that families share, written from the conventions of
docs/features.md alone. Slow and plain on purpose: the compiled features are held against it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from features.panel import Contacts, Fixed, Payments, Statements
from features.tables import PRODUCTS, SECURITIES
from tests.features.reference_numbers import Value, above_zero, slope
from tests.features.reference_rows import (
    ContactRow,
    PaymentRow,
    StatementRow,
    contacts_of,
    payments_of,
    statements_of,
    value_of,
)

DAY = 86_400.0  # seconds
MONTH = 30.4375  # days

Rule = Callable[["Known"], Value]
RULES: dict[str, Rule] = {}


def feature(rule: Rule) -> Rule:
    """Enter a function as the feature of its name."""
    assert rule.__name__ not in RULES
    RULES[rule.__name__] = rule
    return rule


@dataclass(frozen=True)
class Cycle:
    """A statement of which the one before is known or None; it closes a cycle."""

    statement: StatementRow
    before: StatementRow | None

    @property
    def paid(self) -> Value:
        return self.statement.paid

    @property
    def balance_then(self) -> Value:
        """The balance then owed; None also where it is not above 0."""
        return above_zero(None if self.before is None else self.before.balance)

    @property
    def due_then(self) -> Value:
        """The amount then asked for; None also where it is not above 0."""
        return above_zero(None if self.before is None else self.before.due)


@dataclass(frozen=True)
class Known:
    """All that is known of one account at `as_of` (UTC seconds); oldest first.

    `payments` and `contacts` are None where the account has no such table; `payments` are
    all that were received, `standing` those of them that were not taken back.
    """

    as_of: float
    opened_day: Value
    product: str
    security: str
    statements: tuple[StatementRow, ...]
    payments: tuple[PaymentRow, ...] | None
    contacts: tuple[ContactRow, ...] | None

    @property
    def last(self) -> StatementRow:
        return self.statements[-1]

    def before_last(self, back: int) -> StatementRow | None:
        """The statement so many before the last one."""
        return self.statements[-1 - back] if len(self.statements) > back else None

    def in_months(self, months: int) -> list[StatementRow]:
        """The statements in up to so many months."""
        return [s for s in self.statements if self.last.day - s.day < (months - 0.5) * MONTH]

    def cycles(self) -> list[Cycle]:
        """Every known cycle."""
        befores = (None, *self.statements[:-1])
        return [Cycle(s, b) for s, b in zip(self.statements, befores, strict=True)]

    def cycles_in(self, months: int) -> list[Cycle]:
        """The cycles in up to so many months."""
        within = self.in_months(months)
        return [cycle for cycle in self.cycles() if cycle.statement in within]

    def months_since(self, statement: StatementRow | None) -> Value:
        """Months from that statement to the last one, to the nearest whole."""
        if statement is None:
            return None
        return float(round((self.last.day - statement.day) / MONTH))

    def days_since(self, at: Value) -> Value:
        """Days from that instant to as_of."""
        return None if at is None else (self.as_of - at) / DAY

    @property
    def standing(self) -> list[PaymentRow] | None:
        """The payments that have not been taken back by as_of."""
        if self.payments is None:
            return None
        return [p for p in self.payments if p.reversed_at is None or p.reversed_at > self.as_of]

    def in_days(self, rows: Sequence[ContactRow], days: float) -> list[ContactRow]:
        """Those of the contacts less than so many days before as_of."""
        return [row for row in rows if self.as_of - row.at < days * DAY]


def trend(statements: Sequence[StatementRow], values: Sequence[Value]) -> Value:
    """The monthly trend of the statements' known values."""
    per_day = slope([statement.day for statement in statements], values)
    return None if per_day is None else per_day * MONTH


def known_of(
    account: int,
    as_of: float,
    fixed: Fixed,
    statements: Statements,
    payments: Payments,
    contacts: Contacts,
) -> Known:
    """What is known of that account at `as_of`, from the flat tables."""
    return Known(
        as_of,
        value_of(fixed.opened_day[account]),
        PRODUCTS[int(fixed.product[account])],
        SECURITIES[int(fixed.security[account])],
        tuple(s for s in statements_of(account, statements) if s.known_at <= as_of),
        tuple(p for p in payments_of(account, payments) if p.at <= as_of)
        if fixed.payments_known[account]
        else None,
        tuple(c for c in contacts_of(account, contacts) if c.at <= as_of)
        if fixed.contacts_known[account]
        else None,
    )
