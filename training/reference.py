"""The reference of a bundle: how scores, features and reasons lay in training, and drift from it.

Drift is the population stability index, PSI = Σ (p − q) · ln(p / q) over bins, p the share in
training and q the share now. Its usual reading (Siddiqi, Credit Risk Scorecards, 2006): below 0.10
stable, to 0.25 to be looked at, above 0.25 shifted.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import chi2

from features.panel import Flags, Floats, Indices
from models.score.reference import shares_of, stability_index

BINS = 10
ATOM_SHARE, ATOM_WIDTH = 0.01, 0.005  # of the rows, and of the middle 90% of the values' range
ONCE_IN = 10_000  # comparisons; a report makes over a hundred

Histogram = dict[str, Any]
Reference = dict[str, Any]


def reference_of(
    features: Floats, log_odds: Floats, contributions: Floats, names: Sequence[str]
) -> Reference:
    """The reference of training rows, ready for JSON.

    `features` [n × k] is in the order of `names`, `log_odds` [n]; `contributions` [m × k] may be
    of a sample of the rows. Without a row there is none (ValueError). `reasons` has every name,
    0 where it is never the largest.
    """
    if not len(log_odds) or not len(contributions):
        raise ValueError("a reference needs rows")
    found = Counter(largest(contributions, names))
    return {
        "score": histogram_of(log_odds),
        "features": {name: histogram_of(features[:, j]) for j, name in enumerate(names)},
        "reasons": {name: found[name] / len(contributions) for name in names},
    }


def histogram_of(values: Floats) -> Histogram:
    """Where values lie: about BINS bins of equal mass, or one for each of at most BINS values.

    `edges` lie between neighbouring values. Bin i holds edges[i-1] < value <= edges[i]; `shares`
    are those of the known values and sum to 1 (without any, the one bin has 1); `missing` is the
    share of NaN among all.
    """
    known = values[~np.isnan(values)]
    edges = _edges(known)
    counts = np.bincount(_bins(edges, known), minlength=len(edges) + 1)
    return {
        "edges": edges.tolist(),
        "shares": (counts / len(known)).tolist() if len(known) else [1.0],
        "missing": 1.0 - len(known) / len(values),
    }


def largest(contributions: Floats, names: Sequence[str]) -> list[str]:
    """For each row the feature of largest contribution, either way; of equals the first."""
    return [names[j] for j in np.abs(contributions).argmax(axis=1)]


def psi(histogram: Histogram, values: Floats) -> float | None:
    """PSI of values against their histogram, NaN as a bin of its own; None without a value."""
    return stability_index(shares_of(histogram), _counts(histogram, values))


def stability(
    reference: Reference,
    features: Floats,
    log_odds: Floats,
    contributions: Floats,
    names: Sequence[str],
    rows: int,
) -> dict[str, Any]:
    """Drift from the reference of so many training rows, as `Counted.drift` has it.

    The arrays are as in `reference_of`.
    """
    counted = Counted(reference, rows)
    columns = {name: features[:, j] for j, name in enumerate(names)}
    counted.add(log_odds, largest(contributions, names), columns)
    return counted.drift()


class Counted:
    """Rows counted into the bins of a reference, some at a time.

    `reference_rows` is how many the reference was made from, `rows` how many were counted.
    """

    def __init__(self, reference: Reference, reference_rows: int) -> None:
        self._reference = reference
        self._reference_rows = reference_rows
        self._reasons: Counter[str] = Counter()
        self._features: dict[str, Floats] | None = {}
        self._score = np.zeros(len(shares_of(reference["score"])))
        self.rows = 0

    @property
    def features(self) -> tuple[str, ...] | None:
        """The features that were counted; None where some rows came without."""
        return None if self._features is None else tuple(self._features)

    def add(
        self, log_odds: Floats, reasons: Iterable[str], features: Mapping[str, Floats] | None
    ) -> None:
        """Count rows: their scores, features of largest contribution, and features [n] by name."""
        self.rows += len(log_odds)
        self._score += _counts(self._reference["score"], log_odds)
        self._reasons.update(reasons)
        if features is None or self._features is None:
            self._features = None
            return
        for name, values in features.items():
            counts = _counts(self._reference["features"][name], values)
            self._features[name] = self._features.get(name, 0.0) + counts

    def drift(self) -> dict[str, Any]:
        """PSI of score, features and reasons, ready for JSON; None where nothing was counted.

        `expected_by_chance` is the PSI that rows from the same population have on average, and
        `chance_limit` what they exceed once in ONCE_IN comparisons, both by the same keys.
        """
        names = list(self._reference["reasons"])
        reasons = np.array([self._reference["reasons"][name] for name in names])
        told = {
            "score": (shares_of(self._reference["score"]), self._score),
            "reasons": (reasons, np.array([self._reasons[name] for name in names], np.float64)),
        }
        of_feature = {
            name: (shares_of(self._reference["features"][name]), counts)
            for name, counts in (self._features or {}).items()
        }
        return {
            "rows": self.rows,
            "score_psi": stability_index(*told["score"]),
            "reasons_psi": stability_index(*told["reasons"]),
            "features": {name: stability_index(*pair) for name, pair in of_feature.items()},
            **{
                key: {
                    **{name: self._chance(*pair)[k] for name, pair in told.items()},
                    "features": {n: self._chance(*pair)[k] for n, pair in of_feature.items()},
                }
                for k, key in enumerate(("expected_by_chance", "chance_limit"))
            },
        }

    def score_shares(self) -> list[float]:
        """The share of the rows in each bin of the score's histogram."""
        return [float(share) for share in self._score[:-1] / max(self.rows, 1)]

    def reason_shares(self) -> dict[str, float]:
        """The share of the rows whose largest contribution is each feature, the most first."""
        total = self._reasons.total()
        return {name: count / total for name, count in self._reasons.most_common()}

    def moved(self) -> dict[str, dict[str, Any]]:
        """For each feature the bin whose share changed most: bounds, share in training and now.

        `above` and `up_to` are None where the bin is open, `missing` says that it is that of NaN.
        """
        return {name: self._moved(name, counts) for name, counts in (self._features or {}).items()}

    def _moved(self, name: str, counts: Floats) -> dict[str, Any]:
        histogram = self._reference["features"][name]
        then, now = shares_of(histogram), counts / counts.sum()
        j = int(np.abs(now - then).argmax())
        edges = [None, *histogram["edges"], None]
        missing = j == len(then) - 1
        return {
            "missing": missing,
            "above": None if missing else edges[j],
            "up_to": None if missing else edges[j + 1],
            "training": float(then[j]),
            "now": float(now[j]),
        }

    def _chance(self, shares: Floats, counts: Floats) -> tuple[float | None, float | None]:
        """What chance gives on average, and what it exceeds once in ONCE_IN comparisons.

        For small differences PSI is Σ (q − p)² / p, so that divided by 1/n + 1/m it is
        chi-squared with one degree of freedom less than there are bins (Yurdakul and Naranjo,
        Statistical properties of the population stability index, 2020), for n rows of the
        reference and m now, drawn independently.
        """
        freedom, rows = int((shares > 0).sum()) - 1, counts.sum()
        if not rows or freedom < 1:
            return None, None
        each = 1 / self._reference_rows + 1 / rows
        return float(freedom * each), float(chi2.isf(1 / ONCE_IN, freedom) * each)


def _edges(known: Floats) -> Floats:
    """Inner edges, rising: halfway to the next value from every value, or from every decile."""
    values, counts = np.unique(known, return_counts=True)
    last = np.arange(len(values))  # of each bin, among the distinct values
    if len(values) > BINS:
        below = np.arange(1, BINS) / BINS * len(known)
        last = np.unique(np.searchsorted(np.cumsum(counts), below))
    last = last[last < len(values) - 1]
    edges = np.unique((values[last] + values[last + 1]) / 2)
    frequent = values[counts >= ATOM_SHARE * len(known)]
    if not len(edges) or not len(frequent):
        return edges
    spread = np.subtract(*np.quantile(known, (0.95, 0.05)))
    return edges[~_in_one_atom(edges, frequent, ATOM_WIDTH * spread)]


def _in_one_atom(edges: Floats, frequent: Floats, width: float) -> Flags:
    """Where an edge would part two frequent values that are all but equal.

    A roll of one stage in a month is 29.8 or 30.1 days a month by the length of the month: the
    calendar would look like drift.
    """
    above = np.searchsorted(frequent, edges)
    between = (above > 0) & (above < len(frequent))
    gap = frequent[above.clip(max=len(frequent) - 1)] - frequent[(above - 1).clip(min=0)]
    return np.asarray(between & (gap <= width))


def _bins(edges: Sequence[float] | Floats, known: Floats) -> Indices:
    return np.searchsorted(np.asarray(edges, np.float64), known, side="left")


def _counts(histogram: Histogram, values: Floats) -> Floats:
    """How many values are in each bin; the last number is that of NaN."""
    unknown = np.isnan(values)
    inside = _bins(histogram["edges"], values[~unknown])
    counts = np.bincount(inside, minlength=len(histogram["shares"]))
    return np.append(counts, unknown.sum()).astype(np.float64)
