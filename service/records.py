"""The record of a decision: its shape as stored, and as shown in a language."""

import hashlib
import json
import math
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from models.decision import BindingRule, Decision, Intensity, Level, Reason, Score
from models.score.reasons import Language, sentence

SCHEMA = 1
REASONS_SHOWN = 5

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
        "score": _plain(decision.score),
        "reasons": [_reason(reason) for reason in decision.reasons],
        "other_contributions": decision.other_contributions,
        "intensity": _intensity(decision.intensity),
        "inputs_sha256": hashlib.sha256(inputs_json.encode()).hexdigest(),
        "versions": decision.versions,
    }
    return Entry(record, json.dumps(record, separators=(",", ":"), allow_nan=False), inputs_json)


def shown(record: Record, reasons: int | None, language: Language) -> Record:
    """The record with its `reasons` largest reasons (None: all), each with its sentence.

    What is left out is summed up in `other_contributions`, so that it still adds up.
    """
    every = record["reasons"]
    kept = every if reasons is None else every[:reasons]
    return {
        **record,
        "reasons": [
            {**reason, "text": _text(reason, record["currency"], language)} for reason in kept
        ],
        "other_contributions": math.fsum(
            [record["other_contributions"], *(r["contribution"] for r in every[len(kept) :])]
        ),
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


def _plain(part: Score | Level | BindingRule) -> dict[str, Any]:
    return {name: getattr(part, name) for name in part.__slots__}


def _intensity(intensity: Intensity) -> dict[str, Any]:
    plain = {name: getattr(intensity, name) for name in intensity.__slots__}
    plain["channels"] = list(intensity.channels)
    plain["limits"] = list(intensity.limits)
    plain["levels"] = [_plain(level) for level in intensity.levels]
    plain["binding_rules"] = [_plain(rule) for rule in intensity.binding_rules]
    if intensity.plan is None:
        del plain["plan"]
    return plain
