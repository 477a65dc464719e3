"""Learning: what boosters are fitted on, and all that is fitted on it.

By one process, or by several that each hold a part of the rows and speak LightGBM's own protocol:
the steps are the same.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import lightgbm
import numpy as np

from features.feature import Feature
from features.panel import Floats, Indices
from training.boosting import boosted, course, dataset, margins
from training.config import TrainingConfig
from training.progress import Progress
from training.split import Fold


class Lesson(NamedTuple):
    """Rows with their features [rows × catalogue], and folds of them, by position.

    `in_time` are folds that choose the number of trees, `across` those by accounts; the last
    booster is fitted on the first `fitted` rows, as what stands after them is there to judge.
    """

    features: Floats
    label: Indices
    in_time: Sequence[Fold]
    across: Sequence[Fold]
    fitted: int


class Learnt(NamedTuple):
    """The booster of all rows, its number of trees, and what boosters said that saw less.

    `loss` is the mean log loss of the folds in time; `margin` has the log-odds of each of the
    `fitted` rows, by a booster fitted without its account.
    """

    booster: lightgbm.Booster
    trees: int
    loss: float
    margin: Floats


class Learner(Protocol):
    """Who learns a lesson: this process, or many."""

    def __call__(
        self,
        lesson: Lesson,
        catalogue: Sequence[Feature],
        parameters: dict[str, Any],
        config: TrainingConfig,
        progress: Progress,
        /,
    ) -> Learnt:
        """What `learn` finds."""


def learn(
    lesson: Lesson,
    catalogue: Sequence[Feature],
    parameters: dict[str, Any],
    config: TrainingConfig,
    progress: Progress,
) -> Learnt:
    """Choose the number of trees, fit without each group of accounts, then on all rows."""
    features = lesson.features
    data = dataset(features, lesson.label, catalogue, parameters, reused=True)
    run = course(parameters, data, lesson.in_time, config, progress)
    margin = np.full(lesson.fitted, np.nan)
    for done, fold in enumerate(lesson.across):
        progress("calibrating on accounts not fitted on", done, len(lesson.across))
        booster = boosted(parameters, data.subset(fold.train.tolist()), run.trees)
        margin[fold.valid] = margins(booster, features[fold.valid], config.threads)
    progress(f"fitting {run.trees} trees on all training rows")
    if lesson.fitted < len(lesson.label):
        data = data.subset(list(range(lesson.fitted)))
    return Learnt(boosted(parameters, data, run.trees), run.trees, float(run.loss.mean()), margin)


def share_of(lesson: Lesson, rank: int, ranks: int) -> Lesson:
    """What one of so many processes learns from: every `ranks`th row, from `rank` on.

    Behind them stand all rows that folds in time validate on: each process judges on all of them,
    so that all stop at the same tree. An account's months go to several processes, so that the
    bins of a feature, which one process alone chooses, suit the rows of all.
    """
    own = np.arange(rank, lesson.fitted, ranks)
    judged = np.unique(np.concatenate([fold.valid for fold in lesson.in_time]))
    taken = np.concatenate([own, judged])
    return Lesson(
        lesson.features[taken],
        lesson.label[taken],
        [
            Fold(_places(own, fold.train), len(own) + np.searchsorted(judged, fold.valid))
            for fold in lesson.in_time
        ],
        [Fold(_places(own, fold.train), _places(own, fold.valid)) for fold in lesson.across],
        len(own),
    )


def _places(own: Indices, rows: Indices) -> Indices:
    """Where in `own` those of the rows stand that are there."""
    return np.flatnonzero(np.isin(own, rows))
