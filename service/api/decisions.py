"""Routes that decide and that read the record."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from service.answers import BatchAnswer, RecordAnswer, SearchAnswer
from service.api.common import BodyOf, CallerOf, Parts, PartsOf, Showing, ShowingOf, answer
from service.decisions import Query
from service.errors import ProblemError
from service.jsonbody import parse
from service.openapi import body_of, problems
from service.records import Record, shown
from service.schemas import BatchBody, DecisionBody, SearchBody
from service.scoring import ItemResult
from service.security import scopes
from service.validation import read

router = APIRouter(prefix="/v1", tags=["decisions"])


@router.post(
    "/decisions",
    operation_id="createDecision",
    summary="Decide one account",
    response_model=RecordAnswer,
    openapi_extra=body_of(DecisionBody),
    responses=problems(400, 408, 413, 415, 422),
)
@scopes("score")
async def create(parts: PartsOf, caller: CallerOf, body: BodyOf, showing: ShowingOf) -> Response:
    """Score the account, choose its level, record the decision durably, and answer it."""

    def decide(patience: float) -> Response:
        record = parts.scoring.decide_one(parse(body), caller.name, patience)
        return _shown(shown(record, showing.reasons, showing.language), showing)

    return await parts.deciding.run(decide)


@router.post(
    "/decisions:batch",
    operation_id="createDecisions",
    summary="Decide up to 1,000 accounts",
    response_model=BatchAnswer,
    openapi_extra=body_of(BatchBody),
    responses=problems(400, 408, 413, 415, 422),
)
@scopes("score")
async def create_batch(
    parts: PartsOf, caller: CallerOf, body: BodyOf, showing: ShowingOf
) -> Response:
    """Each item gets a decision or a problem of its own; pointers start at the whole body."""

    def decide(patience: float) -> Response:
        results = parts.scoring.decide_batch(parse(body), caller.name, patience)
        refused = sum(isinstance(result.outcome, ProblemError) for result in results)
        batch = {
            "results": [_result(result, showing) for result in results],
            "scored": len(results) - refused,
            "refused": refused,
        }
        return _shown(batch, showing)

    return await parts.deciding.run(decide)


def _shown(value: Record, showing: Showing) -> Response:
    return answer(value, language=showing.language)


def _result(result: ItemResult, showing: Showing) -> Record:
    plain: Record = {"index": result.index, "request_id": result.request_id}
    if isinstance(result.outcome, ProblemError):
        return plain | {"problem": result.outcome.body()}
    return plain | {"decision": shown(result.outcome, showing.reasons, showing.language)}


@router.post(
    "/decisions:search",
    operation_id="searchDecisions",
    summary="Find recorded decisions",
    response_model=SearchAnswer,
    openapi_extra=body_of(SearchBody),
    responses=problems(400, 408, 413, 415, 422),
)
@scopes("review")
def search(parts: PartsOf, body: BodyOf, showing: ShowingOf) -> Response:
    """Newest first, page by page. Account ids go in the body, never in an address."""
    return _shown(_page(parts, read(SearchBody, parse(body)), showing), showing)


def _page(parts: Parts, wanted: SearchBody, showing: Showing) -> Record:
    conditions = {name: getattr(wanted, name) for name in Query.__slots__}
    before = None if wanted.cursor is None else str(wanted.cursor)
    found = parts.log.search(Query(**conditions), wanted.limit + 1, before)
    page = found[: wanted.limit]
    more = len(found) > wanted.limit
    return {
        "decisions": [shown(record, showing.reasons, showing.language) for record in page],
        "next_cursor": page[-1]["decision_id"] if more else None,
    }


@router.get(
    "/decisions/{decision_id}",
    operation_id="getDecision",
    summary="Read one decision",
    response_model=RecordAnswer,
    responses=problems(404, 422),
)
@scopes("score", "review")
def get(parts: PartsOf, decision_id: str, showing: ShowingOf) -> Response:
    """The record as it was answered; the sentences in the language asked for now."""
    record = find(parts, decision_id)
    return _shown(shown(record, showing.reasons, showing.language), showing)


def find(parts: Parts, decision_id: str) -> Record:
    """The record of that id; ProblemError `not-found` where there is none."""
    try:
        record = parts.log.read(str(UUID(decision_id)))
    except ValueError:
        record = None
    if record is None:
        raise ProblemError("not-found", "There is no decision with this id.")
    return record
