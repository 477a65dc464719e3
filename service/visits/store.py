"""The steps of visits in the database, each kept as it was told; nothing is changed later."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import sqlalchemy as sa

from service.bodies.visits import STEPS, Step
from service.instants import instant, microseconds
from service.tables import ID, VISITS, insert_new
from service.visits.cases import Taken, Visit

Json = dict[str, Any]

_NAMED = ("visit_id", "account_id", "step")  # have columns of their own
_columns = VISITS.c


class Found(NamedTuple):
    """Visits, the one that was planned last first, and the id to go on after; None at the end."""

    visits: list[Visit]
    next: UUID | None


def kept(told: Json) -> Json:
    """What is kept of a step's JSON beside its columns; nulls count as left out."""
    return {name: value for name, value in told.items() if name not in _NAMED and value is not None}


def visit(connection: sa.Connection, visit_id: UUID) -> Visit | None:
    """The visit of that id as far as it has come; None where there is none."""
    query = sa.select(VISITS).where(_columns.visit_id == visit_id).order_by(_columns.number)
    return next(_visits(connection.execute(query)), None)


def of_accounts(connection: sa.Connection, account_ids: Sequence[str]) -> list[Visit]:
    """All visits of some accounts, as far as they have come."""
    rows = sa.select(VISITS).where(_columns.account_id.in_(account_ids))
    return list(_visits(connection.execute(rows.order_by(_columns.visit_id, _columns.number))))


def add(
    connection: sa.Connection, visit_id: UUID, account_id: str, before: Visit | None, taken: Taken
) -> bool:
    """Add a step to a visit; False where somebody else has added one since `before` was read."""
    row = {
        "visit_id": visit_id,
        "number": 0 if before is None else len(before.steps),
        "step": taken.step,
        "account_id": account_id,
        "at": microseconds(taken.at),
        "recorded_at": microseconds(taken.recorded_at),
        "actor": taken.actor,
        "body": msgspec.json.encode(taken.body),
    }
    insert = insert_new(VISITS, connection.dialect.name).returning(_columns.number)
    return connection.execute(insert, row).first() is not None


def search(
    connection: sa.Connection,
    account_id: str | None,
    state: Step | None,
    after: UUID | None,
    limit: int,
    since: datetime | None = None,
) -> Found:
    """Visits of an account, and in a state, where these are given; what was told last first.

    With `since` only those of which that was told since then: of those before nothing is read.
    """
    shown = sa.select(_columns.visit_id).where(_columns.step == (state or STEPS[0]))
    if state is not None:
        later = VISITS.alias("later")
        same = later.c.visit_id == _columns.visit_id
        shown = shown.where(~sa.exists().where(same, later.c.number > _columns.number))
    if account_id is not None:
        shown = shown.where(_columns.account_id == account_id)
    if since is not None:
        shown = shown.where(_columns.recorded_at >= microseconds(since))
    if after is not None:
        told = sa.select(sa.func.max(_columns.recorded_at))
        last = told.where(_columns.visit_id == after, _columns.step == (state or STEPS[0]))
        place = sa.tuple_(_columns.recorded_at, _columns.visit_id)
        shown = shown.where(place < sa.tuple_(last.scalar_subquery(), sa.literal(after, ID)))
    ordered = shown.order_by(_columns.recorded_at.desc(), _columns.visit_id.desc())
    ids = connection.execute(ordered.limit(limit + 1)).scalars().all()
    rows = sa.select(VISITS).where(_columns.visit_id.in_(ids[:limit]))
    every = {
        each.visit_id: each
        for each in _visits(connection.execute(rows.order_by(_columns.visit_id, _columns.number)))
    }
    more = ids[limit - 1] if len(ids) > limit else None
    return Found([every[visit_id] for visit_id in ids[:limit]], more)


def _visits(rows: Iterable[Any]) -> Iterator[Visit]:
    """The visits of rows that lie by visit and number."""
    for _, group in itertools.groupby(rows, key=lambda row: row.visit_id):
        steps = list(group)
        yield Visit(steps[0].visit_id, steps[0].account_id, [_taken(row) for row in steps])


def _taken(row: Any) -> Taken:
    body = msgspec.json.decode(row.body)
    return Taken(row.step, instant(row.at), instant(row.recorded_at), row.actor, body)
