"""The SHAP summary: contributions of the features that weigh most, a dot for each row."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from features.panel import Floats
from training.card.explained import SHOWN_FEATURES, telling


def beeswarm(
    values: Floats, contributions: Floats, features: Sequence[str], reached: str
) -> Figure:
    """Contributions (log-odds) coloured by value; both arrays are rows × features."""
    import shap  # takes seconds, and is for pictures alone

    told = telling(values, contributions)
    values, contributions = values[:, told], contributions[:, told]
    features = [name for name, shows in zip(features, told, strict=True) if shows]
    shown = min(SHOWN_FEATURES, len(features))
    figure = Figure(figsize=(8, 1.4 + 0.3 * shown), layout="constrained")
    axes = figure.add_subplot()
    shap.plots.beeswarm(
        shap.Explanation(contributions, data=values, feature_names=list(features)),
        max_display=shown,
        group_remaining_features=False,
        ax=axes,
        plot_size=None,
        show=False,
        color_bar_label="value of the feature",
    )
    axes.set_xlabel(f"contribution to the log-odds that the account {reached}")
    axes.tick_params(axis="y", labelsize=10, length=0)
    return figure
