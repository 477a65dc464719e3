"""Every call needs a live key, or a session opened with one, used no more often than it may be."""

import re
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import ProblemError
from service.headers import headers_of
from service.security.arriving import is_from_elsewhere, once_more
from service.security.callers import LOCAL, Caller, is_open
from service.security.cookies import csrf_of, is_page, new_value, set_cookie, value_of
from service.security.door import Door

LOOPBACK_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:(?P<port>[0-9]{1,5}))?", re.I)
LAST_PORT = 65_535

Answer = Callable[[Request, ProblemError], Response]


class Authentication:
    """ASGI middleware: every path but the open ones needs a live key, also unknown paths.

    With `door` None (AUTH off) everyone is LOCAL, but only under a name of this machine,
    so that a web page elsewhere cannot reach the service through the reader's browser.
    `answer` makes what is answered to those who are not let in.
    """

    def __init__(self, app: ASGIApp, door: Door | None, answer: Answer) -> None:
        self._app = app
        self._door = door
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if is_page(scope["path"]):
            if value_of(scope) is None and is_from_elsewhere(scope):
                await once_more(scope)(scope, receive, send)
                return
            send = _recognised(scope, send)
        if not is_open(scope["path"]):
            try:
                caller = await self._caller(scope)
            except ProblemError as problem:
                await self._answer(Request(scope), problem)(scope, receive, send)
                return
            scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)

    async def _caller(self, scope: Scope) -> Caller:
        if self._door is not None:
            return await self._door.caller(scope)
        if not _is_local(headers_of(scope).get("host", "")):
            raise ProblemError("forbidden", "Without keys, only localhost is answered.")
        return LOCAL


def _is_local(host: str) -> bool:
    """Whether a Host header names this machine, and nothing but it and a port."""
    found = LOOPBACK_HOST.fullmatch(host)
    return found is not None and int(found["port"] or 0) <= LAST_PORT


def _recognised(scope: Scope, send: Send) -> Send:
    """`send` of a request for a page, whose forms can be told by the browser's cookie.

    A browser that reads a page and has no cookie is given one.
    """
    sent = value_of(scope)
    value = sent or new_value()
    scope.setdefault("state", {})["csrf"] = csrf_of(value)
    if sent is not None or scope["method"] not in ("GET", "HEAD"):
        return send

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            if headers.get("content-type", "").startswith("text/html"):
                headers.append("set-cookie", set_cookie(scope, value))
        await send(message)

    return sending
