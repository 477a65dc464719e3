"""Replaying: a recorded decision made again, of its stored inputs and versions, and compared."""

import hashlib
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from backports.zstd import ZstdError

from features.panel import known_at
from models.decide import decide
from models.decision import Decision
from models.generation import Generation
from models.intensity.plan import Plan, read_plan
from models.intensity.policy import Policy
from models.intensity.rules.version import RULES_VERSION
from models.target import Target
from service.bodies.inputs import decided_on
from service.bodies.panels import panel_of
from service.bodies.schemas import account_from
from service.instants import instant
from service.log.decisions import DecisionLog
from service.log.generations import Document, Generations
from service.log.packing import WHOLE
from service.log.records import Entry, Record, entry
from service.replay.comparing import Compared, Difference, compared
from service.served.kept import find_bundle, find_plan, find_policy
from service.served.reload import bundle_of, policy_of
from service.settings import Settings
from service.tables import DECISIONS

ANY_TABLES, NO_TABLES = 2**62, 0  # bytes: explained as then, whatever the limit is now
_PUT_BACK = "put its folder back from a backup, then replay again"
# What a row holds beside its id and its inputs.
_ROW = tuple(name for name in Entry._fields if name not in ("decision_id", "rules", "inputs"))


class ReplayError(Exception):
    """A record that cannot be replayed here: why, and what to do."""


class Replay(NamedTuple):
    """A record, and how it compares with its decision made again."""

    record: Record
    compared: Compared

    @property
    def identical(self) -> bool:
        """Whether every bit is the same."""
        return not self.compared.differences


class _Kept(NamedTuple):
    """What the log holds of a decision: its row, its record, its inputs and what decided."""

    row: Any
    record: Record
    inputs: bytes
    document: Document


def replay(engine: sa.Engine, settings: Settings, decision_id: UUID) -> Replay | None:
    """Make the decision of that id again and compare it with its record; None: there is none.

    Raises ReplayError where it cannot be made again here; ModelsError, PlanError or InputError
    where what decided is there but cannot be used.
    """
    kept = _kept(engine, decision_id)
    if kept is None:
        return None
    made, record = _made_again(kept, _generation(kept, settings))
    found = compared(kept.record, record)
    differences = found.differences or tuple(_of_row(kept.row, made))
    return Replay(kept.record, found._replace(differences=differences))


def _kept(engine: sa.Engine, decision_id: UUID) -> _Kept | None:
    log, columns = DecisionLog(engine), DECISIONS.c
    with engine.connect() as connection:
        row = connection.execute(
            sa.select(DECISIONS).where(columns.decision_id == decision_id)
        ).one_or_none()
    if row is None:
        return None
    try:
        record, inputs = log.read(decision_id), log.inputs(decision_id)
    except (ZstdError, ValueError) as error:
        raise ReplayError(
            f"what is stored of it is damaged, or of another form: {error}"
        ) from error
    assert record is not None
    assert inputs is not None
    if row.record[0] == WHOLE:
        raise ReplayError(
            f"the decision (code {record['versions']['code']}, record of schema "
            f"{record['schema']}) was recorded before revision 0002 of the database, or taken back "
            "there, which does not keep all that it was made with: it can be read, and not be "
            "replayed bit for bit"
        )
    return _Kept(row, record, inputs, Generations(engine).document(row.generation))


def _generation(kept: _Kept, settings: Settings) -> Generation:
    """What decided, as far as the decision's target is concerned, found by its digests."""
    document, target = kept.document, kept.record["score"]["target"]
    _check_versions(document)
    bundle = document["bundles"][target]
    return Generation(
        bundles={target: _bundle(bundle, target, settings)},
        models={target: bundle["name"]},
        policy=_policy("policy", document["policy"], settings),
        code=document["code"],
        tzdata=document["tzdata"],
        plan=None if document["plan"] is None else _plan(document["plan"], settings),
        challenger=None
        if document["challenger"] is None
        else _policy("challenger policy", document["challenger"], settings),
    )


def _check_versions(document: Document) -> None:
    """Refuse what another image decided: its last digits may be others."""
    here = {"code": version("curescore"), "rules": RULES_VERSION, "tzdata": version("tzdata")}
    others = [
        f"{name} {document[name]} (here {now})"
        for name, now in here.items()
        if document[name] != now
    ]
    if others:
        raise ReplayError(
            f"it was decided with {', '.join(others)}: bit for bit the same is promised within "
            "one image only; replay it with the image of that version"
        )


def _bundle(told: dict[str, Any], target: Target, settings: Settings) -> Any:
    folder = find_bundle(settings, told["sha256"])
    if folder is None:
        raise _missing(f"bundle {told['name']} ({target}, SHA-256 {told['sha256']})", settings)
    return bundle_of(folder, ANY_TABLES if told["tables"] else NO_TABLES)


def _policy(what: str, told: dict[str, Any], settings: Settings) -> Policy:
    path = find_policy(settings, told["sha256"], told["estimate_sha256"])
    if path is None:
        estimate = told["estimate_sha256"]
        with_estimate = f", with estimate {estimate}" if estimate else ""
        raise _missing(f"{what} {told['name']} (SHA-256 {told['sha256']}{with_estimate})", settings)
    return policy_of(path)


def _plan(run_id: str, settings: Settings) -> Plan:
    folder = find_plan(settings, run_id)
    if folder is None:
        raise _missing(f"capacity plan of run {run_id}", settings)
    return read_plan(folder)


def _missing(what: str, settings: Settings) -> ReplayError:
    return ReplayError(f"the {what} that decided is not in {settings.cache} any more: {_PUT_BACK}")


def _made_again(kept: _Kept, generation: Generation) -> tuple[Entry, Record]:
    """The decision as it is recorded, made of the stored inputs at their instant."""
    row = kept.row
    try:
        body = decided_on(kept.inputs)
    except ValueError as error:
        raise ReplayError(f"the stored inputs cannot be read: {error}") from error
    panel = panel_of([body])
    view = known_at(panel, np.zeros(1, np.int64), np.array([body.as_of.timestamp()]))
    account = account_from(body.account)
    (decision,) = decide(generation, [account], panel, view, len(kept.record["reasons"]))
    if not isinstance(decision, Decision):
        raise ReplayError(f"its stored inputs are refused: {decision.pointer} {decision.problem}")
    return entry(
        decision,
        kept.inputs,
        decided_at=instant(row.decided_at),
        actor=row.actor,
        generation=row.generation,
        decision_id=row.decision_id,
    )


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
