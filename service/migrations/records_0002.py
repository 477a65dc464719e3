"""Records and inputs as revision 0002 packs them, as the JSON that revision 0001 stored.

It stays as it is: the forms are those of that revision (service.log.packing tells of them).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from struct import unpack
from typing import Any

import msgspec
from backports import zstd

Row = Mapping[str, Any]
Record = dict[str, Any]

_DICTIONARIES = Path(__file__).parents[1] / "log" / "dictionaries"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_REASON = ("code", "text")
_STORED = (
    "as_of",
    "valid_until",
    "data_age_days",
    "currency",
    "supersedes",
    "override_reason",
    "score",
    "reasons",
    "other_contributions",
    "intensity",
    "inputs_sha256",
)
_SCORE = (
    "probability",
    "log_odds",
    "base_log_odds",
    "horizon_cycles",
    "ability",
    "willingness",
    "sustained",
    "standing_valid",
)
_INTENSITY = (
    "level",
    "name",
    "treatment",
    "because",
    "channels",
    "needs_approval",
    "levels",
    "binding_rules",
    "limits",
    "earliest_contact_at",
    "runner_up",
    "changes",
    "response_model",
    "rules_of",
    "planned",
    "recommended",
    "arm",
    "experiment",
    "propensities",
    "plan",
)
_LEVEL = (
    "level",
    "probability",
    "value",
    "cost",
    "price",
    "net",
    "allowed",
    "taken_by",
    "estimated",
    "effect_low",
    "effect_high",
    "assumed_because",
)
_RULE = ("rule", "citation", "took_away")
_LIMIT = ("counter", "per", "window", "max", "used", "rule")
_SUBJECTS = {"amount": "field", "price": "resource"}


def inputs_of(content: bytes) -> bytes:
    """The JSON of packed inputs. Raises ValueError for a form of a later revision."""
    form, frame = content[0], bytes(content[1:])
    if form == 1:
        return zstd.decompress(frame)
    _expect(form)
    return zstd.decompress(frame, _dictionary("inputs-1"))


def treatment_of(content: bytes) -> str:
    """The treatment in a packed record. Raises ValueError for a form of a later revision."""
    form, frame = content[0], bytes(content[1:])
    if form == 1:
        told = msgspec.msgpack.decode(zstd.decompress(frame))["intensity"]["treatment"]
    else:
        _expect(form)
        stored = msgspec.msgpack.decode(zstd.decompress(frame, _dictionary("records-1")))
        told = stored[_STORED.index("intensity")][_INTENSITY.index("treatment")]
    return str(told)


def record_of(row: Row, document: Mapping[str, Any]) -> Record:
    """The record of a row of `decisions`, whose generation's document is given.

    Raises ValueError for a form of a later revision.
    """
    form, frame = row["record"][0], bytes(row["record"][1:])
    if form == 1:
        whole: Record = msgspec.msgpack.decode(zstd.decompress(frame))
        return whole
    _expect(form)
    content = msgspec.msgpack.decode(zstd.decompress(frame, _dictionary("records-1")))
    stored = dict(zip(_STORED, content, strict=True))
    bundle = document["bundles"][row["target"]]
    intensity, reason = _intensity(stored["intensity"]), stored["override_reason"]
    return {
        "schema": 3,
        "decision_id": str(row["decision_id"]),
        "status": row["status"],
        "supersedes": stored["supersedes"],
        "actor": row["actor"],
        "override_reason": None if reason is None else dict(zip(_REASON, reason, strict=True)),
        "account_id": row["account_id"],
        "as_of": stored["as_of"],
        "decided_at": _text(row["decided_at"]),
        "valid_until": stored["valid_until"],
        "data_age_days": stored["data_age_days"],
        "currency": stored["currency"],
        "score": _score(row, stored["score"]),
        "reasons": _reasons(bundle["features"], *stored["reasons"]),
        "other_contributions": stored["other_contributions"],
        "intensity": intensity,
        "inputs_sha256": stored["inputs_sha256"].hex(),
        "versions": _versions(document, bundle, intensity["arm"]),
    }


def _expect(form: int) -> None:
    if form != 2:
        raise ValueError(f"a decision is stored in form {form}, which revision 0002 does not know")


def _dictionary(name: str) -> zstd.ZstdDict:
    return zstd.ZstdDict((_DICTIONARIES / f"{name}.zdict").read_bytes())


def _text(microseconds: int) -> str:
    return (_EPOCH + timedelta(microseconds=microseconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _score(row: Row, values: Sequence[Any]) -> Record:
    told = dict(zip(_SCORE, values, strict=True))
    first = ("probability", "log_odds", "base_log_odds", "horizon_cycles")
    return {
        "target": row["target"],
        **{name: told[name] for name in first},
        "stage": row["stage"],
        "tier": row["tier"],
        **{name: told[name] for name in _SCORE if name not in first},
    }


def _reasons(
    names: Sequence[Sequence[str]], feature: bytes, value: bytes, contribution: bytes
) -> list[Record]:
    count = len(feature) // 2
    arrays = zip(
        unpack(f"<{count}H", feature),
        unpack(f"<{count}d", value),
        unpack(f"<{count}d", contribution),
        strict=True,
    )
    return [
        {
            "feature": names[j][0],
            "group": names[j][1],
            "value": None if known != known else known,
            "unit": names[j][2],
            "contribution": share,
        }
        for j, known, share in arrays
    ]


def _intensity(values: Sequence[Any]) -> Record:
    told = dict(zip(_INTENSITY, values, strict=True))
    changes = [_change(*change) for change in told["changes"]]
    plain = {
        "level": told["level"],
        "name": told["name"],
        "treatment": told["treatment"],
        "because": told["because"],
        "channels": told["channels"],
        "earliest_contact_at": told["earliest_contact_at"],
        "needs_approval": told["needs_approval"],
        "limits": _objects(_LIMIT, told["limits"]),
        "levels": _objects(_LEVEL, told["levels"]),
        "runner_up": told["runner_up"],
        "smallest_change": changes[0] if changes else None,
        "other_changes": changes[1:],
        "response_model": told["response_model"],
        "rules_of": told["rules_of"],
        "planned": told["planned"],
        "recommended": told["recommended"],
        "arm": told["arm"],
        "experiment": told["experiment"],
        "propensities": told["propensities"],
        "binding_rules": _objects(_RULE, told["binding_rules"]),
    }
    return plain if told["plan"] is None else plain | {"plan": told["plan"]}


def _objects(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[Record]:
    return [dict(zip(names, row, strict=True)) for row in rows]


def _change(kind: str, subject: str | None, was: Any, to: Any, level: int) -> Record:
    if kind == "rule":
        return {"kind": kind, "rule": subject, "level": level}
    if kind == "days":
        was, to = int(was), int(to)
    named = {_SUBJECTS[kind]: subject} if kind in _SUBJECTS else {}
    return {"kind": kind, **named, f"was_{kind}": was, f"to_{kind}": to, "level": level}


def _versions(document: Mapping[str, Any], bundle: Mapping[str, Any], arm: str) -> Record:
    challenged = arm == "challenger" and document["challenger"] is not None
    policy = document["challenger" if challenged else "policy"]
    return {
        "code": document["code"],
        "model": bundle["name"],
        "bundle_sha256": bundle["sha256"],
        "policy": f"{policy['name']}@{policy['sha256'][:12]}",
        "estimate": policy["estimate_sha256"],
        "rules": document["rules"],
        "prices": document["plan"],
        "tzdata": document["tzdata"],
    }
