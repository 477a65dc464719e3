"""Routes that are told what happened to accounts."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from service.api.common import Parts, answer, body_of, parts_of, told
from service.api.deciding import arriving
from service.bodies.happened import ContactsBody, EventKind, OutcomesBody, PaymentsBody
from service.happened.reading import events_of
from service.happened.store import Recorded
from service.happened_answer import RecordedAnswer
from service.openapi import body_of as shown_body
from service.openapi import problems
from service.security.callers import scopes

router = APIRouter(prefix="/v1", tags=["happened"])

_PROBLEMS = problems(400, 408, 409, 413, 415, 422)


@router.post(
    "/contacts",
    operation_id="recordContacts",
    summary="Tell contacts, and attempts at them",
    response_model=RecordedAnswer,
    openapi_extra=shown_body(ContactsBody),
    responses=_PROBLEMS,
)
@scopes("score")
async def contacts(request: Request) -> Response:
    """All of them are recorded durably, or none; what is known already is passed over."""
    return await _recorded(request, "contact")


@router.post(
    "/payments",
    operation_id="recordPayments",
    summary="Tell payments, and that they were taken back",
    response_model=RecordedAnswer,
    openapi_extra=shown_body(PaymentsBody),
    responses=_PROBLEMS,
)
@scopes("score")
async def payments(request: Request) -> Response:
    """All of them are recorded durably, or none; what is known already is passed over."""
    return await _recorded(request, "payment")


@router.post(
    "/outcomes",
    operation_id="recordOutcomes",
    summary="Tell what monthly cycles came to",
    response_model=RecordedAnswer,
    openapi_extra=shown_body(OutcomesBody),
    responses=_PROBLEMS,
)
@scopes("score")
async def outcomes(request: Request) -> Response:
    """All of them are recorded durably, or none; what is known already is passed over."""
    return await _recorded(request, "outcome")


async def _recorded(request: Request, kind: EventKind) -> Response:
    parts, caller = parts_of(request), request.state.caller
    with arriving(request, parts.told):
        body = await body_of(request)
        with parts.told.admission.inside(len(body)):
            recorded = await told(parts, lambda: _record(parts, kind, body, caller.name))
    counts = {"new": recorded.new, "corrected": recorded.corrected, "known": recorded.known}
    parts.metrics.numbers.happened(kind, **counts)
    return answer(recorded._asdict())


def _record(parts: Parts, kind: EventKind, body: bytes, actor: str) -> Recorded:
    now = parts.clock()
    return parts.happened.record(kind, events_of(kind, body, now), actor, now)
