"""Who calls and what they may: the scopes that each endpoint declares, closed by default."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

from starlette.requests import Request

from service.errors import ProblemError

Scope = Literal["score", "review", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

OPEN_PATHS = ("/healthz", "/readyz")

_ATTRIBUTE = "curescore_scopes"
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, by the name of the key, and what the key is for."""

    name: str
    scope: Scope


LOCAL = Caller("local", "admin")  # everyone on this machine, where AUTH is off


def scopes(*allowed: Scope) -> Callable[[Endpoint], Endpoint]:
    """Decorator of an endpoint: the scopes that may call it. `admin` always may.

    An endpoint without it is for `admin` alone.
    """

    def declare(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _ATTRIBUTE, allowed)
        return endpoint

    return declare


def scopes_of(endpoint: Callable[..., Any]) -> tuple[Scope, ...]:
    """The scopes that may call an endpoint, beside `admin`."""
    allowed: tuple[Scope, ...] = getattr(endpoint, _ATTRIBUTE, ())
    return allowed


async def authorise(request: Request) -> None:
    """Dependency of the whole app: the caller's scope must cover the route."""
    if request.scope["path"] in OPEN_PATHS:
        return
    caller: Caller = request.state.caller
    allowed = scopes_of(request.scope["endpoint"])
    if caller.scope != "admin" and caller.scope not in allowed:
        needed = " or ".join((*allowed, "admin"))
        raise ProblemError(
            "forbidden", f"The key's scope is {caller.scope}; this call needs {needed}."
        )
