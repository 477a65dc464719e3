"""What accounts left behind, and which of them nothing was decided on or told of since."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from service.instants import first_id, microseconds
from service.tables import DECISIONS, EVENTS, VISITS

_decision = DECISIONS.c.decision_id


class Left(NamedTuple):
    """A table of what accounts leave behind, and which of its rows keep an account."""

    table: sa.Table
    newer: sa.ColumnElement[bool]

    def grouped(self, *more: sa.ColumnElement[Any]) -> sa.Select[Any]:
        """Accounts with the number of their rows and whether one is newer, from the index by
        account; `more` of each.
        """
        account = self.table.c.account_id
        newer = sa.func.max(sa.case((self.newer, 1), else_=0)).label("newer")
        rows = sa.func.count().label("rows")
        return sa.select(account, rows, newer, *more).group_by(account)


def left_behind(inactive_since: datetime) -> list[Left]:
    """Every table of them; rows of then or later keep their account."""
    # Ids tell when decisions were made, to the microsecond.
    recorded = microseconds(inactive_since)
    return [
        Left(DECISIONS, _decision >= first_id(inactive_since)),
        Left(EVENTS, EVENTS.c.recorded_at >= recorded),
        Left(VISITS, VISITS.c.recorded_at >= recorded),
    ]


def inactive_accounts(dialect: str, inactive_since: datetime) -> sa.Subquery:
    """Inactive accounts with the number of their decisions and events, and the ids of their oldest
    and newest decision as text.
    """
    text = sa.func.hex(_decision) if dialect == "sqlite" else sa.cast(_decision, sa.Text)
    none = sa.cast(sa.null(), sa.Text)
    parts = []
    for left in left_behind(inactive_since):
        first, last = (sa.func.min(text), sa.func.max(text))
        are_decisions = left.table is DECISIONS
        ends = (first, last) if are_decisions else (none, none)
        is_event = sa.literal(0 if are_decisions else 1).label("is_event")
        parts.append(left.grouped(is_event, ends[0].label("oldest"), ends[1].label("newest")))
    every = sa.union_all(*parts).subquery().c
    return (
        sa.select(
            every.account_id,
            sa.func.sum(every.rows * (1 - every.is_event)).label("decisions"),
            sa.func.sum(every.rows * every.is_event).label("events"),
            sa.func.min(every.oldest).label("oldest"),
            sa.func.max(every.newest).label("newest"),
        )
        .group_by(every.account_id)
        .having(sa.func.max(every.newer) == 0)
        .subquery()
    )


def sizes_of(
    connection: sa.Connection, accounts: Sequence[str], inactive_since: datetime
) -> dict[str, int]:
    """How many rows there are of those of the accounts that are inactive, by one statement."""
    parts = [
        left.grouped().where(left.table.c.account_id.in_(accounts))
        for left in left_behind(inactive_since)
    ]
    sizes: dict[str, int] = {}
    active = set()
    for row in connection.execute(sa.union_all(*parts)):
        sizes[row.account_id] = sizes.get(row.account_id, 0) + int(row.rows)
        if row.newer:
            active.add(row.account_id)
    return {account: size for account, size in sorted(sizes.items()) if account not in active}
