"""The pictures of levels: shares by group, and what agents' time is worth."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.intensity.ladder import LEVEL_NAMES
from models.intensity.numbers import Indices
from training.minutes import Curve
from training.plots import COLOURS, OURS, REFERENCE

# From no contact to escalation.
LEVEL_COLOURS = ("#e3e3e3", "#a9cce8", "#5a9bd0", "#1f5fa8", "#d1782b")
_TOLD_FROM = 0.06  # a narrower part has no room for its share


def level_bars(axes: Axes, counts: Indices, names: Sequence[str]) -> None:
    """The share of each level in each group, from the top down: `counts` [groups, 5] of accounts.

    A group without accounts has no bar.
    """
    total = counts.sum(axis=1)
    shares = counts / total.clip(1)[:, None]
    left = 0 * shares[:, 0]
    for level, (name, colour) in enumerate(zip(LEVEL_NAMES, LEVEL_COLOURS, strict=True)):
        width = shares[:, level]
        bars = axes.barh(range(len(names)), width, left=left, color=colour, label=name)
        told = [f"{each:.0%}" if each >= _TOLD_FROM else "" for each in width]
        dark = LEVEL_NAMES[level] in ("call", "intensive", "escalate")
        axes.bar_label(
            bars, told, label_type="center", color="white" if dark else "black", fontsize="small"
        )
        left = left + width
    named = [f"{name}  (n = {n:,})" for name, n in zip(names, total.tolist(), strict=True)]
    axes.set_yticks(range(len(names)), named)
    axes.set(xlim=(0, 1), ylim=(len(names) - 0.5, -0.5), xlabel="share of accounts")
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def minutes_plot(curve: Curve, rate: float, currency: str, dearer: float) -> Figure:
    """Net value against agent minutes a day, and below it what one more minute brings.

    Amounts are told in `currency`, of which 1 of the policy's unit is `rate`. The dashed line is
    at a minute that costs `dearer` (in `currency`) more than the policy says.
    """
    figure = Figure(figsize=(8, 6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    above.plot(curve.minutes, curve.value * rate, color=OURS)
    above.set(
        title="All accounts: net value of a cycle", ylabel=f"{currency} a cycle", ylim=(0, None)
    )
    below.plot(curve.minutes, curve.price * rate, color=OURS)
    below.axhline(dearer, color=COLOURS[0], linestyle="--", linewidth=1)
    below.annotate(
        f"a minute that costs {dearer:,.2f} {currency} more than the policy says",
        (curve.minutes[-1], dearer),
        (0, 4),
        textcoords="offset points",
        ha="right",
        color=COLOURS[0],
    )
    below.set(
        title="What one more minute brings: its price",
        xlabel="agent minutes a day",
        ylabel=f"{currency} a minute",
        xlim=(0, curve.minutes[-1]),
        ylim=(0, None),
    )
    for axes in (above, below):
        axes.axvline(curve.used[-1], color=REFERENCE, linestyle=":", linewidth=1)
        axes.yaxis.set_major_formatter("{x:,.10g}")
        axes.spines[["top", "right"]].set_visible(False)
    above.annotate(
        "all that is wanted",
        (curve.used[-1], 0),
        (-4, 4),
        textcoords="offset points",
        ha="right",
        color=REFERENCE,
    )
    return figure
