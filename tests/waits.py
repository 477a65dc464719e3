"""Waiting in tests for what another thread or process does."""

import time
from collections.abc import Callable

SECONDS = 120


def until(happened: Callable[[], bool]) -> None:
    """Return as soon as it has happened; fails where it does not within SECONDS."""
    end = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)
