"""The decision log: what has been recorded, read by id and searched."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from service.instants import first_id, instant
from service.log.generations import Decider, Generations, versions_of
from service.log.kinds import kinds
from service.log.packing import INTENSITY, unpacked, unpacked_inputs
from service.log.records import Columns, Record, record_of, superseded, whole
from service.log.searching import ANY, Also, Span, newest, of_account, of_kinds
from service.tables import DECISIONS, SUPERSESSIONS

_FIRST, _END = UUID(int=0), UUID(int=(1 << 128) - 1)


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for; None leaves a condition out. Instants: from inclusive, until not."""

    account_id: str | None = None
    decided_from: datetime | None = None
    decided_until: datetime | None = None
    stage: str | None = None
    tier: str | None = None
    level: int | None = None
    status: str | None = None
    rule: str | None = None
    model: str | None = None
    treatment: str | None = None


class Page(NamedTuple):
    """Records, newest first, and the id to go on before; None where there are no more.

    A page may hold fewer records than were asked for, or none, and yet not be the last.
    """

    records: list[Record]
    next_before: str | None


class DecisionLog:
    """Decisions in the database of `engine`: SQLite or PostgreSQL."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._generations = Generations(engine)

    def read(self, decision_id: UUID | str) -> Record | None:
        """The record of that id, or None."""
        with self._engine.connect() as connection:
            rows = _rows(connection, [UUID(str(decision_id))])
        return self._record(rows[0]) if rows else None

    def deciders(self) -> list[Decider]:
        """The bundles that have decided, the latest first."""
        return self._generations.deciders()

    def inputs(self, decision_id: UUID | str) -> bytes | None:
        """The JSON of what was decided on, or None where there is no such decision."""
        columns = DECISIONS.c
        query = sa.select(columns.inputs).where(columns.decision_id == UUID(str(decision_id)))
        with self._engine.connect() as connection:
            content = connection.execute(query).scalar()
        return None if content is None else unpacked_inputs(content)

    def search(
        self, query: Query, limit: int, before: UUID | str | None = None, also: Also = ANY
    ) -> Page:
        """The newest up to `limit` records that meet all conditions.

        `before` is the id of the last record already seen, or what the page before says.
        """
        wanted = kinds(
            query.stage, query.tier, query.level, query.status, query.model, query.treatment
        )
        if wanted is None:
            return Page([], None)
        span = _span(query, before)
        account, rule = query.account_id, query.rule
        with self._engine.connect() as connection:
            if account is not None:
                found = of_account(connection, account, rule, wanted, span, limit, also)
            elif wanted.mask or rule is not None or also.as_of is not None:
                found = of_kinds(connection, rule, wanted, span, limit, also)
            else:
                found = newest(connection, span, limit, also)
            rows = _rows(connection, found.ids)
        records = [self._record(row) for row in rows]
        return Page(records, None if found.next is None else str(found.next))

    def _record(self, row: sa.Row[Any]) -> Record:
        """The record as it stands now: `superseded` where another has taken its place."""
        record = self._as_stored(row)
        return record if row.superseded_by is None else superseded(record, row.superseded_by)

    def _as_stored(self, row: sa.Row[Any]) -> Record:
        columns = Columns(*(getattr(row, name) for name in Columns._fields))
        columns = columns._replace(decided_at=instant(row.decided_at))
        names = self._generations.names(row.generation, columns.target)
        stored = unpacked(row.record, names)
        if isinstance(stored, dict):
            return whole(stored)
        document = self._generations.document(row.generation)
        arm = stored.intensity[INTENSITY.index("arm")]
        return record_of(columns, stored, versions_of(document, columns.target, arm))


def _span(query: Query, before: UUID | str | None) -> Span:
    first = _FIRST if query.decided_from is None else first_id(query.decided_from)
    end = _END if query.decided_until is None else first_id(query.decided_until)
    return Span(first, end if before is None else min(end, UUID(str(before))))


def _rows(connection: sa.Connection, ids: Sequence[UUID]) -> list[sa.Row[Any]]:
    """The decisions of these ids, newest first."""
    columns = DECISIONS.c
    successor = SUPERSESSIONS.c.superseded_by
    told = (columns.generation, columns.record, successor)
    query = sa.select(*told, *(columns[name] for name in Columns._fields)).outerjoin(
        SUPERSESSIONS, SUPERSESSIONS.c.decision_id == columns.decision_id
    )
    ordered = query.where(columns.decision_id.in_(ids)).order_by(columns.decision_id.desc())
    return list(connection.execute(ordered)) if ids else []
