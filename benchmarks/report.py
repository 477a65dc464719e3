"""What a topic found: Markdown tables for people, plain figures for machines."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.measures import ratio, spread


@dataclass(frozen=True)
class Table:
    """A table with its headings; the first column is text, the others are aligned right.

    What `caption` says stands above it.
    """

    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    caption: str = ""

    def __str__(self) -> str:
        ruler = ("---", *("--:" for _ in self.headings[1:]))
        lines = [f"| {' | '.join(row)} |" for row in (self.headings, ruler, *self.rows)]
        return "\n".join([self.caption, "", *lines] if self.caption else lines)


@dataclass(frozen=True)
class Topic:
    """A topic's title, what is to be known of it, its tables, and its raw figures."""

    title: str
    notes: list[str]
    tables: list[Table]
    figures: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return "\n\n".join([f"## {self.title}", *self.notes, *map(str, self.tables)])


def times(seconds: Sequence[float], ours: Sequence[float]) -> str:
    """How many times as long as ours it took, with the spread over the rounds."""
    return str(ratio(seconds, ours)) if seconds is not ours else "1"


def per_second(count: int, seconds: Sequence[float]) -> str:
    """How many a second, by the median over the rounds."""
    return f"{rounded(count / spread(seconds).median):,}"


def rounded(value: float) -> int:
    """Three digits that count."""
    return int(float(f"{value:.3g}"))


def microseconds(seconds: Sequence[float]) -> str:
    """The median over the rounds."""
    value = spread(seconds).median * 1e6
    return f"{value:.1f}" if value < 100 else f"{rounded(value):,}"


def megabytes(memory: Sequence[float] | None) -> str:
    """How far the peak was above what was resident before, which stands in brackets."""
    return "–" if memory is None else f"{memory[1]:,.0f} ({memory[0]:,.0f})"
