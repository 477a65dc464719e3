"""A bar on stderr for work whose steps are told one after another, and its end from outside."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from curescore.console import err


class Working(Protocol):
    """Told what is being done, and how much of how much where that is known."""

    def __call__(self, what: str, done: int = 0, total: int | None = None, /) -> None:
        """Show it."""


@contextmanager
def working() -> Iterator[Working]:
    """A bar while the work goes on, at a terminal; elsewhere nothing is shown."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    ) as bar:
        task = bar.add_task("starting", total=None)

        def show(what: str, done: int = 0, total: int | None = None, /) -> None:
            bar.update(task, description=what, completed=done)
            bar.tasks[0].total = total  # `update` would take None for: as before

        yield show


@contextmanager
def unwound_by_sigterm() -> Iterator[None]:
    """Leave by SystemExit when told to end, so that a half-written folder is removed."""
    former = signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
