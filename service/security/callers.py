"""Who calls and what they may: the scopes that each endpoint declares, closed by default."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

from starlette.requests import Request

from service.errors import ProblemError

Scope = Literal["score", "review", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

OPEN_PATHS = ("/healthz", "/readyz", "/review/sign-in")
OPEN_FOLDER = "/review/static/"  # style and scripts, which the page to sign in at needs

_ATTRIBUTE = "curescore_scopes"
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, by the name of the key, and what the key is for."""

    name: str
    scope: Scope


LOCAL = Caller("local", "admin")  # everyone on this machine, where AUTH is off


def is_open(path: str) -> bool:
    """Whether a path is answered to everybody."""
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDER)


def may(caller: Caller, *allowed: Scope) -> bool:
    """Whether the caller's scope is among those allowed; `admin` always is."""
    return caller.scope == "admin" or caller.scope in allowed


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
    if is_open(request.scope["path"]):
        return
    caller: Caller = request.state.caller
    allowed = scopes_of(request.scope["endpoint"])
    if not may(caller, *allowed):
        needed = " or ".join((*allowed, "admin"))
        raise ProblemError(
            "forbidden", f"The key's scope is {caller.scope}; this call needs {needed}."
        )
