"""Bodies of requests, derived from the columns of features.tables."""

from datetime import date, datetime
from itertools import compress
from operator import attrgetter
from typing import Annotated, Any, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from features.tables import ACCOUNTS, CONTACTS, FLAGS, PAYMENTS, STATEMENTS, Column, Table
from models.account import Account, Plan
from models.decision import Status
from models.intensity.ladder import Treatment
from models.score.tier import TIERS
from models.stage import STAGES
from service.bodies.columns import Cell

STATEMENTS_MAX = 600  # fifty years of months
EVENTS_MAX = 10_000
BATCH_MAX = 1_000
SEARCH_MAX = 200
REQUEST_ID = Column("request_id", "id", "the caller's own name for the item, echoed", optional=True)
AS_OF = Column("as_of", "instant", "the instant of the decision; now if left out", optional=True)
_SEARCH = {
    column.name: column
    for column in (
        Column("decided_from", "instant", "decided then or later", optional=True),
        Column("decided_until", "instant", "decided before then", optional=True),
        Column("stage", "code", "stage", optional=True, codes=STAGES),
        Column("tier", "code", "risk tier", optional=True, codes=TIERS),
        Column("level", "count", "level chosen", optional=True, minimum=0, maximum=4),
        Column("status", "code", "status of the decision", optional=True, codes=get_args(Status)),
        Column("treatment", "code", "treatment", optional=True, codes=get_args(Treatment)),
        Column("rule", "id", "a rule that bound", optional=True),
        Column("model", "id", "SHA-256 of the bundle that scored", optional=True),
        Column("limit", "count", "decisions on a page", minimum=1, maximum=SEARCH_MAX),
    )
}


def _of(table: Table, column: str) -> Cell:
    return Cell(table.column(column))


LISTS = ("statements", "payments", "contacts", "debtor_contacts")  # those of a body


class Body(BaseModel):
    """A JSON object whose fields are exactly these."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PlanBody(Body):
    """A repayment plan that the account is on."""

    months: Annotated[int, _of(ACCOUNTS, "plan_months")]
    instalment: Annotated[float, _of(ACCOUNTS, "plan_instalment")]
    kept: Annotated[bool, _of(ACCOUNTS, "plan_kept")]


class AccountBody(Body):
    """The account as it stands now."""

    account_id: Annotated[str, _of(ACCOUNTS, "account_id")]
    debtor_id: Annotated[str, _of(ACCOUNTS, "debtor_id")] | None = None
    product: Annotated[str, _of(ACCOUNTS, "product")]
    security: Annotated[str, _of(ACCOUNTS, "security")]
    currency: Annotated[str, _of(ACCOUNTS, "currency")]
    balance: Annotated[float, _of(ACCOUNTS, "balance")]
    past_due_amount: Annotated[float, _of(ACCOUNTS, "past_due_amount")]
    credit_limit: Annotated[float, _of(ACCOUNTS, "credit_limit")] | None = None
    days_past_due: Annotated[int, _of(ACCOUNTS, "days_past_due")]
    opened_on: Annotated[date, _of(ACCOUNTS, "opened_on")] | None = None
    apr: Annotated[float, _of(ACCOUNTS, "apr")] | None = None
    jurisdiction: Annotated[str, _of(ACCOUNTS, "jurisdiction")]
    timezone: Annotated[str, _of(ACCOUNTS, "timezone")]
    hardship: Annotated[bool, _of(ACCOUNTS, "hardship")]
    dispute: Annotated[bool, _of(ACCOUNTS, "dispute")]
    complaint: Annotated[bool, _of(ACCOUNTS, "complaint")]
    bankruptcy: Annotated[bool, _of(ACCOUNTS, "bankruptcy")]
    deceased: Annotated[bool, _of(ACCOUNTS, "deceased")]
    cease_contact: Annotated[bool, _of(ACCOUNTS, "cease_contact")]
    vulnerable: Annotated[bool, _of(ACCOUNTS, "vulnerable")]
    represented: Annotated[bool, _of(ACCOUNTS, "represented")]
    plan: PlanBody | None = None

    def account(self) -> Account:
        """The account as the models know it."""
        return account_from(self)


_plain = attrgetter(*Account.__slots__[:-2])
_flags = attrgetter(*FLAGS)
_plan = attrgetter(*Plan.__slots__)


def account_from(body: AccountBody) -> Account:
    """The account of a body, or of its struct, as the models know it."""
    flags = frozenset(compress(FLAGS, _flags(body)))
    plan = None if body.plan is None else Plan(*_plan(body.plan))
    return Account(*(*_plain(body), flags, plan))


class StatementBody(Body):
    """One monthly statement."""

    account_id: Annotated[str, _of(STATEMENTS, "account_id")] | None = None
    statement_date: Annotated[date, _of(STATEMENTS, "statement_date")]
    balance: Annotated[float, _of(STATEMENTS, "balance")]
    amount_due: Annotated[float, _of(STATEMENTS, "amount_due")] | None = None
    amount_paid: Annotated[float, _of(STATEMENTS, "amount_paid")] | None = None
    days_past_due: Annotated[int, _of(STATEMENTS, "days_past_due")]
    credit_limit: Annotated[float, _of(STATEMENTS, "credit_limit")] | None = None
    status: Annotated[str, _of(STATEMENTS, "status")]


class PaymentBody(Body):
    """One payment received."""

    payment_id: Annotated[str, _of(PAYMENTS, "payment_id")]
    account_id: Annotated[str, _of(PAYMENTS, "account_id")] | None = None
    received_at: Annotated[datetime, _of(PAYMENTS, "received_at")]
    amount: Annotated[float, _of(PAYMENTS, "amount")]
    reversed: Annotated[bool, _of(PAYMENTS, "reversed")]
    reversed_at: Annotated[datetime, _of(PAYMENTS, "reversed_at")] | None = None


class ContactBody(Body):
    """One contact with the debtor, or an attempt at one."""

    contact_id: Annotated[str, _of(CONTACTS, "contact_id")]
    account_id: Annotated[str, _of(CONTACTS, "account_id")] | None = None
    at: Annotated[datetime, _of(CONTACTS, "at")]
    channel: Annotated[str, _of(CONTACTS, "channel")]
    direction: Annotated[str, _of(CONTACTS, "direction")]
    outcome: Annotated[str, _of(CONTACTS, "outcome")]
    contact_point_id: Annotated[str, _of(CONTACTS, "contact_point_id")] | None = None
    place: Annotated[str, _of(CONTACTS, "place")] | None = None
    consent: Annotated[bool, _of(CONTACTS, "consent")] | None = None
    reason: Annotated[str, _of(CONTACTS, "reason")] | None = None
    promised_amount: Annotated[float, _of(CONTACTS, "promised_amount")] | None = None
    promised_on: Annotated[date, _of(CONTACTS, "promised_on")] | None = None
    appointment_at: Annotated[datetime, _of(CONTACTS, "appointment_at")] | None = None


# A list stops at its first wrong element: ten thousand wrong ones cost no more than one.
Statements = Annotated[
    list[StatementBody], Field(min_length=1, max_length=STATEMENTS_MAX, fail_fast=True)
]
Payments = Annotated[list[PaymentBody], Field(max_length=EVENTS_MAX, fail_fast=True)]
Contacts = Annotated[list[ContactBody], Field(max_length=EVENTS_MAX, fail_fast=True)]


class DecisionBody(Body):
    """One account to be decided.

    `payments` or `contacts` left out or null means that they are not known; an empty list
    means that there were none. `debtor_contacts` are the contacts with the debtor on the debtor's
    other accounts, of the last 40 days; left out or null means that none are known.
    """

    as_of: Annotated[datetime, Cell(AS_OF)] | None = None
    account: AccountBody
    statements: Statements
    payments: Payments | None = None
    contacts: Contacts | None = None
    debtor_contacts: Contacts | None = None


class BatchItem(DecisionBody):
    """One account of a batch."""

    request_id: Annotated[str, Cell(REQUEST_ID)] | None = None


class BatchEnvelope(Body):
    """The list of a batch; its items are checked one by one."""

    items: list[Any] = Field(min_length=1, max_length=BATCH_MAX)


class BatchBody(Body):
    """Up to BATCH_MAX accounts to be decided (as OpenAPI shows it)."""

    items: list[BatchItem] = Field(min_length=1, max_length=BATCH_MAX)


class SearchBody(Body):
    """What to look for in the record; conditions are joined by and, newest first."""

    account_id: Annotated[str, _of(ACCOUNTS, "account_id")] | None = None
    decided_from: Annotated[datetime, Cell(_SEARCH["decided_from"])] | None = None
    decided_until: Annotated[datetime, Cell(_SEARCH["decided_until"])] | None = None
    stage: Annotated[str, Cell(_SEARCH["stage"])] | None = None
    tier: Annotated[str, Cell(_SEARCH["tier"])] | None = None
    level: Annotated[int, Cell(_SEARCH["level"])] | None = None
    status: Annotated[str, Cell(_SEARCH["status"])] | None = None
    treatment: Annotated[str, Cell(_SEARCH["treatment"])] | None = None
    rule: Annotated[str, Cell(_SEARCH["rule"])] | None = None
    model: Annotated[str, Cell(_SEARCH["model"])] | None = None
    cursor: Annotated[UUID, Field(description="`next_cursor` of the page before")] | None = None
    limit: Annotated[int, Cell(_SEARCH["limit"])] = 50


COLUMNS: dict[type[Body], dict[str, Column]] = {
    AccountBody: {column.name: column for column in ACCOUNTS.columns},
    PlanBody: {name: ACCOUNTS.column(f"plan_{name}") for name in PlanBody.model_fields},
    StatementBody: {column.name: column for column in STATEMENTS.columns},
    PaymentBody: {column.name: column for column in PAYMENTS.columns},
    ContactBody: {column.name: column for column in CONTACTS.columns},
    DecisionBody: {"as_of": AS_OF},
    BatchItem: {"as_of": AS_OF, "request_id": REQUEST_ID},
    SearchBody: _SEARCH | {"account_id": ACCOUNTS.column("account_id")},
}
