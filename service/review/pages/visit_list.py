"""The list of visits: what is to be planned, and what is open, by the step taken last."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from service.api.common import PartsOf
from service.review.asked import AskedOf
from service.review.portfolio.visit_table import OPEN, SINCE, TO_PLAN, part_of, planning_of
from service.review.rendering import page
from service.security.callers import scopes
from service.visits.planning import LOOKED_AT

router = APIRouter(include_in_schema=False)

AT_FIRST = 10  # visits of each step while all steps are shown
ON_PAGE = 25


@router.get("/review/visits")
@scopes("review")
def visit_list(
    parts: PartsOf,
    asked: AskedOf,
    step: Annotated[str, Query()] = "",
    after: Annotated[str, Query()] = "",
) -> Response:
    """All that is open, some of each; or with `step` one part of it, page by page."""
    chosen = [each for each in OPEN if each == step]
    alone = bool(chosen) or step == TO_PLAN
    now = parts.clock()
    to_plan = None
    if not chosen:
        limit = None if alone else AT_FIRST
        to_plan = planning_of(parts.visiting.to_plan(now), limit)
    limit = ON_PAGE if alone else AT_FIRST
    shown = chosen if alone else OPEN
    return page(
        "visits.html",
        asked,
        alone=alone,
        later=after,
        to_plan=to_plan,
        looked_at=LOOKED_AT,
        days=SINCE.days,
        parts=[part_of(parts.visiting, each, _id(after), limit, now) for each in shown],
    )


def _id(text: str) -> UUID | None:
    """The visit that a page begins after; the first page where the text is no id."""
    try:
        return UUID(text)
    except ValueError:
        return None
