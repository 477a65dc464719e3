"""When each key was last used, written beside the requests."""

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
from service.tables import KEY_USES, insert_new

_LOGGER = getLogger(__name__)

USE_SECONDS = 60.0  # between two writes of the same key by this process
KEYS_KEPT = 1_024


class KeyUses:
    """A thread that writes which keys are used, each at most once in USE_SECONDS.

    No request waits for it or fails with it: what cannot be written is left out, and a log line
    says so once, until writing works again.
    """

    def __init__(self, engine: sa.Engine, clock: Callable[[], float] = monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._noted: dict[str, float] = {}  # by digest; when it was handed over
        self._queue: SimpleQueue[tuple[str, str] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._failing = False

    def note(self, sha256: str) -> None:
        """The key of this digest is being used."""
        now = self._clock()
        if now - self._noted.get(sha256, -math.inf) < USE_SECONDS:
            return
        if len(self._noted) >= KEYS_KEPT:
            self._noted.clear()
        self._noted[sha256] = now
        self._queue.put((sha256, utc_text(datetime.now(UTC))))

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

    def _write(self, sha256: str, at: str) -> None:
        change = KEY_USES.update().where(KEY_USES.c.key_sha256 == sha256).values(last_used_at=at)
        with self._engine.begin() as connection:
            if connection.execute(change).rowcount == 0:
                new = insert_new(KEY_USES, connection.dialect.name)
                connection.execute(new, {"key_sha256": sha256, "last_used_at": at})
