"""The route that tells what a change does to a decision."""

from fastapi import APIRouter
from starlette.responses import Response

from models.decision import Decision
from service.answers import ExplanationAnswer
from service.api.common import BodyOf, PartsOf, Showing, ShowingOf, answer
from service.bodies.changes import ExplainBody
from service.bodies.jsonbody import parse
from service.explaining import moved
from service.log.records import Record, decided, shown
from service.openapi import body_of, problems
from service.security.callers import scopes

router = APIRouter(prefix="/v1", tags=["decisions"])


@router.post(
    "/decisions:explain",
    operation_id="explainDecision",
    summary="See what a change does",
    response_model=ExplanationAnswer,
    openapi_extra=body_of(ExplainBody),
    responses=problems(400, 408, 413, 415, 422),
)
@scopes("score", "review")
def explain(parts: PartsOf, body: BodyOf, showing: ShowingOf) -> Response:
    """The decision without the changes and with them, and what they moved. Nothing is recorded."""
    before, after = parts.explaining.explain(parse(body))
    told = {
        "before": _told(before, showing),
        "after": _told(after, showing),
        "moved": moved(before, after),
    }
    return answer(told, language=showing.language)


def _told(decision: Decision, showing: Showing) -> Record:
    """What was decided, as a record shows it."""
    part = decided(decision)
    whole = shown({**part, "currency": decision.currency}, showing.reasons, showing.language)
    return {name: whole[name] for name in part}
