"""Making a recorded decision anew: of its stored inputs, by what decided then."""

from datetime import datetime
from importlib.metadata import version
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from backports.zstd import ZstdError

from features.panel import Panel, View, known_at
from models.account import Account
from models.decide import Beyond, decide, decide_at
from models.decision import Decision
from models.generation import Generation
from models.intensity.plan import Plan, read_plan
from models.intensity.policy import Policy
from models.intensity.rules.version import RULES_VERSION
from models.refusal import Refusal
from models.score.bundle import Bundle
from models.target import Target
from service.bodies.inputs import decided_on
from service.bodies.panels import panel_of
from service.bodies.schemas import account_from
from service.log.decisions import DecisionLog
from service.log.generations import Document, Generations
from service.log.packing import WHOLE
from service.log.records import Record
from service.served.kept import find_bundle, find_plan, find_policy
from service.served.reload import bundle_of, policy_of
from service.settings import Settings
from service.tables import DECISIONS

ANY_TABLES, NO_TABLES = 2**62, 0  # bytes: explained as then, whatever the limit is now
_PUT_BACK = "put its folder back from a backup, then replay again"


class ReplayError(Exception):
    """A record that cannot be replayed here: why, and what to do."""


class Kept(NamedTuple):
    """What the log holds of a decision: its row, its record, its inputs and what decided.

    The record is that of now: `superseded` where another took its place.
    """

    row: Any
    record: Record
    inputs: bytes
    document: Document


def kept_of(engine: sa.Engine, decision_id: UUID) -> Kept | None:
    """The decision of that id, None where there is none.

    Raises ReplayError where it is damaged, or not stored with all that it was made of.
    """
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
    return Kept(row, record, inputs, Generations(engine).document(row.generation))


def generation_of(document: Document, target: Target, settings: Settings) -> Generation:
    """What decided on a target, found by its digests.

    Raises ReplayError where it is not here; ModelsError, PlanError or InputError where it is and
    cannot be used.
    """
    _check_versions(document)
    bundle = document["bundles"][target]
    tables = ANY_TABLES if bundle["tables"] else NO_TABLES
    return Generation(
        bundles={target: bundle_kept(target, bundle["name"], bundle["sha256"], tables, settings)},
        models={target: bundle["name"]},
        policy=_policy("policy", document["policy"], settings),
        code=document["code"],
        tzdata=document["tzdata"],
        plan=None if document["plan"] is None else _plan(document["plan"], settings),
        challenger=None
        if document["challenger"] is None
        else _policy("challenger policy", document["challenger"], settings),
    )


def bundle_kept(
    target: Target, name: str, sha256: str, table_limit: int, settings: Settings
) -> Bundle:
    """The bundle of that digest. Raises as `generation_of`."""
    folder = find_bundle(settings, sha256)
    if folder is None:
        raise _missing(f"bundle {name} ({target}, SHA-256 {sha256})", settings)
    return bundle_of(folder, table_limit)


def made_again(
    kept: Kept, generation: Generation, level: int | None
) -> Decision | Refusal | Beyond:
    """The decision on the stored inputs at their instant.

    `level` is one that a person gave the account, None where nobody did.
    """
    body = inputs_of(kept)
    account, panel, view = alone(body, body.as_of)
    reasons = len(kept.record["reasons"])
    if level is not None:
        return decide_at(generation, account, panel, view, level, reasons)
    (decision,) = decide(generation, [account], panel, view, reasons)
    return decision


def inputs_of(kept: Kept) -> Any:
    """The stored inputs as the struct of a DecisionBody; ReplayError where they are none."""
    try:
        return decided_on(kept.inputs)
    except ValueError as error:
        raise ReplayError(f"the stored inputs cannot be read: {error}") from error


def alone(body: Any, at: datetime) -> tuple[Account, Panel, View]:
    """A body's account and history, as they are known at an instant."""
    panel = panel_of([body])
    view = known_at(panel, np.zeros(1, np.int64), np.array([at.timestamp()]))
    return account_from(body.account), panel, view


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
