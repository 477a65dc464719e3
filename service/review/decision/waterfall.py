"""A score as a waterfall: from the average account to this one, reason by reason, in log-odds."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from models.intensity.response import log_odds_of
from models.score import calibration
from models.score.reasons import Language, formatted
from service.log.records import Record
from service.review.bars import Bar

KEPT = 4  # reasons of a group that stand alone, the largest; the others are one step together
WIDTH = 240.0  # of the box of a bar
_UNITS = 10_000  # a number is shown with four decimals
_MARGIN = 0.04  # of the scale, on either side
_NARROWEST = 1.0  # log-odds: less is not spread over the whole box
_ORDER = ("ability", "willingness", "exposure", "contact", "calibration")
_NOT_RECORDED = "not_recorded"  # what the record sums up without naming it
# Probabilities that the axis may name, the first ones first, and how far apart they have to be.
_NAMED = (
    0.5,
    0.25,
    0.75,
    0.1,
    0.9,
    0.05,
    0.95,
    0.01,
    0.99,
    0.02,
    0.98,
    0.35,
    0.65,
    0.15,
    0.85,
    0.2,
    0.8,
    0.3,
    0.4,
    0.6,
    0.7,
)
_APART = 34.0

Reason = dict[str, Any]


class Step(NamedTuple):
    """One reason, or several together: what it adds, and the totals once it is added.

    `reason` is None where it stands for `size` reasons together. What is added is the difference
    of the totals as they are shown, so that what is shown adds up to the last digit.
    """

    reason: Reason | None
    size: int
    adds: float
    log_odds: float
    probability: float
    bar: Bar


class Group(NamedTuple):
    """The reasons of one group: those that stand alone, the others, and all of them together."""

    name: str
    steps: list[Step]
    others: Step | None
    folded: list[Step]
    subtotal: Step


class Tick(NamedTuple):
    """A probability on the axis, and where it stands."""

    probability: float
    x: str


class Waterfall(NamedTuple):
    """The steps from `base` to `log_odds`, and the axis that they are drawn on.

    `at_base` is where the base stands on it; `ticks` are probabilities, unevenly far apart.
    """

    base: float
    base_probability: float
    groups: list[Group]
    log_odds: float
    probability: float
    ticks: list[Tick]
    at_base: str


class _Scale(NamedTuple):
    low: float
    high: float

    def place(self, log_odds: float) -> float:
        return WIDTH * (log_odds - self.low) / (self.high - self.low)

    def bar(self, before: float, after: float) -> Bar:
        left, right = sorted((self.place(before), self.place(after)))
        return Bar(f"{left:.1f}", f"{max(right - left, 0.5):.1f}", after >= before)


def waterfall(record: Record, language: Language, kept: int | None = KEPT) -> Waterfall:
    """The waterfall of a record that is shown with its reasons (service.log.records.shown).

    Groups stand in one order, the largest reasons of each first. None for `kept`: each of them
    stands alone.
    """
    score = record["score"]
    base, end = score["base_log_odds"], score["log_odds"]
    ordered = _grouped(record, language)
    shares = [share for _, reasons in ordered for _, share in reasons]
    totals = _totals(base, shares, end)
    scale = _scale(totals)
    groups, at = [], 0
    for name, reasons in ordered:
        upto = at + len(reasons)
        groups.append(_group(name, reasons, totals[at : upto + 1], scale, kept))
        at = upto
    return Waterfall(
        _shown(base),
        _probability(base),
        groups,
        _shown(end),
        score["probability"],
        _ticks(scale),
        f"{scale.place(base):.1f}",
    )


def _grouped(
    record: Record, language: Language
) -> list[tuple[str, list[tuple[Reason | None, float]]]]:
    """The reasons by group, each with its share; at last what the record does not name."""
    found: dict[str, list[tuple[Reason | None, float]]] = {name: [] for name in _ORDER}
    currency = record["currency"]
    for reason in record["reasons"]:
        value = formatted(reason["value"], reason["unit"], currency, language)
        told = {**reason, "told": value}
        found.setdefault(reason["group"], []).append((told, reason["contribution"]))
    for reasons in found.values():
        reasons.sort(key=lambda each: -abs(each[1]))
    left = record["other_contributions"]
    if abs(left) * _UNITS >= 0.5:  # else it is the rest of a sum that names all
        found[_NOT_RECORDED] = [(None, left)]
    return [(name, reasons) for name, reasons in found.items() if reasons]


def _totals(base: float, shares: Iterable[float], end: float) -> list[float]:
    """The total before the first share and after each; the last is the record's, to the bit."""
    totals = [base]
    for share in shares:
        totals.append(totals[-1] + share)
    return [*totals[:-1], end] if len(totals) > 1 else totals


def _group(
    name: str,
    reasons: Sequence[tuple[Reason | None, float]],
    totals: Sequence[float],
    scale: _Scale,
    kept: int | None,
) -> Group:
    each = [
        _step(reason, 1, before, after, scale)
        for (reason, _), before, after in zip(reasons, totals, totals[1:], strict=False)
    ]
    subtotal = _step(None, len(each), totals[0], totals[-1], scale)
    if kept is None or len(each) <= kept + 1:  # one alone is not folded
        return Group(name, each, None, [], subtotal)
    others = _step(None, len(each) - kept, totals[kept], totals[-1], scale)
    return Group(name, each[:kept], others, each[kept:], subtotal)


def _step(reason: Reason | None, count: int, before: float, after: float, scale: _Scale) -> Step:
    adds = (_rounded(after) - _rounded(before)) / _UNITS
    bar = scale.bar(before, after)
    return Step(reason, count, adds, _shown(after), _probability(after), bar)


def _rounded(log_odds: float) -> int:
    return round(log_odds * _UNITS)


def _shown(log_odds: float) -> float:
    return _rounded(log_odds) / _UNITS


def _probability(log_odds: float) -> float:
    return float(calibration.probability(np.array([log_odds]))[0])


def _scale(totals: Sequence[float]) -> _Scale:
    low, high = min(totals), max(totals)
    spread = max(high - low, _NARROWEST)
    middle, half = (low + high) / 2, spread * (0.5 + _MARGIN)
    return _Scale(middle - half, middle + half)


def _ticks(scale: _Scale) -> list[Tick]:
    """As many of the probabilities as have room, from the lowest on."""
    places: dict[float, float] = {}
    for share in _NAMED:
        x = scale.place(log_odds_of(share))
        inside = _APART / 2 <= x <= WIDTH - _APART / 2
        if inside and all(abs(x - other) >= _APART for other in places.values()):
            places[share] = x
    return [Tick(share, f"{places[share]:.1f}") for share in sorted(places)]
