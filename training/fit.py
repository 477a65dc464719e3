"""Fitting: the booster on log loss, then the calibration of its margins."""

from collections.abc import Sequence
from dataclasses import dataclass

import lightgbm

from features.errors import InputError
from features.feature import Feature
from features.panel import Floats, Indices
from models.score.calibration import Calibration
from training.boosting import parameters
from training.calibrate import calibrated
from training.config import TrainingConfig
from training.labels import Snapshots
from training.learning import Learner, Lesson, learn
from training.progress import Progress
from training.split import account_folds, folds


@dataclass(frozen=True)
class Fit:
    """A booster with its calibration.

    `fold_log_loss` is the mean log loss, at `trees` trees, of the folds in time; `margin` what
    boosters fitted without the row's account said of each row (log-odds).
    """

    booster: lightgbm.Booster
    trees: int
    calibration: Calibration
    fold_log_loss: float
    margin: Floats


def fit(
    features: Floats,
    rows: Snapshots,
    catalogue: Sequence[Feature],
    config: TrainingConfig,
    progress: Progress,
    learner: Learner = learn,
) -> Fit:
    """Choose the number of trees on folds in time, calibrate across accounts, fit on all rows.

    `features` is rows × catalogue. The calibration is fitted on margins of boosters that did
    not see the row's account. Its folds hold all months: folds in time would take the step from
    one month's rate to the next for a lasting error of level.
    """
    require_both_outcomes(rows.label, config.least_cures)
    lesson = Lesson(
        features,
        rows.label,
        folds(rows, config.cuts, config.groups, config.seed),
        account_folds(rows.account, config.groups, config.seed),
        len(rows),
    )
    found = learner(lesson, catalogue, parameters(config, catalogue), config, progress)
    calibration = _calibration(found.margin, rows)
    return Fit(found.booster, found.trees, calibration, found.loss, found.margin)


def _calibration(margin: Floats, rows: Snapshots) -> Calibration:
    try:
        return calibrated(margin, rows.label, rows.stage)
    except ValueError as error:
        raise InputError(
            "statements",
            "the features say nothing of who reaches the target among accounts not fitted on "
            f"({error})",
            "Give more accounts or a longer history",
        ) from error


def require_both_outcomes(label: Indices, least: int) -> None:
    """Refuse rows from which nothing can be learnt."""
    cures = int(label.sum())
    rarer = min(cures, len(label) - cures)
    if rarer < least:
        raise InputError(
            "statements",
            f"of {len(label)} training rows {cures} reached the target and {len(label) - cures} "
            f"did not; at least {least} of each are needed",
            "Give more accounts, a longer history or a wider window of snapshot dates.",
        )
