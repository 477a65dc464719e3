"""ASGI middleware that bounds the body before anything reads it."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import ProblemError

# A client that is still sending often sees a broken connection instead of the answer, so
# that what is too large is read and thrown away, up to this many times the limit.
DRAINED_TIMES = 10


class BodyLimit:
    """Answers 413 to a body of more than `limit` bytes, by its header or as it streams in."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > self._limit:
            waits = headers.get("expect", "").lower() == "100-continue"
            if not waits and int(length) <= self._limit * DRAINED_TIMES:
                await _drain(receive, self._limit * DRAINED_TIMES)
            await self._refuse(scope, receive, send)
            return
        try:
            await self._app(scope, _Counted(receive, self._limit), send)
        except _TooLargeError:
            await _drain(receive, self._limit * DRAINED_TIMES)
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = ProblemError(
            "body-too-large",
            f"The body has more than {self._limit} bytes. Send fewer accounts per request.",
            headers={"Connection": "close"},
        )
        await problem.response()(scope, receive, send)


class _TooLargeError(Exception):
    """The stream went past the limit; passes through the app up to the middleware."""


class _Counted:
    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _TooLargeError
        return message


async def _drain(receive: Receive, limit: int) -> None:
    more = True
    while more and limit > 0:
        message = await receive()
        limit -= len(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)
