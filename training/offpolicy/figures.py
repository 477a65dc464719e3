"""The figures of every policy that is compared, with intervals, ready for JSON."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from features.panel import Flags, Floats, Indices
from models.intensity.ladder import LEVELS
from models.stage import STAGES
from training.bootstrap import interval
from training.offpolicy.draws import Grouped, drawn_sums
from training.offpolicy.estimators import (
    Estimates,
    Given,
    Rewards,
    Term,
    effective_size,
    estimates,
    supported,
    terms,
    weights,
)

LARGEST = 0.01  # share of rows, by worth, whose part in the width is told

_DIFFERENCES = ("net_dr", "net_snips", "extra_cures_dr")  # what may be above 0 or below

Figure = dict[str, float | None]


class Rows(NamedTuple):
    """Account, by any number, and stage, a position in STAGES, of n assignments."""

    account: Indices
    stage: Indices


def figures(
    given: Mapping[str, Given], rows: Rows, rewarded: Rewards, draws: int, seed: int
) -> dict[str, dict[str, Any]]:
    """The figures of each policy, by its name: see training.offpolicy.comparison."""
    grouped = Grouped(rows.account, rows.stage)
    summed: list[Floats] = []
    parts: dict[str, dict[str, Any]] = {}
    for name, each in given.items():
        found = terms(each, rewarded)
        summed.append(grouped.summed(found))
        parts[name] = _of_levels(each, rewarded, np.ones(len(found), np.bool_))
        parts[name]["largest_share"] = largest_share(
            found[:, Term.NET], rows.account, rewarded.worth
        )
    stages = np.unique(rows.stage).tolist()
    sums = grouped.sums(summed)
    once, drawn = sums.of_stages(stages), drawn_sums(sums, stages, draws, seed)
    value, sampled = estimates(once.sum(axis=0)), estimates(drawn.sum(axis=1))
    by_stage = estimates(once), estimates(drawn)
    for k, (name, each) in enumerate(given.items()):
        part = parts[name]
        part |= _named(value, sampled, k)
        part["minus"] = _differences(value.net_dr, sampled.net_dr, list(given), k)
        part["by_stage"] = {
            STAGES[stage]: _of_levels(each, rewarded, rows.stage == stage)
            | _named(*_only(by_stage, j), k)
            for j, stage in enumerate(stages)
        }
    return parts


def _of_levels(given: Given, rewarded: Rewards, here: Flags) -> dict[str, Any]:
    """What needs no interval, of the rows `here`: levels, and how far the assignments tell."""
    weight = weights(given, rewarded.propensity, rewarded.level)[here]
    level = given.level[here]
    return {
        "levels": (np.bincount(level, minlength=len(LEVELS)) / len(level)).tolist(),
        "agreeing": int((weight > 0).sum()),
        "effective_size": effective_size(weight),
        "unsupported_share": float((~supported(given, rewarded.propensity)[here]).mean()),
    }


def largest_share(net: Floats, account: Indices, worth: Floats) -> float | None:
    """Share of the interval's half-width that the rows of largest worth make.

    By how much the standard deviation of the sum over accounts falls where those rows had the
    mean `net`. None where it is 0.
    """
    apart = net - net.mean()
    _, position = np.unique(account, return_inverse=True)
    whole = float((np.bincount(position, apart) ** 2).sum())
    if not whole:
        return None
    rest = np.where(worth > np.quantile(worth, 1 - LARGEST), 0.0, apart)
    left = float((np.bincount(position, rest) ** 2).sum())
    return 1 - float(np.sqrt(min(left / whole, 1.0)))


def _only(by_stage: tuple[Estimates, Estimates], j: int) -> tuple[Estimates, Estimates]:
    """One stage's part of [stages × policies] and of [draws × stages × policies]."""
    once, drawn = by_stage
    return Estimates._make(each[j] for each in once), Estimates._make(e[:, j] for e in drawn)


def _named(once: Estimates, drawn: Estimates, k: int) -> dict[str, Figure]:
    """The estimates of policy k with their intervals."""
    return {
        name: figure(value[k], sample[:, k], reflected=name in _DIFFERENCES)
        for name, value, sample in zip(Estimates._fields, once, drawn, strict=True)
    }


def _differences(once: Floats, drawn: Floats, names: list[str], k: int) -> dict[str, Figure]:
    """By how much policy k is above each of the others, on the same draws."""
    return {
        name: figure(once[k] - once[j], drawn[:, k] - drawn[:, j], reflected=True)
        for j, name in enumerate(names)
        if j != k
    }


def figure(value: float, draws: Floats, *, reflected: bool) -> Figure:
    """A value with its bounds of 95%; None where it is not defined.

    The bounds are the middle 95% of the draws or, `reflected`, these mirrored at the value, as
    the basic bootstrap has it (Davison and Hinkley, 1997, section 5.2): where a few heavy rows
    make draws lopsided, it errs to the right side. What may not leave a range is not mirrored.
    """
    if not np.isfinite(value):
        return {"value": None, "low": None, "high": None}
    middle = interval(draws)
    if middle is None:
        return {"value": float(value), "low": None, "high": None}
    low, high = middle
    if reflected:
        low, high = 2 * float(value) - high, 2 * float(value) - low
    return {"value": float(value), "low": low, "high": high}
