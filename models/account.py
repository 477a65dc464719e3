"""The account as it stands at the moment of a decision."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Plan:
    """A repayment plan: `months` instalments of `instalment`; `kept` so far or not."""

    months: int
    instalment: float
    kept: bool


@dataclass(frozen=True, slots=True)
class Account:
    """One debt of one debtor, as of the decision; amounts in `currency`.

    `flags` holds the names, out of features.tables.FLAGS, of those that are set.
    """

    account_id: str
    product: str
    security: str
    currency: str
    balance: float
    past_due_amount: float
    days_past_due: int
    jurisdiction: str
    timezone: str
    debtor_id: str | None = None
    credit_limit: float | None = None
    opened_on: date | None = None
    apr: float | None = None
    flags: frozenset[str] = frozenset()
    plan: Plan | None = None
