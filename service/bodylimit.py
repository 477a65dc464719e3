"""ASGI middleware that bounds the body, in bytes and in time, before anything reads it."""

import asyncio
from collections.abc import Generator
from types import coroutine
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import ProblemError
from service.headers import headers_of

# A client that is still sending often sees a broken connection instead of the answer, so
# that what is too large is read and thrown away, up to this many times the limit.
DRAINED_TIMES = 10
BODY_SECONDS = 30.0  # within which the whole body has to arrive
CLOSE = {"Connection": "close"}  # the rest of such a body is not waited for


class BodyLimit:
    """Answers 413 to a body of more than `limit` bytes, by its header or as it streams in.

    A body that takes longer than BODY_SECONDS is answered 408.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        arriving = _Arriving(receive, self._limit, asyncio.get_running_loop().time() + BODY_SECONDS)
        try:
            await self._serve(scope, arriving, send)
        except _TooSlowError:
            problem = ProblemError(
                "body-too-slow",
                f"The body did not arrive within {BODY_SECONDS:g} seconds.",
                headers=CLOSE,
            )
            await problem.response()(scope, receive, send)

    async def _serve(self, scope: Scope, arriving: "_Arriving", send: Send) -> None:
        headers = headers_of(scope)
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > self._limit:
            waits = headers.get("expect", "").lower() == "100-continue"
            if not waits and int(length) <= self._limit * DRAINED_TIMES:
                await _drain(arriving.next, self._limit * DRAINED_TIMES)
            await self._refuse(scope, arriving.next, send)
            return
        try:
            await self._app(scope, arriving.counted, send)
        except _TooLargeError:
            await _drain(arriving.next, self._limit * DRAINED_TIMES)
            await self._refuse(scope, arriving.next, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = ProblemError(
            "body-too-large",
            f"The body has more than {self._limit} bytes. Send fewer accounts per request.",
            headers=CLOSE,
        )
        await problem.response()(scope, receive, send)


class _TooLargeError(Exception):
    """The stream went past the limit; passes through the app up to the middleware."""


class _TooSlowError(Exception):
    """The body is not there in time; passes through the app up to the middleware."""


class _Arriving:
    """The messages of one request, until the body is whole no later than `until`."""

    def __init__(self, receive: Receive, limit: int, until: float) -> None:
        self._receive = receive
        self._left = limit
        self._until: float | None = until  # by the loop's clock

    async def next(self) -> Message:
        """The next message; _TooSlowError where it is late."""
        steps = self._receive().__await__()
        try:
            waited_for = next(steps)
        except StopIteration as done:  # as nearly always: it had arrived, and takes no timer
            message: Message = done.value
        else:
            try:
                async with asyncio.timeout_at(self._until):
                    message = await _rest(steps, waited_for)
            except TimeoutError:
                raise _TooSlowError from None
        if not message.get("more_body", False):
            self._until = None  # what comes after the body is the end of the connection
        return message

    async def counted(self) -> Message:
        """The next message; _TooLargeError where the body goes past the limit."""
        message = await self.next()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _TooLargeError
        return message


@coroutine
def _rest(steps: Generator[Any, Any, Message], waited_for: Any) -> Generator[Any, Any, Message]:
    """What is left of an awaitable whose first step waits for something."""
    try:
        while True:
            try:
                result = yield waited_for
            except BaseException as error:  # noqa: BLE001 (as `yield from` hands it on)
                waited_for = steps.throw(error)
            else:
                waited_for = steps.send(result)
    except StopIteration as done:
        message: Message = done.value
        return message


async def _drain(receive: Receive, limit: int) -> None:
    more = True
    while more and limit > 0:
        message = await receive()
        limit -= len(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)
