"""The trace of a request: one id that its answer, its log lines and its caller's share."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from starlette.types import Scope

from service.headers import headers_of

REQUEST_ID = b"x-request-id"
DIRECT = "curescore.direct"  # in the scope of a call that passes by routing
PROBLEM = "curescore.problem"  # in the scope of a request that was answered with one: its kind
UNROUTED = "none"  # what a request that has no route is counted and told under
# W3C Trace Context: version, trace-id, parent-id, flags; later versions may tell more.
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
_NO_TRACE, _NO_PARENT, _FIRST, _INVALID = "0" * 32, "0" * 16, "00", "ff"


class Trace(NamedTuple):
    """A request: its id, and whether that is a trace-id that its caller sent."""

    request_id: str
    sent: bool
    scope: Scope

    @property
    def route(self) -> str:
        """The template of its route, in which nothing is personal."""
        if DIRECT in self.scope:
            return str(self.scope["path"])
        return getattr(self.scope.get("route"), "path", UNROUTED)


CURRENT: ContextVar[Trace | None] = ContextVar("curescore_trace", default=None)


def trace_of(scope: Scope) -> Trace:
    """The trace of a request: its caller's where `traceparent` is sound, else a new one."""
    parent = headers_of(scope).get("traceparent")
    sent = None if parent is None else _trace_id(parent)
    return Trace(sent or os.urandom(16).hex(), sent is not None, scope)


def _trace_id(traceparent: str) -> str | None:
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None or found[1] == _INVALID or (found[1] == _FIRST and found[4]):
        return None
    return None if found[2] == _NO_TRACE or found[3] == _NO_PARENT else found[2]


@contextmanager
def traced(trace: Trace | None) -> Iterator[None]:
    """Inside, what is logged is told to be of that request."""
    before = CURRENT.set(trace)
    try:
        yield
    finally:
        CURRENT.reset(before)
