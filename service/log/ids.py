"""The instants and ids of decisions: neither goes back, whatever the clock does."""

from datetime import UTC, datetime
from random import getrandbits
from threading import Lock
from typing import NamedTuple
from uuid import UUID

from service.instants import new_id

_STEP_BITS = 32


class Stamp(NamedTuple):
    """When a decision was made, and the id that it gets."""

    decided_at: datetime
    decision_id: UUID


class Ids:
    """Makes the stamps of one process: each id is greater than the one before.

    Where the clock is set back, decisions keep its latest instant until it has caught up.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._last = Stamp(datetime.min.replace(tzinfo=UTC), UUID(int=0))

    def stamp(self, now: datetime) -> Stamp:
        """The stamp of a decision that is made now."""
        with self._lock:
            at = max(now, self._last.decided_at)
            made = new_id(at)
            if made <= self._last.decision_id:  # of the same instant
                step = 1 + getrandbits(_STEP_BITS)  # nosec B311
                made = UUID(int=self._last.decision_id.int + step)
            self._last = Stamp(at, made)
            return self._last
