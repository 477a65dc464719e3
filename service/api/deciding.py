"""What the routes that decide share: lanes, keys, and the first answer given again."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request

from service.admission import OVERLOADED, Admission
from service.api.common import Lane, Parts, body_of, parts_of
from service.deciding.asked import Asked
from service.errors import ProblemError, unavailable
from service.headers import headers_of
from service.log.idempotency import HEADER, Item, Key, key_of
from service.log.records import Record
from service.security.callers import Caller
from service.traces import CURRENT

SMALL = 64 * 1024  # bytes: a body that the event loop may read itself
_HEADER = HEADER.lower()
LENGTH_UNTOLD = 2**20  # bytes: what a body without Content-Length is taken for

Decide = Callable[[Asked], Awaitable[bytes | None]]
Again = Callable[[list[Item]], bytes]


def length_of(request: Request) -> int:
    """Bytes of the body, by its header."""
    told = headers_of(request.scope).get("content-length", "")
    return int(told) if told.isdigit() else LENGTH_UNTOLD


async def decided(request: Request, lane: Lane, decide: Decide, again: Again) -> bytes:
    """The answer that `decide` makes, or `again` of the first one where its key stood for one."""
    with arriving(request, lane):
        return await _admitted(request, lane.admission, decide, again)


@contextmanager
def arriving(request: Request, lane: Lane) -> Iterator[None]:
    """While a request arrives and is answered in its lane; ProblemError `overloaded`."""
    lane.numbers.waiting.inc()
    try:
        with lane.admission.arriving(length_of(request)):
            yield
    except ProblemError as problem:
        if problem.kind == OVERLOADED:
            lane.numbers.overloaded.inc()
        raise
    finally:
        lane.numbers.waiting.dec()


async def _admitted(request: Request, admission: Admission, decide: Decide, again: Again) -> bytes:
    parts, caller = parts_of(request), _caller_of(request)
    content = await body_of(request)
    key = key_of(
        headers_of(request.scope).get(_HEADER), caller.name, request.scope["path"], content
    )
    asked = Asked(content, caller.name, key, CURRENT.get())
    with admission.inside(len(content)), parts.idempotency.held(key):
        if key is None:
            answer = await decide(asked)
            assert answer is not None  # there was no key to lose
            return answer
        return await _once(parts, asked, key, decide, again)


async def _once(parts: Parts, asked: Asked, key: Key, decide: Decide, again: Again) -> bytes:
    refusal: ProblemError | None = None
    try:
        answer = await decide(asked)
    except ProblemError as problem:
        if problem.status >= 500:
            raise
        answer, refusal = None, problem
    if answer is not None:
        return answer
    try:
        # Also a body that is refused now may be one that was decided: a moment ago, as of then.
        first = await asyncio.to_thread(_first, parts, key, again)
    except SQLAlchemyError:
        raise unavailable() from None
    if first is None:
        raise refusal or unavailable()
    return first


def _first(parts: Parts, key: Key, again: Again) -> bytes | None:
    items = parts.idempotency.first(key)
    return None if items is None else again(items)


def recorded(parts: Parts, item: Item) -> Record:
    """The record of an item that was decided before."""
    record = parts.log.read(UUID(item.decision_id))
    if record is None:
        raise ProblemError("not-found", f"What this {HEADER} decided is no longer kept.")
    return record


def _caller_of(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller
