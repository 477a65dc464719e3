"""Routes of visits: their steps are told, and found again."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from service.api.common import BodyOf, Parts, PartsOf, answer, parts_of, told
from service.api.common import body_of as read_body
from service.api.deciding import arriving
from service.bodies.jsonbody import parse
from service.bodies.validation import read
from service.bodies.visits import VisitsBody, VisitSearchBody
from service.instants import utc_text
from service.openapi import body_of, problems
from service.security.callers import scopes
from service.visits.cases import Taken, Visit
from service.visits.promises import promise_of
from service.visits_answer import NotedAnswer, VisitsAnswer

router = APIRouter(prefix="/v1", tags=["visits"])


@router.post(
    "/visits",
    operation_id="recordVisits",
    summary="Tell the steps of visits",
    response_model=NotedAnswer,
    openapi_extra=body_of(VisitsBody),
    responses=problems(400, 408, 409, 413, 415, 422),
)
@scopes("score", "review")
async def note(request: Request) -> Response:
    """Planned, made, recorded, followed up, closed: all of a list is recorded, or nothing."""
    parts, caller = parts_of(request), request.state.caller
    with arriving(request, parts.told):
        body = await read_body(request)
        with parts.told.admission.inside(len(body)):
            noted = await told(parts, lambda: parts.visiting.note(body, caller.name, parts.clock()))
    return answer(noted._asdict())


@router.post(
    "/visits:search",
    operation_id="searchVisits",
    summary="Find visits",
    response_model=VisitsAnswer,
    openapi_extra=body_of(VisitSearchBody),
    responses=problems(400, 408, 413, 415, 422),
)
@scopes("score", "review")
def search(parts: PartsOf, body: BodyOf) -> Response:
    """Those told of last come first. Without `state`, as their planning was told."""
    wanted = read(VisitSearchBody, parse(body))
    if wanted.visit_id is not None:
        one = parts.visiting.read(wanted.visit_id)
        found, following = [] if one is None else [one], None
    else:
        page = parts.visiting.search(wanted.account_id, wanted.state, wanted.cursor, wanted.limit)
        found, following = page.visits, page.next
    told = [_told(parts, visit, parts.clock()) for visit in found]
    return answer({"visits": told, "next_cursor": None if following is None else str(following)})


def _told(parts: Parts, visit: Visit, now: datetime) -> dict[str, Any]:
    return {
        "visit_id": str(visit.visit_id),
        "account_id": visit.account_id,
        "state": visit.state,
        "appointment_at": parts.visiting.appointment_of(visit),
        "promise": promise_of(visit, parts.happened, parts.log, now),
        "steps": [_step(each) for each in visit.steps],
    }


def _step(taken: Taken) -> dict[str, Any]:
    told = {"step": taken.step, "recorded_at": utc_text(taken.recorded_at), "actor": taken.actor}
    return told | dict(taken.body)
