"""Bars of the pictures on pages: lengths in the units of their boxes."""

from typing import NamedTuple

HALF = 100.0  # half the width of a box with zero in its middle


class Bar(NamedTuple):
    """A bar from zero to the left or right, as the attributes of its rectangle."""

    left: str
    width: str
    raises: bool


def bars(values: list[float]) -> list[Bar]:
    """A bar for each value, the longest of which fills half a box."""
    longest = max(map(abs, values), default=0.0) or 1.0
    return [_bar(value, HALF * abs(value) / longest) for value in values]


def _bar(value: float, width: float) -> Bar:
    raises = value > 0
    return Bar(f"{HALF if raises else HALF - width:.1f}", f"{width:.1f}", raises)


def filled(used: int, most: int) -> str:
    """The width of a bar that fills a box of 100 where `used` is `most` or more."""
    return f"{100 * min(1.0, used / most):.1f}"
