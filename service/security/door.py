"""Who is let in where keys are asked for: by a key that is sent, or by a browser's session."""

from collections.abc import Awaitable
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from service.errors import ProblemError, unavailable
from service.headers import headers_of
from service.security.callers import Caller, may
from service.security.cookies import is_page, value_of
from service.security.keys import LiveKey, sha256_of
from service.security.known import KnownKeys
from service.security.rates import Rates
from service.security.sessions import Sessions
from service.security.uses import KeyUses

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="curescore"'}

Asked = TypeVar("Asked")


class Door:
    """Lets in whoever holds a live key, within its rate, and notes that it was used.

    `keys` knows keys by themselves, `browsers` by the sessions that were opened with them.
    """

    def __init__(
        self,
        keys: KnownKeys,
        browsers: KnownKeys,
        sessions: Sessions,
        rates: Rates,
        uses: KeyUses,
    ) -> None:
        self._keys = keys
        self._browsers = browsers
        self._sessions = sessions
        self._rates = rates
        self._uses = uses

    async def caller(self, scope: Scope) -> Caller:
        """Who sends a request; ProblemError where they are not let in.

        A cookie counts on pages alone: browsers send it unasked, whatever page they are at.
        """
        token, session = _token(scope), None
        if token is not None:
            key = await _in_reach(self._keys.live(token))
        else:
            session = value_of(scope) if is_page(scope["path"]) else None
            key = await self._of(session)
        if key is None:
            raise ProblemError(
                "unauthorised",
                "Send a live key as `Authorization: Bearer KEY`; a browser signs in at "
                "/review/sign-in.",
                headers=CHALLENGE,
            )
        self._rates.admit(key)
        self._uses.note(key.sha256, session and sha256_of(session))
        return key.caller

    async def signed_in(self, scope: Scope) -> bool:
        """Whether the request is of a browser that is signed in."""
        return await self._of(value_of(scope)) is not None

    async def sign_in(self, token: str, scope: Scope) -> str:
        """What the cookie of a new session holds, in place of the one that the browser had.

        ProblemError where the token is of no live key, or of one that is not for the pages.
        """
        key = await _in_reach(self._keys.live(token)) if token else None
        if key is None:
            raise ProblemError("unauthorised", "The key is not known, or has ended.", (), CHALLENGE)
        self._rates.admit(key)
        if not may(key.caller, "review"):
            raise ProblemError(
                "forbidden", f"The key's scope is {key.caller.scope}; the pages need review."
            )
        self._uses.note(key.sha256)
        await self.sign_out(scope)
        return await run_in_threadpool(self._sessions.open, key.sha256)

    async def sign_out(self, scope: Scope) -> None:
        """End the session of the browser that sends the request, if it has one."""
        value = value_of(scope)
        if value is not None:
            await run_in_threadpool(self._sessions.end, value)
            self._browsers.forget(value)

    async def _of(self, value: str | None) -> LiveKey | None:
        return None if value is None else await _in_reach(self._browsers.live(value))


async def _in_reach(asked: Awaitable[Asked]) -> Asked:
    """What was asked of the database; ProblemError where it is out of reach."""
    try:
        return await asked
    except SQLAlchemyError:
        raise unavailable() from None


def _token(scope: Scope) -> str | None:
    """The key in the Authorization header; what else stands there is not for this service."""
    kind, _, value = headers_of(scope).get("authorization", "").partition(" ")
    return (value.strip() or None) if kind.lower() == "bearer" else None
