"""What was seen of one account, united: of every row the last word, and of reversals all."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from features.tables import PROMISE_DAYS
from service.log.exported import Decided, Event

Row = dict[str, Any]

_PLAN = ("months", "instalment", "kept")
PAYMENT, CONTACT, OUTCOME = "payment", "contact", "outcome"  # kinds of events
_LISTS = {PAYMENT: "payments", CONTACT: "contacts"}


class United:
    """The rows of one account, as texts and numbers of JSON.

    `changed` counts what had to be left out of rows, since tables cannot hold it beside others.
    """

    def __init__(self, account_id: str) -> None:
        self.changed: Counter[str] = Counter()
        self._account_id = account_id
        self._account: Row = {}
        self._statements: dict[str, Row] = {}
        self._rows: dict[str, dict[str, Row]] = {PAYMENT: {}, CONTACT: {}}
        self._sent: dict[tuple[str, str], int] = {}  # when each of these was, microseconds
        self._known = dict.fromkeys((PAYMENT, CONTACT), False)
        self._reversed: dict[str, Row] = {}
        self._others: dict[str, tuple[Row, int]] = {}

    def decided(self, decided: Decided) -> None:
        """Take what a decision was made on; of decisions the oldest first."""
        inputs = decided.inputs
        self._account = inputs["account"]
        for row in inputs["statements"]:
            self._statements[row["statement_date"]] = row
        for kind, name in _LISTS.items():
            rows = inputs.get(name)
            if rows is not None:
                self._known[kind] = True
            for row in rows or ():
                self._take(kind, row[f"{kind}_id"], row, decided.decided_at)
        for row in inputs.get("debtor_contacts") or ():
            self._others[row["contact_id"]] = row, decided.decided_at

    def happened(self, events: Iterable[Event]) -> None:
        """Take what happened; after all decisions."""
        for event in sorted(events, key=lambda event: event.recorded_at):
            if event.kind == OUTCOME:
                self._statements[event.row["statement_date"]] = event.row
            else:
                self._known[event.kind] = True
                self._take(event.kind, event.event_id, event.row, event.recorded_at)

    def knows(self, kind: str) -> bool:
        """Whether payments, or contacts, were ever told, be it that there were none."""
        return self._known[kind]

    def account(self) -> Row:
        """The account as it was last sent, its plan in columns of its own."""
        row = dict(self._account)
        plan = row.pop("plan", None) or {}
        row |= {f"plan_{part}": plan.get(part) for part in _PLAN}
        opened_on = row.get("opened_on")
        if opened_on is not None and opened_on > max(self._statements):
            row["opened_on"] = None
            self.changed["opened_on_after_last_statement"] += 1
        return row

    def statements(self) -> Iterator[Row]:
        """The statements, oldest first."""
        return (self._own(row) for _, row in sorted(self._statements.items()))

    def payments(self) -> Iterator[Row]:
        """The payments, in the order of their ids."""
        for payment_id, row in sorted(self._rows[PAYMENT].items()):
            yield self._own(row) | self._reversal(row, self._reversed.get(payment_id, row))

    def contacts(self) -> Iterator[Row]:
        """The contacts, in the order of their ids."""
        for _, row in sorted(self._rows[CONTACT].items()):
            yield self._own(row) | self._promise(row)

    def others(self) -> Iterator[tuple[Row, int]]:
        """The contacts on the debtor's other accounts, and when they were sent.

        They tell their account where the sender did.
        """
        return iter(self._others.values())

    def _take(self, kind: str, event_id: str, row: Row, sent: int) -> None:
        """Keep the row unless a later one is known, and any reversal: the last one told."""
        if sent >= self._sent.get((kind, event_id), sent):
            self._sent[kind, event_id] = sent
            self._rows[kind][event_id] = row
        if kind == PAYMENT and row["reversed"]:
            known = self._reversed.get(event_id)
            if known is None or row.get("reversed_at") is not None:
                self._reversed[event_id] = row

    def _own(self, row: Row) -> Row:
        return row | {"account_id": self._account_id}

    def _reversal(self, row: Row, reversing: Row) -> Row:
        """The columns of `row` about a reversal, which another row of the payment may tell of."""
        at = reversing.get("reversed_at")
        if at is not None and _instant(at) < _instant(row["received_at"]):
            at = None
            self.changed["reversed_at_before_received_at"] += 1
        return {"reversed": reversing["reversed"], "reversed_at": at}

    def _promise(self, row: Row) -> Row:
        """The day promised, as it is told at the place where the account is now."""
        promised_on = row.get("promised_on")
        if promised_on is None:
            return {}
        day = _instant(row["at"]).astimezone(ZoneInfo(self._account["timezone"])).date()
        if 0 <= (date.fromisoformat(promised_on) - day).days <= PROMISE_DAYS:
            return {}
        self.changed["promised_on_out_of_reach"] += 1
        return {"promised_on": None}


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
