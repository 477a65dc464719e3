"""Routes that decide and that read the record."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from service.answers import BatchAnswer, RecordAnswer, SearchAnswer
from service.api.common import (
    BodyOf,
    Parts,
    PartsOf,
    Showing,
    ShowingOf,
    answer,
    answered,
    parts_of,
    showing_of,
)
from service.api.deciding import SMALL, decided, length_of, recorded
from service.bodies.jsonbody import parse
from service.bodies.schemas import BatchBody, DecisionBody, SearchBody
from service.bodies.validation import read
from service.deciding.asked import Asked
from service.deciding.batches import ItemResult
from service.errors import ProblemError
from service.log.decisions import Query
from service.log.idempotency import Item
from service.log.records import Record, shown
from service.openapi import body_of, problems
from service.security.callers import scopes

router = APIRouter(prefix="/v1", tags=["decisions"])

encode = msgspec.json.Encoder().encode


@router.post(
    "/decisions",
    operation_id="createDecision",
    summary="Decide one account",
    response_model=RecordAnswer,
    openapi_extra=body_of(DecisionBody),
    responses=problems(400, 408, 409, 413, 415, 422),
)
@scopes("score")
async def create(request: Request) -> Response:
    """Score the account, choose its level, record the decision durably, and answer it."""
    parts, showing = parts_of(request), showing_of(request)
    small = length_of(request) <= SMALL

    def show(record: Record) -> bytes:
        return _encoded(record, showing)

    async def decide(asked: Asked) -> bytes | None:
        return await (parts.deciding.one if small else parts.batches.large)(asked, show)

    def again(items: list[Item]) -> bytes:
        return _encoded(recorded(parts, items[0]), showing)

    content = await decided(request, parts.small if small else parts.large, decide, again)
    return answered(content, language=showing.language)


@router.post(
    "/decisions:batch",
    operation_id="createDecisions",
    summary="Decide up to 1,000 accounts",
    response_model=BatchAnswer,
    openapi_extra=body_of(BatchBody),
    responses=problems(400, 408, 409, 413, 415, 422),
)
@scopes("score")
async def create_batch(request: Request) -> Response:
    """Each item gets a decision or a problem of its own; pointers start at the whole body."""
    parts, showing = parts_of(request), showing_of(request)

    def show(result: ItemResult) -> bytes:
        return encode(_result(result, showing))

    async def decide(asked: Asked) -> bytes | None:
        batch = await parts.batches.many(asked, show)
        return None if batch is None else _batch(batch.results, batch.items)

    def again(items: list[Item]) -> bytes:
        return _batch([show(_first(parts, i, item)) for i, item in enumerate(items)], items)

    content = await decided(request, parts.large, decide, again)
    return answered(content, language=showing.language)


DIRECT = {("POST", "/v1/decisions"): create, ("POST", "/v1/decisions:batch"): create_batch}


def _encoded(record: Record, showing: Showing) -> bytes:
    return encode(shown(record, showing.reasons, showing.language))


def _batch(results: Sequence[bytes], items: Sequence[Item]) -> bytes:
    """The answer of a batch, of results that are JSON already."""
    refused = sum(item.problem is not None for item in items)
    counts = b'],"scored":%d,"refused":%d}' % (len(items) - refused, refused)
    return b'{"results":[' + b",".join(results) + counts


def _result(result: ItemResult, showing: Showing) -> Record:
    plain: Record = {"index": result.index, "request_id": result.request_id}
    if result.record is None:
        return plain | {"problem": result.problem}
    return plain | {"decision": shown(result.record, showing.reasons, showing.language)}


def _first(parts: Parts, index: int, item: Item) -> ItemResult:
    """A result of a batch that was answered before."""
    record = None if item.decision_id is None else recorded(parts, item)
    return ItemResult(index, item.request_id, record, item.problem)


def _shown(value: Record, showing: Showing) -> Response:
    return answer(value, language=showing.language)


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
    page = parts.log.search(Query(**conditions), wanted.limit, wanted.cursor)
    return {
        "decisions": [shown(record, showing.reasons, showing.language) for record in page.records],
        "next_cursor": page.next_before,
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
