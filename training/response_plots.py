"""The pictures of what contact changes: chances, effects, who gains, what a policy moves, gate."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from features.panel import Floats, Indices
from models.intensity.cells import CONTACTS, LATE_STAGES, Cell, Why
from models.intensity.ladder import LEVEL_NAMES
from training.plots import COLOURS, OURS, REFERENCE

ASSUMED, TRUE = COLOURS[0], "black"
_EXPECTED = "estimated, without their outcomes"
_DARK_FROM = 0.45  # of the scale: white letters are read better there
_FAINT = "#e9e9e9"

Gate = Sequence[Sequence[Why | None]]


def chances_plot(mean: Floats, possible: Floats, had: Indices) -> Figure:
    """Who had a chance of what, by late stage and level, [4 × 5] each.

    `mean` is the mean propensity, `had` how many were given the level, `possible` the share of
    assignments in which its propensity was not too small to learn from.
    """
    figure = Figure(figsize=(11, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    told = [f"{p:.0%}\n{n:,}" for p, n in zip(mean.flat, had.flat, strict=True)]
    _tiles(left, mean, told)
    left.set_title("Chance of each level on average,\nand how many accounts and cycles got it")
    _tiles(right, possible, [f"{p:.0%}" for p in possible.flat])
    right.set_title("Share for whom the level was possible at all\n(a chance of 1 in 100 or more)")
    return figure


def _tiles(axes: Axes, values: Floats, told: Sequence[str]) -> None:
    axes.imshow(values, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for place, words in enumerate(told):
        row, column = divmod(place, values.shape[1])
        dark = values[row, column] > _DARK_FROM
        colour = "white" if dark else "black"
        axes.text(column, row, words, ha="center", va="center", color=colour, fontsize="small")
    axes.set_xticks(range(len(LEVEL_NAMES)), LEVEL_NAMES)
    axes.set_yticks(range(len(LATE_STAGES)), LATE_STAGES)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def cells_plot(cells: Sequence[Cell], assumed: Floats, true: Floats | None) -> Figure:
    """What each level adds to the probability of a cure, by stage: estimated beside assumed.

    `assumed` and `true` [4 stages × 4 levels above none] are mean effects; `true` is known of a
    simulation only.
    """
    figure = Figure(figsize=(12, 3.6), layout="constrained")
    every = figure.subplots(1, len(LATE_STAGES), sharey=True, sharex=True)
    for s, (axes, stage) in enumerate(zip(every, LATE_STAGES, strict=True)):
        _bare(axes)
        axes.axvline(0, color=REFERENCE, linewidth=1)
        for k, cell in enumerate(cells[s * CONTACTS : (s + 1) * CONTACTS]):
            _cell(axes, k, cell)
            axes.plot(100 * assumed[s, k], k + 0.2, "D", color=ASSUMED, fillstyle="none")
            if true is not None:
                axes.plot(100 * true[s, k], k, "|", color=TRUE, markersize=15, markeredgewidth=2)
        axes.set(title=stage, ylim=(CONTACTS - 0.5, -0.5))
    every[0].set_yticks(range(CONTACTS), LEVEL_NAMES[1:])
    figure.supxlabel("percentage points added to the probability of a cure", fontsize="medium")
    _keys(figure, true is not None)
    return figure


def _cell(axes: Axes, y: int, cell: Cell) -> None:
    """An estimate with its interval; where there is none, why."""
    if cell.effect is None or cell.low is None or cell.high is None:
        why = (cell.why or "").replace("_", " ")
        at = axes.get_yaxis_transform()
        axes.text(1.0, y - 0.33, why, transform=at, ha="right", va="center", color=REFERENCE)
        return
    axes.plot([100 * cell.low, 100 * cell.high], [y - 0.2, y - 0.2], color=OURS, linewidth=2)
    axes.plot(100 * cell.effect, y - 0.2, "o", color=OURS)


def _keys(figure: Figure, with_truth: bool) -> None:
    axes = figure.axes[0]
    handles = [
        *axes.plot([], [], "o-", color=OURS, linewidth=2, label="estimated, 95% interval"),
        *axes.plot([], [], "D", color=ASSUMED, fillstyle="none", label="assumed in the policy"),
    ]
    if with_truth:
        handles += axes.plot(
            [], [], "|", color=TRUE, markersize=15, markeredgewidth=2, label="true (simulation)"
        )
    figure.legend(handles=handles, loc="outside upper center", ncols=3, frameon=False)


def groups_plot(
    estimated: Floats, seen: tuple[Floats, Floats, Floats], true: Floats | None, level: str
) -> Figure:
    """Who gains by a level and who is put off: groups in the order of their estimated effect.

    `estimated` [k] is the mean by estimates made without the account; `seen` its mean, low and
    high [k] in the assignments themselves; `true` [k] is known of a simulation only.
    """
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.add_subplot()
    _bare(axes)
    place = np.arange(len(estimated))
    mean, low, high = (100 * each for each in seen)
    axes.bar(place, 100 * estimated, 0.6, color=OURS, alpha=0.3, label=_EXPECTED)
    axes.errorbar(
        place,
        mean,
        yerr=[mean - low, high - mean],
        fmt="o",
        color=OURS,
        linewidth=2,
        label="seen in their assignments, 95% interval",
    )
    if true is not None:
        axes.plot(
            place,
            100 * true,
            "_",
            color=TRUE,
            markersize=26,
            markeredgewidth=2,
            label="true (simulation)",
        )
    axes.axhline(0, color=REFERENCE, linewidth=1)
    names = [str(k + 1) for k in place.tolist()]
    names[0] = f"the {1 / len(place):.0%} for whom\nit does least"
    names[-1] = "for whom\nit does most"
    axes.set_xticks(place, names)
    axes.set(ylabel=f"points that level {level} adds\nto the probability of a cure")
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return figure


def moves_plot(before: Indices, after: Indices, stage: Indices) -> Figure:
    """Shares of each late stage that get a lower level after than before [n], and a higher one."""
    figure = Figure(figsize=(9, 2.8), layout="constrained")
    axes = figure.add_subplot()
    _bare(axes)
    for s in range(len(LATE_STAGES)):
        here = stage == s + 1
        total = max(int(here.sum()), 1)
        lower = float((after < before)[here].sum() / total)
        higher = float((after > before)[here].sum() / total)
        axes.barh(s, -lower, color=ASSUMED, label=None if s else "a lower level than before")
        axes.barh(s, higher, color=OURS, label=None if s else "a higher level than before")
        axes.text(-lower, s, f"{lower:.0%} ", ha="right", va="center", color=ASSUMED)
        axes.text(higher, s, f" {higher:.0%}", ha="left", va="center", color=OURS)
    names = [f"{each}  (n = {(stage == s + 1).sum():,})" for s, each in enumerate(LATE_STAGES)]
    axes.set_yticks(range(len(names)), names)
    axes.axvline(0, color=REFERENCE, linewidth=1)
    axes.margins(x=0.12)
    axes.set(xticks=[], ylim=(len(names) - 0.5, -0.5))
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    return figure


def gate_plot(logs: Mapping[str, Gate]) -> Figure:
    """What may be called estimated, by stage and level, for each log by its name; else why not."""
    figure = Figure(figsize=(3.3 * len(logs), 3.2), layout="constrained")
    every = figure.subplots(1, len(logs), sharey=True, squeeze=False)[0]
    for axes, (name, gate) in zip(every, logs.items(), strict=True):
        for s, of_stage in enumerate(gate):
            for k, why in enumerate(of_stage):
                _judged(axes, k, s, why)
        axes.set(title=name, xlim=(-0.5, CONTACTS - 0.5), ylim=(len(gate) - 0.5, -0.5))
        axes.set_xticks(range(CONTACTS), LEVEL_NAMES[1:])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    every[0].set_yticks(range(len(LATE_STAGES)), LATE_STAGES)
    return figure


def _judged(axes: Axes, x: int, y: int, why: Why | None) -> None:
    axes.barh(y, 0.94, 0.9, x - 0.47, color=OURS if why is None else _FAINT)
    words = "estimated" if why is None else why.replace("_", "\n")
    colour = "white" if why is None else "black"
    axes.text(x, y, words, ha="center", va="center", color=colour, fontsize="x-small")


def _bare(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
