"""Overlap: where assignments can show what a level does, and where they cannot.

An effect is the difference between accounts that had a level and others, like them, that had a
lower one. So both must have been possible (propensities), and have happened often enough.
"""

from typing import NamedTuple

import numpy as np

from features.panel import Flags, Floats
from models.intensity.cells import CONTACTS, LATE_STAGES, LEAST_PROPENSITY, Why
from training.assigned import Assigned

LEAST_OVERLAP = 0.1  # of a stage's assignments in which both levels had at least that
LEAST_ESS = 200.0  # of either level: an effect to ± 10 points or so


class Support(NamedTuple):
    """How well a level is supported in a stage: see models.intensity.cells.Cell.

    `parent` is the lower level that it is compared with; where `why` is given, there is none.
    """

    parent: int
    why: Why | None
    n: int
    accounts: int
    ess: float
    overlap: float


def supports(rows: Assigned, doubt: Why | None) -> list[list[Support]]:
    """The support of each level above none in each late stage.

    `doubt` is what speaks against the whole log (training.response.doubts). A level is compared
    with level none, or with the lower level beside which it was possible for more accounts.
    """
    return [_of_stage(rows.take(rows.stage == s + 1), doubt) for s in range(len(LATE_STAGES))]


def _of_stage(rows: Assigned, doubt: Why | None) -> list[Support]:
    found: list[Support] = []
    for level in range(1, CONTACTS + 1):
        lower = [0, *(k for k in range(1, level) if found[k - 1].why is None)]
        found.append(_best([_beside(rows, level, parent, doubt) for parent in lower]))
    return found


def _best(supports_: list[Support]) -> Support:
    """The one of the widest overlap, to a tenth, among those that suffice; else the lowest parent.

    What is seen beside level none itself is worth a little overlap: nothing has to be added up.
    """
    sound = [each for each in supports_ if each.why is None]
    return max(sound or supports_, key=lambda each: round(each.overlap, 1))


def _beside(rows: Assigned, level: int, parent: int, doubt: Why | None) -> Support:
    possible = both_possible(rows.propensity, level, parent)
    had = rows.level == level
    overlap = float(possible.mean()) if len(rows) else 0.0
    ess = min(_ess(rows, possible, each) for each in (level, parent))
    why: Why | None = None
    if doubt is not None:
        why = doubt
    elif not had.any():
        why = "never_tried"
    elif overlap < LEAST_OVERLAP:
        why = "little_overlap"
    elif ess < LEAST_ESS:
        why = "few_assignments"
    accounts = len(np.unique(rows.account[had]))
    return Support(parent, why, int(had.sum()), accounts, ess, overlap)


def both_possible(propensity: Floats, level: int, parent: int) -> Flags:
    """Rows in which both levels had a propensity that is not too small."""
    both: Flags = propensity[:, [level, parent]].min(axis=1) >= LEAST_PROPENSITY
    return both


def _ess(rows: Assigned, possible: Flags, level: int) -> float:
    """Kish's effective sample size of the weights of those that had the level."""
    weight = 1.0 / rows.propensity[possible & (rows.level == level), level]
    return float(weight.sum() ** 2 / (weight**2).sum()) if len(weight) else 0.0
