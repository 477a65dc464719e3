"""Cures: how many late account-cycles ended in one, and after how many days."""

from typing import Any

import numpy as np
import pandas as pd
from numba import njit

from features.clock import DAY_SECONDS
from features.panel import Floats, Indices, Panel, known_at
from features.promises import HALF_UNIT
from training.kpi.cycles import OUTSIDE
from training.kpi.shares import FEW, share
from training.outcomes import CENSORED, IMMATURE, MISSING, REACHED

WITHOUT = {"immature": IMMATURE, "missing": MISSING, "censored": CENSORED, "outside": OUTSIDE}
_QUARTILES = (25, 50, 75)


def cure_rate(late: pd.DataFrame) -> dict[str, Any]:
    """Share of the labelled cycles that cured; `without` counts those without a label."""
    label = late["label"].to_numpy()
    labelled = label >= 0
    return {
        **share(label[labelled] == REACHED, late["debtor"].to_numpy()[labelled]),
        "without": {name: int((label == code).sum()) for name, code in WITHOUT.items()},
    }


def days_to_cure(late: pd.DataFrame) -> dict[str, Any]:
    """Median and quartiles of `days` among the cycles that cured."""
    days = late["days"].to_numpy()[late["label"].to_numpy() == REACHED]
    known = len(days) > 0
    q25, median, q75 = (float(x) for x in np.percentile(days, _QUARTILES)) if known else (None,) * 3
    return {"n": len(days), "q25": q25, "median": median, "q75": q75, "too_few": len(days) < FEW}


def days_of(frame: pd.DataFrame, panel: Panel) -> Floats:
    """Days from each cycle's first decision to its cure; NaN where there is none.

    Cured is an account when payments that stand, since that decision, have come to what was
    past due then, or else when the statement that shows the cure became known.
    """
    days = np.full(len(frame), np.nan)
    cured = np.flatnonzero(frame["label"].to_numpy() == REACHED)
    part = frame.iloc[cured]
    row, first = part["account"].to_numpy(), part["first_at"].to_numpy()
    closing = part["closing_at"].to_numpy()
    amount = np.where(panel.payments.reversed == 0, panel.payments.amount, 0.0)
    start = known_at(panel, row, first).payment_stop
    stop = known_at(panel, row, closing).payment_stop
    due = part["first_due"].to_numpy()
    due = np.where(due > 0, due - HALF_UNIT, np.inf)
    covered = _covered_at(start, stop, due, panel.payments.at, amount)
    days[cured] = (np.fmin(covered, closing) - first) / DAY_SECONDS
    return days


@njit(cache=True, nogil=True)
def _covered_at(start: Indices, stop: Indices, due: Floats, at: Floats, amount: Floats) -> Floats:
    """When payments start[i] to stop[i] have come to due[i]; NaN where they never do."""
    covered = np.full(len(start), np.nan)
    for i in range(len(start)):
        paid = 0.0
        for p in range(start[i], stop[i]):
            paid += amount[p]
            if paid >= due[i]:
                covered[i] = at[p]
                break
    return covered
