"""Visits that are still to be planned: what decisions in force ask for and nobody has planned."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from models.intensity.ladder import ESCALATE
from service.log.decisions import DecisionLog, Query
from service.log.kinds import kinds
from service.log.records import Record
from service.tables import DECISIONS
from service.visits.cases import Visit
from service.visits.store import of_accounts

LOOKED_AT = 200  # decisions in force that escalate, the newest


class ToPlan(NamedTuple):
    """The decisions on which a visit may be planned, newest first, at most one of an account.

    `all_seen`: no more decisions in force escalate than were looked at.
    """

    records: list[Record]
    all_seen: bool


def to_plan(engine: sa.Engine, log: DecisionLog, now: datetime) -> ToPlan:
    """What of the newest decisions in force that escalate asks for a visit.

    Each must still be valid, hold the channel, and be its account's last in force; no visit of its
    account may be open, nor one have been made on that decision. The rules, which may forbid it by
    now, are asked when a visit is planned.
    """
    page = log.search(Query(level=ESCALATE, status="effective"), LOOKED_AT)
    asked = [each for each in page.records if _asks(each, now)]
    with engine.connect() as connection:
        newest = _newest(connection, [UUID(each["decision_id"]) for each in asked])
        asked = [each for each in asked if UUID(each["decision_id"]) in newest]
        visits = of_accounts(connection, [each["account_id"] for each in asked])
    open_of = {visit.account_id for visit in visits if visit.state != "closed"}
    made_on = {str(visit.decision_id) for visit in visits if _was_made(visit)}
    return ToPlan(
        [
            each
            for each in asked
            if each["account_id"] not in open_of and each["decision_id"] not in made_on
        ],
        page.next_before is None,
    )


def _asks(record: Record, now: datetime) -> bool:
    valid = datetime.fromisoformat(record["valid_until"]) >= now
    return valid and "visit" in record["intensity"]["channels"]


def _newest(connection: sa.Connection, decision_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the decisions after which their account has no other that took effect."""
    columns, later = DECISIONS.c, DECISIONS.alias("later")
    effective = kinds(status="effective")
    assert effective is not None  # no model is asked for
    after = (
        sa.select(later.c.decision_id)
        .where(later.c.account_id == columns.account_id)
        .where(later.c.decision_id > columns.decision_id)
        .where(later.c.kind.bitwise_and(effective.mask) == effective.value)
        .limit(1)  # so that a planner cannot make a join of it, which would read the whole table
        .scalar_subquery()
    )
    query = sa.select(columns.decision_id)
    query = query.where(columns.decision_id.in_(decision_ids), after.is_(None))
    return set(connection.execute(query).scalars())


def _was_made(visit: Visit) -> bool:
    return visit.taken("made") is not None
