"""The tables that go in: every column with its kind, unit, bounds and codes.

This is the one place where a column is described. The validation of files, the request
schema of the service and the panel are all derived from it.
"""

from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import Literal

Kind = Literal["id", "money", "number", "count", "date", "instant", "flag", "code", "text"]

MONEY_BOUND = 1e12  # |amount| stays below this, in units of the account's currency
MONEY_DECIMALS = 4
DAYS_PAST_DUE_BOUND = 36_500  # a hundred years: above it the source has a unit wrong
ID_LENGTH = 64
PROMISE_DAYS = 366  # a promise holds contact back: for a year at most
DEBTOR_ACCOUNTS = 100  # of one debtor at most: above it the id is a stand-in for nobody known
TEXT_LENGTH = 64  # of a text that is no id
FIRST_DATE = date(1900, 1, 1)  # dates outside are stand-ins such as 9999-12-31, not days
LAST_DATE = date(2199, 12, 31)

PRODUCTS = ("credit_card", "personal_loan", "auto_loan", "mortgage", "other")
SECURITIES = ("none", "collateral", "guarantor")
STATUSES = ("open", "restructured", "paid_off", "charged_off", "sold")
CHANNELS = ("sms", "push", "email", "call", "letter", "visit", "agency", "legal")
DIRECTIONS = ("out", "in")
OUTCOMES = ("sent", "no_answer", "wrong_party", "conversation", "promise", "refused")
PLACES = ("home", "work", "other")
REASONS = (
    "forgot",
    "cash_flow",
    "lost_job",
    "illness",
    "family",
    "dispute",
    "unwilling",
    "other",
)
FLAGS = (
    "hardship",
    "dispute",
    "complaint",
    "bankruptcy",
    "deceased",
    "cease_contact",
    "vulnerable",
    "represented",
)


@dataclass(frozen=True)
class Column:
    """One column of a table.

    `minimum` and `maximum` are inclusive; `codes` lists the only values allowed;
    `optional` means that the column, or one value in it, may be absent (null, never 0);
    `pattern` is a regular expression that the whole text matches.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    optional: bool = False
    minimum: float | None = None
    maximum: float | None = None
    codes: tuple[str, ...] = ()
    pattern: str = ""


@dataclass(frozen=True)
class Table:
    """One table: its columns in order and the columns that name a row."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    optional: bool = False

    def column(self, name: str) -> Column:
        """The column of that name; KeyError if the table has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


def _money(
    name: str, meaning: str, *, optional: bool = False, minimum: float | None = None
) -> Column:
    low = -MONEY_BOUND if minimum is None else minimum
    return Column(name, "money", meaning, "currency", optional, minimum=low, maximum=MONEY_BOUND)


def _days_past_due(meaning: str) -> Column:
    return Column("days_past_due", "count", meaning, "days", minimum=0, maximum=DAYS_PAST_DUE_BOUND)


_ACCOUNT_ID = Column("account_id", "id", "the account")

ACCOUNTS = Table(
    "accounts",
    (
        _ACCOUNT_ID,
        Column("debtor_id", "id", "the debtor, where one has several accounts", optional=True),
        Column("product", "code", "kind of credit", codes=PRODUCTS),
        Column("security", "code", "what secures the debt", codes=SECURITIES),
        Column("currency", "text", "ISO 4217 code of every amount", pattern="[A-Z]{3}"),
        _money("balance", "amount owed now; negative when the bank owes"),
        _money("past_due_amount", "part of the balance that is past due", minimum=0),
        _money("credit_limit", "credit limit now", optional=True, minimum=0),
        _days_past_due("days past due now"),
        Column("opened_on", "date", "day the account was opened", optional=True),
        Column("apr", "number", "yearly rate as a fraction (0.24 is 24%)", "fraction", True, 0, 10),
        Column(
            "jurisdiction",
            "text",
            "whose contact rules apply: US, US-NY-NYC, CN, GB …",
            pattern="[A-Z]{2}(-[A-Z0-9]{1,8})*",
        ),
        Column("timezone", "text", "IANA time zone of the debtor"),
        *(Column(flag, "flag", f"flag: {flag.replace('_', ' ')}") for flag in FLAGS),
        Column("plan_months", "count", "length of the repayment plan", "months", True, 1, 600),
        Column("plan_instalment", "money", "plan's instalment", "currency", True, 0, MONEY_BOUND),
        Column("plan_kept", "flag", "the plan has been kept so far", optional=True),
    ),
    key=("account_id",),
)

STATEMENTS = Table(
    "statements",
    (
        _ACCOUNT_ID,
        Column("statement_date", "date", "day the cycle ended"),
        _money("balance", "balance at cycle end"),
        _money("amount_due", "amount asked for", optional=True, minimum=0),
        _money("amount_paid", "amount paid during the cycle", optional=True, minimum=0),
        _days_past_due("days past due at cycle end"),
        _money("credit_limit", "credit limit at cycle end", optional=True, minimum=0),
        Column("status", "code", "state of the account at cycle end", codes=STATUSES),
    ),
    key=("account_id", "statement_date"),
)

PAYMENTS = Table(
    "payments",
    (
        Column("payment_id", "id", "the payment"),
        _ACCOUNT_ID,
        Column("received_at", "instant", "when the money came in"),
        _money("amount", "amount received", minimum=0),
        Column("reversed", "flag", "the payment was taken back later"),
        Column("reversed_at", "instant", "when it was taken back, if it was", optional=True),
    ),
    key=("payment_id",),
    optional=True,
)

CONTACTS = Table(
    "contacts",
    (
        Column("contact_id", "id", "the contact"),
        _ACCOUNT_ID,
        Column("at", "instant", "when it happened"),
        Column("channel", "code", "by what means", codes=CHANNELS),
        Column("direction", "code", "who contacted whom", codes=DIRECTIONS),
        Column("outcome", "code", "what came of it", codes=OUTCOMES),
        Column("contact_point_id", "id", "hashed number or address", optional=True),
        Column("place", "code", "where the debtor was reached", optional=True, codes=PLACES),
        Column("consent", "flag", "the debtor agreed to this contact", optional=True),
        Column("reason", "code", "stated reason for being late", optional=True, codes=REASONS),
        _money("promised_amount", "amount promised", optional=True, minimum=0),
        Column("promised_on", "date", "day by which it was promised", optional=True),
        Column("appointment_at", "instant", "agreed time of a visit", optional=True),
    ),
    key=("contact_id",),
    optional=True,
)

ASSIGNMENTS = Table(
    "assignments",
    (
        _ACCOUNT_ID,
        Column("at", "instant", "when the level was assigned"),
        Column("level", "count", "contact intensity assigned, or drawn", "level", False, 0, 4),
        *(
            Column(
                f"propensity_{level}", "number", f"probability of level {level}", "", False, 0, 1
            )
            for level in range(5)
        ),
        Column("arm", "text", "arm of the experiment"),
        Column("policy", "text", "policy that assigned it"),
        Column("overridden", "flag", "a person then chose another level"),
    ),
    key=("account_id", "at"),
    optional=True,
)

SEGMENTS = Table(
    "segments",
    (
        _ACCOUNT_ID,
        Column("segment", "text", "name of the personal attribute"),
        Column("value", "text", "its value"),
    ),
    key=("account_id", "segment"),
    optional=True,
)

TABLES = {
    table.name: table for table in (ACCOUNTS, STATEMENTS, PAYMENTS, CONTACTS, ASSIGNMENTS, SEGMENTS)
}


def codes_of(table: Table, column: str) -> dict[str, int]:
    """Code -> its number in the panel, counted from 0 in the order listed."""
    return {code: number for number, code in enumerate(table.column(column).codes)}


def point_number(contact_point_id: str) -> float:
    """The number that stands for a contact point in the panel: whole, below 2**48.

    It is the same in every process; of BLAKE2b, so that a debtor's points do not share one.
    """
    return float(int.from_bytes(blake2b(contact_point_id.encode(), digest_size=6).digest()))
