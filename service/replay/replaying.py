"""Replaying: a recorded decision made again, of its stored inputs and versions, and compared."""

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from models.decide import Beyond
from models.generation import Generation
from models.refusal import Refusal
from service.instants import instant
from service.log.records import Entry, Override, Record, entry
from service.replay.comparing import Compared, Difference, compared
from service.replay.making import Kept, ReplayError, generation_of, kept_of, made_again
from service.settings import Settings

# What a row holds beside its id and its inputs.
_ROW = tuple(name for name in Entry._fields if name not in ("decision_id", "rules", "inputs"))


class Replay(NamedTuple):
    """A record, and how it compares with its decision made again."""

    record: Record
    compared: Compared

    @property
    def identical(self) -> bool:
        """Whether every bit is the same."""
        return not self.compared.differences


def replay(engine: sa.Engine, settings: Settings, decision_id: UUID) -> Replay | None:
    """Make the decision of that id again and compare it with its record; None: there is none.

    What has superseded it since is left aside. Raises ReplayError where it cannot be made again
    here; ModelsError, PlanError or InputError where what decided is there but cannot be used.
    """
    kept = kept_of(engine, decision_id)
    if kept is None:
        return None
    generation = generation_of(kept.document, kept.row.target, settings)
    made, record = _made_again(kept, generation)
    stored = kept.record | {"status": kept.row.status}
    stored.pop("superseded_by", None)
    found = compared(stored, record)
    differences = found.differences or tuple(_of_row(kept.row, made))
    return Replay(kept.record, found._replace(differences=differences))


def _made_again(kept: Kept, generation: Generation) -> tuple[Entry, Record]:
    """The decision as it is recorded, with the level of the person who made it if one did."""
    row, override = kept.row, _override(kept.record)
    decision = made_again(kept, generation, None if override is None else row.level)
    if isinstance(decision, Refusal):
        raise ReplayError(f"its stored inputs are refused: {decision.pointer} {decision.problem}")
    if isinstance(decision, Beyond):
        rules = ", ".join(rule.rule for rule in decision.rules)
        raise ReplayError(f"the level that a person gave is taken by {rules}")
    return entry(
        decision,
        kept.inputs,
        decided_at=instant(row.decided_at),
        actor=row.actor,
        generation=row.generation,
        decision_id=row.decision_id,
        override=override,
    )


def _override(record: Record) -> Override | None:
    """What the record tells of the person who made it; None where nobody did."""
    reason = record["override_reason"]
    if reason is None:
        return None
    return Override(UUID(record["supersedes"]), reason["code"], reason["text"])


def _of_row(row: Any, made: Entry) -> Iterator[Difference]:
    """What differs in the row as it is stored, though no field of the record does."""
    for name in _ROW:
        stored, again = getattr(row, name), getattr(made, name)
        if stored != again:
            yield Difference(f"stored {name}", _short(stored), _short(again))


def _short(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"{len(value)} bytes, SHA-256 {hashlib.sha256(value).hexdigest()[:12]}"
    return value
