"""Charts: the documents that `static/charts.js` draws, by Chart.js, from plain numbers.

A page never depends on them: every chart stands beside its numbers.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

Chart = dict[str, Any]
Point = tuple[float, ...]
Form = Literal["number", "count", "percent", "money", "signed"]
Kind = Literal["line", "bar", "points", "range"]


class Series(NamedTuple):
    """One line, set of bars, points, or ranges from low to high, with its name.

    `values` has one for each category, None where there is none: a number, or a pair for ranges.
    In a chart by `xy` they are (x, y), for ranges (x, low, high). `colour` is one of the palette's
    six, None: the next one; or the name of another, as of the bands from low values to high.
    """

    name: str
    values: Sequence[float | Point | None]
    kind: Kind = "line"
    colour: int | str | None = None
    axis: Literal["left", "right"] = "left"
    dashed: bool = False


class Axis(NamedTuple):
    """An axis: what it measures, how its numbers are written, and its ends where they are given.

    `names` are what stands at 0, 1, 2 … in place of these numbers.
    """

    title: str
    format: Form = "number"
    low: float | None = None
    high: float | None = None
    names: Sequence[str] = ()


def over(
    categories: Sequence[str],
    series: Sequence[Series],
    left: Axis,
    right: Axis | None = None,
    bottom: str | None = None,
    *,
    stacked: bool = False,
) -> Chart:
    """Values over categories from left to right: months, stages."""
    axes = {"y": _axis(left)} | ({} if right is None else {"right": _axis(right)})
    return {
        "kind": "over",
        "categories": list(categories),
        "series": _told(series),
        "axes": axes,
        "bottom": bottom,
        "stacked": stacked,
    }


def across(categories: Sequence[str], series: Sequence[Series], axis: Axis) -> Chart:
    """Values of categories that stand below each other, as lying bars: features, levels."""
    return {
        "kind": "across",
        "categories": list(categories),
        "series": _told(series),
        "axes": {"x": _axis(axis)},
    }


def xy(series: Sequence[Series], x: Axis, y: Axis, *, diagonal: bool = False) -> Chart:
    """Points or lines on two axes of numbers; with the diagonal on which both are the same."""
    return {
        "kind": "xy",
        "series": _told(series),
        "axes": {"x": _axis(x), "y": _axis(y)},
        "diagonal": diagonal,
    }


def _told(series: Sequence[Series]) -> list[dict[str, Any]]:
    told = []
    for number, each in enumerate(series):
        colour = number if each.colour is None else each.colour
        told.append({**each._asdict(), "values": list(each.values), "colour": colour})
    return told


def _axis(axis: Axis) -> dict[str, Any]:
    return axis._asdict()
