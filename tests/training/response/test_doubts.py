"""Doubts: a log that was drawn as it says is believed, and others are not."""

import numpy as np
import pytest

from features.panel import Floats
from tests.estimates import given, levels_drawn
from training.assigned import Assigned
from training.response.doubts import Doubt, doubt_of

NAMES = ("one", "two", "three")
PLAIN = np.array([0.2, 0.4, 0.3, 0.09, 0.01])
RARE = np.array([0.97, 0.015, 0.015, 0.0, 0.0])
N = 6_000


def log(seed: int, n: int = N, shares: Floats = PLAIN) -> tuple[Assigned, Floats]:
    """Assignments drawn by propensities that depend on what is known, and that [n × 3]."""
    rng = np.random.default_rng(seed)
    known = rng.normal(size=(n, len(NAMES)))
    known[rng.random(n) < 0.2, 2] = np.nan
    propensity = shares * np.exp(0.3 * known[:, [0]] * np.arange(5))
    propensity /= propensity.sum(axis=1, keepdims=True)
    rows = given(
        levels_drawn(rng, propensity),
        propensity,
        stage=rng.integers(1, 5, n),
        account=rng.integers(0, n // 3, n),
    )
    return rows, known


def doubt(rows: Assigned, known: Floats) -> Doubt | None:
    return doubt_of(rows, NAMES, known)


@pytest.mark.parametrize("shares", [PLAIN, RARE])
@pytest.mark.parametrize("n", [300, N])
def test_what_was_drawn_is_believed(shares: Floats, n: int) -> None:
    """Also where a level is so rare that often nobody had it."""
    assert [doubt(*log(seed, n, shares)) for seed in range(20)] == [None] * 20


def test_accounts_that_keep_their_draw_are_believed() -> None:
    """Of an account all cycles hang together, as when a share of accounts explores."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        account = np.repeat(np.arange(500), 12)
        propensity = np.tile([0.75, 0.25, 0, 0, 0], (len(account), 1))
        level = (rng.random(500) < 0.25)[account]
        known = rng.normal(size=(500, 3))[account]
        assert doubt(given(level, propensity, account=account), known) is None


def test_nothing_was_left_to_chance() -> None:
    level = np.random.default_rng(0).integers(0, 5, N)
    rows = given(level, np.eye(5)[level])
    found = doubt(rows, np.zeros((N, 3)))
    assert found is not None
    assert found.why == "not_randomised"


def test_a_level_that_was_impossible() -> None:
    rows, known = log(0)
    rows.propensity[7] = 0.0
    rows.propensity[7, (rows.level[7] + 1) % 5] = 1.0
    found = doubt(rows, known)
    assert found is not None
    assert found.why == "wrong_propensities"
    assert "1 assignments" in found.seen


def test_propensities_off_by_five_points_in_one_stage() -> None:
    rows, known = log(0, 12_000)
    there = rows.stage == 2
    rows.propensity[there, 0] += 0.05
    rows.propensity[there, 1] -= 0.05
    rows.propensity[:] = np.clip(rows.propensity, 1e-3, 1)
    found = doubt(rows, known)
    assert found is not None
    assert found.why == "wrong_propensities"
    assert "in M2 level" in found.seen


@pytest.mark.parametrize("sign", [1, -1])
def test_levels_chosen_by_what_propensities_do_not_tell(sign: int) -> None:
    rows, known = log(0)
    moved = (sign * known[:, 1] > 1) & (rows.level < 2)
    rows.level[moved] += 1
    found = doubt(rows, known)
    assert found is not None
    assert found.why == "wrong_propensities"
    assert "where two is high" in found.seen
