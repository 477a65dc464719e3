"""From a checked body to a recorded decision; a batch is computed as one panel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from features.panel import known_at
from models.decide import decide
from models.decision import Decision
from models.generation import Generation
from models.refusal import Refusal
from service.decisions import DecisionLog
from service.errors import ProblemError, refused
from service.panels import panel_of
from service.records import Entry, Record, entry
from service.schemas import BatchEnvelope, BatchItem, DecisionBody
from service.validation import Checked, read, read_decision

Clock = Callable[[], datetime]
_INPUTS = ("account", "statements", "payments", "contacts", "debtor_contacts")


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one item of a batch: its record, or the problem with it."""

    index: int
    request_id: str | None
    outcome: Record | ProblemError


class Scoring:
    """Decides and records with the generation that is current when a request arrives."""

    def __init__(self, current: Callable[[], Generation], log: DecisionLog, clock: Clock) -> None:
        self.current = current
        self._log = log
        self._clock = clock

    def decide_one(self, raw: Any, actor: str, patience: float) -> Record:
        """The recorded decision of one body; ProblemError where there can be none.

        `patience`: seconds to wait, at most, for other writers.
        """
        checked = read_decision(DecisionBody, raw, self._clock())
        outcome = self._decide([(checked, raw)], actor)[0]
        if isinstance(outcome, Refusal):
            raise refused(outcome)
        self._log.record([outcome], patience)
        return outcome.record

    def decide_batch(self, raw: Any, actor: str, patience: float) -> list[ItemResult]:
        """One result per item, in order; all decisions are recorded in one transaction."""
        now = self._clock()
        items = read(BatchEnvelope, raw).items
        read_items = [_read_item(item, now, i) for i, item in enumerate(items)]
        good = [i for i, item in enumerate(read_items) if isinstance(item, Checked)]
        pairs = [(item, items[i]) for i, item in enumerate(read_items) if isinstance(item, Checked)]
        outcomes = dict(zip(good, self._decide(pairs, actor) if pairs else [], strict=True))
        entries = [outcome for outcome in outcomes.values() if isinstance(outcome, Entry)]
        if entries:
            self._log.record(entries, patience)
        return [
            ItemResult(i, _request_id(items[i]), _result(outcomes.get(i, read_items[i]), i))
            for i in range(len(items))
        ]

    def _decide(
        self, checked: Sequence[tuple[Checked, dict[str, Any]]], actor: str
    ) -> list[Entry | Refusal]:
        panel = panel_of([item.body for item, _ in checked])
        as_of = np.array([item.as_of.timestamp() for item, _ in checked])
        view = known_at(panel, np.arange(len(checked), dtype=np.int64), as_of)
        accounts = [item.body.account.account() for item, _ in checked]
        decisions = decide(self.current(), accounts, panel, view)
        decided_at = self._clock()
        return [
            entry(decision, _inputs(raw, item.as_of), decided_at=decided_at, actor=actor)
            if isinstance(decision, Decision)
            else decision
            for decision, (item, raw) in zip(decisions, checked, strict=True)
        ]


def _read_item(raw: Any, now: datetime, index: int) -> Checked | ProblemError:
    try:
        return read_decision(BatchItem, raw, now, ("items", index))
    except ProblemError as problem:
        return problem


def _request_id(raw: Any) -> str | None:
    """The item's own name for itself, where it is one that may be echoed."""
    name = raw.get("request_id") if isinstance(raw, dict) else None
    return name if isinstance(name, str) and len(name) <= 64 and name.isprintable() else None


def _result(outcome: Entry | Refusal | Checked | ProblemError, index: int) -> Record | ProblemError:
    if isinstance(outcome, Entry):
        return outcome.record
    if isinstance(outcome, Refusal):
        return refused(outcome, f"/items/{index}")
    assert isinstance(outcome, ProblemError)  # what was checked has been decided
    return outcome


def _inputs(raw: dict[str, Any], as_of: datetime) -> dict[str, Any]:
    """What was decided on, as sent: enough to decide again."""
    return {"as_of": as_of.isoformat()} | {name: raw[name] for name in _INPUTS if name in raw}
