"""The pictures of the page: cure rates by group and by month, and money by month."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.kpi.told import group_name
from training.plots import OURS, REFERENCE

_ROW = 0.29  # inches of a group


def groups_plot(document: dict[str, Any], dimension: str) -> Figure:
    """Cure rate of each group with its interval, beside that of all."""
    parts = document["by"][dimension]
    figure = Figure(figsize=(5.2, 0.85 + _ROW * len(parts)), layout="constrained")
    axes = figure.add_subplot()
    for y, group in enumerate(parts.values()):
        _mark(axes, y, group["cure"])
    axes.axvline(document["total"]["cure"]["rate"], color=REFERENCE, linestyle="--", linewidth=1)
    names = [f"{group_name(dimension, name)} ({g['cure']['n']:,})" for name, g in parts.items()]
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
    axes.set(xlabel="cured, 95% interval; dashed: all", ylim=(len(parts) - 0.4, -0.6))
    axes.set_xlim(left=0)
    return figure


def months_plot(document: dict[str, Any]) -> Figure:
    """Cure rate of each month's decisions, with its interval."""
    parts = document["by"]["month"]
    figure = Figure(figsize=(5.2, 2.8), layout="constrained")
    axes = figure.add_subplot()
    told = [(x, g["cure"]) for x, g in enumerate(parts.values()) if not g["cure"]["too_few"]]
    rates = [cure["rate"] for _, cure in told]
    errors = [
        [cure["rate"] - cure["low"] for _, cure in told],
        [cure["high"] - cure["rate"] for _, cure in told],
    ]
    axes.errorbar([x for x, _ in told], rates, yerr=errors, fmt="o-", color=OURS, capsize=3)
    _months(axes, list(parts))
    axes.yaxis.set_major_formatter(lambda y, _: f"{y:.0%}")
    axes.set(ylabel="cured, 95% interval")
    axes.set_ylim(bottom=0)
    return figure


def money_plot(document: dict[str, Any], currency: str) -> Figure:
    """What was recovered after each month's decisions, in one currency."""
    parts = document["by"]["month"]
    figure = Figure(figsize=(5.2, 2.8), layout="constrained")
    axes = figure.add_subplot()
    money = [group["money"].get(currency) for group in parts.values()]
    received = [each["recovered"] if each else 0.0 for each in money]
    axes.bar(range(len(parts)), received, 0.6, color=OURS)
    _months(axes, list(parts))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set(ylabel=f"recovered, {currency}")
    return figure


def _mark(axes: Axes, y: int, cure: dict[str, Any]) -> None:
    if cure["too_few"]:
        axes.annotate("too few", (0, y), (4, 0), textcoords="offset points", va="center", size=8)
        return
    axes.plot([cure["low"], cure["high"]], [y, y], color=OURS)
    axes.plot(cure["rate"], y, "o", color=OURS)


def _months(axes: Axes, names: list[str]) -> None:
    """Names of months, at most a dozen of them."""
    step = 1 + (len(names) - 1) // 12
    axes.set_xticks(range(0, len(names), step), names[::step], fontsize=8, rotation=30)
    axes.set_xlim(-0.6, len(names) - 0.4)
