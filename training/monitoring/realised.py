"""What decisions predicted against what became of their accounts."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.panel import Flags, Floats, Indices, Panel, known_at
from models.score.tier import TIERS
from models.stage import STAGES
from models.target import Outcome
from training.outcomes import CENSORED, IMMATURE, MISSING, became, population
from training.plots import wilson
from training.reliability import deviation

# Why a decision has no label, beside what training.outcomes says.
UNKNOWN, OUTSIDE, REPEATED = -4, -5, -6
LEFT = {
    "immature": IMMATURE,
    "missing": MISSING,
    "censored": CENSORED,
    "unknown": UNKNOWN,
    "outside": OUTSIDE,
    "repeated": REPEATED,
}


class Predictions(NamedTuple):
    """n predictions: account, as_of in UTC seconds, probability, stage and tier."""

    account_id: NDArray[np.str_]
    at: Floats
    probability: Floats
    stage: NDArray[np.str_]
    tier: NDArray[np.str_]


def realised(
    predictions: Predictions, panel: Panel, account_ids: Sequence[str], outcome: Outcome
) -> dict[str, Any]:
    """Predicted and realised shares of label 1, over all, by stage and by tier, ready for JSON.

    `without` counts predictions without a label: those of training.outcomes, accounts or
    statements `unknown` to these histories, statements `outside` the target's population, and
    predictions `repeated` later from the same statement, of which the last one counts.
    """
    label = outcome_after_decision(predictions, panel, account_ids, outcome)
    labelled = label >= 0
    groups = {
        "by_stage": (STAGES, predictions.stage),
        "by_tier": (TIERS, predictions.tier),
    }
    return {
        "without": {name: int((label == code).sum()) for name, code in LEFT.items()},
        "overall": _compared(predictions.probability, label, labelled),
        **{
            key: {
                name: _compared(predictions.probability, label, labelled & (of == name))
                for name in order
                if (of == name).any()
            }
            for key, (order, of) in groups.items()
        },
    }


def outcome_after_decision(
    predictions: Predictions, panel: Panel, account_ids: Sequence[str], outcome: Outcome
) -> Indices:
    """The label of each prediction, or the code of LEFT that says why there is none.

    A prediction is joined to the last statement of its account that was known at as_of: the
    label is what became of the account after that one.
    """
    position = {name: i for i, name in enumerate(account_ids)}
    row = np.array([position.get(name, -1) for name in predictions.account_id], np.int64)
    label = np.full(len(row), UNKNOWN)
    found = np.flatnonzero(row >= 0)
    view = known_at(panel, row[found], predictions.at[found])
    column = view.stop - 1
    stated = column >= panel.first[view.row]
    found, row, column = found[stated], view.row[stated], column[stated]
    label[found] = became(panel, row, column, outcome).label
    label[found[~population(panel, outcome)[row, column]]] = OUTSIDE
    order = np.argsort(-predictions.at[found], kind="stable")
    _, kept = np.unique(np.stack([row, column])[:, order], axis=1, return_index=True)
    label[np.delete(found[order], kept)] = REPEATED
    return label


def _compared(probability: Floats, label: Indices, rows: Flags) -> dict[str, Any]:
    """`difference` is realised less predicted, with its 95% interval (Wilson, of the realised).

    `deviation` is that of training.reliability.
    """
    p, y, n = probability[rows], label[rows], int(rows.sum())
    if n == 0:
        nothing = ("predicted", "realised", "difference", "difference_ci", "deviation")
        return {"n": 0, **dict.fromkeys(nothing)}
    predicted, rate = float(p.mean()), float(y.mean())
    low, high = wilson(np.array([rate]), np.array([float(n)]))
    return {
        "n": n,
        "predicted": predicted,
        "realised": rate,
        "difference": rate - predicted,
        "difference_ci": (float(low[0]) - predicted, float(high[0]) - predicted),
        "deviation": deviation(y, p),
    }
