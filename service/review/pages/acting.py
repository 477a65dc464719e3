"""The forms by which a person overrides or approves a decision."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from models.intensity.ladder import ESCALATE
from service.api.common import Parts, PartsOf, told
from service.api.deciding import arriving, length_of
from service.api.decisions import find
from service.bodies.overrides import ApproveBody, OverrideBody, text_missing
from service.bodies.validation import read
from service.errors import ProblemError, invalid, unavailable
from service.log.idempotency import key_of
from service.log.records import Record, canonical
from service.overriding import By
from service.review.asked import Asked, AskedOf
from service.review.decision.acting import CONFIRMED, Attempt, actions_of
from service.review.forms import Form, FormOf
from service.review.pages.decision import decision_page
from service.security.callers import scopes
from service.traces import PROBLEM

router = APIRouter(include_in_schema=False)

_ADDRESS = "/review/decisions/{decision_id}"

Supersede = Callable[[By], Record | None]


@router.post(f"{_ADDRESS}/override")
@scopes("review")
async def override(
    request: Request, parts: PartsOf, decision_id: str, asked: AskedOf, typed: FormOf
) -> Response:
    """Give the account another level; level 4 is asked about first."""
    return await _admitted(request, parts, decision_id, asked, Attempt("override", typed, None))


@router.post(f"{_ADDRESS}/approve")
@scopes("review")
async def approve(
    request: Request, parts: PartsOf, decision_id: str, asked: AskedOf, typed: FormOf
) -> Response:
    """Make a proposed decision effective that another person has made."""
    return await _admitted(request, parts, decision_id, asked, Attempt("approve", typed, None))


async def _admitted(
    request: Request, parts: Parts, decision_id: str, asked: Asked, attempt: Attempt
) -> Response:
    """The answer to a form, in the lane of what is told, as the API has it."""
    with arriving(request, parts.told), parts.told.admission.inside(length_of(request)):
        return await told(parts, lambda: _acted(request, parts, decision_id, asked, attempt))


def _acted(
    request: Request, parts: Parts, decision_id: str, asked: Asked, attempt: Attempt
) -> Response:
    """The page of what was decided; the same page again where it is refused, or to be confirmed."""
    record = find(parts, decision_id)
    act = _override if attempt.verb == "override" else _approve
    try:
        supersede = act(parts, UUID(record["decision_id"]), attempt.typed)
        if supersede is None:
            return _again(parts, record, asked, attempt)
        made = _once(parts, asked, attempt, supersede)
    except ProblemError as problem:
        if problem.status >= 500:
            raise
        request.scope[PROBLEM] = problem.kind
        return _again(parts, find(parts, decision_id), asked, attempt._replace(problem=problem))
    return RedirectResponse(f"/review/decisions/{made}?done={attempt.verb}", 303)


def _override(parts: Parts, identity: UUID, typed: Form) -> Supersede | None:
    """The override that was sent; None where it is to be confirmed."""
    body = read(OverrideBody, _sent(typed, "level", "reason", "text"))
    errors = text_missing(body)
    if errors:
        raise invalid(errors)
    if body.level == ESCALATE and CONFIRMED not in typed:
        return None

    def supersede(by: By) -> Record | None:
        made = parts.overriding.override(identity, body.level, body.reason, body.text, by)
        parts.metrics.numbers.overridden("override", made is not None)
        return made

    return supersede


def _approve(parts: Parts, identity: UUID, typed: Form) -> Supersede:
    body = read(ApproveBody, _sent(typed, "text"))

    def supersede(by: By) -> Record | None:
        made = parts.overriding.approve(identity, body.text, by)
        parts.metrics.numbers.overridden("approve", made is not None)
        return made

    return supersede


def _sent(typed: Form, *names: str) -> dict[str, Any]:
    """What was filled in, as the body of the API has it; a text stands on one line."""
    filled = {name: " ".join(typed.get(name, "").split()) for name in names}
    sent: dict[str, Any] = {name: text for name, text in filled.items() if text}
    if sent.get("level", "").isdecimal():
        sent["level"] = int(sent["level"][:9])
    return sent


def _once(parts: Parts, asked: Asked, attempt: Attempt, supersede: Supersede) -> str:
    """The id of what was decided: of a form that was sent twice, what it decided first."""
    assert asked.caller is not None
    typed, caller = dict(attempt.typed), asked.caller.name
    key = key_of(typed.pop("key", None), caller, asked.here, canonical(typed).encode())
    refusal: ProblemError | None = None
    try:
        made = supersede(By(caller, key))
        if made is not None:
            return str(made["decision_id"])
    except ProblemError as problem:
        refusal = problem
    try:
        items = None if key is None else parts.idempotency.first(key)
    except ProblemError as reused:
        raise refusal or reused from None
    if items is None:
        raise refusal or unavailable()
    return str(items[0].decision_id)


def _again(parts: Parts, record: Record, asked: Asked, attempt: Attempt) -> Response:
    """The page of the decision with what was sent, at the address at which it is read."""
    here = asked._replace(here=f"/review/decisions/{record['decision_id']}")
    actions = actions_of(parts, record, here, attempt)
    status = 200 if attempt.problem is None else attempt.problem.status
    return decision_page(parts, record, here, actions, status)
