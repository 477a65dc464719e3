"""Figures over one account's statements: plain loops over arrays, NaN for not known."""

import numpy as np

from features.clock import CYCLE_DAYS
from features.compiled import compiled
from features.panel import Floats


@compiled
def ratio(part: float, whole: float) -> float:
    """part / whole; NaN where the whole is not positive or either is not known."""
    return part / whole if whole > 0 else np.nan


@compiled
def mean(values: Floats, first: int) -> float:
    """Mean of the known values from `first` on; NaN if none is known."""
    total, count = 0.0, 0
    for i in range(first, len(values)):
        if not np.isnan(values[i]):
            total += values[i]
            count += 1
    return total / count if count > 0 else np.nan


@compiled
def capped_mean(values: Floats, first: int) -> float:
    """`mean` of the values, each counted as at most 1."""
    total, count = 0.0, 0
    for i in range(first, len(values)):
        if not np.isnan(values[i]):
            total += min(values[i], 1.0)
            count += 1
    return total / count if count > 0 else np.nan


@compiled
def highest(values: Floats, first: int) -> float:
    """Highest known value from `first` on; NaN if none is known."""
    best = np.nan
    for i in range(first, len(values)):
        if not values[i] <= best and not np.isnan(values[i]):
            best = values[i]
    return best


@compiled
def share_above(values: Floats, first: int, bound: float) -> float:
    """Share of the known values from `first` on that lie above the bound; NaN if none is known."""
    hits, known = 0, 0
    for i in range(first, len(values)):
        hits += values[i] > bound
        known += not np.isnan(values[i])
    return hits / known if known > 0 else np.nan


@compiled
def share_from(values: Floats, first: int, bound: float) -> float:
    """Share of the known values from `first` on that are the bound or more; NaN if none is."""
    hits, known = 0, 0
    for i in range(first, len(values)):
        hits += values[i] >= bound
        known += not np.isnan(values[i])
    return hits / known if known > 0 else np.nan


@compiled
def share_at(values: Floats, first: int, level: float) -> float:
    """Share of the known values from `first` on that are at the level; NaN if none is known."""
    hits, known = 0, 0
    for i in range(first, len(values)):
        hits += values[i] == level
        known += not np.isnan(values[i])
    return hits / known if known > 0 else np.nan


@compiled
def deviation(values: Floats, first: int) -> float:
    """Population standard deviation of the known values from `first` on; NaN below 2."""
    count, average, squares = 0, 0.0, 0.0
    for i in range(first, len(values)):
        if not np.isnan(values[i]):
            count += 1
            delta = values[i] - average
            average += delta / count
            squares += delta * (values[i] - average)
    return np.sqrt(squares / count) if count > 1 else np.nan


@compiled
def slope(day: Floats, values: Floats, first: int) -> float:
    """Least-squares change of the values per cycle from `first` on; NaN below 3 known ones."""
    count, mean_x, mean_y, xx, xy = 0, 0.0, 0.0, 0.0, 0.0
    for i in range(first, len(values)):
        if np.isnan(values[i]):
            continue
        count += 1
        x = (day[i] - day[-1]) / CYCLE_DAYS
        dx, dy = x - mean_x, values[i] - mean_y
        mean_x += dx / count
        mean_y += dy / count
        xx += dx * (x - mean_x)
        xy += dx * (values[i] - mean_y)
    return xy / xx if count >= 3 and xx > 0 else np.nan
