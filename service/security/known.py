"""The keys and sessions that were just asked for, so that not every call asks the database."""

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, time

from service.security.keys import LiveKey, sha256_of
from service.security.rates import Bucket, limited

KEY_SECONDS = 1.0
KEYS_KEPT = 1_024
THREADS = 2  # that ask for keys
UNKNOWN_PER_SECOND = 100  # tokens that no key has, which the database is asked for

Ask = Callable[[str], LiveKey | None]
Clock = Callable[[], float]


class KnownKeys:
    """Whose token it is, asked of the database anew each second at most while it is used.

    `ask` knows the tokens of keys, or those of the sessions that were opened with them. A key that
    is revoked is therefore refused within KEY_SECONDS, one that expires at once. Only live ones
    are kept. They are asked about again after half that time, while requests go on.

    Whoever tries tokens cannot keep the database busy: those that no key has are asked for at most
    UNKNOWN_PER_SECOND times, whoever sends them. A key that was live before is asked for all the
    same.
    """

    def __init__(self, ask: Ask, clock: Clock = monotonic, now: Clock = time) -> None:
        """`clock` tells how long ago something was, `now` the seconds since 1970."""
        self._ask = ask
        self._clock = clock
        self._now = now
        self._known: dict[str, tuple[LiveKey, float]] = {}  # by digest; when it was asked for
        self._asking: dict[str, asyncio.Task[LiveKey | None]] = {}
        self._threads = ThreadPoolExecutor(THREADS, "keys")
        self._unknown = Bucket(UNKNOWN_PER_SECOND, clock())

    async def live(self, token: str) -> LiveKey | None:
        """The key of the token; None where no live one has it.

        ProblemError `rate-limited` after too many that no key has. Raises what asking raises.
        """
        digest = sha256_of(token)
        key, asked = self._known.get(digest, (None, -math.inf))
        age = self._clock() - asked
        if age >= KEY_SECONDS / 2:
            asking = self._asking.get(digest) or self._begin(digest, token)
            if age >= KEY_SECONDS:
                key = await asyncio.shield(asking)
        return key if key is not None and self._now() < key.ends else None

    def forget(self, token: str) -> None:
        """The token has just ended: what is known of it, or being asked, does not count."""
        digest = sha256_of(token)
        self._known.pop(digest, None)
        self._asking.pop(digest, None)

    def _begin(self, digest: str, token: str) -> "asyncio.Task[LiveKey | None]":
        def end(task: asyncio.Task[LiveKey | None]) -> None:
            if self._asking.get(digest) is task:
                del self._asking[digest]
            if not task.cancelled():
                task.exception()  # where nobody waits for it, the next one asks again

        unknown = digest not in self._known
        if unknown and not self._unknown.take(self._clock()):
            raise limited("Too many calls with keys that are not known.")
        self._asking[digest] = task = asyncio.create_task(self._asked(digest, token, unknown))
        task.add_done_callback(end)
        return task

    async def _asked(self, digest: str, token: str, unknown: bool) -> LiveKey | None:
        now = self._clock()
        # By threads of their own: whoever waits for the database elsewhere holds up no caller.
        loop = asyncio.get_running_loop()
        key = await loop.run_in_executor(self._threads, self._ask, token)
        if key is not None and unknown:
            self._unknown.give_back()
        if self._asking.get(digest) is not asyncio.current_task():
            return None  # it was forgotten meanwhile
        self._known.pop(digest, None)
        if key is not None:
            if len(self._known) >= KEYS_KEPT:
                self._known.clear()
            self._known[digest] = key, now
        return key
