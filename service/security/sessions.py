"""Sessions of browsers, in the database; each is of a key, and ends with it."""

import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from service.database import wait_briefly
from service.instants import utc_text
from service.security.cookies import new_value
from service.security.keys import LiveKey, live_key, sha256_of
from service.tables import KEYS, SESSIONS

LASTS = timedelta(hours=12)
MOST = 50  # sessions of one key at a time
IDLE = timedelta(hours=2)  # since it was last used, which is written once a minute


class Sessions:
    """The sessions in the database of `engine`, stored as SHA-256 of what their cookies hold."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def open(self, key_sha256: str) -> str:
        """Begin a session of a key and return what its cookie holds.

        Those that ended unused are removed, and the oldest of the key beyond MOST: there are never
        many.
        """
        value, now = new_value(), datetime.now(UTC)
        row = {
            "session_sha256": sha256_of(value),
            "key_sha256": key_sha256,
            "created_at": utc_text(now),
            "last_used_at": utc_text(now),
        }
        with self._engine.begin() as connection:
            wait_briefly(connection)
            connection.execute(
                SESSIONS.delete().where(SESSIONS.c.last_used_at < utc_text(now - IDLE))
            )
            newest = sa.select(SESSIONS.c.session_sha256).where(SESSIONS.c.key_sha256 == key_sha256)
            kept = newest.order_by(SESSIONS.c.last_used_at.desc()).limit(MOST - 1)
            connection.execute(
                SESSIONS.delete().where(
                    SESSIONS.c.key_sha256 == key_sha256, SESSIONS.c.session_sha256.not_in(kept)
                )
            )
            connection.execute(SESSIONS.insert(), row)
        return value

    def key(self, value: str) -> LiveKey | None:
        """The key whose session a cookie holds; None where it is of none, or has ended.

        It ends with the session, or before.
        """
        digest = sha256_of(value)
        query = (
            sa.select(
                KEYS,
                SESSIONS.c.session_sha256,
                SESSIONS.c.created_at.label("opened_at"),
                SESSIONS.c.last_used_at,
            )
            .join(SESSIONS, KEYS.c.key_sha256 == SESSIONS.c.key_sha256)
            .where(
                SESSIONS.c.session_sha256 == digest,
                SESSIONS.c.ended_at.is_(None),
                KEYS.c.revoked_at.is_(None),
            )
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None or not hmac.compare_digest(row.session_sha256, digest):
            return None
        key = live_key(row)
        if key is None:
            return None
        opened, used = map(datetime.fromisoformat, (row.opened_at, row.last_used_at))
        ends = min(opened + LASTS, used + IDLE)
        if ends <= datetime.now(UTC):
            return None
        return replace(key, ends=min(key.ends, ends.timestamp()))

    def end(self, value: str) -> None:
        """End a session; nothing happens where it has ended."""
        ours = (SESSIONS.c.session_sha256 == sha256_of(value)) & SESSIONS.c.ended_at.is_(None)
        change = SESSIONS.update().where(ours).values(ended_at=utc_text(datetime.now(UTC)))
        with self._engine.begin() as connection:
            wait_briefly(connection)
            connection.execute(change)
