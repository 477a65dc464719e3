"""Accounts that are decided alone: a plain one, one that rules bind, one that a promise holds."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from features.clock import DAY_SECONDS
from features.panel import Contacts, Fixed, Panel, Payments, Statements, panel
from features.tables import CONTACTS, codes_of
from models.account import Account

AS_OF = datetime(2026, 11, 23, 17, tzinfo=UTC).timestamp()  # noon in New York
MONTHS = 24
LATE = 40  # days past due
OWED = 3_000.0


@dataclass(frozen=True)
class One:
    """What an account is like; `binding` are rules that take something of it away."""

    words: str
    jurisdiction: str
    contacts: int  # calls on its last days
    outcome: str
    since: int  # days since the last of them
    binding: frozenset[str] = frozenset()


ONES = {
    "plain": One("no rule takes anything away", "US", 3, "no_answer", 1),
    "bound": One(
        "20 contacts, contact rules bind",
        "US-NY-NYC",
        20,
        "conversation",
        1,
        frozenset({"us_ny_nyc.dcwp.contacts"}),
    ),
    "held": One("held by a promise", "US", 3, "promise", 8, frozenset({"promise_not_due"})),
}


def alone(name: str) -> tuple[Account, Panel]:
    """The account of that name and its history."""
    one = ONES[name]
    account = Account(
        account_id=name,
        product="credit_card",
        security="none",
        currency="USD",
        balance=5 * OWED,
        past_due_amount=OWED,
        days_past_due=LATE,
        jurisdiction=one.jurisdiction,
        timezone="America/New_York",
    )
    known = np.ones(1, np.bool_)
    fixed = Fixed(np.array([15_000.0]), np.zeros(1), np.zeros(1), known, known)
    return account, panel(fixed, _statements(), _payments(), _contacts(one))


def _statements() -> Statements:
    day = AS_OF // DAY_SECONDS - 10 - 30.0 * np.arange(MONTHS)[::-1]
    late = np.append(np.zeros(MONTHS - 2), [LATE - 30.0, float(LATE)])
    same = np.ones(MONTHS)
    return Statements(
        account=np.zeros(MONTHS, np.int64),
        day=day,
        known_at=(day + 1) * DAY_SECONDS,
        balance=5 * OWED * same,
        amount_due=OWED * same,
        amount_paid=OWED / 10 * same,
        days_past_due=late,
        credit_limit=10 * OWED * same,
        status=np.zeros(MONTHS),
    )


def _payments() -> Payments:
    at = AS_OF - DAY_SECONDS * (40 + 30.0 * np.arange(MONTHS)[::-1])
    nothing = np.zeros(MONTHS)
    return Payments(
        np.zeros(MONTHS, np.int64), at, np.full(MONTHS, OWED / 10), nothing, nothing * np.nan
    )


def _contacts(one: One) -> Contacts:
    n = one.contacts
    codes = {name: codes_of(CONTACTS, name) for name in ("channel", "direction", "outcome")}
    age = np.arange(n)[::-1] % 7 + float(one.since)
    at = np.sort(AS_OF - age * DAY_SECONDS)
    promised = one.outcome == "promise"
    unknown = np.full(n, np.nan)
    return Contacts(
        account=np.zeros(n, np.int64),
        at=at,
        local_hour=np.full(n, 12.0),
        channel=np.full(n, float(codes["channel"]["call"])),
        direction=np.full(n, float(codes["direction"]["out"])),
        outcome=np.full(n, float(codes["outcome"][one.outcome])),
        reason=unknown,
        promised_amount=np.full(n, OWED) if promised else unknown,
        promised_until=at + 30 * DAY_SECONDS if promised else unknown,
        appointment_at=unknown,
        local_day=at // DAY_SECONDS,
        point=np.arange(n) % 3.0,
        place=np.zeros(n),
    )
