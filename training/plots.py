"""The pictures of a test: reliability, overall and by stage, and ROC curves."""

from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from features.panel import Floats, Indices
from models.stage import STAGES
from models.target import REACHED, Target
from training.evaluate import Judged
from training.names import name_of
from training.reliability import calibrated_band, reliability

OURS, REFERENCE, BAND = "#1f5fa8", "#888888", "#dddddd"
COLOURS = ("#d1782b", "#5b8c3a", "#8e5ea2", "#b83a3a", "#2a9d9d", "#a38a2c")
BAND_SEED = 0  # of what chance makes; other draws look the same
_Z = 1.959964  # of a 95% interval


def reliability_plot(judged: Judged, target: Target) -> Figure:
    """Observed rate against predicted probability in equal-mass bins, with 95% Wilson intervals.

    Behind them, what a perfectly calibrated score would show on these rows. Needs a row.
    """
    figure = Figure(figsize=(6, 5.5), layout="constrained")
    axes = figure.add_subplot()
    _draw_reliability(axes, judged)
    axes.set(
        xlabel="predicted probability",
        ylabel=f"share that {REACHED[target]}",
        title=f"Reliability on {len(judged.label):,} test snapshots",
    )
    axes.legend(loc="upper left", frameon=False)
    return figure


def stages_plot(judged: Judged, target: Target) -> Figure:
    """The same for each stage that has rows, side by side; few rows make few bins."""
    stages = np.unique(judged.stage).tolist()
    figure = Figure(figsize=(3.4 * len(stages), 3.8), layout="constrained")
    for axes, s in zip(figure.subplots(1, len(stages), squeeze=False)[0], stages, strict=True):
        part = judged.take(judged.stage == s)
        _draw_reliability(axes, part)
        axes.set(title=f"{STAGES[s]}: {len(part.label):,} snapshots")
    figure.supxlabel("predicted probability")
    figure.supylabel(f"share that {REACHED[target]}")
    return figure


def roc_plot(judged: Judged, target: Target) -> Figure:
    """ROC curve of the score and of what it is compared with; needs both classes."""
    figure = Figure(figsize=(6, 5.5), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=REFERENCE, linestyle="--")
    for (name, score), colour in zip(judged.others.items(), cycle(COLOURS), strict=False):
        false_rate, true_rate, _ = roc_curve(judged.label, score)
        axes.plot(false_rate, true_rate, color=colour, linewidth=1, label=name_of(name))
    false_rate, true_rate, _ = roc_curve(judged.label, judged.log_odds)
    axes.plot(false_rate, true_rate, color=OURS, linewidth=2, label="this model")
    axes.set(
        xlim=(0, 1),
        ylim=(0, 1),
        aspect="equal",
        xlabel="share above the threshold of the others",
        ylabel=f"share above the threshold of those that {REACHED[target]}",
        title=f"ROC on {len(judged.label):,} test snapshots",
    )
    axes.legend(loc="lower right", frameon=False)
    return figure


def wilson(rate: Floats, n: Floats | Indices) -> tuple[Floats, Floats]:
    """95% interval of a share observed on n rows (Wilson, JASA 1927)."""
    middle = (rate + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(rate * (1 - rate) / n + _Z**2 / (4 * n**2))
    return np.minimum(middle - half, rate), np.maximum(middle + half, rate)


def _draw_reliability(axes: Axes, judged: Judged) -> None:
    bins = reliability(judged.label, judged.probability)
    band = calibrated_band(judged.probability, BAND_SEED)
    low, high = wilson(bins.observed, bins.n)
    top = min(1.0, 1.08 * max(high.max(), band.high.max(), bins.predicted.max()))
    axes.fill_between(
        bins.predicted, band.low, band.high, color=BAND, label="95% of perfectly calibrated scores"
    )
    axes.plot([0, top], [0, top], color=REFERENCE, linestyle="--", label="perfectly calibrated")
    axes.errorbar(
        bins.predicted,
        bins.observed,
        yerr=[bins.observed - low, high - bins.observed],
        fmt="o",
        color=OURS,
        capsize=3,
        label=f"{len(bins.n)} bins of equal size, 95% intervals",
    )
    axes.set(xlim=(0, top), ylim=(0, top), aspect="equal")
