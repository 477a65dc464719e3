"""Gain and lift by tenths of the rows."""

import numpy as np
import pytest

from training.gains import gains


def test_tenths_of_a_perfect_order() -> None:
    found = gains(np.repeat([0, 1], [16, 4]), np.arange(20.0))
    assert [entry["n"] for entry in found] == [2] * 10
    assert [entry["target_rate"] for entry in found[:3]] == [1.0, 1.0, 0.0]
    assert found[0]["lift"] == pytest.approx(5.0)
    assert [entry["captured"] for entry in found[:3]] == pytest.approx([0.5, 1.0, 1.0])
    assert found[9]["share"] == found[9]["captured"] == pytest.approx(1.0)


def test_rows_of_equal_score_share_their_outcome_whatever_their_order() -> None:
    label = np.repeat([1, 0], [30, 70])
    for order in (np.arange(100), np.arange(100)[::-1]):
        found = gains(label[order], np.zeros(100))
        assert [entry["lift"] for entry in found] == pytest.approx([1.0] * 10)


def test_few_rows_make_few_entries_and_no_target_no_lift() -> None:
    assert gains(np.array([], np.int64), np.array([])) == []
    found = gains(np.zeros(3, np.int64), np.arange(3.0))
    assert [(entry["n"], entry["lift"], entry["captured"]) for entry in found] == [
        (1, None, None)
    ] * 3
