"""What routes share: the wired parts, the body as bytes, and how an answer is shown."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Query
from starlette.requests import Request
from starlette.responses import Response

from models.generation import Generation
from models.score.reasons import Language
from service.api.deciding import DecidingThreads
from service.decisions import DecisionLog
from service.errors import FieldError, ProblemError, invalid, shown
from service.explaining import Explaining
from service.records import REASONS_SHOWN
from service.scoring import Scoring
from service.security import Caller

PRIVATE = {"Cache-Control": "no-store"}

_LANGUAGES: dict[str, Language] = {"en": "en", "zh": "zh"}
# One choice of an Accept-Language header (RFC 9110): a language, and perhaps its weight.
_CHOICE = re.compile(r"([a-z]+)(?:-[a-z0-9-]+)?(?:[ \t]*;[ \t]*q=([01](?:\.[0-9]{0,3})?))?", re.I)


@dataclass(frozen=True)
class Parts:
    """What the routes delegate to; `ready` lists what keeps the service from deciding."""

    scoring: Scoring
    explaining: Explaining
    log: DecisionLog
    current: Callable[[], Generation]
    ready: Callable[[], list[str]]
    deciding: DecidingThreads


@dataclass(frozen=True, slots=True)
class Showing:
    """How many reasons a record shows (None: all), and the language of its sentences."""

    reasons: int | None
    language: Language


async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


async def _body(request: Request) -> bytes:
    """The body of a JSON request; ProblemError for another kind of body."""
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if kind.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        raise ProblemError("unsupported-media-type", "Send Content-Type: application/json.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ProblemError("unsupported-media-type", "Send the body without Content-Encoding.")
    return await request.body()


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
CallerOf = Annotated[Caller, Depends(_caller)]
BodyOf = Annotated[bytes, Depends(_body)]
ShowingOf = Annotated[Showing, Depends(_showing)]


def answer(value: Any, status: int = 200, language: Language | None = None) -> Response:
    """`value` as a JSON answer that no cache keeps; `language` is that of its sentences."""
    content = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    spoken = {"Content-Language": language, "Vary": "Accept-Language"} if language else {}
    return Response(content.encode(), status, PRIVATE | spoken, "application/json")
