"""The response: ordinary contact leads to the served score, so that no effect counts twice."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.intensity.response import (
    MOST_LOG_ODDS,
    effects,
    log_odds_of,
    ordinary,
    served,
    untreated,
)
from models.score.calibration import probability

LOG_ODDS = st.one_of(st.floats(-6, 6), st.floats(-40, 40))
# From next to no effect to the largest that a policy may assume, and as far below 1.
EFFECTS = st.lists(st.floats(math.log(1e-4), math.log(20)), min_size=4, max_size=4)
WEIGHTS = st.lists(st.floats(0, 1), min_size=5, max_size=5).filter(lambda each: sum(each) > 0.01)


def ratios_of(effect: list[float]) -> np.ndarray:
    return np.exp(np.array([0.0, *effect]))


def shares_of(weights: list[float]) -> np.ndarray:
    return np.array(weights) / sum(weights)


def levels(log_odds: float, ratios: np.ndarray, shares: np.ndarray) -> tuple:
    found, gain = np.empty(5), np.empty(5)
    none = effects(served(log_odds)[1], ratios, shares, found, gain)
    return found, gain, none


@given(LOG_ODDS, EFFECTS, WEIGHTS)
@example(40.0, [-9.0, 2.9, 2.9, 2.9], [0.5, 0.0, 0.0, 0.0, 0.5])
@example(-40.0, [-9.0, 2.9, 2.9, 2.9], [0.5, 0.0, 0.0, 0.0, 0.5])
@example(1_000.0, [1.0, 2.0, 2.5, 2.9], [1.0, 0.0, 0.0, 0.0, 0.0])
@example(-1_000.0, [1.0, 2.0, 2.5, 2.9], [0.0, 0.0, 0.0, 0.0, 1.0])
def test_ordinary_contact_leads_to_the_served_score(
    log_odds: float, effect: list[float], weights: list[float]
) -> None:
    ratios, shares = ratios_of(effect), shares_of(weights)
    found, _, none = levels(log_odds, ratios, shares)
    score, _ = served(log_odds)
    assert abs(shares @ found - score) <= 1e-14
    assert shares @ found == pytest.approx(ordinary(none, ratios, shares), rel=1e-13, abs=1e-300)
    if abs(log_odds) <= MOST_LOG_ODDS:
        # Both tails keep their digits.
        assert shares @ found == pytest.approx(score, rel=1e-13)
        missed = shares @ (1 / (1 + none * ratios))
        assert missed == pytest.approx(1 / (1 + math.exp(log_odds)), rel=1e-13)


@given(LOG_ODDS, EFFECTS, WEIGHTS)
def test_every_level_is_its_odds_ratio_from_none(
    log_odds: float, effect: list[float], weights: list[float]
) -> None:
    ratios, shares = ratios_of(effect), shares_of(weights)
    found, gain, none = levels(log_odds, ratios, shares)
    assert found == pytest.approx(none * ratios / (1 + none * ratios), rel=1e-14)
    assert gain == pytest.approx(found - found[0], abs=1e-15)
    assert gain[0] == 0
    assert served(log_odds)[1] / ratios.max() <= none * (1 + 1e-14)
    assert none <= served(log_odds)[1] / ratios.min() * (1 + 1e-14)


@given(LOG_ODDS, WEIGHTS)
def test_without_effects_every_level_has_the_served_score(
    log_odds: float, weights: list[float]
) -> None:
    found, gain, _ = levels(log_odds, np.ones(5), shares_of(weights))
    assert found == pytest.approx(np.full(5, served(log_odds)[0]), rel=1e-14)
    assert not gain.any()


@pytest.mark.parametrize("level", range(5))
def test_the_only_level_ordinarily_given_has_the_served_score(level: int) -> None:
    ratios = np.array([1.0, 1.2, 1.7, 2.0, 2.5])
    found, _, _ = levels(0.3, ratios, np.eye(5)[level])
    assert found[level] == pytest.approx(served(0.3)[0], rel=1e-15)


def test_a_known_case() -> None:
    # 0.5·a/(1+a) + 0.5·4a/(1+4a) = 1/2 at a = 1/2, since a·4a = 1.
    shares = np.array([0.5, 0.5, 0.0, 0.0, 0.0])
    assert untreated(1.0, np.array([1.0, 4.0, 1.0, 1.0, 1.0]), shares) == pytest.approx(0.5)


@given(st.one_of(LOG_ODDS, st.floats(-800, 800)))
def test_the_score_is_the_recorded_one_to_the_last_bit(log_odds: float) -> None:
    assert served(log_odds)[0] == probability(np.array([log_odds]))[0]


@given(st.floats(1e-12, 1 - 1e-12))
def test_log_odds_lead_back_to_the_probability(score: float) -> None:
    assert served(log_odds_of(score))[0] == pytest.approx(score, rel=1e-13)
