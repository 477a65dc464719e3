"""How often may be called: buckets that fill by the second, in each process for itself."""

from collections.abc import Callable
from time import monotonic

from service.errors import ProblemError
from service.security.keys import LiveKey

BUCKETS_KEPT = 1_024


class Bucket:
    """As many calls as come in a second, at once; then as they come back."""

    __slots__ = ("_at", "_left", "_rate")

    def __init__(self, rate: int, now: float) -> None:
        """`rate` per second, 1 or more; full at `now`, in seconds of any clock."""
        self._rate = rate
        self._left = float(rate)
        self._at = now

    def take(self, now: float) -> bool:
        """Take one; False where none is left."""
        self._fill(now)
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def give_back(self) -> None:
        """Undo one that was taken."""
        self._left += 1

    def full(self, now: float) -> bool:
        """Whether it is as if it were new."""
        self._fill(now)
        return self._left >= self._rate

    def _fill(self, now: float) -> None:
        self._left = min(self._rate, self._left + (now - self._at) * self._rate)
        self._at = now


class Rates:
    """A bucket for each key that has a rate, of its own or by default (0: none)."""

    def __init__(self, default: int, clock: Callable[[], float] = monotonic) -> None:
        self._default = default
        self._clock = clock
        self._buckets: dict[str, Bucket] = {}  # by the key's digest

    def admit(self, key: LiveKey) -> None:
        """Return where the key may be used now; ProblemError `rate-limited` where not yet."""
        rate = self._default if key.requests_per_second is None else key.requests_per_second
        if not rate:
            return
        now = self._clock()
        bucket = self._buckets.get(key.sha256)
        if bucket is None:
            self._make_room(now)
            bucket = self._buckets[key.sha256] = Bucket(rate, now)
        if not bucket.take(now):
            raise limited(f"This key may call {rate} times a second.")

    def _make_room(self, now: float) -> None:
        if len(self._buckets) < BUCKETS_KEPT:
            return
        self._buckets = {k: bucket for k, bucket in self._buckets.items() if not bucket.full(now)}
        while len(self._buckets) >= BUCKETS_KEPT:
            del self._buckets[next(iter(self._buckets))]  # the oldest


def limited(detail: str) -> ProblemError:
    """The problem of a caller who comes too often; a second later there is room for one."""
    return ProblemError("rate-limited", detail, headers={"Retry-After": "1"})
