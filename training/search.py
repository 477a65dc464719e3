"""The search for a booster's settings: as good as the best one found, and cheap to explain."""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import lightgbm
import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.trial import FrozenTrial, Trial, TrialState

from features.feature import Feature
from features.panel import Floats
from models.score.booster import booster_text
from models.score.groups import groups_of
from models.score.trees import read_trees
from training.boosting import course, dataset, parameters
from training.config import BoosterConfig, TrainingConfig
from training.labels import Snapshots
from training.progress import Progress
from training.split import Fold, folds

STARTUP = 8  # trials drawn at random before the sampler learns from them
_Z = 1.959964  # of a 95% interval

Numbers = NDArray[np.float64]


class Tried(NamedTuple):
    """One trial: settings, and on the folds in time its log losses, AUCs and number of trees.

    `steps` is what explaining one row costs: comparisons and additions of the lookup tables.
    """

    settings: dict[str, Any]
    trees: int
    loss: Numbers
    auc: Numbers
    steps: int

    @property
    def monotone(self) -> bool:
        """Whether the booster was held to the catalogue's directions."""
        return bool(self.settings["monotone"])

    def applied(self, config: TrainingConfig) -> TrainingConfig:
        """The settings of a run with those of this trial."""
        plain = {key: value for key, value in self.settings.items() if key != "monotone"}
        booster = BoosterConfig.model_validate(config.booster.model_dump() | plain)
        return config.model_copy(update={"booster": booster, "monotone": self.monotone})


class Search(NamedTuple):
    """What a search found: the trial with the lowest loss, and the one that was chosen.

    `eligible` counts the trials that were chosen among, `rows` the rows searched on.
    """

    best: Tried
    chosen: Tried
    trials: int
    eligible: int
    rows: int

    def document(self) -> dict[str, Any]:
        """As JSON: both trials, and what the choice cost in AUC (95%, paired over folds)."""
        difference = self.chosen.auc - self.best.auc
        difference = difference[np.isfinite(difference)]
        mean = float(difference.mean()) if len(difference) else None
        error = _standard_error(difference)
        return {
            "trials": self.trials,
            "rows": self.rows,
            "folds": len(self.best.loss),
            "eligible": self.eligible,
            "best": _told(self.best),
            "chosen": _told(self.chosen),
            "auc_difference": mean,
            "auc_difference_ci": None if mean is None else (mean - _Z * error, mean + _Z * error),
        }


def search(
    features: Floats,
    rows: Snapshots,
    catalogue: Sequence[Feature],
    config: TrainingConfig,
    studies: Path | None,
    name: str,
    progress: Progress,
) -> Search:
    """Try `config.search.trials` settings on folds in time; the first are those of `config`.

    `studies` is the SQLite file that keeps the trials of the study `name` (None: they are not
    kept): a search that was stopped goes on there, and gives the same as one that was not.
    """
    taken = _drawn(rows, config)
    taken_rows, taken_features = rows.take(taken), features[taken]
    with _alone(studies):
        every = _trials(studies, name, config, taken_rows, taken_features, catalogue, progress)
    return chosen_of(every, len(taken_rows))


def _trials(
    studies: Path | None,
    name: str,
    config: TrainingConfig,
    rows: Snapshots,
    features: Floats,
    catalogue: Sequence[Feature],
    progress: Progress,
) -> list[Tried]:
    """The trials that are asked for: those that the study keeps, and those still to be done."""
    in_time = folds(rows, config.cuts, config.groups, config.seed)
    study = _study(studies, name)
    while (done := len(_completed(study))) < config.search.trials:
        progress("searching: trials", done, config.search.trials)
        # What a trial tries depends on those before it and its number alone.
        study.sampler = optuna.samplers.TPESampler(
            seed=config.seed + done,
            n_startup_trials=STARTUP,
            multivariate=True,
            constant_liar=False,
        )
        # A trial that a killed search began, and nobody will end, is none.
        if done == 0 and not study.get_trials(states=(TrialState.WAITING,)):
            study.enqueue_trial(_settings_of(config))
        trial = study.ask()
        tried = _tried(_suggested(trial), features, rows, catalogue, config, in_time)
        trial.set_user_attr("trees", tried.trees)
        trial.set_user_attr("loss", tried.loss.tolist())
        trial.set_user_attr("auc", [None if a != a else a for a in tried.auc.tolist()])
        trial.set_user_attr("steps", tried.steps)
        study.tell(trial, float(tried.loss.mean()))
    # Those asked for, even where the study holds more: the same settings give the same choice.
    return [_read(trial) for trial in _completed(study)[: config.search.trials]]


@contextmanager
def _alone(studies: Path | None) -> Iterator[None]:
    """One search at a time: what a trial tries depends on those before it."""
    if studies is None:
        yield
        return
    studies.parent.mkdir(parents=True, exist_ok=True)
    with studies.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def chosen_of(every: Sequence[Tried], rows: int) -> Search:
    """The cheapest trial within one standard error of the best (Breiman et al., 1984, 3.4.3).

    The error is that of the difference to the best on the same folds, which is smaller than
    that of the loss itself. Monotone trials go first, and within two errors: a score that more
    days past due may raise is hard to defend.
    """
    best = min(every, key=lambda tried: tried.loss.mean())
    directed = [tried for tried in every if tried.monotone and _errors(tried, best) <= 2]
    near = [tried for tried in directed if _errors(tried, best) <= 1]
    eligible = near or directed or [tried for tried in every if _errors(tried, best) <= 1]
    chosen = min(eligible, key=lambda tried: (tried.steps, tried.loss.mean()))
    return Search(best, chosen, len(every), len(eligible), rows)


def _errors(tried: Tried, best: Tried) -> float:
    """How many standard errors the trial's mean loss is above that of the best."""
    difference = tried.loss - best.loss
    mean, error = float(difference.mean()), _standard_error(difference)
    if error > 0:
        return mean / error
    return 0.0 if mean <= 0 else np.inf


def _tried(
    settings: dict[str, Any],
    features: Floats,
    rows: Snapshots,
    catalogue: Sequence[Feature],
    config: TrainingConfig,
    in_time: Sequence[Fold],
) -> Tried:
    with_these = Tried(settings, 0, np.empty(0), np.empty(0), 0).applied(config)
    found = parameters(with_these, catalogue)
    data = dataset(features, rows.label, catalogue, found, reused=True)
    run = course(found, data, in_time, with_these)
    return Tried(
        settings, run.trees, run.loss, run.auc, explaining_steps(run.boosters[-1], run.trees)
    )


def explaining_steps(booster: lightgbm.Booster, trees: int) -> int:
    """Comparisons and additions that explaining one row takes, by the tables of models.score."""
    steps = 0
    for number, tree in enumerate(read_trees(booster_text(booster))[:trees]):
        steps += len(tree.feature)
        steps += sum(
            len(group.above) + 1 + len(group.features) for group in groups_of(number, tree)
        )
    return steps


def _settings_of(config: TrainingConfig) -> dict[str, Any]:
    booster = config.booster
    return {
        "max_depth": booster.max_depth,
        "num_leaves": booster.num_leaves,
        "learning_rate": booster.learning_rate,
        "min_data_in_leaf": booster.min_data_in_leaf,
        "lambda_l2": booster.lambda_l2,
        "feature_fraction": booster.feature_fraction,
        "bagging_fraction": booster.bagging_fraction,
        "monotone": config.monotone,
    }


def _suggested(trial: Trial) -> dict[str, Any]:
    """Settings for a trial; ranges are of what has served on portfolios of some 10,000 rows."""
    return {
        "max_depth": trial.suggest_int("max_depth", 3, 6),
        "num_leaves": trial.suggest_int("num_leaves", 6, 64, log=True),
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.15, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 10, 200, log=True),
        "lambda_l2": trial.suggest_float("lambda_l2", 0.1, 100.0, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.2, 1.0),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.5, 1.0),
        "monotone": trial.suggest_categorical("monotone", [True, False]),
    }


def _drawn(rows: Snapshots, config: TrainingConfig) -> NDArray[np.bool_]:
    """Rows of about `config.search.rows`, whole accounts; all where there are no more."""
    accounts, account = np.unique(rows.account, return_inverse=True)
    share = config.search.rows / len(rows)
    drawn = np.random.default_rng(config.seed).random(len(accounts)) < share
    return np.asarray(drawn[account] | (share >= 1))


def _study(studies: Path | None, name: str) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if studies is None:
        return optuna.create_study(study_name=name)
    return optuna.create_study(storage=f"sqlite:///{studies}", study_name=name, load_if_exists=True)


def _completed(study: optuna.Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def _read(trial: FrozenTrial) -> Tried:
    told = trial.user_attrs
    return Tried(
        settings=dict(trial.params),
        trees=int(told["trees"]),
        loss=np.array(told["loss"], dtype=np.float64),
        auc=np.array(told["auc"], dtype=np.float64),
        steps=int(told["steps"]),
    )


def _told(tried: Tried) -> dict[str, Any]:
    auc = tried.auc[np.isfinite(tried.auc)]
    return {
        "settings": tried.settings,
        "trees": tried.trees,
        "log_loss": float(tried.loss.mean()),
        "auc": float(auc.mean()) if len(auc) else None,
        "steps": tried.steps,
    }


def _standard_error(values: Numbers) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
