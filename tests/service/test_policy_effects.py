"""Effects on the page of policies: estimated ones with their intervals, beside assumed ones."""

from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from models.generation import Generation
from models.intensity.cells import CONTACTS, LATE_STAGES, Cell, Lines
from models.intensity.estimate import Estimate, estimated_of, log_ratios
from models.intensity.ladder import LEVELS
from models.intensity.policy import load_policy
from service.review.policy.effects import average_ratios, effects_view
from tests.estimates import with_estimate
from tests.service.told_pages import (
    read,
    serving,
)

LINES = Lines(
    parent=(0, 1, 1, 0),
    offset=(0.2, 0.3, -0.1, 0.5),
    slope=(1.1, 0.9, 1.0, 0.7),
    centre=(0.4, 0.4, 0.8, 1.6),  # where each level more moves the log-odds by 0.4
    covariance=(
        (0.04, 0.01, 0.0, 0.0),
        (0.01, 0.09, 0.0, 0.0),
        (0.0, 0.0, 0.01, 0.0),
        (0.0, 0.0, 0.0, 0.16),
    ),
    slope_variance=(0.1, 0.2, 0.3, 0.4),
)


def _cell(stage: str, level: int) -> Cell:
    known = stage == "M2" and level < 3
    return Cell.model_validate(
        {
            "stage": stage,
            "level": level,
            "estimated": known,
            "why": None if known else "few_assignments",
            "n": 1_234,
            "accounts": 400,
            "ess": 321.4,
            "overlap": 0.875,
            "effect": 0.0622 if known else None,
            "low": -0.0031 if known else None,
            "high": 0.1275 if known else None,
        }
    )


@pytest.fixture(scope="module")
def estimate() -> Estimate:
    cells = tuple(_cell(stage, level) for stage in LATE_STAGES for level in LEVELS[1:])
    training = {"data_sha256": "d" * 64, "from": "2024-01-01", "until": "2024-06-30"}
    return Estimate("e" * 64, (), cells, (LINES,) * len(LATE_STAGES), training, Any)  # type: ignore[arg-type]


def test_the_average_account_of_a_stage_has_its_own_odds_ratios(estimate: Estimate) -> None:
    logs, variance = log_ratios(LINES, np.array([0.4]))  # as far as every centre
    for found, log, spread in zip(average_ratios(estimate, 1), logs[0], variance[0], strict=True):
        half = 1.959963984540054 * np.sqrt(spread)
        assert found == pytest.approx((np.exp(log), np.exp(log - half), np.exp(log + half)))


def test_estimated_effects_stand_beside_assumed_ones(
    engine: sa.Engine, generation: Generation, estimate: Estimate
) -> None:
    assert estimated_of(estimate.cells).sum() == 2
    policy = with_estimate(load_policy(), estimate)
    page = read(serving(engine, generation, policy), "/review/policies")
    assert "Of 20 effects 2 are estimated" in page.text
    (chart,) = page.charts
    points, ranges = chart["series"][:2]
    at = chart["categories"].index("M2 1 · reminder")
    assert points["values"][at] == pytest.approx(np.exp(0.2))
    assert ranges["values"][at] == pytest.approx(
        [np.exp(0.2 - 1.96 * 0.2), np.exp(0.2 + 1.96 * 0.2)], rel=1e-4
    )
    assert sum(value is not None for value in points["values"]) == 2
    (row,) = [
        row
        for table in page.tables
        for row in table
        if row[:3] == ["M2", "1 · reminder", "estimated"]
    ]
    assert row[3:] == ["+6.2 [-0.3, +12.8]", "1,234", "321", "88%"]
    assert estimate.sha256 in page.text


def test_why_an_effect_is_assumed_is_told_once_with_all_it_is_of(estimate: Estimate) -> None:
    view = effects_view(with_estimate(load_policy(), estimate), "en")
    told = {each["because"]: each["cells"] for each in view["whys"]}
    assert len(told["this level was never tried in pre_due"]) == CONTACTS
    seldom = "in M2 this level, or no contact, was assigned too seldom"
    assert told[seldom] == ["M2 3 · intensive contact", "M2 4 · escalation"]
