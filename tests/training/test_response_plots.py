"""The pictures of what contact changes: what is drawn and in which words."""

import numpy as np
from matplotlib.colors import to_rgba

from models.intensity.cells import CONTACTS, LATE_STAGES, Cell, Why
from models.intensity.ladder import LEVEL_NAMES
from training.plots import OURS
from training.response_plots import (
    TRUE,
    cells_plot,
    chances_plot,
    gate_plot,
    groups_plot,
    moves_plot,
)

BY_CELL = np.arange(16).reshape(4, 4) / 100


def _cell(stage: str, level: int) -> Cell:
    known: dict[str, object] = {"estimated": True, "why": None, "effect": 0.03}
    known |= {"low": 0.01, "high": 0.05}
    if level == CONTACTS:
        known = {"estimated": False, "why": "few_assignments"}
        known |= dict.fromkeys(("effect", "low", "high"))
    told = {"stage": stage, "level": level, "n": 9, "accounts": 8, "ess": 7.0, "overlap": 0.5}
    return Cell.model_validate(told | known)


def test_chances_are_told_with_how_many_had_them() -> None:
    mean = np.tile([0.5, 0.3, 0.1, 0.1, 0.0], (4, 1))
    had = np.tile([5_000, 3, 1, 1, 0], (4, 1))
    left, right = chances_plot(mean, 2 * mean, had).axes
    assert [each.get_text() for each in left.texts[:5]] == [
        "50%\n5,000",
        "30%\n3",
        "10%\n1",
        "10%\n1",
        "0%\n0",
    ]
    assert [each.get_text() for each in right.texts[:2]] == ["100%", "60%"]
    assert [each.get_text() for each in left.get_xticklabels()] == list(LEVEL_NAMES)
    assert [each.get_text() for each in left.get_yticklabels()] == list(LATE_STAGES)


def test_an_estimate_has_its_interval_and_an_assumed_cell_the_reason() -> None:
    cells = [_cell(stage, level) for stage in LATE_STAGES for level in range(1, 5)]
    every = cells_plot(cells, BY_CELL, None).axes
    assert [axes.get_title() for axes in every] == list(LATE_STAGES)
    last = every[3]
    assert [text.get_text() for text in last.texts] == ["few assignments"]
    drawn = {tuple(np.ravel(line.get_xdata()).round(6).tolist()) for line in last.lines}
    assert {(1.0, 5.0), (3.0,)} <= drawn
    assert {(12.0,), (13.0,), (14.0,), (15.0,)} <= drawn


def test_the_truth_is_drawn_where_it_is_known() -> None:
    cells = [_cell(stage, level) for stage in LATE_STAGES for level in range(1, 5)]
    true = cells_plot(cells, BY_CELL, BY_CELL / 2).axes[1].lines
    black = [line.get_xdata()[0] for line in true if line.get_color() == TRUE]
    assert np.allclose(black, [2, 2.5, 3, 3.5])
    without = cells_plot(cells, BY_CELL, None)
    assert not [line for axes in without.axes for line in axes.lines if line.get_color() == TRUE]
    [legend] = without.legends
    assert "true (simulation)" not in [text.get_text() for text in legend.texts]


def test_groups_stand_in_their_order_in_points() -> None:
    estimated = np.array([-0.02, 0.0, 0.08])
    seen = (estimated, estimated - 0.01, estimated + 0.03)
    [axes] = groups_plot(estimated, seen, estimated / 2, "call").axes
    assert np.allclose([bar.get_height() for bar in axes.patches], [-2, 0, 8])
    assert "level call" in axes.get_ylabel()
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert labels == ["the 33% for whom\nit does least", "2", "for whom\nit does most"]
    [bars] = axes.collections
    assert np.allclose(bars.get_segments()[2], [[2, 7], [2, 11]])


def test_moves_are_shares_of_the_stage_both_ways() -> None:
    stage = np.array([1, 1, 1, 1, 2, 4])
    before, after = np.array([2, 2, 1, 1, 0, 3]), np.array([1, 2, 2, 2, 0, 3])
    [axes] = moves_plot(before, after, stage).axes
    widths = [bar.get_width() for bar in axes.patches]
    assert widths == [-0.25, 0.5, 0, 0, 0, 0, 0, 0]
    assert [text.get_text().strip() for text in axes.texts[:2]] == ["25%", "50%"]
    assert axes.get_yticklabels()[2].get_text() == "M3  (n = 0)"


def test_the_gate_says_of_each_cell_whether_and_why_not() -> None:
    sound: list[list[Why | None]] = [[None, None, None, "little_overlap"]] * 4
    never: list[list[Why | None]] = [["never_tried"] * 4] * 4
    first, second = gate_plot({"sound": sound, "spoilt": never}).axes
    assert [text.get_text() for text in first.texts[:4]] == ["estimated"] * 3 + ["little\noverlap"]
    assert {text.get_text() for text in second.texts} == {"never\ntried"}
    assert (first.get_title(), second.get_title()) == ("sound", "spoilt")
    assert first.patches[0].get_facecolor() == to_rgba(OURS)
    assert first.patches[3].get_facecolor() != to_rgba(OURS)
