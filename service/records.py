"""The record of a decision: its shape as stored, and as shown in a language.

Records of schema 1 (before levels were weighed by value) and of schema 2 (before effects could be
estimated and levels drawn) stay as they were stored: what was not computed then is null, and what
a decision did not hold then is absent.
"""

import hashlib
import json
import math
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from models.decision import Change, Decision, Intensity, Reason, Score
from models.intensity.words.treatments import treatment_text
from models.score.reasons import Language, sentence

SCHEMA = 3
REASONS_SHOWN = 5
_SUBJECTS = {"amount": "field", "price": "resource"}  # what a change's subject is called

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision as it is stored: the record and the inputs, both as JSON text."""

    record: Record
    record_json: str
    inputs_json: str


def entry(decision: Decision, inputs: dict[str, Any], *, decided_at: datetime, actor: str) -> Entry:
    """The entry of a decision, under a new id.

    `inputs` is the body that was decided, with its `as_of`; `actor` the caller's name.
    """
    inputs_json = canonical(inputs)
    record = {
        "schema": SCHEMA,
        "decision_id": str(new_id(decided_at)),
        "status": decision.status,
        "supersedes": None,
        "actor": actor,
        "override_reason": None,
        "account_id": decision.account_id,
        "as_of": decision.as_of,
        "decided_at": utc_text(decided_at),
        "valid_until": decision.valid_until,
        "data_age_days": decision.data_age_days,
        "currency": decision.currency,
        **decided(decision),
        "inputs_sha256": hashlib.sha256(inputs_json.encode()).hexdigest(),
        "versions": decision.versions,
    }
    return Entry(record, json.dumps(record, separators=(",", ":"), allow_nan=False), inputs_json)


def decided(decision: Decision) -> Record:
    """What was decided, as the record holds it: the score, the reasons for it and the level."""
    return {
        "score": _score(decision.score),
        "reasons": [_reason(reason) for reason in decision.reasons],
        "other_contributions": decision.other_contributions,
        "intensity": _intensity(decision.intensity),
    }


def shown(record: Record, reasons: int | None, language: Language) -> Record:
    """The record with its `reasons` largest reasons (None: all), each with its sentence.

    What is left out is summed up in `other_contributions`, so that it still adds up. The
    treatment gets its sentences too, as `treatment_text`.
    """
    every, intensity, currency = record["reasons"], record["intensity"], record["currency"]
    kept = every if reasons is None else every[:reasons]
    text = treatment_text(intensity, currency, language)
    return {
        **record,
        "reasons": [{**reason, "text": _text(reason, currency, language)} for reason in kept],
        "other_contributions": math.fsum(
            [record["other_contributions"], *(r["contribution"] for r in every[len(kept) :])]
        ),
        "intensity": {**intensity, "treatment_text": text},
    }


def _text(reason: dict[str, Any], currency: str, language: Language) -> str:
    return sentence(
        reason["feature"],
        reason["value"],
        reason["unit"],
        reason["contribution"],
        currency,
        language,
    )


def canonical(value: Any) -> str:
    """JSON text that depends on the value alone: keys sorted, no spaces."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def utc_text(instant: datetime) -> str:
    """An instant as text of fixed width in UTC, so that text order is the order in time."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def new_id(at: datetime) -> UUID:
    """A new UUID of version 7: ids sort by the millisecond at which they were made."""
    return _id(at, os.urandom(10))


def derived_id(at: datetime, run: UUID, account_id: str) -> UUID:
    """The id of a run's decision on an account: always the same, and like a new one otherwise."""
    return _id(at, hashlib.sha256(run.bytes + account_id.encode()).digest()[:10])


def _id(at: datetime, rest: bytes) -> UUID:
    """The UUID of version 7 with `rest`, 10 bytes, after the milliseconds of `at`."""
    milliseconds = int(at.timestamp() * 1000)
    value = (milliseconds << 80) | int.from_bytes(rest, "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "feature": reason.feature,
        "group": reason.group,
        "value": reason.value,
        "unit": reason.unit,
        "contribution": reason.contribution,
    }


def _score(score: Score) -> dict[str, Any]:
    return {name: getattr(score, name) for name in score.__slots__}


def _intensity(intensity: Intensity) -> dict[str, Any]:
    changes = [_change(change) for change in intensity.changes]
    plain: dict[str, Any] = {
        "level": intensity.level,
        "name": intensity.name,
        "treatment": intensity.treatment,
        "because": intensity.because,
        "channels": list(intensity.channels),
        "earliest_contact_at": intensity.earliest_contact_at,
        "needs_approval": intensity.needs_approval,
        "limits": [limit._asdict() for limit in intensity.limits],
        "levels": [level._asdict() for level in intensity.levels],
        "runner_up": intensity.runner_up,
        "smallest_change": changes[0] if changes else None,
        "other_changes": changes[1:],
        "response_model": intensity.response_model,
        "rules_of": intensity.rules_of,
        "planned": intensity.planned,
        "recommended": intensity.recommended,
        "arm": intensity.arm,
        "experiment": intensity.experiment,
        "propensities": intensity.propensities,
        "binding_rules": [rule._asdict() for rule in intensity.binding_rules],
    }
    if intensity.plan is not None:
        plain["plan"] = intensity.plan
    return plain


def _change(change: Change) -> dict[str, Any]:
    """The change with fields of its kind, so that a field holds numbers of one kind only."""
    kind, subject, was, to, level = change
    if kind == "rule":
        return {"kind": kind, "rule": subject, "level": level}
    assert was is not None
    assert to is not None
    if kind == "days":
        was, to = int(was), int(to)
    plain: dict[str, Any] = {"kind": kind}
    if kind in _SUBJECTS:
        plain[_SUBJECTS[kind]] = subject
    return plain | {f"was_{kind}": was, f"to_{kind}": to, "level": level}
