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


def override() -> dict[str, Any]:
    """A reminder is enough, as has been agreed with the customer."""
    text = "Pays on the 5th, when the wages are in."
    return {"level": 1, "reason": "customer_agreement", "text": text}


def approve() -> dict[str, Any]:
    """An approval, with a word on it."""
    return {"text": "The visit is agreed with the branch."}


def search() -> dict[str, Any]:
    """The decisions of one account, newest first."""
    return {"account_id": "A-1001", "limit": 20}


def contacts() -> list[dict[str, Any]]:
    """A call that nobody took, and one with a promise to pay."""
    call = {"account_id": "A-1001", "channel": "call", "direction": "out"}
    promise = {"promised_amount": 92.0, "promised_on": "2025-07-08"}
    return [
        {"contact_id": "C-2", **call, "at": "2025-07-01T10:15:00-04:00", "outcome": "no_answer"},
        {"contact_id": "C-3", **call, "at": "2025-07-01T17:40:00-04:00", "outcome": "promise"}
        | promise,
    ]


def payments() -> dict[str, Any]:
    """A payment that was taken back."""
    return {
        "payment_id": "P-2",
        "account_id": "A-1001",
        "received_at": "2025-06-30T09:00:00-04:00",
        "amount": 40.0,
        "reversed": True,
        "reversed_at": "2025-07-02T08:00:00-04:00",
    }


def outcomes() -> dict[str, Any]:
    """A cycle that ended late."""
    statement = _statement("2025-06-30", 1840.55, due=92.0, paid=0, late=10)
    return {"outcome_id": "O-1", "account_id": "A-1001", **statement}


def visits() -> dict[str, Any]:
    """A visit that was agreed to on the phone."""
    return {
        "visit_id": "4f7c1c9e-52e5-4a54-9e41-3d7d1f1f6a10",
        "account_id": "A-1001",
        "step": "planned",
        "at": "2025-07-02T09:40:00-04:00",
        "decision_id": "0197d028-6e00-7000-8f4a-6b6a27ac5d88",
        "contact_id": "C-3",
        "place": "home",
    }


def visit_search() -> dict[str, Any]:
    """The visits that have been planned and not made yet."""
    return {"state": "planned", "limit": 20}
