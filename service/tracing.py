"""Tracing: each request has an id, which its answer and its log lines carry, and is timed."""

from logging import INFO, getLogger
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.logs import ACCESS
from service.numbers import Numbers
from service.traces import CURRENT, REQUEST_ID, trace_of

_LOGGER = getLogger(ACCESS)
_HUNG_UP, _FAILED = 499, 500


class Tracing:
    """Stands around all that serves requests; whatever that is, its answer says the id."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers

    async def serve(self, served: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        began, status = perf_counter(), 0
        trace = trace_of(scope)
        said = REQUEST_ID, trace.request_id.encode()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], said]
            await send(message)

        before = CURRENT.set(trace)
        try:
            await served(scope, receive, sending)
        except BaseException:
            status = status or _FAILED
            raise
        finally:
            seconds = perf_counter() - began
            self._numbers.answered(trace, status or _HUNG_UP, seconds)
            if _LOGGER.isEnabledFor(INFO):
                told = {
                    "method": scope["method"],
                    "status": status,
                    "duration_ms": round(1000 * seconds, 1),
                }
                _LOGGER.info("answered", extra=told)
            CURRENT.reset(before)
