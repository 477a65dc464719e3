"""The routes of an app, for tests that walk all of them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from service.security.callers import Scope, is_open, scopes_of

ID = "0198a5b0-0000-7000-8000-000000000000"
_PARAMETER = r"\{[a-z_]+(:path)?\}"


class Call(NamedTuple):
    """A route by one of its methods; `path` has ID where the route takes an id."""

    method: str
    template: str
    path: str
    scopes: tuple[Scope, ...]

    def takes(self, path: str) -> bool:
        """Whether a path is one of the route's, whatever the id."""
        return re.fullmatch(re.sub(_PARAMETER, "[^/]+", self.template), path) is not None


def calls_of(app: FastAPI) -> Iterator[Call]:
    """Every call that the app's routes take."""
    for context in iter_route_contexts(app.routes):
        route = context.route
        assert isinstance(route, APIRoute), f"{route} would pass by the check of scopes"
        path = re.sub(_PARAMETER, ID, route.path)
        for method in sorted(route.methods):
            yield Call(method, route.path, path, scopes_of(route.endpoint))


def closed(app: FastAPI) -> list[Call]:
    """The calls that need a key."""
    return [call for call in calls_of(app) if not is_open(call.path)]
