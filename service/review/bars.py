"""Bars of the pictures on pages: lengths in the units of their boxes."""

from typing import NamedTuple

HALF = 100.0  # half the width of a box with zero in its middle


class Bar(NamedTuple):
    """A bar from zero to the left or right, as the attributes of its rectangle."""

    left: str
    width: str
    raises: bool


class Span(NamedTuple):
    """A bar, and the ends of the interval about its value; None where it has none."""

    bar: Bar
    low: str | None
    high: str | None


def bars(values: list[float]) -> list[Bar]:
    """A bar for each value, the longest of which fills half a box."""
    longest = max(map(abs, values), default=0.0) or 1.0
    return [_bar(value, HALF * abs(value) / longest) for value in values]


def spans(values: list[float], bounds: list[tuple[float, float] | None]) -> list[Span]:
    """A bar for each value with its interval, on one scale on which the longest fit the box."""
    ends = [end for each in bounds if each is not None for end in each]
    longest = max(map(abs, [*values, *ends]), default=0.0) or 1.0
    found = []
    for value, interval in zip(values, bounds, strict=True):
        bar = _bar(value, HALF * abs(value) / longest)
        low, high = interval or (None, None)
        found.append(Span(bar, _place(low, longest), _place(high, longest)))
    return found


def _place(end: float | None, longest: float) -> str | None:
    return None if end is None else f"{HALF + HALF * end / longest:.1f}"


def _bar(value: float, width: float) -> Bar:
    raises = value > 0
    return Bar(f"{HALF if raises else HALF - width:.1f}", f"{width:.1f}", raises)


def filled(used: float, most: float) -> str:
    """The width of a bar that fills a box of 100 where `used` is `most` or more."""
    return f"{100 * min(1.0, used / most):.1f}"
