"""How good a score is: every measure, with nothing made up where one is not defined (None)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score, roc_curve

from features.panel import Flags, Floats, Indices
from models.stage import STAGES
from training.bootstrap import auc_draws, interval
from training.fit import calibration_line

BINS = 10  # of equal mass, for the expected calibration error and the reliability plot


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
    """All measures as a JSON document; intervals are 95%, by bootstrap of accounts.

    `baselines.<name>.difference` is our AUC minus the baseline's on the same rows and draws.
    """
    return {
        **_ranking(judged, draws, seed),
        **_probability_measures(judged),
        "by_stage": {
            STAGES[s]: _stage(judged.take(judged.stage == s)) for s in range(1, len(STAGES))
        },
    }


def by_seen(judged: Judged, seen: Flags, draws: int, seed: int) -> dict[str, Any]:
    """Size, cure rate and AUC apart for accounts that trained and accounts that did not."""
    return {
        name: _brief(judged.take(rows), draws, seed)
        for name, rows in (("seen", seen), ("unseen", ~seen))
    }


def reliability(label: Indices, probability: Floats) -> list[tuple[int, float, float]]:
    """Rows, mean prediction and observed rate of each equal-mass bin, lowest first."""
    order = np.argsort(probability, kind="stable")
    return [
        (len(rows), float(probability[rows].mean()), float(label[rows].mean()))
        for rows in np.array_split(order, BINS)
        if len(rows)
    ]


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


def _brief(judged: Judged, draws: int, seed: int) -> dict[str, Any]:
    alone = Judged(judged.label, judged.log_odds, judged.account, judged.stage, {})
    ranking = _ranking(alone, draws, seed)
    return {key: ranking[key] for key in ("n", "cure_rate", "auc", "auc_ci")}


def _size(judged: Judged) -> dict[str, Any]:
    n = len(judged.label)
    return {"n": n, "cure_rate": float(judged.label.mean()) if n else None}


def _probability_measures(judged: Judged) -> dict[str, float | None]:
    names = ("brier", "log_loss", "ece", "calibration_slope", "calibration_intercept")
    label, probability = judged.label, judged.probability
    if not len(label):
        return dict.fromkeys(names)
    bins = reliability(label, probability)
    ece = sum(n * abs(predicted - observed) for n, predicted, observed in bins) / len(label)
    line = _line(label, judged.log_odds)
    return {
        "brier": float(brier_score_loss(label, probability)),
        "log_loss": float(log_loss(label, probability, labels=[0, 1])),
        "ece": float(ece),
        "calibration_slope": line[0] if line else None,
        "calibration_intercept": line[1] if line else None,
    }


def _line(label: Indices, log_odds: Floats) -> tuple[float, float] | None:
    """Slope and intercept; None where no finite line fits best (classes do not overlap)."""
    if not _two_classes(label):
        return None
    cured, not_cured = log_odds[label == 1], log_odds[label == 0]
    if cured.min() >= not_cured.max() or cured.max() <= not_cured.min():
        return None
    return calibration_line(log_odds, label)


def _stage(judged: Judged) -> dict[str, Any]:
    mean = float(judged.probability.mean()) if len(judged.label) else None
    area = auc(judged.label, judged.log_odds)
    return {**_size(judged), "mean_predicted": mean, "auc": area}


def _two_classes(label: Indices) -> bool:
    return len(label) > 0 and bool(label.min() != label.max())
