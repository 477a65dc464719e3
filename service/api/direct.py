"""ASGI middleware: calls that come all day go straight to their endpoints.

Routing and solving dependencies costs more than HTTP itself. The endpoints take the request
alone and are routes of the app all the same: there OpenAPI and other methods find them.
"""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.common import hung_up
from service.errors import ProblemError
from service.security import authorise

Endpoint = Callable[[Request], Awaitable[Response]]


class Direct:
    """Serves the calls in `endpoints`, by method and path, and hands on all others."""

    def __init__(self, app: ASGIApp, endpoints: Mapping[tuple[str, str], Endpoint]) -> None:
        self._app = app
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        endpoint = None
        if scope["type"] == "http":
            endpoint = self._endpoints.get((scope["method"], scope["path"]))
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        scope["endpoint"] = endpoint
        request = Request(scope, receive)
        try:
            await authorise(request)
            response = await endpoint(request)
        except ProblemError as problem:
            response = problem.response()
        except ClientDisconnect:
            response = hung_up()
        await response(scope, receive, send)
