"""The record of a decision: its shape as stored, and as shown in a language.

Records of schema 1 (before levels were weighed by value) and of schema 2 (before effects could be
estimated and levels drawn) stay as they were stored: what was not computed then is null, and what
a decision did not hold then is absent.
"""

import hashlib
import json
import math
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from models.decision import Decision, ReasonName, Reasons, Score
from models.intensity.words.overrides import APPROVED
from models.intensity.words.treatments import treatment_text
from models.score.reasons import Language, sentence
from service.instants import microseconds, new_id, utc_text
from service.log.kinds import kind_of
from service.log.packing import Stored, packed, packed_inputs
from service.log.telling import intensity_told, score_told

SCHEMA = 3
REASONS_SHOWN = 5

Record = dict[str, Any]
Versions = dict[str, str | None]


class Entry(NamedTuple):
    """One decision as it is stored: a row of `decisions`, and the rules that bound.

    Instants are stored ones (service.instants), `record` and `inputs` packed (service.log.packing).
    """

    decision_id: UUID
    account_id: str
    as_of: int
    decided_at: int
    stage: str
    tier: str
    level: int
    status: str
    target: str
    generation: int
    kind: int
    rules: tuple[str, ...]
    actor: str
    record: bytes
    inputs: bytes


class Override(NamedTuple):
    """What a decision that a person makes tells beside: what it supersedes, and why."""

    supersedes: UUID
    code: str
    text: str | None


class Columns(NamedTuple):
    """What of a record stands in columns of its own."""

    decision_id: UUID
    status: str
    actor: str
    account_id: str
    decided_at: datetime
    target: str
    stage: str
    tier: str


def entry(
    decision: Decision,
    inputs: bytes,
    *,
    decided_at: datetime,
    actor: str,
    generation: int,
    decision_id: UUID | None = None,
    override: Override | None = None,
) -> tuple[Entry, Record]:
    """A decision as it is stored, and its record, whose `reasons` are a Reasons.

    `inputs` is the JSON of what was decided on; `actor` the caller's name; `generation` the
    number of what decided (service.log.generations). Without an id it gets a new one. What is
    approved is effective, whatever its level.
    """
    identity = decision_id or new_id(decided_at)
    made, columns, stored = _made(
        decision, inputs, decided_at, actor, generation, identity, override
    )
    return made, record_of(columns, stored, decision.versions)


def entry_alone(
    decision: Decision,
    inputs: bytes,
    *,
    decided_at: datetime,
    actor: str,
    generation: int,
    decision_id: UUID,
) -> Entry:
    """As `entry`, for one who does not look at the record."""
    return _made(decision, inputs, decided_at, actor, generation, decision_id)[0]


def _made(
    decision: Decision,
    inputs: bytes,
    decided_at: datetime,
    actor: str,
    generation: int,
    decision_id: UUID,
    override: Override | None = None,
) -> tuple[Entry, Columns, Stored]:
    score, intensity = decision.score, decision.intensity
    approved = override is not None and override.code == APPROVED
    status = "effective" if approved else decision.status
    columns = Columns(
        decision_id,
        status,
        actor,
        decision.account_id,
        decided_at,
        score.target,
        score.stage,
        score.tier,
    )
    stored = Stored(
        decision.as_of,
        decision.valid_until,
        decision.data_age_days,
        decision.currency,
        None if override is None else str(override.supersedes),
        None if override is None else override[1:],
        _score(score),
        decision.reasons,
        decision.other_contributions,
        intensity,
        hashlib.sha256(inputs).digest(),
    )
    bundle_sha256 = decision.versions["bundle_sha256"]
    assert bundle_sha256 is not None
    made = Entry(
        decision_id=columns.decision_id,
        account_id=decision.account_id,
        as_of=microseconds(datetime.fromisoformat(decision.as_of)),
        decided_at=microseconds(decided_at),
        stage=score.stage,
        tier=score.tier,
        level=intensity.level,
        status=status,
        target=score.target,
        generation=generation,
        kind=kind_of(
            score.stage, score.tier, intensity.level, status, bundle_sha256, intensity.treatment
        ),
        rules=tuple({rule.rule: None for rule in intensity.binding_rules}),
        actor=actor,
        record=packed(stored),
        inputs=packed_inputs(inputs),
    )
    return made, columns, stored


def record_of(columns: Columns, stored: Stored, versions: Versions) -> Record:
    """The record of which this is stored, as it is while nothing supersedes it."""
    reason = stored.override_reason
    return {
        "schema": SCHEMA,
        "decision_id": str(columns.decision_id),
        "status": columns.status,
        "supersedes": stored.supersedes,
        "actor": columns.actor,
        "override_reason": None if reason is None else {"code": reason[0], "text": reason[1]},
        "account_id": columns.account_id,
        "as_of": stored.as_of,
        "decided_at": utc_text(columns.decided_at),
        "valid_until": stored.valid_until,
        "data_age_days": stored.data_age_days,
        "currency": stored.currency,
        "score": score_told(columns.target, columns.stage, columns.tier, stored.score),
        "reasons": stored.reasons,
        "other_contributions": stored.other_contributions,
        "intensity": intensity_told(stored.intensity),
        "inputs_sha256": stored.inputs_sha256.hex(),
        "versions": versions,
    }


def whole(record: Record) -> Record:
    """A record that was stored as a whole, with its reasons as a Reasons."""
    told = record["reasons"]
    values = [math.nan if reason["value"] is None else reason["value"] for reason in told]
    reasons = Reasons(
        np.arange(len(told), dtype=np.uint16),
        np.array(values, np.float64),
        np.array([reason["contribution"] for reason in told], np.float64),
        tuple(ReasonName(*(reason[name] for name in ReasonName._fields)) for reason in told),
    )
    return record | {"reasons": reasons}


def superseded(record: Record, successor: UUID) -> Record:
    """The record once another has superseded it."""
    return record | {"status": "superseded", "superseded_by": str(successor)}


def decided(decision: Decision) -> Record:
    """What was decided, as the record holds it: the score, the reasons for it and the level."""
    score = decision.score
    return {
        "score": score_told(score.target, score.stage, score.tier, _score(score)),
        "reasons": decision.reasons,
        "other_contributions": decision.other_contributions,
        "intensity": intensity_told(decision.intensity),
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
        "reasons": _reasons_told(kept, currency, language),
        "other_contributions": math.fsum(
            [record["other_contributions"], *every.contribution[len(kept) :].tolist()]
        ),
        "intensity": {**intensity, "treatment_text": text},
    }


def canonical(value: Any) -> str:
    """JSON text that depends on the value alone: keys sorted, no spaces."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def _reasons_told(reasons: Reasons, currency: str, language: Language) -> list[dict[str, Any]]:
    names = reasons.names
    told = []
    for at, number, contribution in zip(
        reasons.feature.tolist(),
        reasons.value.tolist(),
        reasons.contribution.tolist(),
        strict=True,
    ):
        feature, group, unit = names[at]
        value = None if number != number else number
        told.append(
            {
                "feature": feature,
                "group": group,
                "value": value,
                "unit": unit,
                "contribution": contribution,
                "text": sentence(feature, value, unit, contribution, currency, language),
            }
        )
    return told


def _score(score: Score) -> tuple[Any, ...]:
    """As packing.SCORE has it."""
    return (
        score.probability,
        score.log_odds,
        score.base_log_odds,
        score.horizon_cycles,
        score.ability,
        score.willingness,
        score.sustained,
        score.standing_valid,
    )
