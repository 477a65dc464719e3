"""Every boundary of the tiers: one below, at, one above."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.score.tier import TIERS, Cuts, Tier, tier_number
from models.stage import STAGES, Stage
from models.target import TARGETS

LOW_FROM = np.array([0.6, 0.9])
HIGH_BELOW = np.array([0.3, 0.8])
DOUBTFUL = np.array([STAGES.index("M3"), 0.1, 500.0])
BELOW, ABOVE = -math.inf, math.inf


def tier(probability: float, stage: Stage, amount: float) -> Tier:
    target = TARGETS.index("early_warning" if stage == "pre_due" else "cure")
    number = tier_number(
        probability, STAGES.index(stage), amount, target, LOW_FROM, HIGH_BELOW, DOUBTFUL
    )
    return TIERS[number]


@pytest.mark.parametrize(
    ("probability", "expected"),
    [
        (1.0, "low"),
        (math.nextafter(0.6, ABOVE), "low"),
        (0.6, "low"),
        (math.nextafter(0.6, BELOW), "medium"),
        (math.nextafter(0.3, ABOVE), "medium"),
        (0.3, "medium"),
        (math.nextafter(0.3, BELOW), "high"),
        (0.0, "high"),
    ],
)
def test_a_late_account_is_parted_by_its_probability_of_cure(
    probability: float, expected: Tier
) -> None:
    assert tier(probability, "M1", 1_000) == expected


@pytest.mark.parametrize(
    ("probability", "expected"),
    [
        (0.9, "low"),
        (math.nextafter(0.9, BELOW), "medium"),
        (0.8, "medium"),
        (math.nextafter(0.8, BELOW), "high"),
        (0.0, "high"),
    ],
)
def test_a_pre_due_account_has_a_scale_of_its_own(probability: float, expected: Tier) -> None:
    assert tier(probability, "pre_due", 0) == expected


@pytest.mark.parametrize(
    ("probability", "stage", "amount", "expected"),
    [
        (0.05, "M2", 500, "high"),
        (0.05, "M3", 500, "doubtful"),
        (0.05, "M4+", 500, "doubtful"),
        (0.05, "M3", 499.99, "high"),
        (0.05, "M3", 500.01, "doubtful"),
        (math.nextafter(0.1, BELOW), "M3", 500, "doubtful"),
        (0.1, "M3", 500, "high"),
        (math.nextafter(0.1, ABOVE), "M3", 500, "high"),
    ],
)
def test_doubtful_needs_stage_probability_and_amount(
    probability: float, stage: Stage, amount: float, expected: Tier
) -> None:
    assert tier(probability, stage, amount) == expected


@given(
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from(STAGES),
    st.floats(0, 1e11),
)
def test_a_higher_probability_is_never_a_higher_risk(
    one: float, other: float, stage: Stage, amount: float
) -> None:
    higher, lower = max(one, other), min(one, other)
    risk = [TIERS.index(tier(p, stage, amount)) for p in (higher, lower)]
    assert risk[0] <= risk[1]


def test_thresholds_refuse_what_is_no_probability() -> None:
    for wrong in (0.0, 1.0, math.nan, "0.5"):
        with pytest.raises(ValidationError):
            Cuts(low_from=wrong, high_below=0.3)  # type: ignore[arg-type]
