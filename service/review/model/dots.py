"""Dots of a feature: its values and contributions in a sample of rows, as pictures show them."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

BANDS = 5  # of a feature's values, from the lowest to the highest
BAND_NAMES = (*(f"band_{number}" for number in range(BANDS)), "band_unknown")
PLACES = 50  # along a row of dots
SPREAD, CROWD = 0.42, 6  # how far dots lie from a row's middle at most, where so many are alike


class Dot(NamedTuple):
    """The value of a feature in a row, None where it is not known, and its contribution."""

    value: float | None
    contribution: float


def dots(points: Sequence[Sequence[float]], most: int | None = None) -> list[Dot]:
    """The points of a document, ascending by value; at most so many, evenly over them."""
    step = 1 if most is None else max(1, -(-len(points) // most))
    return [Dot(*point) for point in points[::step]]


def banded(points: Sequence[Dot]) -> list[list[Dot]]:
    """One list for each of BAND_NAMES: about as many in each, but equal values all in one."""
    known = [dot for dot in points if dot.value is not None]
    bands: list[list[Dot]] = [[] for _ in BAND_NAMES]
    first = {dot.value: number for number, dot in reversed(list(enumerate(known)))}
    for dot in known:
        bands[first[dot.value] * BANDS // len(known)].append(dot)
    bands[-1] += [dot for dot in points if dot.value is None]
    return bands


def mean(points: Sequence[Dot]) -> float | None:
    """The mean contribution; None of no dot."""
    return sum(dot.contribution for dot in points) / len(points) if points else None


def beside(points: Sequence[Dot]) -> list[float]:
    """How far each dot is drawn from the middle of its row, so that like ones lie side by side."""
    contributions = [dot.contribution for dot in points]
    low, high = min(contributions, default=0.0), max(contributions, default=0.0)
    at = [int(PLACES * (each - low) / ((high - low) or 1.0)) for each in contributions]
    step = 2 * SPREAD / max([*Counter(at).values(), 2 * CROWD])
    met: Counter[int] = Counter()
    found = []
    for place in at:
        met[place] += 1
        found.append(step * (met[place] // 2) * (1 if met[place] % 2 else -1))
    return found
