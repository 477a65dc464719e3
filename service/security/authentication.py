"""Every call needs a live key, used no more often than it may be."""

import base64
import re

from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import ProblemError, unavailable
from service.headers import headers_of
from service.security.callers import LOCAL, OPEN_PATHS, Caller
from service.security.known import KnownKeys
from service.security.rates import Rates
from service.security.uses import KeyUses

LOOPBACK_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:(?P<port>[0-9]{1,5}))?", re.I)
LAST_PORT = 65_535
# A browser looks at the first of a line alone, and asks its reader for Basic only.
CHALLENGE = {"WWW-Authenticate": 'Basic realm="curescore", Bearer realm="curescore"'}


class Door:
    """Lets in whoever holds a live key, within its rate, and notes that it was used."""

    def __init__(self, known: KnownKeys, rates: Rates, uses: KeyUses) -> None:
        self._known = known
        self._rates = rates
        self._uses = uses

    async def caller(self, authorization: str, method: str) -> Caller:
        """Who sends such an Authorization header; ProblemError where they are not let in."""
        token = _token(authorization, method)
        try:
            key = await self._known.live(token) if token else None
        except SQLAlchemyError:
            raise unavailable() from None
        if key is None:
            raise ProblemError(
                "unauthorised",
                "Send a live key as `Authorization: Bearer KEY`; in a browser it is the password "
                "to any name.",
                headers=CHALLENGE,
            )
        self._rates.admit(key)
        self._uses.note(key.sha256)
        return key.caller


class Authentication:
    """ASGI middleware: every path but the open ones needs a live key, also unknown paths.

    With `door` None (AUTH off) everyone is LOCAL, but only under a name of this machine,
    so that a web page elsewhere cannot reach the service through the reader's browser.
    """

    def __init__(self, app: ASGIApp, door: Door | None) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        try:
            caller = await self._caller(scope)
        except ProblemError as problem:
            await problem.response()(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)

    async def _caller(self, scope: Scope) -> Caller:
        headers = headers_of(scope)
        if self._door is not None:
            return await self._door.caller(headers.get("authorization", ""), scope["method"])
        if not _is_local(headers.get("host", "")):
            raise ProblemError("forbidden", "Without keys, only localhost is answered.")
        return LOCAL


def _is_local(host: str) -> bool:
    """Whether a Host header names this machine, and nothing but it and a port."""
    found = LOOPBACK_HOST.fullmatch(host)
    return found is not None and int(found["port"] or 0) <= LAST_PORT


def _token(authorization: str, method: str) -> str | None:
    """The token in an Authorization header.

    Browsers send it as the password of HTTP Basic; they do so unasked, from any page, so that
    it counts for reading only.
    """
    kind, _, value = authorization.partition(" ")
    if kind.lower() == "bearer":
        return value.strip() or None
    if kind.lower() == "basic" and method in ("GET", "HEAD"):
        try:
            _, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:
            return None
        return password or None
    return None
