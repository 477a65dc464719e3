"""Overlap: what a level needs to be supported, at the bounds; and what it is compared with."""

import numpy as np
import pytest

from models.intensity.cells import Why
from tests.estimates import given, levels_drawn
from training.assigned import Assigned
from training.response.overlap import Support, supports

EVEN = np.array([0.5, 0.5, 0.0, 0.0, 0.0])


def pairs(of_each: int, propensity: np.ndarray = EVEN) -> Assigned:
    """So many assignments of level none, and as many of a reminder, in M1."""
    level = np.repeat([0, 1], of_each)
    return given(level, np.tile(propensity, (len(level), 1)))


def reminder(rows: Assigned, doubt: Why | None = None) -> Support:
    return supports(rows, doubt)[0][0]


@pytest.mark.parametrize(("of_each", "why"), [(199, "few_assignments"), (200, None), (201, None)])
def test_few_assignments(of_each: int, why: str | None) -> None:
    found = reminder(pairs(of_each))
    assert (found.why, found.n, found.accounts) == (why, of_each, of_each)
    assert found.ess == pytest.approx(of_each)


def test_the_rarer_of_both_levels_counts() -> None:
    level = np.repeat([0, 1], [150, 5_000])
    found = reminder(given(level, np.tile(EVEN, (len(level), 1))))
    assert (found.why, found.n) == ("few_assignments", 5_000)
    assert found.ess == pytest.approx(150)


def test_unequal_weights_are_worth_fewer_assignments() -> None:
    rows = pairs(300)
    rows.propensity[:150] = [0.1, 0.9, 0, 0, 0]
    weight = np.repeat([10.0, 2.0], 150)
    found = reminder(rows)
    assert found.ess == pytest.approx(weight.sum() ** 2 / (weight**2).sum())
    assert found.why is None


@pytest.mark.parametrize(
    ("low", "overlap", "why"),
    [(0.0099, 0.0, "little_overlap"), (0.01, 1.0, None), (0.0101, 1.0, None)],
)
def test_a_propensity_that_is_too_small(low: float, overlap: float, why: str | None) -> None:
    found = reminder(pairs(400, np.array([1 - low, low, 0, 0, 0])))
    assert (found.overlap, found.why) == (overlap, why)


@pytest.mark.parametrize(("tried", "why"), [(399, "little_overlap"), (400, None), (401, None)])
def test_little_overlap(tried: int, why: str | None) -> None:
    """Of 4,000 assignments, so many could have had a reminder, and half of those had one."""
    level = np.zeros(4_000, np.int64)
    level[: tried // 2] = 1
    propensity = np.tile([1.0, 0, 0, 0, 0], (4_000, 1))
    propensity[:tried] = EVEN
    found = reminder(given(level, propensity))
    assert (found.overlap, found.why) == (tried / 4_000, why)


def test_never_tried() -> None:
    found = supports(pairs(400), None)
    assert [each.why for each in found[0]] == [None, *["never_tried"] * 3]
    # Nobody was in the other stages.
    assert {each.why for of_stage in found[1:] for each in of_stage} == {"never_tried"}
    assert (found[1][0].n, found[1][0].overlap, found[1][0].ess) == (0, 0.0, 0.0)


def test_a_doubt_speaks_against_every_cell() -> None:
    found = supports(pairs(400), "wrong_propensities")
    assert {each.why for of_stage in found for each in of_stage} == {"wrong_propensities"}


def test_accounts_are_counted_once() -> None:
    rows = given(np.repeat([0, 1], 400), np.tile(EVEN, (800, 1)), account=np.arange(800) // 4)
    found = reminder(rows)
    assert (found.n, found.accounts) == (400, 100)


def test_where_all_were_possible_each_is_compared_with_none() -> None:
    rng = np.random.default_rng(0)
    propensity = np.full((8_000, 5), 0.2)
    found = supports(given(levels_drawn(rng, propensity), propensity), None)[0]
    assert [(each.parent, each.why) for each in found] == [(0, None)] * 4


def test_one_step_from_what_is_usual() -> None:
    """Levels drawn within one step of the recommended one: none and 2 never beside each other."""
    rng = np.random.default_rng(0)
    near = np.array([[0.5, 0.5, 0, 0, 0], [0, 0.4, 0.6, 0, 0], [0, 0, 0.5, 0.5, 0]])
    propensity = near[rng.integers(0, 3, 6_000)]
    found = supports(given(levels_drawn(rng, propensity), propensity), None)[0]
    assert [each.parent for each in found[:3]] == [0, 1, 2]
    assert [each.why for each in found] == [None, None, None, "never_tried"]


def test_a_level_is_not_compared_with_one_that_is_not_supported() -> None:
    """Reminders were too few; calls were possible beside them alone."""
    level = np.repeat([0, 1, 2], [3_000, 50, 3_000])
    near = np.array([[0.9, 0.1, 0, 0, 0], [0, 0.1, 0.9, 0, 0]])
    propensity = near[(level == 2).astype(int)]
    found = supports(given(level, propensity), None)[0]
    assert [each.why for each in found[:2]] == ["few_assignments", "little_overlap"]
    assert found[1].parent == 0
