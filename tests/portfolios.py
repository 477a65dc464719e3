"""Random portfolios with all that tables may hold, for tests of whatever reads them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from features.tables import (
    CHANNELS,
    DIRECTIONS,
    FLAGS,
    OUTCOMES,
    PLACES,
    PRODUCTS,
    REASONS,
    SECURITIES,
)
from training.tables import Tables, checked

AS_OF = datetime(2025, 3, 30, 1, 30, 0, 250_000, UTC)  # a clock is put forward about then
ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "Asia/Shanghai",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
)
PLACES_OF_LAW = ("US", "US-NY-NYC", "US-MA", "GB", "CN", "IN", "FR")

Rng = np.random.Generator
Row = dict[str, Any]


def random_portfolio(seed: int, n: int) -> Tables:
    """`n` accounts in USD, some with a debtor in common; a part of all rows lies after AS_OF."""
    rng = np.random.default_rng(seed)
    accounts = [_account(rng, i) for i in range(n)]
    statements = [row for account in accounts for row in _statements(rng, account["account_id"])]
    payments = [row for account in accounts for row in _payments(rng, account["account_id"])]
    contacts = [row for account in accounts for row in _contacts(rng, account)]
    for name, rows in (("payment_id", payments), ("contact_id", contacts)):
        for number, row in enumerate(rows):
            row[name] = f"{name[0]}{number}"
    tables = Tables(*map(_frame, (accounts, statements, payments, contacts)))
    return checked(tables, "drawn")


def _frame(rows: list[Row]) -> pd.DataFrame:
    return pd.DataFrame(rows)


def _maybe(rng: Rng, value: Any, share: float = 0.5) -> Any:
    return value if rng.random() < share else None


def _money(rng: Rng, most: float) -> float:
    return round(float(rng.uniform(0, most)), int(rng.integers(0, 5)))


def _account(rng: Rng, i: int) -> Row:
    balance = _money(rng, 20_000)
    months = _maybe(rng, int(rng.integers(1, 60)), 0.1)
    return {
        "account_id": f"ü {i:05d}",
        "debtor_id": _maybe(rng, f"d{rng.integers(i // 4 + 1)}", 0.4),
        "product": rng.choice(PRODUCTS),
        "security": rng.choice(SECURITIES),
        "currency": "USD",
        "balance": balance,
        "past_due_amount": round(balance * rng.random(), 2),
        "credit_limit": _maybe(rng, _money(rng, 30_000)),
        "days_past_due": int(rng.choice([0, 3, 29, 31, 62, 95, 400])),
        "opened_on": _maybe(rng, (AS_OF - timedelta(days=int(rng.integers(900, 5_000)))).date()),
        "apr": _maybe(rng, round(float(rng.random()), 4)),
        "jurisdiction": rng.choice(PLACES_OF_LAW),
        "timezone": rng.choice(ZONES),
        **{flag: bool(rng.random() < 0.04) for flag in FLAGS},
        "plan_months": months,
        "plan_instalment": None if months is None else _money(rng, 500),
        "plan_kept": None if months is None else bool(rng.random() < 0.5),
    }


def _statements(rng: Rng, account_id: str) -> list[Row]:
    """Up to 20 months, the last two of which may be later than AS_OF."""
    last = AS_OF.date() + timedelta(days=int(rng.integers(-40, 60)))
    limited = rng.random() < 0.5
    return [
        {
            "account_id": account_id,
            "statement_date": last - timedelta(days=30 * k),
            "balance": _money(rng, 20_000) * float(rng.choice([1, 1, 1, -1])),
            "amount_due": _maybe(rng, _money(rng, 900), 0.8),
            "amount_paid": _maybe(rng, _money(rng, 900), 0.8),
            "days_past_due": int(rng.choice([0, 0, 10, 40, 70, 130])),
            "credit_limit": 5_000.0 if limited else None,
            "status": "open" if rng.random() < 0.97 else "paid_off",
        }
        for k in range(int(rng.integers(0, 20)))
    ]


def _instant(rng: Rng, days: float = 300) -> datetime:
    """Within so many days before AS_OF, or twenty after it."""
    at = AS_OF - timedelta(days=float(rng.uniform(-20, days)))
    return at if rng.random() < 0.5 else at.replace(microsecond=0)


def _payments(rng: Rng, account_id: str) -> list[Row]:
    rows = []
    for _ in range(int(rng.choice([0, 0, 2, 9]))):
        at, back = _instant(rng), rng.random() < 0.3
        later = at + timedelta(days=float(rng.uniform(0, 30)))
        rows.append(
            {
                "account_id": account_id,
                "received_at": at,
                "amount": _money(rng, 900),
                "reversed": bool(back),
                "reversed_at": _maybe(rng, later) if back else None,
            }
        )
    return rows


def _contacts(rng: Rng, account: Row) -> list[Row]:
    rows = []
    for _ in range(int(rng.choice([0, 0, 3, 12]))):
        at = _instant(rng, float(rng.choice([8, 60, 300])))
        day = at.astimezone(ZoneInfo(account["timezone"])).date()
        outcome = rng.choice(OUTCOMES)
        rows.append(
            {
                "account_id": account["account_id"],
                "at": at,
                "channel": rng.choice(CHANNELS),
                "direction": rng.choice(DIRECTIONS),
                "outcome": outcome,
                "contact_point_id": _maybe(rng, f"point {rng.integers(40)}"),
                "place": _maybe(rng, rng.choice(PLACES)),
                "consent": _maybe(rng, bool(rng.random() < 0.5)),
                "reason": _maybe(rng, rng.choice(REASONS), 0.2),
                "promised_amount": _maybe(rng, round(0.01 + _money(rng, 100), 4), 0.3),
                "promised_on": _maybe(rng, day + timedelta(days=int(rng.integers(0, 40))), 0.3),
                "appointment_at": _maybe(rng, at + timedelta(days=3), 0.1),
            }
        )
    return rows
