"""What routes share: the wired parts, the body as bytes, and how an answer is shown."""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import copy_context
from dataclasses import dataclass
from functools import lru_cache
from logging import getLogger
from typing import Annotated, Any, TypeVar, get_args

import msgspec
from fastapi import Depends, Header, Query
from starlette.requests import Request
from starlette.responses import Response

from models.generation import Generation
from models.score.reasons import Language
from service.admission import Admission
from service.deciding.batches import Batches
from service.deciding.together import Together
from service.errors import FieldError, ProblemError, invalid, shown
from service.explaining import Explaining
from service.happened.store import Happened
from service.headers import headers_of
from service.log.decisions import DecisionLog
from service.log.idempotency import Idempotency
from service.log.records import REASONS_SHOWN
from service.metrics import Metrics
from service.numbers import LaneNumbers
from service.overriding import Overriding
from service.readiness import Readiness
from service.replay.past import Past
from service.reports.store import Reports
from service.scoring import Clock
from service.served.evidence import Evidences
from service.served.following import ModelsStatus
from service.visits.visiting import Visiting

_LOGGER = getLogger(__name__)

Told = TypeVar("Told")

_JSON = (b"content-type", b"application/json")

_SPOKEN = {
    language: ((b"content-language", language.encode()), (b"vary", b"Accept-Language"))
    for language in get_args(Language)
}
_LANGUAGES: dict[str, Language] = {"en": "en", "zh": "zh"}
# One choice of an Accept-Language header (RFC 9110): a language, and perhaps its weight.
_CHOICE = re.compile(r"([a-z]+)(?:-[a-z0-9-]+)?(?:[ \t]*;[ \t]*q=([01](?:\.[0-9]{0,3})?))?", re.I)


@dataclass(frozen=True, slots=True)
class Lane:
    """Requests that wait for each other: who may come in, and the numbers that tell of them."""

    admission: Admission
    numbers: LaneNumbers


@dataclass(frozen=True)
class Parts:
    """What the routes delegate to.

    Small bodies and large ones wait in lanes of their own; so does what is told, which `telling`
    writes: where the database lets nobody write, keys, readers and decisions go on.
    """

    deciding: Together
    batches: Batches
    small: Lane
    large: Lane
    told: Lane
    telling: Executor
    idempotency: Idempotency
    explaining: Explaining
    overriding: Overriding
    past: Past
    log: DecisionLog
    happened: Happened
    visiting: Visiting
    reports: Reports
    clock: Clock
    current: Callable[[], Generation]
    readiness: Readiness
    models: Callable[[], ModelsStatus]
    evidence: Evidences
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Showing:
    """How many reasons a record shows (None: all), and the language of its sentences."""

    reasons: int | None
    language: Language


def parts_of(request: Request) -> Parts:
    """The parts of the app that serves the request."""
    parts: Parts = request.app.state.parts
    return parts


async def _parts(request: Request) -> Parts:
    return parts_of(request)


async def body_of(request: Request) -> bytes:
    """The body of a JSON request; ProblemError for another kind of body."""
    headers = headers_of(request.scope)
    kind, _, parameters = headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if kind.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        raise ProblemError("unsupported-media-type", "Send Content-Type: application/json.")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise ProblemError("unsupported-media-type", "Send the body without Content-Encoding.")
    return await request.body()


def showing_of(request: Request) -> Showing:
    """How the request wants records shown; ProblemError where it cannot be."""
    reasons = request.query_params.get("reasons") if request.scope["query_string"] else None
    return Showing(
        REASONS_SHOWN if reasons is None else _count(reasons),
        language_of(headers_of(request.scope).get("accept-language", "en")),
    )


async def _showing(
    reasons: Annotated[
        str, Query(description="how many reasons, largest first: a number, or all")
    ] = str(REASONS_SHOWN),
    accept_language: Annotated[
        str, Header(description="language of the sentences: en or zh")
    ] = "en",
) -> Showing:
    return Showing(_count(reasons), language_of(accept_language))


def _count(text: str) -> int | None:
    if text == "all":
        return None
    if text.isascii() and text.isdigit() and len(text) <= 4:
        return int(text)
    remedy = "Send a number from 0 to 9999, or all."
    error = FieldError("", "is not a number of reasons", remedy, shown(text), "reasons")
    raise invalid([error])


@lru_cache(maxsize=64)  # clients say the same all day
def language_of(accepted: str) -> Language:
    """The language, of those there are, that an Accept-Language header prefers.

    A choice that is malformed is passed over.
    """
    best: tuple[float, Language] = (0.0, "en")
    for choice in accepted.split(","):
        found = _CHOICE.fullmatch(choice.strip())
        language = _LANGUAGES.get(found[1].lower()) if found else None
        weight = float(found[2] or 1) if found else 0.0
        if language is not None and best[0] < weight <= 1:
            best = (weight, language)
    return best[1]


PartsOf = Annotated[Parts, Depends(_parts)]
BodyOf = Annotated[bytes, Depends(body_of)]
ShowingOf = Annotated[Showing, Depends(_showing)]


async def told(parts: Parts, call: Callable[[], Told]) -> Told:
    """What `call` returns, by one of the few threads that write what is told."""
    run = copy_context().run  # the log names the request there too
    return await asyncio.get_running_loop().run_in_executor(parts.telling, run, call)


def answer(value: Any, status: int = 200, language: Language | None = None) -> Response:
    """`value` as a JSON answer that no cache keeps; `language` is that of its sentences."""
    return answered(msgspec.json.encode(value), status, language)


def answered(content: bytes, status: int = 200, language: Language | None = None) -> Response:
    """JSON that is encoded already as such an answer."""
    return _Json(content, status, language)


class _Json(Response):
    """Its headers are bytes as they are sent: made by name they take longer than the sending."""

    def __init__(self, content: bytes, status: int, language: Language | None) -> None:
        self.status_code, self.body, self.background = status, content, None
        spoken = _SPOKEN[language] if language else ()
        self.raw_headers = [(b"content-length", b"%d" % len(content)), _JSON, *spoken]


def hung_up() -> Response:
    """What nobody is there to read any more."""
    _LOGGER.info("a client hung up before its body was whole")
    return Response(status_code=400)
