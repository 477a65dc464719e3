"""The figures of a card, each with what it shows in words."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from models.score.bundle import Bundle
from models.score.scores import Scores
from models.target import REACHED, Target
from training.card.beeswarm import beeswarm
from training.card.explained import strongest
from training.card.findings import broken_groups
from training.card.plots import (
    dependence_plot,
    differences_plot,
    drift_plot,
    fairness_plot,
    gain_plot,
    lift_plot,
    score_plot,
)
from training.evaluate import Judged
from training.gains import gains
from training.plots import reliability_plot, roc_plot, stages_plot
from training.reference import Counted


class Drawn(NamedTuple):
    """A figure, and what it shows for who does not see it."""

    figure: Figure
    told: str


def figures(
    document: dict[str, Any],
    judged: Judged,
    scores: Scores,
    bundle: Bundle,
) -> dict[str, Drawn]:
    """By name; what is not defined is not drawn. The arguments are those of `write_card`."""
    reached = REACHED[bundle.target]
    table = gains(judged.label, judged.log_odds)
    broken = broken_groups(document["fairness"])
    return {
        **_performance(document["test"], judged, bundle.target),
        **_gain(document["test"]["target_rate"], table, reached),
        **_stability(document, judged, bundle),
        **_explanations(scores, bundle, reached),
        **{
            f"fairness-{k}": Drawn(
                fairness_plot(part, {group for name, group in broken if name == attribute}),
                f"Calibration gap, AUC and mean level by {attribute}, with 95% intervals; the "
                "table has the numbers",
            )
            for k, (attribute, part) in enumerate(document["fairness"].items())
        },
    }


def _performance(test: Mapping[str, Any], judged: Judged, target: Target) -> dict[str, Drawn]:
    found = {
        "reliability": Drawn(
            reliability_plot(judged, target),
            "Observed rate against predicted probability in bins of equal size, with 95% intervals",
        ),
    }
    if len(np.unique(judged.stage)) > 1:
        found["reliability_by_stage"] = Drawn(
            stages_plot(judged, target),
            "Observed rate against predicted probability for each stage, with 95% intervals",
        )
    if test["auc"] is None:
        return found
    told = "Differences in AUC to every baseline, with 95% intervals; the table has the numbers"
    return found | {
        "roc": Drawn(roc_plot(judged, target), "ROC curves of this model and of the baselines"),
        "differences": Drawn(differences_plot(test["baselines"]), told),
    }


def _gain(target_rate: float, table: Sequence[Mapping[str, Any]], reached: str) -> dict[str, Drawn]:
    if not target_rate:
        return {}
    return {
        "gain": Drawn(
            gain_plot(table, target_rate, reached),
            f"Share of all that {reached} against the share of snapshots, highest scores first; "
            "the table has the numbers",
        ),
        "lift": Drawn(
            lift_plot(table, target_rate, reached),
            f"Share that {reached} in each tenth of the snapshots by score; the table has the "
            "numbers",
        ),
    }


def _stability(document: Mapping[str, Any], judged: Judged, bundle: Bundle) -> dict[str, Drawn]:
    stability = document["stability"]
    counted = Counted(bundle.reference, document["train"]["n"])
    counted.add(judged.log_odds, [], {})
    score = bundle.reference["score"]
    found = {
        "score": Drawn(
            score_plot(score["edges"], score["shares"], counted.score_shares()),
            "Shares of the snapshots by predicted probability, in training and test months",
        )
    }
    features = drifted(stability)
    if features:
        found["drift"] = Drawn(
            drift_plot(features, stability["chance_limit"]["features"]),
            "PSI of the features that drifted most; the table has the numbers",
        )
    return found


def _explanations(scores: Scores, bundle: Bundle, reached: str) -> dict[str, Drawn]:
    names = bundle.features
    found = {
        "shap_summary": Drawn(
            beeswarm(scores.features, scores.contributions, names, reached),
            "Contributions of the 20 features that weigh most, a dot for each snapshot, coloured "
            "by the feature's value",
        )
    }
    for k, (name, _) in enumerate(strongest(scores.contributions, names)):
        j = names.index(name)
        found[f"dependence-{k}"] = Drawn(
            dependence_plot(
                scores.features[:, j], scores.contributions[:, j], scores.base_log_odds, reached
            ),
            f"Contribution of {name}, in log-odds, against its value",
        )
    return found


def drifted(stability: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Features by their PSI, the largest first; without those that have none."""
    known = [(name, psi) for name, psi in stability["features"].items() if psi is not None]
    return sorted(known, key=lambda item: (-item[1], item[0]))
