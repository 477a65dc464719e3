"""The pictures of levels: what is drawn and in which words."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from training.level_plots import level_bars, minutes_plot
from training.minutes import Curve

COUNTS = np.array([[5, 5, 0, 0, 0], [0, 2, 10, 0, 88], [0, 0, 0, 0, 0]])


def test_bars_are_shares_from_the_top_down_and_fill_the_width() -> None:
    axes = Figure().add_subplot()
    level_bars(axes, COUNTS, ["M1", "M2", "M3"])
    widths = np.array([[bar.get_width() for bar in bars] for bars in axes.containers])
    assert widths.T[:2] == pytest.approx(COUNTS[:2] / COUNTS[:2].sum(axis=1, keepdims=True))
    assert (widths.T[2] == 0).all()
    ends = [bar.get_x() + bar.get_width() for bar in axes.containers[-1]]
    assert ends == pytest.approx([1, 1, 0])
    assert axes.get_ylim() == (2.5, -0.5)
    assert [text.get_text() for text in axes.get_yticklabels()][1] == "M2  (n = 100)"


def test_only_parts_with_room_tell_their_share() -> None:
    axes = Figure().add_subplot()
    level_bars(axes, COUNTS, ["M1", "M2", "M3"])
    assert {text.get_text() for text in axes.texts} == {"", "50%", "10%", "88%"}


def test_minutes_are_told_in_the_currency_and_to_what_is_wanted() -> None:
    minutes = np.array([0.0, 50.0, 120.0])
    curve = Curve(
        minutes, np.array([0.0, 50.0, 100.0]), np.array([10.0, 40.0, 50.0]), minutes[::-1]
    )
    above, below = minutes_plot(curve, 7.0, "CNY", 3.5).axes
    assert above.lines[0].get_ydata().tolist() == [70, 280, 350]
    assert below.lines[0].get_ydata().tolist() == [840, 350, 0]
    assert above.lines[1].get_xdata() == [100, 100]
    assert (above.get_ylabel(), below.get_ylabel()) == ("CNY a cycle", "CNY a minute")
    assert "3.50 CNY more" in below.texts[0].get_text()
