"""Admission: who would have to wait for long is refused at once."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from service.errors import ProblemError

OVERLOADED = "overloaded"  # the kind of problem
RECENT_SECONDS = 2.0  # of work: what the speed is measured over
EACH = 8 * 1024  # what a request costs beside its body, told in bytes of body


def overloaded(wait: float) -> ProblemError:
    """The problem where a newcomer would wait for so many seconds."""
    return ProblemError(
        OVERLOADED,
        "More requests came than can be answered soon. Send it again later.",
        headers={"Retry-After": str(max(1, min(60, math.ceil(wait))))},
    )


class Admission:
    """Bounds what is inside at once: requests, bytes of their bodies, and the seconds they wait.

    The wait of a newcomer is what is inside over the speed at which it was answered of late.
    Where nothing is answered any more the speed falls, so that soon nobody is let in. The first
    `free` requests come in however slow it is: the speed could not be learnt otherwise.
    """

    def __init__(
        self, free: int, size: int, seconds: float, clock: Callable[[], float] = monotonic
    ) -> None:
        self._free = free
        self._size = size
        self._seconds = seconds
        self._clock = clock
        self._held = 0  # bytes of the bodies that arrive or are inside
        self._inside = 0  # requests
        self._work = 0  # of those inside, in bytes
        self._worked = 0.0  # what was answered of late, in bytes
        self._spent = 0.0  # seconds in which it was, somebody being inside
        self._since = 0.0  # the last answer, or the first newcomer after nobody was inside

    @contextmanager
    def arriving(self, size: int) -> Iterator[None]:
        """While the body, of `size` bytes, arrives and is answered; ProblemError `overloaded`."""
        self._check(size)
        self._held += size
        try:
            yield
        finally:
            self._held -= size

    @contextmanager
    def inside(self, size: int) -> Iterator[None]:
        """While a body that has arrived is answered; ProblemError `overloaded`."""
        self._check(0)
        work = size + EACH
        if not self._inside:
            self._since = self._clock()
        self._inside += 1
        self._work += work
        try:
            yield
        finally:
            self._inside -= 1
            self._work -= work
            self._learn(work)

    def wait(self) -> float:
        """Seconds until what is inside will have been answered, at the speed of late."""
        if not self._inside or not self._worked:
            return 0.0
        return self._work * (self._spent + self._clock() - self._since) / self._worked

    def _check(self, size: int) -> None:
        wait = self.wait()
        late = self._inside >= self._free and (wait > self._seconds or not self._worked)
        if late or self._held + size > self._size:
            raise overloaded(wait)

    def _learn(self, work: int) -> None:
        now = self._clock()
        self._worked += work
        self._spent += now - self._since
        self._since = now
        if self._spent > RECENT_SECONDS:
            self._worked *= RECENT_SECONDS / self._spent
            self._spent = RECENT_SECONDS
