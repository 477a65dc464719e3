"""Whether the score serves groups of people alike: measures per group, and bounds on them.

Personal attributes are looked at here only. The expected calibration error is left out: it is
biased upwards in small groups, so that it would differ between groups that differ in size alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from fairlearn.metrics import MetricFrame
from numpy.typing import NDArray

from features.panel import Flags, Floats, Indices
from training.bootstrap import account_draws, interval, ranked, weighted_auc
from training.evaluate import Judged, auc
from training.fairness.segments import LEAST_ACCOUNTS, Attribute, attributes

LEAST_ROWS = 50  # of a group that is compared with others

Weights = NDArray[np.uint16]  # how often each sample (rows) holds each account (columns)
Measure = Callable[..., Any]
Averaged = Callable[[Indices, Floats, Floats], Floats | Indices]

# What is averaged over the rows, from label, probability and level.
_AVERAGED: dict[str, Averaged] = {
    "target_rate": lambda label, probability, level: label,
    "mean_predicted": lambda label, probability, level: probability,
    "calibration_gap": lambda label, probability, level: label - probability,
    "mean_level": lambda label, probability, level: level,
}
MEASURES = (*_AVERAGED, "auc")


@dataclass(frozen=True)
class _Rows:
    """Judged rows; `account` is the position of the row's account among those judged."""

    label: Indices
    probability: Floats
    level: Floats
    account: Indices

    def take(self, rows: Flags) -> "_Rows":
        return _Rows(self.label[rows], self.probability[rows], self.level[rows], self.account[rows])

    def measured(self) -> dict[str, float]:
        """Each measure of these rows, NaN where it is not defined."""
        points = _points().items()
        return {name: of(self.label, self.probability, level=self.level) for name, of in points}

    def by_group(self, group: NDArray[np.str_]) -> MetricFrame:
        """Each measure of each group."""
        return MetricFrame(
            metrics=_points(),
            y_true=self.label,
            y_pred=self.probability,
            sensitive_features=group,
            sample_params={name: {"level": self.level} for name in MEASURES},
        )

    def drawn(self, weights: Weights) -> dict[str, Floats]:
        """Each measure in each sample of accounts."""
        result = _drawn(self.label, self.probability, self.level, self.account, weights)
        return dict(zip(MEASURES, result, strict=True))


def fairness(
    judged: Judged,
    levels: Floats | Indices,
    segments: pd.DataFrame | None,
    account_ids: NDArray[np.str_],
    draws: int,
    seed: int,
) -> dict[str, Any]:
    """Measures of each group of each attribute, as a JSON document; {} without a segments table.

    `levels` holds the contact level of each row (training.fairness.levels), `account_ids` the
    ids of the panel's accounts. Per attribute:

    - `groups.<group>`: `n` rows, `accounts`, `compared`, and MEASURES with their 95% intervals
      `<measure>_ci`. `calibration_gap` is the observed rate minus the mean prediction,
      `auc_difference` the group's AUC minus that of all rows. A group with fewer than LEAST_ROWS
      rows, or fewer than LEAST_ACCOUNTS accounts with either outcome, is not `compared`: it has
      no AUC, no interval, and no part in the differences.
    - `largest_difference.<measure>`: between the groups compared, with the `highest` and
      `lowest` group; {} where there are not two. The interval is that of these two groups. As
      they are chosen for their difference, chance alone makes some among many groups.
    - `overall`: the measures of all rows. `edges`: where groups are bands of a number.
    - `basis`: the two least sizes, and the draws.

    Intervals are by bootstrap of accounts, on the same draws for every group (Efron and
    Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13).
    """
    if segments is None:
        return {}
    accounts, account = np.unique(judged.account, return_inverse=True)
    rows = _Rows(judged.label, judged.probability, levels.astype(np.float64), account)
    drawn = [weight.astype(np.uint16) for weight in account_draws(accounts, draws, seed)]
    weights = np.stack(drawn)
    overall = rows.measured(), rows.drawn(weights)
    found = attributes(segments, account_ids[accounts])
    basis = {"least_rows": LEAST_ROWS, "least_accounts": LEAST_ACCOUNTS, "draws": draws}
    return {
        name: {
            **_attribute(rows, attribute, weights, *overall),
            "overall": {"n": len(account), "accounts": len(accounts), **_told(*overall)},
            "edges": None if attribute.edges is None else list(attribute.edges),
            "basis": basis,
        }
        for name, attribute in found.items()
    }


def _attribute(
    rows: _Rows,
    attribute: Attribute,
    weights: Weights,
    overall: dict[str, float],
    overall_draws: dict[str, Floats],
) -> dict[str, Any]:
    group = attribute.group[rows.account]
    parts = {str(name): rows.take(group == name) for name in np.unique(group)}
    groups, drawn = {}, {}
    for name, part in parts.items():
        size, points = _size(part), part.measured()
        points["auc"] = points["auc"] if size["compared"] else np.nan
        points["auc_difference"] = points["auc"] - overall["auc"]
        draws: dict[str, Floats] = {}
        if size["compared"]:
            draws = drawn[name] = part.drawn(weights)
            draws["auc_difference"] = draws["auc"] - overall_draws["auc"]
        groups[name] = {**size, **_told(points, draws)}
    kept = np.isin(group, list(drawn))
    largest = _differences(rows.take(kept).by_group(group[kept]), drawn) if len(drawn) > 1 else {}
    return {"groups": groups, "largest_difference": largest}


def _size(rows: _Rows) -> dict[str, Any]:
    outcomes = [len(np.unique(rows.account[rows.label == outcome])) for outcome in (0, 1)]
    # Rows with each outcome would not do, as those of an account hang together.
    enough = len(rows.label) >= LEAST_ROWS and min(outcomes) >= LEAST_ACCOUNTS
    return {
        "n": len(rows.label),
        "accounts": len(np.unique(rows.account)),
        "compared": enough,
    }


def _differences(frame: MetricFrame, drawn: Mapping[str, Mapping[str, Floats]]) -> dict[str, Any]:
    difference = frame.difference()
    found = {}
    for name in MEASURES:
        highest, lowest = frame.by_group[name].idxmax(), frame.by_group[name].idxmin()
        found[name] = {
            "difference": float(difference[name]),
            "difference_ci": interval(drawn[highest][name] - drawn[lowest][name]),
            "highest": str(highest),
            "lowest": str(lowest),
        }
    return found


def _told(points: Mapping[str, float], draws: Mapping[str, Floats]) -> dict[str, Any]:
    """Values and intervals, null where one is not defined."""
    told: dict[str, Any] = {}
    for name, value in points.items():
        told[name] = float(value) if np.isfinite(value) else None
        told[f"{name}_ci"] = interval(draws[name]) if name in draws else None
    return told


def _points() -> dict[str, Measure]:
    """MEASURES as functions of a group's rows."""

    def mean_of(averaged: Averaged) -> Measure:
        def mean(label: Indices, probability: Floats, *, level: Floats) -> float:
            return float(averaged(label, probability, level).mean())

        return mean

    def area(label: Indices, probability: Floats, *, level: Floats) -> float:
        value = auc(label, probability)
        return np.nan if value is None else value

    return {**{name: mean_of(averaged) for name, averaged in _AVERAGED.items()}, "auc": area}


def _drawn(
    label: Indices, probability: Floats, level: Floats, account: Indices, weights: Weights
) -> Floats:
    """MEASURES (rows) in each sample of accounts (columns)."""
    order, ties, ordered = ranked(label, probability)
    values = [averaged(label, probability, level) for averaged in _AVERAGED.values()]
    table, account = np.column_stack(values)[order], account[order]
    result = np.empty((len(MEASURES), len(weights)))
    for d, weight in enumerate(weights):
        drawn = weight[account].astype(np.int64)
        result[:-1, d] = drawn @ table / (drawn.sum() or np.nan)
        result[-1, d] = weighted_auc(drawn, ties, ordered)
    return result
