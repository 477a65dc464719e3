"""The pictures of a comparison: value, levels, contacts for a cure, value by stage, effects."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.level_plots import level_bars
from training.plots import COLOURS, OURS, REFERENCE

OTHER = COLOURS[0]
_ROW = 0.42  # inches of a policy
_APART = 0.17  # between the two estimates of a policy
_DR, _SNIPS = "doubly robust", "self-normalised weights"
Policies = Mapping[str, Mapping[str, Any]]


def value_plot(policies: Policies, unit: str) -> Figure:
    """Net value over no contact of each policy, by both estimates, with 95% intervals."""
    figure, axes = _figure(policies, 0.9)
    for y, part in enumerate(policies.values()):
        _mark(axes, y - _APART, part["net_dr"], OURS, "o")
        _mark(axes, y + _APART, part["net_snips"], OTHER, "D")
        value = part["net_dr"]["value"]
        axes.barh(y - _APART, value or 0.0, 2 * _APART, color=OURS, alpha=0.25)
    axes.axvline(0, color=REFERENCE, linewidth=1)
    axes.xaxis.set_major_formatter("{x:,.10g}")
    axes.set(xlabel=f"net value over no contact, {unit} for 1,000 assignments")
    _legend(axes)
    return figure


def difference_plot(policies: Policies, base: str, unit: str) -> Figure:
    """By how much each policy's net value is above that of `base`, with 95% intervals."""
    others = {name: part for name, part in policies.items() if name != base}
    figure, axes = _figure(others, 0.6)
    for y, part in enumerate(others.values()):
        _mark(axes, y, part["minus"][base], OURS, "o")
    axes.axvline(0, color=REFERENCE, linewidth=1)
    axes.xaxis.set_major_formatter("{x:,.10g}")
    label = policies[base]["label"]
    axes.set(xlabel=f"net value more than {label}, {unit} for 1,000 assignments")
    return figure


def levels_plot(policies: Policies, rows: int) -> Figure:
    """How many assignments each policy gives each level."""
    figure, axes = _figure(policies, 1.0)
    counts = np.array([np.rint(rows * np.array(part["levels"])) for part in policies.values()])
    level_bars(axes, counts.astype(np.int64), list(policies))
    _names(axes, policies)
    axes.set(xlabel="share of assignments")
    axes.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=5, frameon=False)
    return figure


def contacts_plot(policies: Policies) -> Figure:
    """Contacts for one cure, by both estimates, with 95% intervals."""
    figure, axes = _figure(policies, 0.9)
    for y, part in enumerate(policies.values()):
        _mark(axes, y - _APART, part["contacts_per_cure_dr"], OURS, "o")
        _mark(axes, y + _APART, part["contacts_per_cure_snips"], OTHER, "D")
    axes.set(xlabel="contacts for one cure")
    axes.set_xlim(left=0)
    _legend(axes)
    return figure


def stages_plot(policies: Policies, unit: str) -> Figure:
    """The doubly robust net value by stage, each on a scale of its own."""
    stages = list(next(iter(policies.values()))["by_stage"])
    height = 0.9 + 0.3 * len(policies)
    figure = Figure(figsize=(2.2 + 2.2 * len(stages), height), layout="constrained")
    every = figure.subplots(1, len(stages), squeeze=False, sharey=True)[0]
    for axes, stage in zip(every, stages, strict=True):
        for y, part in enumerate(policies.values()):
            _mark(axes, y, part["by_stage"][stage]["net_dr"], OURS, "o")
        axes.axvline(0, color=REFERENCE, linewidth=1)
        axes.xaxis.set_major_formatter("{x:,.10g}")
        axes.locator_params(axis="x", nbins=3)
        axes.set_title(stage)
        axes.spines[["top", "right"]].set_visible(False)
    _names(every[0], policies)
    figure.supxlabel(f"net value over no contact, {unit} for 1,000 assignments", fontsize="medium")
    return figure


def effects_plot(cells: list[dict[str, Any]]) -> Figure:
    """What each estimated level adds to the probability of a cure on average, by stage."""
    told = [cell for cell in cells if cell["estimated"]]
    figure = Figure(figsize=(8, 0.9 + 0.27 * len(told)), layout="constrained")
    axes = figure.add_subplot()
    for y, cell in enumerate(told):
        points = {name: 100 * cell[name] for name in ("low", "high")}
        _mark(axes, y, {"value": 100 * cell["effect"], **points}, OURS, "o")
    axes.axvline(0, color=REFERENCE, linewidth=1)
    axes.set_yticks(range(len(told)), [f"{cell['stage']}  {cell['level']}" for cell in told])
    axes.set(
        xlabel="percentage points added to the probability of a cure, 95% interval",
        ylim=(len(told) - 0.5, -0.5),
    )
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _figure(policies: Policies, more: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8, more + _ROW * len(policies)), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    _names(axes, policies)
    return figure, axes


def _names(axes: Axes, policies: Policies) -> None:
    axes.set_yticks(range(len(policies)), [part["label"] for part in policies.values()])
    axes.set(ylim=(len(policies) - 0.5, -0.5))


def _mark(axes: Axes, y: float, figure: Mapping[str, float | None], colour: str, how: str) -> None:
    """A value with its interval; nothing where it is not defined."""
    value, low, high = (figure[name] for name in ("value", "low", "high"))
    if value is None:
        return
    if low is not None and high is not None:
        axes.plot([low, high], [y, y], color=colour, linewidth=2)
    axes.plot(value, y, how, color=colour, markersize=6 if how == "o" else 5)


def _legend(axes: Axes) -> None:
    for colour, how, label in ((OURS, "o-", _DR), (OTHER, "D-", _SNIPS)):
        axes.plot([], [], how, color=colour, label=f"{label}, 95% interval")
    axes.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=2, frameon=False)
