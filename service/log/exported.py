"""The log as an export reads it: account by account, of one instant, never all of it at once."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import sqlalchemy as sa
from backports.zstd import ZstdError

from service.bodies.inputs import told_of
from service.database import DatabaseError
from service.instants import first_id, microseconds
from service.log.generations import Generations, versions_of
from service.log.packing import unpacked, unpacked_inputs
from service.log.telling import intensity_told
from service.tables import DECISIONS, EVENTS, SUPERSESSIONS, VISITS

PAGE = 1_000  # decisions whose accounts are looked for together
FETCHED = 100  # decisions that are held at a time

_FIRST, _END = UUID(int=0), UUID(int=(1 << 128) - 1)
_account, _decision = DECISIONS.c.account_id, DECISIONS.c.decision_id
_UNREADABLE = (ZstdError, ValueError, KeyError, TypeError, msgspec.MsgspecError)


class Window(NamedTuple):
    """Which decisions are told: those made from `start` on and before `end`; None: no bound.

    Of what happened to their accounts, all before `end` is told.
    """

    start: datetime | None = None
    end: datetime | None = None


class Decided(NamedTuple):
    """A decision. `as_of` and `decided_at` are microseconds since 1970, `valid_until` a text.

    `status` is the recorded one, `superseded_by` what took its place within the window.
    `inputs` is the JSON object of the body that was decided on, `intensity` that of the record.
    """

    decision_id: UUID
    as_of: int
    decided_at: int
    valid_until: str
    actor: str
    status: str
    superseded_by: UUID | None
    supersedes: str | None
    override_reason: str | None
    target: str
    stage: str
    tier: str
    level: int
    probability: float
    currency: str
    intensity: dict[str, Any]
    model: str
    policy: str
    inputs: dict[str, Any]


class Event(NamedTuple):
    """The latest version of a contact, payment or outcome; `row` is the JSON object sent."""

    kind: str
    event_id: str
    recorded_at: int
    row: dict[str, Any]


class Step(NamedTuple):
    """One step of a visit; `body` is the JSON sent, instants are microseconds since 1970."""

    visit_id: UUID
    number: int
    step: str
    at: int
    recorded_at: int
    actor: str
    body: str


class Seen(NamedTuple):
    """What was seen of an account; `decided`, oldest first, is read as it is gone through."""

    account_id: str
    decided: Iterator[Decided]
    events: list[Event]
    steps: list[Step]


class Totals(NamedTuple):
    """How much there is in the window, of whichever accounts."""

    decisions: int
    events: int
    steps: int


class Snapshot:
    """The log as it is when it is first read."""

    def __init__(self, engine: sa.Engine, connection: sa.Connection, window: Window) -> None:
        start, end = window
        self._connection = connection
        self._generations = Generations(engine)
        self._start = _FIRST if start is None else first_id(start)
        self._end = _END if end is None else first_id(end)
        self._before = None if end is None else microseconds(end)

    def totals(self) -> Totals:
        """Counts of what can be told: decisions, events in their latest version, steps."""
        later = EVENTS.alias()
        same = (later.c.kind == EVENTS.c.kind, later.c.event_id == EVENTS.c.event_id)
        newer = sa.exists().where(*same, later.c.version > EVENTS.c.version)
        queries = (
            self._within(sa.select(sa.func.count()).select_from(DECISIONS)),
            self._happened(sa.select(sa.func.count()).select_from(EVENTS), EVENTS).where(~newer),
            self._happened(sa.select(sa.func.count()).select_from(VISITS), VISITS),
        )
        return Totals(*(int(self._connection.execute(query).scalar_one()) for query in queries))

    def accounts(self) -> Iterator[Seen]:
        """What was seen of every account with a decision in the window, in order of their ids.

        Each is to be gone through before the next. DatabaseError for what cannot be read.
        """
        before = ""
        while ids := self._following(before):
            events, steps = self._events(ids), self._steps(ids)
            rows = self._rows(before, ids[-1])
            before = ids[-1]
            for account_id, theirs in groupby(rows, key=lambda row: row.account_id):
                told = map(self._decided, theirs)
                yield Seen(account_id, told, events.get(account_id, []), steps.get(account_id, []))

    def _within(self, query: sa.Select[Any]) -> sa.Select[Any]:
        return query.where(_decision >= self._start, _decision < self._end)

    def _happened(self, query: sa.Select[Any], table: sa.Table) -> sa.Select[Any]:
        return query if self._before is None else query.where(table.c.at < self._before)

    def _following(self, before: str) -> list[str]:
        """Ids of the next accounts, from the index alone: so many that have PAGE decisions."""
        page = self._within(sa.select(_account).where(_account > before))
        found = self._connection.execute(page.order_by(_account, _decision).limit(PAGE)).scalars()
        return list(dict.fromkeys(found))

    def _rows(self, before: str, last: str) -> Iterator[sa.Row[Any]]:
        """The decisions of all accounts after `before` and up to `last`."""
        took_over = (SUPERSESSIONS.c.decision_id == _decision) & (
            SUPERSESSIONS.c.superseded_by < self._end
        )
        query = (
            self._within(sa.select(DECISIONS, SUPERSESSIONS.c.superseded_by))
            .outerjoin(SUPERSESSIONS, took_over)
            .where(_account > before, _account <= last)
            .order_by(_account, _decision)
        )
        options = {"yield_per": FETCHED}
        yield from self._connection.execute(query, execution_options=options)

    def _events(self, ids: list[str]) -> dict[str, list[Event]]:
        """The events of these accounts, in the order of their ids within each kind."""
        columns = EVENTS.c
        query = sa.select(EVENTS).where(columns.account_id.in_(ids))
        ordered = query.order_by(columns.kind, columns.event_id, columns.version)
        latest = {(row.kind, row.event_id): row for row in self._connection.execute(ordered)}
        found: dict[str, list[Event]] = {}
        for row in latest.values():
            if self._before is None or row.at < self._before:
                told = Event(row.kind, row.event_id, row.recorded_at, msgspec.json.decode(row.body))
                found.setdefault(row.account_id, []).append(told)
        return found

    def _steps(self, ids: list[str]) -> dict[str, list[Step]]:
        columns = VISITS.c
        query = self._happened(sa.select(VISITS), VISITS).where(columns.account_id.in_(ids))
        found: dict[str, list[Step]] = {}
        for row in self._connection.execute(query.order_by(columns.visit_id, columns.number)):
            told = {name: getattr(row, name) for name in Step._fields}
            step = Step(**told | {"body": row.body.decode()})
            found.setdefault(row.account_id, []).append(step)
        return found

    def _decided(self, row: sa.Row[Any]) -> Decided:
        try:
            return Decided(**_stored(row, self._generations))
        except _UNREADABLE as error:
            raise DatabaseError(
                f"what is stored of decision {row.decision_id} is damaged, or of a later form "
                f"({type(error).__name__}); put the database back from a backup"
            ) from error


@contextmanager
def snapshot(engine: sa.Engine, window: Window) -> Iterator[Snapshot]:
    """The log of `engine` as it is now; what is recorded meanwhile is not seen, nor held up."""
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")  # the driver alone would let go after each query
        else:
            connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        yield Snapshot(engine, connection, window)


def _stored(row: sa.Row[Any], generations: Generations) -> dict[str, Any]:
    """The fields of a Decided."""
    plain: Iterable[str] = ("decision_id", "as_of", "decided_at", "actor", "status", "target")
    told = {name: getattr(row, name) for name in (*plain, "stage", "tier", "level")}
    told |= {"superseded_by": row.superseded_by, "inputs": _inputs(row.inputs)}
    stored = unpacked(row.record, generations.names(row.generation, row.target))
    if isinstance(stored, dict):
        record, versions = stored, stored["versions"]
        told |= {"intensity": record["intensity"], "probability": record["score"]["probability"]}
    else:
        record, document = stored._asdict(), generations.document(row.generation)
        told |= {"intensity": intensity_told(stored.intensity), "probability": stored.score[0]}
        versions = versions_of(document, row.target, told["intensity"]["arm"])
    told |= {name: record[name] for name in ("valid_until", "currency", "supersedes")}
    told |= {name: versions[name] for name in ("model", "policy")}
    reason = record["override_reason"]
    return told | {"override_reason": None if reason is None else reason[0]}


def _inputs(content: bytes) -> dict[str, Any]:
    inputs = told_of(unpacked_inputs(content))
    if not {"account", "statements"} <= inputs.keys():
        raise ValueError("they are not what decisions are made on")
    return inputs
