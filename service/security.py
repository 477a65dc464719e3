"""Who may call: keys with a scope, asked of every route but health, closed by default."""

import asyncio
import base64
import hashlib
import hmac
import math
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Literal, TypeVar, get_args

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from service.errors import ProblemError, unavailable
from service.headers import headers_of
from service.instants import utc_text
from service.tables import KEYS

Scope = Literal["score", "review", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

OPEN_PATHS = ("/healthz", "/readyz")
LOOPBACK_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:(?P<port>[0-9]{1,5}))?", re.I)
LAST_PORT = 65_535
TOKEN_PREFIX = "cs_"  # noqa: S105 (what every token starts with)
TOKEN_BYTES = 32
KEY_SECONDS = 1.0
KEYS_KEPT = 1_024
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="curescore", Basic realm="curescore"'}

_SCOPES_ATTRIBUTE = "curescore_scopes"
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, by the name of the key, and what the key is for."""

    name: str
    scope: Scope


LOCAL = Caller("local", "admin")  # everyone on this machine, where AUTH is off


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is listed; the token itself is known only to its holder."""

    name: str
    scope: str
    created_at: str
    revoked_at: str | None


class Keys:
    """The keys in the database of `engine`, stored as SHA-256 of their tokens.

    A token is 256 random bits, so that a plain hash of it cannot be searched.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def add(self, name: str, scope: Scope) -> str:
        """Make a key and return its token, which is shown this once; ValueError if taken."""
        token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        row = {
            "key_sha256": _sha256(token),
            "name": name,
            "scope": scope,
            "created_at": utc_text(datetime.now(UTC)),
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(KEYS.insert(), row)
        except IntegrityError:
            raise ValueError(name) from None
        return token

    def every(self) -> list[Key]:
        """All keys, revoked ones too, by name."""
        query = sa.select(KEYS.c.name, KEYS.c.scope, KEYS.c.created_at, KEYS.c.revoked_at)
        with self._engine.connect() as connection:
            return [Key(*row) for row in connection.execute(query.order_by(KEYS.c.name))]

    def revoke(self, name: str) -> None:
        """End the key's life; LookupError where there is no such live key."""
        live = (KEYS.c.name == name) & KEYS.c.revoked_at.is_(None)
        change = KEYS.update().where(live).values(revoked_at=utc_text(datetime.now(UTC)))
        with self._engine.begin() as connection:
            if connection.execute(change).rowcount == 0:
                raise LookupError(name)

    def caller(self, token: str) -> Caller | None:
        """Who holds the token; None where no live key has it."""
        digest = _sha256(token)
        query = sa.select(KEYS.c.key_sha256, KEYS.c.name, KEYS.c.scope).where(
            KEYS.c.key_sha256 == digest, KEYS.c.revoked_at.is_(None)
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None or not hmac.compare_digest(row.key_sha256, digest):
            return None
        return Caller(row.name, row.scope)


class KnownKeys:
    """Who holds which token, asked of the database anew each second at most while it is used.

    A key that is revoked is therefore refused within KEY_SECONDS. Only live ones are kept. They
    are asked about again after half that time, while requests go on.
    """

    def __init__(
        self, ask: Callable[[str], Caller | None], clock: Callable[[], float] = monotonic
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._known: dict[str, tuple[Caller, float]] = {}  # by digest; when it was asked for
        self._asking: dict[str, asyncio.Task[Caller | None]] = {}

    async def caller(self, token: str) -> Caller | None:
        """Who holds the token; None where no live key has it. Raises what asking raises."""
        digest = _sha256(token)
        caller, asked = self._known.get(digest, (None, -math.inf))
        age = self._clock() - asked
        if age < KEY_SECONDS / 2:
            return caller
        asking = self._asking.get(digest) or self._begin(digest, token)
        return caller if age < KEY_SECONDS else await asyncio.shield(asking)

    def _begin(self, digest: str, token: str) -> "asyncio.Task[Caller | None]":
        def end(task: asyncio.Task[Caller | None]) -> None:
            del self._asking[digest]
            if not task.cancelled():
                task.exception()  # where nobody waits for it, the next one asks again

        self._asking[digest] = task = asyncio.create_task(self._asked(digest, token))
        task.add_done_callback(end)
        return task

    async def _asked(self, digest: str, token: str) -> Caller | None:
        now = self._clock()
        caller = await asyncio.to_thread(self._ask, token)
        self._known.pop(digest, None)
        if caller is not None:
            if len(self._known) >= KEYS_KEPT:
                self._known.clear()
            self._known[digest] = caller, now
        return caller


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def scopes(*allowed: Scope) -> Callable[[Endpoint], Endpoint]:
    """Decorator of an endpoint: the scopes that may call it. `admin` always may.

    An endpoint without it is for `admin` alone.
    """

    def declare(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _SCOPES_ATTRIBUTE, allowed)
        return endpoint

    return declare


def scopes_of(endpoint: Callable[..., Any]) -> tuple[Scope, ...]:
    """The scopes that may call an endpoint, beside `admin`."""
    allowed: tuple[Scope, ...] = getattr(endpoint, _SCOPES_ATTRIBUTE, ())
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


class Authentication:
    """ASGI middleware: every path but the open ones needs a live key, also unknown paths.

    With `keys` None (AUTH off) everyone is LOCAL, but only under a name of this machine,
    so that a web page elsewhere cannot reach the service through the reader's browser.
    """

    def __init__(self, app: ASGIApp, keys: KnownKeys | None) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        try:
            caller = await self._caller(headers_of(scope), scope["method"])
        except ProblemError as problem:
            await problem.response()(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)

    async def _caller(self, headers: Mapping[str, str], method: str) -> Caller:
        if self._keys is None:
            if not _is_local(headers.get("host", "")):
                raise ProblemError("forbidden", "Without keys, only localhost is answered.")
            return LOCAL
        token = _token(headers.get("authorization", ""), method)
        try:
            caller = await self._keys.caller(token) if token else None
        except SQLAlchemyError:
            raise unavailable() from None
        if caller is None:
            raise ProblemError(
                "unauthorised",
                "Send a live key as `Authorization: Bearer KEY`.",
                headers=CHALLENGE,
            )
        return caller


def _is_local(host: str) -> bool:
    """Whether a Host header names this machine, and nothing but it and a port."""
    found = LOOPBACK_HOST.fullmatch(host)
    return found is not None and int(found["port"] or 0) <= LAST_PORT


def _token(authorization: str, method: str) -> str | None:
    """The token in an Authorization header.

    Browsers send it as the password of HTTP Basic; they do so unasked, from any page, so that
    it counts for reading only.
    """
    kind, _, value = authorization.partition(" ")
    if kind.lower() == "bearer":
        return value.strip() or None
    if kind.lower() == "basic" and method in ("GET", "HEAD"):
        try:
            _, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:
            return None
        return password or None
    return None
