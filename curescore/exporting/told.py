"""Recorded decisions as rows: what was decided, what took something away, what was assigned."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

from curescore.nightly.columns import policy_text
from models.intensity.ladder import LEVELS
from service.log.exported import Decided, Step

Row = dict[str, Any]

_SAME = (
    "as_of",
    "decided_at",
    "valid_until",
    "actor",
    "supersedes",
    "override_reason",
    "target",
    "stage",
    "tier",
    "level",
    "probability",
    "currency",
    "model",
    "policy",
)
_OF_ACCOUNT = ("balance", "past_due_amount", "days_past_due")
_OF_INTENSITY = ("recommended", "treatment", "channels", "arm")
_OF_LEVEL = ("cost", "net")


class _Next(NamedTuple):
    """The level of a decision, and what superseded it."""

    level: int
    superseded_by: UUID | None


class Assigned:
    """The levels that one account was assigned, one for each instant; the last one counts.

    `left_out` counts the decisions that are no assignments, by reason: of an account that is not
    late, made by a reviewer, of a record without propensities, or decided anew at the instant.
    """

    def __init__(self, account_id: str) -> None:
        self.left_out: Counter[str] = Counter()
        self._account_id = account_id
        self._rows: dict[int, tuple[UUID, Row]] = {}
        self._next: dict[UUID, _Next] = {}

    def decided(self, decided: Decided) -> None:
        """Take a decision; the oldest first."""
        self._next[decided.decision_id] = _Next(decided.level, decided.superseded_by)
        why = _no_assignment(decided)
        if why is None:
            why = "decided_again" if decided.as_of in self._rows else None
            self._rows[decided.as_of] = decided.decision_id, self._row(decided)
        if why is not None:
            self.left_out[why] += 1

    def rows(self) -> Iterator[Row]:
        """The assignments in the order of their instants."""
        for _, (decision_id, row) in sorted(self._rows.items()):
            yield row | {"overridden": self._is_overridden(decision_id)}

    def _row(self, decided: Decided) -> Row:
        intensity = decided.intensity
        propensities = {f"propensity_{i}": intensity["propensities"][str(i)] for i in LEVELS}
        return propensities | {
            "account_id": self._account_id,
            "at": decided.as_of,
            "level": decided.level,
            "arm": intensity["arm"],
            "policy": policy_text(decided.policy),
        }

    def _is_overridden(self, decision_id: UUID) -> bool:
        """Whether one that took its place, directly or not, has another level."""
        level, following = self._next[decision_id]
        while following in self._next:
            now, following = self._next[following]
            if now != level:
                return True
        return False


def decision_row(account_id: str, decided: Decided) -> Row:
    """The row of `decisions`; what an old record does not tell is null."""
    inputs, intensity = decided.inputs, decided.intensity
    (chosen,) = (each for each in intensity["levels"] if each["level"] == decided.level)
    status = decided.status if decided.superseded_by is None else "superseded"
    return {
        "decision_id": str(decided.decision_id),
        "account_id": account_id,
        "status": status,
        **{name: getattr(decided, name) for name in _SAME},
        **{name: inputs["account"][name] for name in _OF_ACCOUNT},
        **{name: intensity.get(name) for name in _OF_INTENSITY},
        **{name: chosen[name] for name in _OF_LEVEL},
    }


def rule_rows(decided: Decided) -> Iterator[Row]:
    """The rows of `rules`: what bound the decision."""
    for rule in decided.intensity["binding_rules"]:
        told = {name: rule[name] for name in ("rule", "took_away")}
        yield {"decision_id": str(decided.decision_id), **told}


def step_row(account_id: str, step: Step) -> Row:
    """The row of `visits`."""
    return step._asdict() | {"visit_id": str(step.visit_id), "account_id": account_id}


def _no_assignment(decided: Decided) -> str | None:
    if decided.supersedes is not None:
        return "reviewed"
    if decided.target != "cure":  # as in a nightly run: assignments are of late accounts
        return "not_late"
    return None if decided.intensity.get("propensities") else "without_propensities"
