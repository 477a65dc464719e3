"""The threads that decide and record: kept apart, so that reads go on while writers wait."""

from collections.abc import Callable
from time import monotonic

from anyio import CapacityLimiter, to_thread
from starlette.responses import Response

from service.database import BUSY_SECONDS
from service.security import unavailable

THREADS = 10  # fewer than the connections of the engine's pool: some are left for reads
WAITING = 200  # a body each: more would only fill the memory


class DecidingThreads:
    """Runs calls that write, up to THREADS at a time; up to WAITING more wait their turn."""

    def __init__(self) -> None:
        self._limiter = CapacityLimiter(THREADS)
        self._inside = 0  # calls that run or wait for a thread; changed by the loop alone

    async def run(self, call: Callable[[float], Response]) -> Response:
        """The answer of `call`, which gets the seconds that it may still wait for a lock.

        Whoever waits for BUSY_SECONDS in all, or finds WAITING others waiting, is answered 503.
        """
        if self._inside >= THREADS + WAITING:
            raise unavailable("Too many decisions wait to be recorded.")
        until = monotonic() + BUSY_SECONDS

        def in_time() -> Response:
            patience = until - monotonic()
            if patience <= 0:
                raise unavailable("Too many decisions wait to be recorded.")
            return call(patience)

        self._inside += 1
        try:
            return await to_thread.run_sync(in_time, limiter=self._limiter)
        finally:
            self._inside -= 1
