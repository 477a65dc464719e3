"""Contacts as a request tells them, counted by the rules."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from features.clock import date_of, day_number
from features.panel import known_at
from features.tables import FLAGS
from models.intensity.rules.book import COUNTED
from models.intensity.rules.counts import count
from service.bodies.panels import panel_of
from service.bodies.schemas import DecisionBody

POSITION = {rule.id: k for k, rule in enumerate(COUNTED)}
FIRST = "2021-12-31"
Met = tuple[datetime, dict[str, str]]  # when, and what the contact was


class Counted(NamedTuple):
    """What one rule has counted, and the first day on which one more is allowed."""

    used: int
    free: date


def counted(
    rule: str, as_of: datetime, contacts: Sequence[Met], others: Sequence[Met] = ()
) -> Counted:
    """What the rule counts at as_of, at the place of its time zone."""
    assert isinstance(as_of.tzinfo, ZoneInfo)
    panel = panel_of([_body(str(as_of.tzinfo), contacts, others)])
    view = known_at(panel, np.zeros(1, np.int64), np.array([as_of.timestamp()]))
    found = count(panel, view, np.array([day_number(as_of.date())]))
    k = POSITION[rule]
    return Counted(int(found.used[0, k]), date_of(found.free_day[0, k]))


def _body(zone: str, contacts: Sequence[Met], others: Sequence[Met]) -> DecisionBody:
    account = {
        "account_id": "A1",
        "product": "other",
        "security": "none",
        "currency": "USD",
        "balance": 900,
        "past_due_amount": 90,
        "days_past_due": 40,
        "jurisdiction": "US",
        "timezone": zone,
        **dict.fromkeys(FLAGS, False),
    }
    statement = {"statement_date": FIRST, "balance": 900, "days_past_due": 40, "status": "open"}
    return DecisionBody.model_validate(
        {
            "account": account,
            "statements": [statement],
            "contacts": _told(contacts, "C"),
            "debtor_contacts": _told(others, "D"),
        }
    )


def _told(contacts: Sequence[Met], prefix: str) -> list[dict[str, Any]]:
    return [
        {"contact_id": f"{prefix}{k}", "at": at.isoformat(), **kind}
        for k, (at, kind) in enumerate(contacts)
    ]
