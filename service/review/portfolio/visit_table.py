"""Visits that are open, by the step that each was taken last, and those that are to be planned."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from service.bodies.visits import STEPS, Step
from service.log.records import Record
from service.visits.cases import Visit
from service.visits.planning import ToPlan
from service.visits.visiting import Visiting

OPEN: tuple[Step, ...] = STEPS[:-1]  # a visit that is closed is done with
TO_PLAN = "to_plan"
SINCE = timedelta(
    days=365
)  # further back lie ever more that are closed, and hardly one that is not


class Part(NamedTuple):
    """Visits of one step, newest first; `next` is where to go on, None at the end."""

    step: Step
    rows: list[dict[str, Any]]
    next: UUID | None


class Planning(NamedTuple):
    """What is to be planned; `more` is how many are not in `rows`."""

    rows: list[dict[str, Any]]
    more: int
    all_seen: bool


def part_of(visiting: Visiting, step: Step, after: UUID | None, limit: int, now: datetime) -> Part:
    """The visits that stand at a step since SINCE at most, those told of last first."""
    found = visiting.search(None, step, after, limit, now - SINCE)
    return Part(step, [_row(visiting, visit) for visit in found.visits], found.next)


def planning_of(to_plan: ToPlan, limit: int | None) -> Planning:
    """What is to be planned, of which `limit` are shown (None: all)."""
    shown = to_plan.records[:limit]
    rows = [_to_plan(record) for record in shown]
    return Planning(rows, len(to_plan.records) - len(rows), to_plan.all_seen)


def _row(visiting: Visiting, visit: Visit) -> dict[str, Any]:
    """What a row shows; the appointment while it lies ahead, in the offset it was sent with."""
    planned, last = visit.steps[0], visit.steps[-1]
    ahead = visit.state == "planned"
    return {
        "visit_id": visit.visit_id,
        "account_id": visit.account_id,
        "place": planned.body["place"],
        "appointment": visiting.appointment_of(visit) if ahead else None,
        "at": last.body["at"],
        "actor": last.actor,
    }


def _to_plan(record: Record) -> dict[str, Any]:
    score = record["score"]
    told = {name: record[name] for name in ("decision_id", "account_id", "decided_at", "actor")}
    return told | {
        "valid_until": record["valid_until"],
        "stage": score["stage"],
        "tier": score["tier"],
    }
