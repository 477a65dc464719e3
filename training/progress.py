"""How long work tells how far it is."""

from typing import Protocol


class Progress(Protocol):
    """Called with what is being done, and how much of how much where that is known."""

    def __call__(self, what: str, done: int = 0, total: int | None = None, /) -> None:
        """Take note; must be quick."""


def silent(what: str, done: int = 0, total: int | None = None, /) -> None:
    """Tell nobody."""
