"""Routes that are told what happened to accounts."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from service.api.common import BodyOf, answer, parts_of
from service.bodies.happened import ContactsBody, EventKind, OutcomesBody, PaymentsBody
from service.happened.reading import events_of
from service.happened_answer import RecordedAnswer
from service.openapi import body_of, problems
from service.security.callers import scopes

router = APIRouter(prefix="/v1", tags=["happened"])

_PROBLEMS = problems(400, 408, 409, 413, 415, 422)


@router.post(
    "/contacts",
    operation_id="recordContacts",
    summary="Tell contacts, and attempts at them",
    response_model=RecordedAnswer,
    openapi_extra=body_of(ContactsBody),
    responses=_PROBLEMS,
)
@scopes("score")
def contacts(request: Request, body: BodyOf) -> Response:
    """All of them are recorded durably, or none; what is known already is passed over."""
    return _recorded(request, "contact", body)


@router.post(
    "/payments",
    operation_id="recordPayments",
    summary="Tell payments, and that they were taken back",
    response_model=RecordedAnswer,
    openapi_extra=body_of(PaymentsBody),
    responses=_PROBLEMS,
)
@scopes("score")
def payments(request: Request, body: BodyOf) -> Response:
    """All of them are recorded durably, or none; what is known already is passed over."""
    return _recorded(request, "payment", body)


@router.post(
    "/outcomes",
    operation_id="recordOutcomes",
    summary="Tell what monthly cycles came to",
    response_model=RecordedAnswer,
    openapi_extra=body_of(OutcomesBody),
    responses=_PROBLEMS,
)
@scopes("score")
def outcomes(request: Request, body: BodyOf) -> Response:
    """All of them are recorded durably, or none; what is known already is passed over."""
    return _recorded(request, "outcome", body)


def _recorded(request: Request, kind: EventKind, body: bytes) -> Response:
    parts, caller = parts_of(request), request.state.caller
    now = parts.clock()
    recorded = parts.happened.record(kind, events_of(kind, body, now), caller.name, now)
    told = {"new": recorded.new, "corrected": recorded.corrected, "known": recorded.known}
    parts.metrics.numbers.happened(kind, **told)
    return answer(recorded._asdict())
