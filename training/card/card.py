"""Writes the model card of a run, and its figures as files."""

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from markupsafe import Markup
from scipy.special import expit

from features.catalogue import BY_NAME
from models.score.bundle import Bundle
from models.score.scores import Scores
from models.stage import STAGES
from models.target import REACHED, Outcome
from training.card.drawing import svg
from training.card.explained import strongest
from training.card.figures import drifted, figures
from training.card.findings import FAIRNESS, broken_groups, findings
from training.card.page import page
from training.evaluate import Judged
from training.gains import gains

FILE = "model_card.html"
SAVED = ("reliability", "reliability_by_stage", "roc", "shap_summary")  # figures that are files too
PACKAGES = ("lightgbm", "numpy", "numba", "scipy", "scikit-learn", "pandas", "optuna", "optbinning")
TRANSLATED = (-2.0, -1.0, -0.5, -0.1, 0.1, 0.5, 1.0, 2.0)  # contributions, in log-odds


def write_card(
    root: Path, document: dict[str, Any], judged: Judged, scores: Scores, bundle: Bundle
) -> None:
    """Write `model_card.html`, which needs no other file, and some of its figures as files.

    `document` is the run's (training.pipeline), `judged` the test rows, `scores` those of some
    training rows: their features and contributions are drawn. The figures are
    `plots/NAME.png`, NAME of SAVED, where they are defined.
    """
    drawn = figures(document, judged, scores, bundle)
    (root / "plots").mkdir(parents=True, exist_ok=True)
    plots = {}
    for name, each in drawn.items():
        plots[name] = svg(each.figure, name, each.told)
        each.figure.set_layout_engine("none")  # laid out once is enough
        if name in SAVED:
            each.figure.savefig(root / "plots" / f"{name}.png", dpi=120)
    (root / FILE).write_text(rendered(document, judged, scores, bundle, plots), encoding="utf-8")


def rendered(
    document: dict[str, Any],
    judged: Judged,
    scores: Scores,
    bundle: Bundle,
    plots: Mapping[str, Markup],
) -> str:
    """The card with these figures, by the names of training.card.figures."""
    base = scores.base_log_odds
    return page(
        d=document,
        outcome=bundle.outcome,
        title=_title(bundle.outcome),
        reached=REACHED[bundle.target],
        written=datetime.now(UTC).date().isoformat(),
        packages={name: version(name) for name in PACKAGES},
        findings=findings(document),
        gains=gains(judged.label, judged.log_odds),
        plots=plots,
        calibration=bundle.calibration,
        stages=STAGES,
        features=len(bundle.features),
        strongest=strongest(scores.contributions, bundle.features),
        catalogue=BY_NAME,
        base=base,
        base_probability=float(expit(base)),
        translated={step: float(expit(base + step)) for step in TRANSLATED},
        explained=len(scores.log_odds),
        drifted=drifted(document["stability"]),
        without_values=_without_values(document["stability"], bundle),
        bounds=FAIRNESS,
        broken=broken_groups(document["fairness"]),
    )


def _title(outcome: Outcome) -> str:
    """As `a cure within 1 cycle`."""
    predicted = "staying current"
    if outcome.target == "cure":
        predicted = "a sustained cure" if outcome.sustained else "a cure"
    cycles = "1 cycle" if outcome.horizon_cycles == 1 else f"{outcome.horizon_cycles} cycles"
    return f"{predicted} within {cycles}"


def _without_values(stability: Mapping[str, Any], bundle: Bundle) -> set[str]:
    """Features without any value in training, and none in the test months either."""
    trained = bundle.reference["features"]
    return {
        name
        for name, psi in stability["features"].items()
        if trained[name]["missing"] == 1 and not psi
    }
