"""How good a score is: every measure, with nothing made up where one is not defined (None)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score, roc_curve

from features.panel import Flags, Floats, Indices
from models.stage import STAGES
from training.bootstrap import auc_draws, interval
from training.reliability import calibrated_band, deviation, line, reliability

# Rows of either label from which a stage's order and line are measured. With fewer, draws of
# accounts often hold none of one label and are left out: intervals would come out too narrow.
LEAST_OF_EACH = 10
_NEED_BOTH = (
    *("auc", "auc_ci", "ks", "calibration_slope", "calibration_slope_ci"),
    *("calibration_intercept", "calibration_intercept_ci"),
)


@dataclass(frozen=True)
class Judged:
    """Rows to judge a score on: outcome 0 or 1, served log-odds, account and stage numbers.

    `others` holds what the score is compared with, by name: any number that ranks the rows.
    """

    label: Indices
    log_odds: Floats
    account: Indices
    stage: Indices
    others: Mapping[str, Floats]

    @property
    def probability(self) -> Floats:
        """The probability that the log-odds stand for."""
        return np.asarray(1.0 / (1.0 + np.exp(-self.log_odds)))

    def take(self, rows: Flags) -> "Judged":
        """Those rows only."""
        others = {name: score[rows] for name, score in self.others.items()}
        return Judged(
            self.label[rows], self.log_odds[rows], self.account[rows], self.stage[rows], others
        )


def measures(judged: Judged, draws: int, seed: int) -> dict[str, Any]:
    """All measures as a JSON document, of all rows and, under `by_stage`, of each stage.

    - `n`, `target_rate` (the share of label 1), `mean_predicted`.
    - `auc` and `ks`; `baselines.<name>` holds `auc` and `difference`, our AUC minus theirs on
      the same rows and draws. Stages have no baselines.
    - `brier`, `log_loss`; `ece`, the expected calibration error in equal-mass bins, beside
      `ece_band`, its mean and 95th percentile for a perfectly calibrated score on these rows;
      `ece_within_band` tells whether it is not above that percentile.
    - `deviation_sd`: observed minus predicted rate, in binomial standard deviations.
    - `calibration_slope`, `calibration_intercept` of the line of label on log-odds.

    `<measure>_ci` are 95% intervals by bootstrap of accounts: `draws` of them for AUC and
    differences, training.reliability.LINE_DRAWS for the line. What is not defined is None; a
    stage with fewer than LEAST_OF_EACH rows of either label has no AUC, KS and line.
    """
    return {
        **_ranking(judged, draws, seed),
        **_probability_measures(judged, seed),
        "by_stage": {
            STAGES[s]: _stage(judged.take(judged.stage == s), draws, seed)
            for s in _stages(judged.stage)
        },
    }


def by_seen(judged: Judged, seen: Flags, draws: int, seed: int) -> dict[str, Any]:
    """Size, rate, AUC and baselines apart for accounts that trained and accounts that did not."""
    keys = ("n", "target_rate", "auc", "auc_ci", "baselines")
    found = {}
    for name, rows in (("seen", seen), ("unseen", ~seen)):
        ranking = _ranking(judged.take(rows), draws, seed)
        found[name] = {key: ranking[key] for key in keys}
    return found


def auc(label: Indices, score: Floats) -> float | None:
    """Area under the ROC curve; None where there is one class only."""
    return float(roc_auc_score(label, score)) if _two_classes(label) else None


def _ranking(judged: Judged, draws: int, seed: int) -> dict[str, Any]:
    label, names = judged.label, list(judged.others)
    ours = auc(label, judged.log_odds)
    if ours is None:
        nothing = dict.fromkeys(("auc", "auc_ci", "difference", "difference_ci"))
        baselines: dict[str, Any] = {name: dict(nothing) for name in names}
        return {**_size(judged), "auc": None, "auc_ci": None, "ks": None, "baselines": baselines}
    scores = [judged.log_odds, *judged.others.values()]
    drawn = auc_draws(label, scores, judged.account, draws, seed)
    baselines = {}
    for k, name in enumerate(names, start=1):
        theirs = float(roc_auc_score(label, scores[k]))
        baselines[name] = {
            "auc": theirs,
            "auc_ci": interval(drawn[:, k]),
            "difference": ours - theirs,
            "difference_ci": interval(drawn[:, 0] - drawn[:, k]),
        }
    false_rate, true_rate, _ = roc_curve(label, judged.log_odds)
    return {
        **_size(judged),
        "auc": ours,
        "auc_ci": interval(drawn[:, 0]),
        "ks": float(np.max(true_rate - false_rate)),
        "baselines": baselines,
    }


def _size(judged: Judged) -> dict[str, Any]:
    n = len(judged.label)
    return {"n": n, "target_rate": float(judged.label.mean()) if n else None}


def _probability_measures(judged: Judged, seed: int) -> dict[str, Any]:
    names = ("mean_predicted", "deviation_sd", "brier", "log_loss")
    errors = ("ece", "ece_band", "ece_within_band")
    label, probability = judged.label, judged.probability
    if not len(label):
        return {**dict.fromkeys((*names, *errors)), **_line_measures(judged, seed)}
    ece = reliability(label, probability).ece
    band = calibrated_band(probability, seed)
    return {
        "mean_predicted": float(probability.mean()),
        "deviation_sd": deviation(label, probability),
        "brier": float(brier_score_loss(label, probability)),
        "log_loss": float(log_loss(label, probability, labels=[0, 1])),
        "ece": ece,
        "ece_band": {"mean": band.ece_mean, "p95": band.ece_p95},
        "ece_within_band": ece <= band.ece_p95,
        **_line_measures(judged, seed),
    }


def _line_measures(judged: Judged, seed: int) -> dict[str, Any]:
    found = line(judged.label, judged.log_odds, judged.account, seed)
    return {
        "calibration_slope": found and found.slope,
        "calibration_slope_ci": found and found.slope_ci,
        "calibration_intercept": found and found.intercept,
        "calibration_intercept_ci": found and found.intercept_ci,
    }


def _stage(judged: Judged, draws: int, seed: int) -> dict[str, Any]:
    alone = replace(judged, others={})
    found = {**_ranking(alone, draws, seed), **_probability_measures(alone, seed)}
    del found["baselines"]
    reached = int(judged.label.sum())
    if min(reached, len(judged.label) - reached) < LEAST_OF_EACH:
        found |= dict.fromkeys(_NEED_BOTH)
    return found


def _stages(stage: Indices) -> range:
    """Those of the target's population: pre_due, or all late ones, with rows or without."""
    first = 0 if (stage == 0).any() else 1
    return range(first, len(STAGES) if first or (stage > 0).any() else 1)


def _two_classes(label: Indices) -> bool:
    return len(label) > 0 and bool(label.min() != label.max())
