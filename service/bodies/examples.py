"""Request bodies that work as they stand: shown in OpenAPI, posted by the tests."""

from typing import Any

from features.tables import FLAGS


def decision(currency: str) -> dict[str, Any]:
    """An account ten days late that has always paid so far."""
    return {
        "as_of": "2025-07-02T09:30:00-04:00",
        "account": {
            "account_id": "A-1001",
            "product": "credit_card",
            "security": "none",
            "currency": currency,
            "balance": 1840.55,
            "past_due_amount": 92.0,
            "credit_limit": 5000,
            "days_past_due": 12,
            "opened_on": "2019-03-04",
            "apr": 0.219,
            "jurisdiction": "US",
            "timezone": "America/New_York",
            **dict.fromkeys(FLAGS, False),
        },
        "statements": [
            _statement("2025-03-31", 1510.0, due=75.5, paid=80.0, late=0),
            _statement("2025-04-30", 1622.4, due=81.1, paid=81.1, late=0),
            _statement("2025-05-31", 1733.2, due=86.7, paid=86.7, late=0),
            _statement("2025-06-30", 1840.55, due=92.0, paid=0, late=10),
        ],
        "payments": [
            {
                "payment_id": "P-1",
                "received_at": "2025-05-20T12:00:00-04:00",
                "amount": 86.7,
                "reversed": False,
            }
        ],
        "contacts": [
            {
                "contact_id": "C-1",
                "at": "2025-06-27T10:15:00-04:00",
                "channel": "sms",
                "direction": "out",
                "outcome": "sent",
            }
        ],
    }


def _statement(day: str, balance: float, *, due: float, paid: float, late: int) -> dict[str, Any]:
    return {
        "statement_date": day,
        "balance": balance,
        "amount_due": due,
        "amount_paid": paid,
        "days_past_due": late,
        "credit_limit": 5000,
        "status": "open",
    }


def batch(currency: str) -> dict[str, Any]:
    """Two accounts, the second of which cannot be decided."""
    good = {"request_id": "row-1", **decision(currency)}
    bad = {"request_id": "row-2", **decision(currency), "statements": []}
    return {"items": [good, bad]}


def explain(currency: str) -> dict[str, Any]:
    """What if more were past due, and an agent's minute were worth 0.50 elsewhere?"""
    changes = {"account": {"past_due_amount": 460.0}, "prices": {"agent_minutes": 0.5}}
    return {**decision(currency), "changes": changes}


def search() -> dict[str, Any]:
    """The decisions of one account, newest first."""
    return {"account_id": "A-1001", "limit": 20}
