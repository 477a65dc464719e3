"""Routes by which a reviewer decides: another level, or an approval."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from service.answers import RecordAnswer
from service.api.common import PartsOf, Showing, ShowingOf, answered, told
from service.api.deciding import decided, recorded
from service.bodies.jsonbody import parse
from service.bodies.overrides import ApproveBody, OverrideBody, text_missing
from service.bodies.validation import read
from service.deciding.asked import Asked
from service.errors import ProblemError, invalid
from service.log.idempotency import Item
from service.log.records import Record, shown
from service.openapi import IDEMPOTENCY_KEY, body_of, problems
from service.overriding import By
from service.security.callers import scopes

router = APIRouter(prefix="/v1/decisions", tags=["decisions"])

_KEYED = {"parameters": [IDEMPOTENCY_KEY]}

Supersede = Callable[[Any, By], Record | None]


@router.post(
    "/{decision_id}:override",
    operation_id="overrideDecision",
    summary="Give the account another level",
    response_model=RecordAnswer,
    openapi_extra=body_of(OverrideBody) | _KEYED,
    responses=problems(400, 404, 408, 409, 413, 415, 422),
)
@scopes("review")
async def override(
    request: Request, parts: PartsOf, decision_id: str, showing: ShowingOf
) -> Response:
    """A reviewer's decision supersedes the one named, never beyond a rule; level 4 is proposed."""
    identity = _id(decision_id)

    def supersede(value: Any, by: By) -> Record | None:
        body = read(OverrideBody, value)
        errors = text_missing(body)
        if errors:
            raise invalid(errors)
        made = parts.overriding.override(identity, body.level, body.reason, body.text, by)
        parts.metrics.numbers.overridden("override", made is not None)
        return made

    return await _superseded(request, parts, showing, supersede)


@router.post(
    "/{decision_id}:approve",
    operation_id="approveDecision",
    summary="Approve what is proposed",
    response_model=RecordAnswer,
    openapi_extra=body_of(ApproveBody) | _KEYED,
    responses=problems(400, 404, 408, 409, 413, 415, 422),
)
@scopes("review")
async def approve(
    request: Request, parts: PartsOf, decision_id: str, showing: ShowingOf
) -> Response:
    """Another person than the one who made it makes a proposed decision effective."""
    identity = _id(decision_id)

    def supersede(value: Any, by: By) -> Record | None:
        made = parts.overriding.approve(identity, read(ApproveBody, value).text, by)
        parts.metrics.numbers.overridden("approve", made is not None)
        return made

    return await _superseded(request, parts, showing, supersede)


async def _superseded(
    request: Request, parts: PartsOf, showing: Showing, supersede: Supersede
) -> Response:
    async def decide(asked: Asked) -> bytes | None:
        by = By(asked.actor, asked.key)
        record = await told(parts, lambda: supersede(parse(asked.content), by))
        return None if record is None else _encoded(record, showing)

    def again(items: list[Item]) -> bytes:
        return _encoded(recorded(parts, items[0]), showing)

    content = await decided(request, parts.told, decide, again)
    return answered(content, language=showing.language)


def _encoded(record: Record, showing: Showing) -> bytes:
    return msgspec.json.encode(shown(record, showing.reasons, showing.language))


def _id(decision_id: str) -> UUID:
    try:
        return UUID(decision_id)
    except ValueError:
        raise ProblemError("not-found", "There is no decision with this id.") from None
