"""The pictures of a run: what is drawn and in which words."""

import numpy as np

from training.evaluate import Judged
from training.plots import reliability_plot, roc_plot, stages_plot


def rows() -> Judged:
    rng = np.random.default_rng(0)
    log_odds = rng.normal(-1, 1, 600)
    label = (rng.random(600) < 1 / (1 + np.exp(-log_odds))).astype(np.int64)
    stage = np.repeat([1, 2, 4], [400, 190, 10])
    others = {f"other_{k}": rng.normal(size=600) for k in range(8)}
    return Judged(label, log_odds, np.arange(600), stage, others)


def test_reliability_shows_bins_before_the_band_of_chance() -> None:
    axes = reliability_plot(rows(), "early_warning").axes[0]
    assert axes.get_ylabel() == "share that stayed current"
    legend = axes.get_legend()
    assert legend is not None
    words = [text.get_text() for text in legend.get_texts()]
    assert any("10 bins" in text for text in words)
    assert any("95% of perfectly calibrated" in text for text in words)


def test_every_stage_with_rows_has_a_panel() -> None:
    panels = stages_plot(rows(), "cure").axes
    assert [axes.get_title().split(":")[0] for axes in panels] == ["M1", "M2", "M4+"]


def test_all_that_is_compared_has_a_curve() -> None:
    axes = roc_plot(rows(), "cure").axes[0]
    assert len(axes.lines) == 1 + 8 + 1  # chance, others, ours
    assert "cured" in axes.get_ylabel()
