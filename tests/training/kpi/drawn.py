"""A small folder of tables whose key figures can be worked out by hand."""

from pathlib import Path
from typing import Any

import pandas as pd

from tests.achieved import write_decisions, write_rules, write_visits
from tests.csvtables import ACCOUNT, folder_with

Row = dict[str, Any]
JANUARY, FEBRUARY, MARCH = "2025-01-31", "2025-02-28", "2025-03-31"


class Drawn:
    """Rows as they are added; all accounts live in UTC, where a cycle ends with the month."""

    def __init__(self) -> None:
        self.tables: dict[str, list[dict[str, str]]] = {
            name: [] for name in ("accounts", "statements", "payments", "contacts")
        }
        self.decisions: list[Row] = []
        self.rules: list[Row] = []
        self.visits: list[Row] = []

    def account(self, name: str, currency: str = "USD", debtor: str = "") -> None:
        own = {"account_id": name, "currency": currency, "debtor_id": debtor, "timezone": "UTC"}
        self.tables["accounts"].append(ACCOUNT | own)

    def statement(self, account: str, day: str, late: int, status: str = "open") -> None:
        self.tables["statements"].append(
            {
                "account_id": account,
                "statement_date": day,
                "balance": "0" if status == "paid_off" else "500",
                "days_past_due": str(late),
                "status": status,
            }
        )

    def payment(
        self, account: str, at: str, amount: float, *, back: bool = False, back_at: str = ""
    ) -> None:
        payments = self.tables["payments"]
        payments.append(
            {
                "payment_id": f"p{len(payments)}",
                "account_id": account,
                "received_at": f"{at}:00Z",
                "amount": str(amount),
                "reversed": str(back or bool(back_at)).lower(),
                "reversed_at": back_at and f"{back_at}:00Z",
            }
        )

    def contact(self, account: str, at: str, channel: str, outcome: str, **more: str) -> None:
        contacts = self.tables["contacts"]
        own = {"channel": channel, "direction": "out", "outcome": outcome}
        nothing = {"promised_amount": "", "promised_on": ""}
        contacts.append(
            {"contact_id": f"c{len(contacts)}", "account_id": account, "at": f"{at}:00Z"}
            | own
            | nothing
            | more
        )

    def decision(self, account: str, at: str, **more: Any) -> str:
        instant = pd.Timestamp(f"{at}:00Z")
        usual = {
            "decision_id": f"d{len(self.decisions)}",
            "account_id": account,
            "as_of": instant,
            "decided_at": instant,
            "status": "effective",
            "target": "cure",
            "stage": "M1",
            "tier": "medium",
            "level": 1,
            "treatment": "remind",
            "channels": ["sms"],
            "currency": "USD",
            "past_due_amount": 100.0,
            "cost": 2.0,
        }
        self.decisions.append(usual | more)
        return str(self.decisions[-1]["decision_id"])

    def write(self, folder: Path, *without: str) -> Path:
        """Write the tables but those left out; one without rows is left out too."""
        tables = {name: rows for name, rows in self.tables.items() if rows and name not in without}
        folder.mkdir(exist_ok=True)
        folder_with(folder, **tables)
        if "decisions" not in without:
            write_decisions(folder, pd.DataFrame(self.decisions))
        if self.rules:
            write_rules(folder, pd.DataFrame(self.rules))
        if self.visits:
            write_visits(folder, pd.DataFrame(self.visits))
        return folder
