"""The card's own figures; those of training.plots are drawn there."""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from scipy.special import expit, logit

from features.panel import Floats
from models.score.reference import PSI_LOOK, PSI_SHIFTED
from training.names import name_of
from training.plots import OURS, REFERENCE

BROKEN = "#b3261e"
SHOWN_FEATURES = 20
LEAST_PSI = 0.005  # smaller ones are drawn there
# Where probabilities spread widely, marks at equal distances would crowd at one end.
WIDE = 0.4
ROUND = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98, 0.99)
_ROW = 0.3  # inches for each line of a figure with names


def differences_plot(baselines: Mapping[str, Any]) -> Figure:
    """Our AUC minus that of each other score, with intervals."""
    told = [(name, each) for name, each in baselines.items() if each["difference_ci"]][::-1]
    figure, axes = _figure(6, 1 + _ROW * len(told))
    for y, (_, each) in enumerate(told):
        low, high = each["difference_ci"]
        axes.plot([low, high], [y, y], color=BROKEN if high < 0 else OURS, linewidth=2)
        axes.plot(each["difference"], y, "o", color=BROKEN if high < 0 else OURS)
    axes.axvline(0, color=REFERENCE, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(told)), [name_of(name) for name, _ in told])
    axes.set(xlabel="our AUC minus theirs, 95% interval", ylim=(-0.6, len(told) - 0.4))
    return figure


def gain_plot(table: Sequence[Mapping[str, Any]], target_rate: float, reached: str) -> Figure:
    """Share of those that reached the target against the share of rows, best scores first."""
    figure, axes = _figure(6, 4.4)
    share = [0.0, *(tenth["share"] for tenth in table)]
    axes.plot([0, 1], [0, 1], color=REFERENCE, linestyle="--", label="by chance")
    axes.plot(
        [0, target_rate, 1], [0, 1, 1], color=REFERENCE, linestyle=":", label="a perfect order"
    )
    axes.plot(
        share,
        [0.0, *(tenth["captured"] for tenth in table)],
        "o-",
        color=OURS,
        label="this model",
        clip_on=False,
    )
    axes.set(
        xlabel="share of the snapshots, highest scores first",
        ylabel=f"share of all that {reached}",
        xlim=(0, 1),
        ylim=(0, 1.02),
    )
    _percent(axes, x=True, y=True)
    axes.legend(loc="lower right", frameon=False)
    return figure


def lift_plot(table: Sequence[Mapping[str, Any]], target_rate: float, reached: str) -> Figure:
    """The rate of each tenth of the rows, best scores first."""
    figure, axes = _figure(6, 4.4)
    axes.bar(
        [tenth["decile"] for tenth in table], [tenth["target_rate"] for tenth in table], color=OURS
    )
    axes.axhline(
        target_rate, color=REFERENCE, linestyle="--", label=f"all snapshots: {target_rate:.1%}"
    )
    axes.set(
        xlabel="tenth of the snapshots, highest scores first",
        ylabel=f"share that {reached}",
        ylim=(0, 1.12 * max(tenth["target_rate"] for tenth in table) or 1),
    )
    axes.set_xticks(range(1, len(table) + 1))
    _percent(axes, y=True)
    axes.legend(loc="upper right", frameon=False)
    return figure


def score_plot(edges: Sequence[float], training: Sequence[float], test: Sequence[float]) -> Figure:
    """Shares of training and test rows by score, in bins of equal mass in training."""
    figure, axes = _figure(6, 3.8)
    at = np.arange(len(training))
    axes.bar(at - 0.2, training, 0.4, color=REFERENCE, label="training months")
    axes.bar(at + 0.2, test, 0.4, color=OURS, label="test months")
    bounds = np.array([0.0, *expit(np.asarray(edges, float)), 1.0])
    digits = 0 if len(np.unique(bounds.round(2))) == len(bounds) else 1
    cuts = [f"{bound:.{digits}%}" for bound in bounds]
    axes.set_xticks(
        at,
        [f"{low[:-1]}–{high}" for low, high in pairwise(cuts)],
        rotation=35,
        ha="right",
    )
    axes.set(xlabel="predicted probability", ylabel="share of the snapshots")
    axes.set_ylim(0, 1.25 * max(*training, *test))
    _percent(axes, y=True)
    axes.legend(loc="upper center", ncols=2, frameon=False)
    return figure


def drift_plot(features: Sequence[tuple[str, float]], limits: Mapping[str, Any]) -> Figure:
    """PSI of the features that drifted most, with the usual bounds and what chance gives.

    On a logarithmic axis: a value unknown in training alone can have a PSI of several.
    """
    shown = features[:SHOWN_FEATURES][::-1]
    figure, axes = _figure(6, 1.3 + 0.24 * len(shown))
    at = range(len(shown))
    found = np.maximum([psi for _, psi in shown], LEAST_PSI)
    chance = [limits[name] or np.nan for name, _ in shown]
    axes.hlines(at, LEAST_PSI, found, color="#cccccc", linewidth=1)
    axes.plot(found, at, "o", color=OURS, label="PSI")
    axes.plot(chance, at, "|", color="#000000", markersize=9, label="limit of chance")
    for bound, style in ((PSI_LOOK, ":"), (PSI_SHIFTED, "--")):
        axes.axvline(bound, color=BROKEN, linestyle=style, linewidth=1, label=f"{bound:.2f}")
    axes.set_yticks(at, [name for name, _ in shown], fontsize=8)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set(xlabel="PSI, training to test months, logarithmic", ylim=(-0.7, len(shown) - 0.3))
    axes.set_xlim(LEAST_PSI, 1.5 * max(PSI_SHIFTED, *found))
    figure.legend(loc="outside upper center", ncols=4, frameon=False, fontsize=9)
    return figure


def fairness_plot(part: Mapping[str, Any], broken: Collection[str]) -> Figure:
    """Calibration gap, AUC and mean level of an attribute's groups, the `broken` ones in red."""
    groups, overall = part["groups"], part["overall"]
    shown = list(groups.items())[::-1]
    figure = Figure(figsize=(9, 1.1 + _ROW * len(shown)), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    kinds = (
        ("calibration_gap", "observed minus predicted", 0.0),
        ("auc", "AUC", overall["auc"]),
        ("mean_level", "mean contact level, 0–4", overall["mean_level"]),
    )
    for axes, (key, told, middle) in zip(panels, kinds, strict=True):
        _trimmed(axes)
        if middle is not None:
            axes.axvline(middle, color=REFERENCE, linestyle="--", linewidth=1)
        for y, (name, group) in enumerate(shown):
            _dot(axes, y, group, key, BROKEN if name in broken else OURS)
        axes.set_xlabel(told)
    panels[0].set_yticks(
        range(len(shown)), [f"{_short(name)} ({group['n']:,})" for name, group in shown]
    )
    panels[0].set_ylim(-0.6, len(shown) - 0.4)
    _percent(panels[0], x=True)
    return figure


def dependence_plot(values: Floats, contributions: Floats, base: float, reached: str) -> Figure:
    """Contributions (log-odds) of one feature against its value, a dot for each row.

    The axis on the right says what they make of the probability at the base, alone. Values
    beyond the 1st and 99th percentile are drawn at these.
    """
    figure, axes = _figure(4.6, 3.6)
    known = ~np.isnan(values)
    if known.any():
        low, high = np.percentile(values[known], (1, 99))
        axes.scatter(
            np.clip(values[known], low, high),
            contributions[known],
            s=10,
            alpha=0.35,
            color=OURS,
            linewidths=0,
            rasterized=True,
        )
    if not known.all():
        _not_known(axes, values[known], contributions[~known])
    axes.axhline(0, color=REFERENCE, linewidth=1, linestyle="--")
    axes.set_ylabel("contribution, log-odds")
    right = axes.secondary_yaxis("right", functions=_probability_scale(base))
    right.set_ylabel(f"probability: {reached}")
    right.yaxis.set_major_formatter(PercentFormatter(1))
    low, high = expit(base + np.array(axes.get_ylim()))
    if high - low > WIDE:
        right.set_yticks([each for each in ROUND if low <= each <= high])
    return figure


def _probability_scale(base: float) -> Any:
    """From a contribution to the probability that it makes of the base, and back."""
    least = 1e-6
    return (
        lambda contribution: expit(base + np.asarray(contribution)),
        lambda probability: logit(np.clip(probability, least, 1 - least)) - base,
    )


def _not_known(axes: Axes, known: Floats, contributions: Floats) -> None:
    """Rows without a value, spread a little, to the left of all values."""
    low, high = np.percentile(known, (1, 99)) if len(known) else (0.0, 1.0)
    width = (high - low) or 1.0
    at = low - 0.14 * width
    spread = np.linspace(-0.03, 0.03, len(contributions)) * width
    axes.scatter(
        at + spread, contributions, s=10, alpha=0.35, color="#d1782b", linewidths=0, rasterized=True
    )
    axes.axvline(low - 0.07 * width, color="#cccccc", linewidth=1)
    axes.annotate(
        "not known",
        (at, 1.0),
        xycoords=("data", "axes fraction"),
        ha="center",
        va="bottom",
        fontsize=8,
    )


def _dot(axes: Axes, y: int, group: Mapping[str, Any], key: str, colour: str) -> None:
    """A group's value, hollow and without interval where it is not compared."""
    value, bounds = group[key], group[f"{key}_ci"]
    if value is None:
        return
    if bounds is None:
        axes.plot(value, y, "o", color=colour, markerfacecolor="none")
        return
    axes.plot(bounds, [y, y], color=colour, linewidth=2)
    axes.plot(value, y, "o", color=colour)


def _short(name: str, most: int = 24) -> str:
    # Matplotlib reads what is between dollars as mathematics.
    shown = name if len(name) <= most else f"{name[: most - 1]}…"
    return shown.replace("$", r"\$")


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    _trimmed(axes)
    return figure, axes


def _trimmed(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)


def _percent(axes: Axes, *, x: bool = False, y: bool = False) -> None:
    for wanted, axis in ((x, axes.xaxis), (y, axes.yaxis)):
        if wanted:
            axis.set_major_formatter(_exact_percent)


def _exact_percent(share: float, _: float = 0) -> str:
    """As `5%` or `2.5%`: a tick's own value, never rounded to another one's."""
    return f"{round(100 * share, 6):g}%".replace("-", "−")
