"""Decisions put into a log without deciding: new ones, and old ones as a migration left them."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import sqlalchemy as sa
from backports import zstd

from models.decision import Decision
from service.instants import microseconds
from service.log.inserts import Inserts
from service.log.kinds import kind_of
from service.log.packing import WHOLE, packed_inputs
from service.log.records import Entry, Record, canonical, entry
from service.tables import GENERATIONS

AT = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)


def put(engine: sa.Engine, entries: Sequence[Entry]) -> None:
    with engine.begin() as connection:
        Inserts(engine).put(connection, entries)


def numbered(engine: sa.Engine, decision: Decision) -> int:
    """The number of a generation of which the decision's versions and reasons are true."""
    versions = decision.versions
    name, _, sha256 = str(versions["policy"]).partition("@")
    policy = {"name": name, "sha256": sha256, "estimate_sha256": versions["estimate"]}
    bundle = {
        "name": versions["model"],
        "sha256": versions["bundle_sha256"],
        "features": decision.reasons.names,
    }
    same = {name: versions[name] for name in ("rules", "code", "tzdata")}
    document = canonical(
        {"bundles": {decision.score.target: bundle}, "policy": policy, "challenger": None}
        | {"plan": versions["prices"], **same}
    )
    return _number(engine, document)


def _number(engine: sa.Engine, document: str) -> int:
    sha256 = hashlib.sha256(document.encode()).hexdigest()
    query = sa.select(GENERATIONS.c.id).where(GENERATIONS.c.sha256 == sha256)
    with engine.begin() as connection:
        if connection.execute(query).first() is None:
            connection.execute(GENERATIONS.insert(), {"sha256": sha256, "document": document})
        return int(connection.execute(query).scalar_one())


def made(
    engine: sa.Engine, decision: Decision, count: int = 1, first: int = 0, inputs: bytes = b"{}"
) -> list[tuple[Entry, Record]]:
    """Entries one second apart with their records, not stored yet."""
    number = numbered(engine, decision)
    return [
        entry(
            decision,
            inputs,
            decided_at=AT + timedelta(seconds=i),
            actor="test",
            generation=number,
        )
        for i in range(first, first + count)
    ]


def stored(engine: sa.Engine, decision: Decision, count: int = 1, first: int = 0) -> list[Record]:
    """The records of decisions one second apart, which are in the log now."""
    pairs = made(engine, decision, count, first)
    put(engine, [one for one, _ in pairs])
    return [record for _, record in pairs]


def as_json(record: Record) -> Record:
    """The record as it was stored when records were JSON."""
    reasons = record["reasons"]
    if not isinstance(reasons, list):
        reasons = [{name: getattr(each, name) for name in each.__slots__} for each in reasons]
    plain: Record = json.loads(json.dumps(record | {"reasons": reasons}))
    return plain


def store_whole(engine: sa.Engine, record: Record) -> None:
    """Put a record of an old schema into the log, as a migration left it."""
    score, intensity, versions = record["score"], record["intensity"], record["versions"]
    document = canonical({"bundles": {score["target"]: {"features": None}}})
    conditions = (score["stage"], score["tier"], intensity["level"], record["status"])
    old = Entry(
        decision_id=UUID(record["decision_id"]),
        account_id=record["account_id"],
        as_of=microseconds(datetime.fromisoformat(record["as_of"])),
        decided_at=microseconds(datetime.fromisoformat(record["decided_at"])),
        stage=score["stage"],
        tier=score["tier"],
        level=intensity["level"],
        status=record["status"],
        target=score["target"],
        generation=_number(engine, document),
        kind=kind_of(*conditions, versions["bundle_sha256"], intensity["treatment"]),
        rules=tuple(rule["rule"] for rule in intensity["binding_rules"]),
        actor=record["actor"],
        record=bytes([WHOLE]) + zstd.compress(msgspec.msgpack.encode(record)),
        inputs=packed_inputs(b"{}"),
    )
    put(engine, [old])
