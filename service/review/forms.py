"""Forms that pages send: read strictly, and only where they come from a page of ours."""

import hmac
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends
from starlette.requests import Request

from service.errors import FieldError, ProblemError, invalid
from service.headers import headers_of
from service.security.cookies import CSRF_FIELD

FORM_BYTES = 64 * 1024
FIELDS = 100
OURS = ("same-origin", "none")  # of Sec-Fetch-Site; none: the reader's own doing
MEDIA_TYPE = "application/x-www-form-urlencoded"

Form = Mapping[str, str]


async def form_of(request: Request) -> Form:
    """The fields of the form that was sent; ProblemError where it is none of ours."""
    kind = headers_of(request.scope).get("content-type", "").partition(";")[0].strip().lower()
    if kind != MEDIA_TYPE:
        raise ProblemError("unsupported-media-type", f"Send Content-Type: {MEDIA_TYPE}.")
    _require_our_site(request)
    fields = read(await _content(request))
    sent, wanted = fields.pop(CSRF_FIELD, ""), request.state.csrf
    if not hmac.compare_digest(sent.encode(), wanted.encode()):
        raise _not_ours()
    return fields


FormOf = Annotated[Form, Depends(form_of)]


def read(content: bytes) -> dict[str, str]:
    """The fields of a form, each line ended alike; ProblemError where it cannot be read."""
    try:
        text = content.decode()
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=FIELDS)
    except ValueError:  # UnicodeDecodeError too
        raise _wrong(f"is not UTF-8, or has more than {FIELDS} fields") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise _wrong("has a field twice")
    if any("\0" in part for pair in pairs for part in pair):
        raise _wrong("has a character that no text has")
    return {name: value.replace("\r\n", "\n") for name, value in fields.items()}


async def _content(request: Request) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > FORM_BYTES:
            raise ProblemError("body-too-large", f"A form may have {FORM_BYTES} bytes.")
    return bytes(content)


def _require_our_site(request: Request) -> None:
    """Browsers tell from where a form is sent, which no page can forge.

    Sec-Fetch-Site says it outright; they leave it out where they speak plain HTTP to another
    machine, and send Origin alone.
    """
    headers = headers_of(request.scope)
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        ours = site in OURS
    else:
        ours = origin is None or origin.partition("://")[2] == headers.get("host")
    if not ours:
        raise _not_ours()


def _not_ours() -> ProblemError:
    return ProblemError(
        "forbidden",
        "The form does not come from a page of this service as it was shown last, so that nothing "
        "was done. Reload the page and send it again.",
    )


def _wrong(problem: str) -> ProblemError:
    return invalid([FieldError("", problem, "Reload the page and send it again.")])
