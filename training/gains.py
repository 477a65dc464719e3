"""Gain and lift: what working the best-ranked rows first would reach."""

from typing import Any

import numpy as np

from features.panel import Floats, Indices

DECILES = 10


def gains(label: Indices, score: Floats) -> list[dict[str, Any]]:
    """One entry per tenth of the rows, highest scores first; fewer where there are fewer rows.

    `share` and `captured` are cumulative shares of the rows and of those that reached the
    target, `target_rate` the tenth's own rate, `lift` that rate over the rate of all rows (None
    where nobody reached the target). Rows of equal score count with their mean outcome, so the
    order of the rows does not matter.
    """
    expected, total = _mean_by_score(label, score), float(label.sum())
    order = np.argsort(-score, kind="stable")
    table: list[dict[str, Any]] = []
    rows, reached = 0, 0.0
    for tenth in np.array_split(order, min(DECILES, len(order)) or 1):
        if not len(tenth):
            break
        rate = float(expected[tenth].mean())
        rows, reached = rows + len(tenth), reached + float(expected[tenth].sum())
        table.append(
            {
                "decile": len(table) + 1,
                "n": len(tenth),
                "share": rows / len(order),
                "target_rate": rate,
                "lift": rate * len(label) / total if total else None,
                "captured": reached / total if total else None,
            }
        )
    return table


def _mean_by_score(label: Indices, score: Floats) -> Floats:
    """For each row, the mean label of the rows of its score."""
    _, group = np.unique(score, return_inverse=True)
    return np.asarray((np.bincount(group, label) / np.bincount(group))[group])
