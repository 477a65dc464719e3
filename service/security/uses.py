"""When each key and session was last used, written beside the requests."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from logging import getLogger
from queue import SimpleQueue
from threading import Thread
from time import monotonic

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from service.database import BUSY_SECONDS
from service.instants import utc_text
from service.tables import KEY_USES, SESSIONS, insert_new

_LOGGER = getLogger(__name__)

USE_SECONDS = 60.0  # between two writes of the same one by this process
KEPT = 1_024


class KeyUses:
    """A thread that writes which keys and sessions are used, each at most once in USE_SECONDS.

    No request waits for it or fails with it: what cannot be written is left out, and a log line
    says so once, until writing works again.
    """

    def __init__(self, engine: sa.Engine, clock: Callable[[], float] = monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._noted: dict[str, float] = {}  # by digest; when it was handed over
        self._queue: SimpleQueue[tuple[sa.Table, str, str] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._failing = False

    def note(self, sha256: str, session_sha256: str | None = None) -> None:
        """The key of this digest is being used, perhaps by a session."""
        self._note(KEY_USES, sha256)
        if session_sha256 is not None:
            self._note(SESSIONS, session_sha256)

    def _note(self, table: sa.Table, sha256: str) -> None:
        now = self._clock()
        if now - self._noted.get(sha256, -math.inf) < USE_SECONDS:
            return
        if len(self._noted) >= KEPT:
            self._noted.clear()
        self._noted[sha256] = now
        self._queue.put((table, sha256, utc_text(datetime.now(UTC))))

    def start(self) -> None:
        """Begin to write what is noted."""
        self._thread = Thread(target=self._run, name="key-uses", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End when all that was noted is written, or as long as the database may take."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(BUSY_SECONDS)
            self._thread = None

    def _run(self) -> None:
        while (use := self._queue.get()) is not None:
            try:
                self._write(*use)
            except SQLAlchemyError as error:
                if not self._failing:
                    cause = type(error).__name__
                    _LOGGER.warning("when keys were last used cannot be written: %s", cause)
                self._failing = True
            else:
                self._failing = False

    def _write(self, table: sa.Table, sha256: str, at: str) -> None:
        (digest,) = table.primary_key
        change = table.update().where(digest == sha256).values(last_used_at=at)
        with self._engine.begin() as connection:
            if connection.execute(change).rowcount == 0 and table is KEY_USES:
                new = insert_new(KEY_USES, connection.dialect.name)
                connection.execute(new, {"key_sha256": sha256, "last_used_at": at})
