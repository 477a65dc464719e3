"""The learner: from assignments to what contact changes, with its intervals and its support."""

from collections.abc import Sequence
from typing import NamedTuple

import lightgbm
import numpy as np
from scipy.special import expit, logit

from features.catalogue import NAMES
from features.errors import InputError
from features.panel import Floats
from models.intensity.cells import LATE_STAGES, Cell, Lines
from models.intensity.estimate import QUANTILE, log_ratios, ratios_of
from models.intensity.ladder import LEVELS
from models.intensity.response import Ratios
from training.assigned import Assigned
from training.progress import Progress
from training.response.doubts import Doubt, doubt_of
from training.response.expectation import held_out_probability
from training.response.lines import Scored, lines_of
from training.response.overlap import Support, supports
from training.response.susceptibility import fit, levels_beyond
from training.split import Fold, account_folds

# Effects may differ by these: how late, and what tells forgetting, means, will and reach. They are
# few on purpose: effects are fainter than chance along a hundred features.
EFFECT_FEATURES = (
    "dpd_last",
    "dpd_highest_3",
    "months_since_over_30",
    "days_to_pay_mean_365",
    "days_since_payment",
    "payment_gap_mean_365",
    "above_due_share_24",
    "partial_share_12",
    "paid_over_due_6",
    "utilisation_mean_12",
    "minimum_share_12",
    "said_forgot_180",
    "said_no_means_share_365",
    "reach_rate_365",
    "due_to_usual_paid_12",
    "own_cure_share",
)
GROUPS = 5  # of accounts: what is said of one comes from boosters that have not seen it
LEAST_ACCOUNTS = 100  # with fewer there is nothing to hold out
_SUREST = 1e-4  # a probability is kept so far from 0 and 1, for its log-odds


class Learned(NamedTuple):
    """What n assignments show.

    `outcome` [n × 5] is the probability of the target under each level, and `ratios` the odds
    ratios [n × 5], both from boosters and lines that were fitted without the row's account (the
    probabilities that they start from, of other accounts, may come from one that saw it). `cells`
    are those of models.intensity.cells, M1 first; `lines` and `booster` go into the estimate;
    `rounds` is how many rounds of boosting were worth it; `doubt` speaks against the whole log.
    """

    outcome: Floats
    ratios: Ratios
    cells: tuple[Cell, ...]
    lines: tuple[Lines, ...]
    booster: lightgbm.Booster
    rounds: int
    doubt: Doubt | None


def effect_columns() -> list[int]:
    """Positions of EFFECT_FEATURES in the catalogue's matrix."""
    return [NAMES.index(name) for name in EFFECT_FEATURES]


def learn(features: Floats, rows: Assigned, seed: int, progress: Progress) -> Learned:
    """What the assignments show; `features` [n × catalogue] are those of the rows.

    Raises InputError where there are too few accounts, or the outcome is always the same.
    """
    _check(rows)
    folds = account_folds(rows.account, GROUPS, seed)
    expected = held_out_probability(features, rows.cured, folds, seed, progress)
    base = logit(np.clip(expected, _SUREST, 1 - _SUREST))
    own = features[:, effect_columns()]
    names = ("the probability of a cure", "the amount past due", *EFFECT_FEATURES)
    known = np.column_stack([expected, rows.past_due, own])
    doubt = doubt_of(rows, names, known)
    beyond = levels_beyond(rows.level, rows.propensity)
    fitted = fit(own, rows.cured, base, beyond, folds, seed, progress)
    scored = Scored(rows, base - (rows.level - beyond) * fitted.margin, fitted.margin)
    support = supports(rows, None if doubt is None else doubt.why)
    lines = lines_of(scored, support)
    return Learned(
        scored.outcome,
        _held_out_ratios(scored, support, folds),
        _cells(scored, support, lines),
        lines,
        fitted.booster,
        fitted.rounds,
        doubt,
    )


def _held_out_ratios(scored: Scored, support: list[list[Support]], folds: Sequence[Fold]) -> Ratios:
    """The odds ratios of each row, by lines too that have not seen its account."""
    found = np.empty((len(Ratios._fields), len(scored.none), len(LEVELS)))
    for seen, rest in folds:
        lines = lines_of(scored.take(seen), support)
        found[:, rest] = ratios_of(lines, scored.margin[rest], scored.rows.stage[rest])
    return Ratios(*found)


def _check(rows: Assigned) -> None:
    accounts = len(np.unique(rows.account))
    if accounts < LEAST_ACCOUNTS:
        raise InputError(
            "assignments",
            f"have an outcome for {accounts} accounts only",
            f"Give those of {LEAST_ACCOUNTS} late accounts or more.",
        )
    if rows.cured.min() == rows.cured.max():
        raise InputError(
            "assignments",
            "all ended alike, so that nothing can have changed it",
            "Give a longer history.",
        )


def _cells(
    scored: Scored, support: list[list[Support]], lines: tuple[Lines, ...]
) -> tuple[Cell, ...]:
    found = []
    for s, stage in enumerate(LATE_STAGES):
        here = scored.rows.stage == s + 1
        logs, variance = log_ratios(lines[s], scored.margin[here])
        for level, each in enumerate(support[s], start=1):
            known: tuple[float, ...] | tuple[None, ...] = (None, None, None)
            if each.why is None:
                known = _effect(scored.none[here], logs[:, level - 1], variance[:, level - 1])
            found.append(
                Cell(
                    stage=stage,
                    level=level,
                    estimated=each.why is None,
                    why=each.why,
                    n=each.n,
                    accounts=each.accounts,
                    ess=each.ess,
                    overlap=each.overlap,
                    effect=known[0],
                    low=known[1],
                    high=known[2],
                )
            )
    return tuple(found)


def _effect(none: Floats, log_ratio: Floats, variance: Floats) -> tuple[float, float, float]:
    """Mean of what the level adds to the probability, and its interval of 95% (delta method)."""
    under = expit(none + log_ratio)
    effect = float((under - expit(none)).mean())
    half = QUANTILE * float((under * (1 - under) * np.sqrt(variance)).mean())
    return effect, effect - half, effect + half
