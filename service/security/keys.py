"""The keys as the database has them."""

import hashlib
import hmac
import math
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from service.instants import utc_text
from service.security.callers import Caller, Scope
from service.tables import KEY_USES, KEYS

TOKEN_PREFIX = "cs_"  # nosec B105  # noqa: S105 (of every token)
TOKEN_BYTES = 32

State = Literal["live", "expired", "revoked"]


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is listed; the token itself is known only to its holder.

    `last_used_at` is to the minute, None where it never was used.
    """

    name: str
    scope: str
    created_at: str
    revoked_at: str | None
    expires_at: str | None
    requests_per_second: int | None
    last_used_at: str | None
    state: State


@dataclass(frozen=True, slots=True)
class LiveKey:
    """A key that calls may be made with: whose it is, until when, and how often.

    `ends`: seconds since 1970, infinite where it does not expire. `requests_per_second`: None where
    the setting holds.
    """

    caller: Caller
    sha256: str
    ends: float = math.inf
    requests_per_second: int | None = None


class Keys:
    """The keys in the database of `engine`, stored as SHA-256 of their tokens.

    A token is 256 random bits, so that a plain hash of it cannot be searched.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def add(
        self,
        name: str,
        scope: Scope,
        expires_at: datetime | None = None,
        requests_per_second: int | None = None,
    ) -> str:
        """Make a key and return its token, which is shown this once; ValueError if taken."""
        token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        row = {
            "key_sha256": sha256_of(token),
            "name": name,
            "scope": scope,
            "created_at": utc_text(datetime.now(UTC)),
            "expires_at": None if expires_at is None else utc_text(expires_at),
            "requests_per_second": requests_per_second,
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(KEYS.insert(), row)
        except IntegrityError:
            raise ValueError(name) from None
        return token

    def every(self) -> list[Key]:
        """All keys, by name; also those that are revoked or expired."""
        columns = [column for column in KEYS.c if column is not KEYS.c.key_sha256]
        used = KEYS.outerjoin(KEY_USES, KEYS.c.key_sha256 == KEY_USES.c.key_sha256)
        query = sa.select(*columns, KEY_USES.c.last_used_at).select_from(used)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(KEYS.c.name)).mappings().all()
        now = utc_text(datetime.now(UTC))
        return [Key(**row, state=_state(row, now)) for row in rows]

    def any_live(self) -> bool:
        """Whether there is a key that anybody could call with."""
        return any(key.state == "live" for key in self.every())

    def revoke(self, name: str) -> None:
        """End the key's life; LookupError where there is no such key, or it is revoked."""
        live = (KEYS.c.name == name) & KEYS.c.revoked_at.is_(None)
        change = KEYS.update().where(live).values(revoked_at=utc_text(datetime.now(UTC)))
        with self._engine.begin() as connection:
            if connection.execute(change).rowcount == 0:
                raise LookupError(name)

    def live(self, token: str) -> LiveKey | None:
        """The key that the token is of; None where it is of none, or of one that has ended."""
        digest = sha256_of(token)
        query = sa.select(KEYS).where(KEYS.c.key_sha256 == digest, KEYS.c.revoked_at.is_(None))
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None or not hmac.compare_digest(row.key_sha256, digest):
            return None
        return live_key(row)


def live_key(row: Any) -> LiveKey | None:
    """The key of a row of its table, which is not revoked; None where it has expired."""
    ends = math.inf
    if row.expires_at is not None:
        ends = datetime.fromisoformat(row.expires_at).timestamp()
        if ends <= datetime.now(UTC).timestamp():
            return None
    return LiveKey(Caller(row.name, row.scope), row.key_sha256, ends, row.requests_per_second)


def sha256_of(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _state(row: Any, now: str) -> State:
    if row["revoked_at"] is not None:
        return "revoked"
    expires_at = row["expires_at"]
    return "live" if expires_at is None or expires_at > now else "expired"
