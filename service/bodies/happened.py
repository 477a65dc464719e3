"""Bodies of requests that tell what happened to accounts: one event, or a list of them."""

from typing import Annotated, Literal

from pydantic import Field, RootModel

from features.tables import ACCOUNTS, CONTACTS, PAYMENTS, STATEMENTS, Column
from service.bodies.columns import Cell
from service.bodies.schemas import COLUMNS, Body, ContactBody, PaymentBody, StatementBody

EventKind = Literal["contact", "payment", "outcome"]

AT_ONCE = 1_000  # events of one request
OUTCOME_ID = Column("outcome_id", "id", "what the account's cycle came to, by an id of its own")


class ContactEvent(ContactBody):
    """One contact with a debtor, or an attempt at one.

    With `debtor_id`, rules that count per debtor count it on the debtor's other accounts too.
    """

    account_id: Annotated[str, Cell(CONTACTS.column("account_id"))]
    debtor_id: Annotated[str, Cell(ACCOUNTS.column("debtor_id"))] | None = None


class PaymentEvent(PaymentBody):
    """One payment received, or taken back since."""

    account_id: Annotated[str, Cell(PAYMENTS.column("account_id"))]


class OutcomeEvent(StatementBody):
    """What a monthly cycle of an account came to: its statement."""

    outcome_id: Annotated[str, Cell(OUTCOME_ID)]
    account_id: Annotated[str, Cell(STATEMENTS.column("account_id"))]


class ContactsBody(
    RootModel[ContactEvent | Annotated[list[ContactEvent], Field(min_length=1, max_length=AT_ONCE)]]
):
    """One contact, or a list of up to AT_ONCE (as OpenAPI shows it)."""


class PaymentsBody(
    RootModel[PaymentEvent | Annotated[list[PaymentEvent], Field(min_length=1, max_length=AT_ONCE)]]
):
    """One payment, or a list of up to AT_ONCE (as OpenAPI shows it)."""


class OutcomesBody(
    RootModel[OutcomeEvent | Annotated[list[OutcomeEvent], Field(min_length=1, max_length=AT_ONCE)]]
):
    """One outcome, or a list of up to AT_ONCE (as OpenAPI shows it)."""


EVENT_COLUMNS: dict[type[Body], dict[str, Column]] = {
    ContactEvent: COLUMNS[ContactBody] | {"debtor_id": ACCOUNTS.column("debtor_id")},
    PaymentEvent: COLUMNS[PaymentBody],
    OutcomeEvent: COLUMNS[StatementBody] | {"outcome_id": OUTCOME_ID},
}
