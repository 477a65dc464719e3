"""The report of monitoring as one HTML file that opens anywhere, its plots inside."""

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.figure import Figure

from models.target import REACHED
from training.card import digits
from training.card.drawing import svg
from training.monitoring.monitor import groups
from training.plots import OURS, REFERENCE

TEMPLATES = Path(__file__).parents[1] / "templates"
SHOWN = 20  # broken bounds, features and reasons; the JSON has all
BROKEN = "#b3261e"
_SCORE = "Shares of decisions by predicted probability, in training and now"
_FEATURES = "PSI of the features that drifted most"
_OUTCOMES = "Predicted and realised shares by stage and tier, with 95% intervals"


def page(report: dict[str, Any]) -> str:
    """The page of a report as `training.monitor.monitor` returns it."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    environment.filters |= {
        "bin": _bin,
        "count": digits.count,
        "number": digits.number,
        "percent": digits.percent,
    }
    used = report["used_features"]
    drifted = [item for item in report["drift"]["features"].items() if item[0] in used]
    features = sorted(drifted, key=lambda item: -item[1])[:SHOWN]
    reached = REACHED[report["target"]]
    plots = {"score": svg(_score_plot(report["score"]), "score", _SCORE)}
    if features:
        plots["features"] = svg(_features_plot(features, report), "features", _FEATURES)
    if report["outcomes"] is not None and report["outcomes"]["overall"]["n"]:
        plots["outcomes"] = svg(_outcomes_plot(report, reached), "outcomes", _OUTCOMES)
    return environment.get_template("monitor.html").render(
        report=report,
        features=features,
        reasons=list(report["reasons"].items())[:SHOWN],
        groups=list(groups(report["outcomes"])),
        reached=reached,
        shown=SHOWN,
        plots=plots,
    )


def _score_plot(score: dict[str, Any]) -> Figure:
    """Shares of decisions by score, now beside training, in bins of equal mass in training."""
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    axes = figure.add_subplot()
    middle = np.arange(len(score["training"]))
    axes.bar(middle - 0.2, score["training"], 0.4, color=REFERENCE, label="training")
    axes.bar(middle + 0.2, score["now"], 0.4, color=OURS, label="now")
    cuts = ["0%", *(f"{100 / (1 + math.exp(-edge)):.1f}%" for edge in score["edges"]), "100%"]
    axes.set_xticks(
        middle,
        [f"{low} to\n{high}" for low, high in pairwise(cuts)],
        fontsize=7,
    )
    axes.set(xlabel="predicted probability", ylabel="share of decisions")
    axes.legend(frameon=False)
    return figure


def _features_plot(features: Sequence[tuple[str, float]], report: dict[str, Any]) -> Figure:
    """The features that drifted most, with the bound."""
    broken = {each["of"] for each in report["broken"] if each["bound"] == "feature_psi"}
    figure = Figure(figsize=(8, 0.7 + 0.24 * len(features)), layout="constrained")
    axes = figure.add_subplot()
    names, values = zip(*reversed(features), strict=True)
    axes.barh(names, values, color=[BROKEN if name in broken else OURS for name in names])
    axes.axvline(
        report["bounds"]["feature_psi"], color=BROKEN, linestyle="--", linewidth=1, label="bound"
    )
    axes.tick_params(axis="y", labelsize=8)
    axes.set(xlabel="PSI", ylim=(-0.6, len(names) - 0.4))
    axes.legend(loc="lower right", frameon=False)
    return figure


def _outcomes_plot(report: dict[str, Any], reached: str) -> Figure:
    """Predicted and realised share of each group, with 95% intervals."""
    told = [(name, group) for name, group in groups(report["outcomes"]) if group["n"]][::-1]
    broken = {each["of"] for each in report["broken"] if each["bound"] == "difference"}
    figure = Figure(figsize=(8, 0.9 + 0.32 * len(told)), layout="constrained")
    axes = figure.add_subplot()
    for y, (name, group) in enumerate(told):
        low, high = (group["predicted"] + end for end in group["difference_ci"])
        colour = BROKEN if name in broken else OURS
        axes.plot([low, high], [y, y], color=colour)
        axes.plot(group["realised"], y, "o", color=colour)
        axes.plot(group["predicted"], y, "D", color=REFERENCE, markersize=5)
    axes.plot([], [], "D", color=REFERENCE, markersize=5, label="predicted")
    axes.plot([], [], "o-", color=OURS, label=f"{reached}, 95% interval")
    axes.set_yticks(range(len(told)), [f"{name} ({group['n']:,})" for name, group in told])
    axes.set(xlabel=f"share that {reached}", ylim=(-0.6, len(told) - 0.4))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.2), ncols=2, frameon=False)
    return figure


def _bin(moved: dict[str, Any]) -> str:
    """A bin in words."""
    above, up_to = moved["above"], moved["up_to"]
    if moved["missing"]:
        return "none or not known"
    if above is None and up_to is None:
        return "any known value"
    if above is None:
        return f"up to {up_to:,.4g}"
    return f"above {above:,.4g}" if up_to is None else f"above {above:,.4g}, up to {up_to:,.4g}"
