"""Cells and lines: what they must hold, and the ways from none."""

from typing import Any

import pytest
from pydantic import ValidationError

from models.intensity.cells import WHYS, Cell, Lines

KNOWN = {"effect": 0.05, "low": -0.01, "high": 0.11}
UNKNOWN = dict.fromkeys(KNOWN)


def cell(**changes: Any) -> Cell:
    fields = {
        "stage": "M1",
        "level": 2,
        "estimated": True,
        "why": None,
        "n": 500,
        "accounts": 400,
        "ess": 300.5,
        "overlap": 0.9,
        **KNOWN,
    }
    return Cell.model_validate(fields | changes)


def lines(**changes: Any) -> Lines:
    fields = {
        "parent": (0, 1, 1, 3),
        "offset": (0.1, 0.2, 0.3, 0.4),
        "slope": (1.0, 0.5, 0.0, 1.5),
        "centre": (0.0,) * 4,
        "covariance": ((0.0,) * 4,) * 4,
        "slope_variance": (0.0,) * 4,
    }
    return Lines.model_validate(fields | changes)


def test_a_cell_is_estimated_with_an_interval_or_assumed_with_a_reason() -> None:
    assert cell().effect == 0.05
    for why in WHYS:
        assert cell(estimated=False, why=why, **UNKNOWN).why == why


@pytest.mark.parametrize("missing", [*KNOWN])
def test_no_effect_is_estimated_without_its_interval(missing: str) -> None:
    with pytest.raises(ValidationError, match="with its interval"):
        cell(**{missing: None})


@pytest.mark.parametrize(
    "changes",
    [
        {"estimated": False, "why": "never_tried"},
        {"estimated": False, "why": "never_tried", "effect": None, "low": None},
        {"estimated": False, **UNKNOWN},
        {"why": "never_tried"},
        {"estimated": False, "why": "no_estimate", **UNKNOWN},
        {"level": 0},
        {"level": 5},
        {"stage": "M9"},
        {"n": -1},
        {"overlap": 1.1},
        {"low": float("nan")},
        {"high": float("inf")},
        {"low": 0.06},
        {"high": 0.04},
        {"more": 1},
    ],
)
def test_unsound_cells_are_not_made(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        cell(**changes)


def test_paths_lead_from_none_over_parents() -> None:
    assert lines().paths == [[0], [0, 1], [0, 2], [0, 2, 3]]
    assert lines(parent=(0, 0, 0, 0)).paths == [[0], [1], [2], [3]]
    assert lines(parent=(0, 1, 2, 3)).paths == [[0], [0, 1], [0, 1, 2], [0, 1, 2, 3]]


@pytest.mark.parametrize(
    "changes",
    [
        {"parent": (1, 0, 0, 0)},
        {"parent": (0, 0, 3, 0)},
        {"parent": (0, 0, -1, 0)},
        {"parent": (0, 0, 0)},
        {"offset": (0.1,)},
        {"slope": (1.0, 1.0, 1.0, float("nan"))},
        {"covariance": ((0.0,) * 4,) * 3},
        {"covariance": ((0.0,) * 3,) * 4},
    ],
)
def test_unsound_lines_are_not_made(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        lines(**changes)
