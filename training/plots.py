"""The pictures of a run: reliability, ROC curve, SHAP summary."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from features.panel import Floats
from training.evaluate import Judged, reliability

OURS, OTHERS, REFERENCE = "#1f5fa8", ("#d1782b", "#5b8c3a"), "#888888"
SHOWN_FEATURES = 20
_Z = 1.959964  # of a 95% interval


def save_plots(
    directory: Path,
    judged: Judged,
    sample: tuple[Floats, Floats],
    features: Sequence[str],
) -> None:
    """Write `reliability.png`, `roc.png` and `shap_summary.png`.

    `sample` holds features and their contributions (log-odds), both rows × features. Curves
    are left out where the rows hold one class only.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if len(judged.label):
        _save(reliability_plot(judged), directory / "reliability.png")
    if len(np.unique(judged.label)) == 2:
        _save(roc_plot(judged), directory / "roc.png")
    shap_summary(sample[0], sample[1], features, directory / "shap_summary.png")


def reliability_plot(judged: Judged) -> Figure:
    """Observed against predicted cure rate in equal-mass bins, with 95% Wilson intervals."""
    bins = reliability(judged.label, judged.probability)
    n, predicted, observed = (np.array(column, dtype=float) for column in zip(*bins, strict=True))
    low, high = wilson(observed, n)
    figure = Figure(figsize=(6, 5.5), layout="constrained")
    axes = figure.add_subplot()
    top = min(1.0, 1.08 * max(high.max(), predicted.max()))
    axes.plot([0, top], [0, top], color=REFERENCE, linestyle="--", label="perfectly calibrated")
    axes.errorbar(
        predicted,
        observed,
        yerr=[observed - low, high - observed],
        fmt="o",
        color=OURS,
        capsize=3,
        label=f"{len(bins)} bins of equal size, 95% intervals",
    )
    axes.set(
        xlim=(0, top),
        ylim=(0, top),
        aspect="equal",
        xlabel="predicted probability of curing",
        ylabel="share that cured",
        title=f"Reliability on {len(judged.label):,} test snapshots",
    )
    axes.legend(loc="upper left", frameon=False)
    return figure


def roc_plot(judged: Judged) -> Figure:
    """ROC curve of the score and of what it is compared with."""
    figure = Figure(figsize=(6, 5.5), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=REFERENCE, linestyle="--")
    for (name, score), colour in zip(judged.others.items(), OTHERS, strict=False):
        false_rate, true_rate, _ = roc_curve(judged.label, score)
        axes.plot(false_rate, true_rate, color=colour, linewidth=1, label=name.replace("_", " "))
    false_rate, true_rate, _ = roc_curve(judged.label, judged.log_odds)
    axes.plot(false_rate, true_rate, color=OURS, linewidth=2, label="this model")
    axes.set(
        xlim=(0, 1),
        ylim=(0, 1),
        aspect="equal",
        xlabel="share of non-cures above the threshold",
        ylabel="share of cures above the threshold",
        title=f"ROC on {len(judged.label):,} test snapshots",
    )
    axes.legend(loc="lower right", frameon=False)
    return figure


def shap_summary(
    values: Floats, contributions: Floats, features: Sequence[str], path: Path
) -> None:
    """Beeswarm of the contributions (log-odds) of the features that weigh most."""
    matplotlib.use("Agg")  # shap draws with pyplot, which would look for a screen
    import shap
    from matplotlib import pyplot

    explanation = shap.Explanation(contributions, data=values, feature_names=list(features))
    axes = shap.plots.beeswarm(
        explanation, max_display=SHOWN_FEATURES, show=False, group_remaining_features=False
    )
    axes.set_xlabel("contribution to the log-odds of curing (grey: value not known or constant)")
    axes.figure.savefig(path, dpi=120, bbox_inches="tight")
    pyplot.close(axes.figure)


def wilson(rate: Floats, n: Floats) -> tuple[Floats, Floats]:
    """95% interval of a share observed on n rows (Wilson, JASA 1927)."""
    middle = (rate + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(rate * (1 - rate) / n + _Z**2 / (4 * n**2))
    return np.minimum(middle - half, rate), np.maximum(middle + half, rate)


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=120)
