"""Calls that come all day go straight to their endpoints.

Routing and solving dependencies costs more than HTTP itself. The endpoints take the request
alone and are routes of the app all the same: there OpenAPI and other methods find them.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.common import hung_up
from service.errors import ProblemError
from service.security.callers import authorise
from service.security.shielding import shielded
from service.traces import DIRECT
from service.tracing import Tracing

Endpoint = Callable[[Request], Awaitable[Response]]
Calls = Mapping[tuple[str, str], Endpoint]


class Service(FastAPI):
    """An app whose calls in `direct`, by method and path, do not pass through its middleware.

    What they pass through instead, `wrapped` puts around them. Every request is traced, every
    answer shielded.
    """

    def __init__(
        self,
        direct: Calls,
        wrapped: Callable[[ASGIApp], ASGIApp],
        tracing: Tracing,
        **told: Any,
    ) -> None:
        super().__init__(**told)
        self._direct = direct
        self._wrapped = wrapped(_serve)
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        endpoint = self._direct.get((scope["method"], scope["path"]))
        served: ASGIApp = super().__call__
        if endpoint is not None:
            scope["app"], scope["endpoint"], scope[DIRECT] = self, endpoint, True
            served = self._wrapped
        await self._tracing.serve(served, scope, receive, shielded(send))


async def _serve(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    try:
        await authorise(request)
        response = await scope["endpoint"](request)
    except ProblemError as problem:
        response = problem.response()
    except ClientDisconnect:
        response = hung_up()
    await response(scope, receive, send)
