"""Doubts: whether levels were drawn at all, and by the propensities that are recorded.

An estimate believes the propensities. If they are not the chances by which levels were given,
everything that follows from them is wrong, and nothing in the figures would show it. So the
assignments have to look as if they had been drawn: in each stage and for each level, and along
everything that is known of accounts, whether a level was given has to scatter about its
propensity as a draw does (a balance test; Imbens and Rubin, 2015, chapter 13).
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from features.panel import Floats, Indices
from models.intensity.cells import LATE_STAGES, Why
from models.intensity.ladder import LEVEL_NAMES
from training.assigned import Assigned

RANDOM = 0.001  # a second level with less is no draw
FALSE_ALARM = 0.001  # chance that sound assignments are doubted, all tests together


class Doubt(NamedTuple):
    """What speaks against a whole log, and in words what was seen."""

    why: Why
    seen: str


def doubt_of(rows: Assigned, names: tuple[str, ...], known: Floats) -> Doubt | None:
    """What speaks against the assignments; None: nothing.

    `known` [n × k] are numbers known before the levels were given, by their names.
    """
    second = np.sort(rows.propensity, axis=1)[:, -2]
    if not (second >= RANDOM).any():
        return Doubt("not_randomised", "every level was certain: nothing was left to chance")
    impossible = rows.propensity[np.arange(len(rows)), rows.level] <= 0
    if impossible.any():
        return Doubt(
            "wrong_propensities",
            f"{int(impossible.sum()):,} assignments have a level whose propensity is 0",
        )
    return _unbalanced(rows, names, known)


def _unbalanced(rows: Assigned, names: tuple[str, ...], known: Floats) -> Doubt | None:
    """The test that is farthest from what draws give, where it is too far."""
    account = np.unique(rows.account, return_inverse=True)[1]
    centred = _standardised(known)
    tests = len(LATE_STAGES) * len(LEVEL_NAMES) + centred.shape[1] * len(LEVEL_NAMES)
    bound = float(norm.isf(FALSE_ALARM / tests / 2))
    worst, seen = bound, None
    for level in range(len(LEVEL_NAMES)):
        chance = rows.propensity[:, level]
        given, scatter = (rows.level == level) - chance, chance * (1 - chance)
        for s, stage in enumerate(LATE_STAGES, start=1):
            here = rows.stage == s
            z = _z(given[here], scatter[here], account[here])
            if abs(z) > worst:
                worst = abs(z)
                share, told = (rows.level[here] == level).mean(), rows.propensity[here, level]
                seen = (
                    f"in {stage} level {LEVEL_NAMES[level]} was given to {share:.1%}, where the "
                    f"propensities say {told.mean():.1%}"
                )
        for k, name in enumerate(names):
            z = _z(given * centred[:, k], scatter * centred[:, k] ** 2, account)
            if abs(z) > worst:
                worst = abs(z)
                more = "more" if z > 0 else "less"
                seen = (
                    f"level {LEVEL_NAMES[level]} was given {more} often than its propensity says "
                    f"where {name} is high"
                )
    return None if seen is None else Doubt("wrong_propensities", f"{seen} ({worst:.1f} sd)")


def _standardised(known: Floats) -> Floats:
    """Columns of mean 0 and deviation 1 by their ranks; what is not known is in the middle."""
    found = np.zeros(known.shape)
    for k, column in enumerate(known.T):
        told = np.flatnonzero(np.isfinite(column))
        ranks = np.argsort(np.argsort(column[told], kind="stable"), kind="stable")
        found[told, k] = (ranks - ranks.mean()) / max(float(ranks.std()), 1.0) if len(told) else 0
    return found


def _z(values: Floats, scatter: Floats, account: Indices) -> float:
    """Sum of values in its standard deviations, those of an account hanging together.

    `scatter` are the variances of draws by the propensities. What was seen scatters next to
    nothing where a rare level was given to nobody, as may well happen to few accounts.
    """
    sums = np.bincount(account, values)
    spread = float(np.sqrt(max((sums**2).sum(), scatter.sum())))
    return float(sums.sum()) / spread if spread > 0 else 0.0
