"""Weighing: a plain reference for every number, and what levels may never do."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from models.intensity.change import changes
from models.intensity.numbers import Numbers
from models.intensity.value import Cases, Weighed, weigh
from models.score.tier import tier_number
from models.stage import STAGES, stage_of
from models.target import TARGETS, target_of
from tests.weighings import (
    calling,
    one_case,
    random_cases,
    random_numbers,
    random_prices,
    with_cases,
)

SEEDS = range(20)
N = 100


@dataclass
class Expected:
    """One account weighed the plain way, by bisection and lists."""

    stage: int
    tier: int
    probability: list[float]
    net: list[float]
    unbarred: int
    unflagged: int
    level: int
    runner_up: int


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def without_contact(score: float, ratios: list[float], shares: list[float]) -> float:
    low, high = -80.0, 80.0
    for _ in range(200):
        middle = (low + high) / 2
        reached = sum(
            w * sigmoid(middle + math.log(r)) for w, r in zip(shares, ratios, strict=True)
        )
        low, high = (middle, high) if reached < score else (low, middle)
    return low


def expected(numbers: Numbers, prices: np.ndarray, cases: Cases, i: int) -> Expected:
    days, rate = cases.days_past_due[i], cases.rate[i]
    stage, target = STAGES.index(stage_of(days)), TARGETS.index(target_of(days))
    score = sigmoid(cases.log_odds[i])
    cuts = numbers.low_from, numbers.high_below, numbers.doubtful
    tier = tier_number(score, stage, cases.past_due[i] / rate, target, *cuts)
    kinds = numbers.odds_ratio[stage, tier].tolist(), cases.odds_ratio[i].tolist()
    cells = numbers.estimated[stage].tolist()
    ratios = [own if cell else rest for rest, own, cell in zip(*kinds, cells, strict=True)]
    none = without_contact(score, ratios, numbers.logging[stage].tolist())
    probability = [sigmoid(none + math.log(ratio)) for ratio in ratios]
    amount = cases.balance[i] if numbers.of_balance[target] else cases.past_due[i]
    worth = numbers.margin[target] * max(amount, 0)
    spent = rate * (numbers.cost + numbers.use @ prices)
    net = [(p - probability[0]) * worth - k for p, k in zip(probability, spent, strict=True)]
    bounds = range(numbers.lowest[stage], numbers.highest[stage] + 1)
    unbarred = max(bounds, key=lambda level: (net[level], -level))
    free = [level for level in range(unbarred + 1) if cases.free[i, level]]
    candidates = [level for level in free if level >= bounds[0]]
    unflagged = max(candidates, key=lambda level: (net[level], -level), default=max(free))
    paid, owed = cases.received[i], cases.past_due[i]
    cap = min(cases.cap[i], 1) if owed > 0 and paid > owed - 5e-5 else cases.cap[i]
    level = max(each for each in free if each <= min(unflagged, cap))
    top = min(cap, bounds[-1] if unflagged == unbarred else unbarred)
    others = [each for each in bounds if cases.free[i, each] and each <= top and each != level]
    runner_up = max(others, key=lambda each: (net[each], -each), default=-1)
    return Expected(stage, tier, probability, net, unbarred, unflagged, level, runner_up)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_weighing_is_that_of_the_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    numbers, prices, cases = random_numbers(rng), random_prices(rng), random_cases(rng, N)
    weighed = weigh(numbers, prices, cases)
    for i in range(N):
        told = expected(numbers, prices, cases, i)
        assert (weighed.stage[i], weighed.tier[i]) == (told.stage, told.tier)
        assert weighed.probability[i] == pytest.approx(told.probability, rel=1e-9)
        worth = abs(cases.balance[i]) + cases.past_due[i]
        assert weighed.net[i] == pytest.approx(told.net, abs=1e-12 * worth, rel=1e-9)
        assert (weighed.unbarred[i], weighed.unflagged[i]) == (told.unbarred, told.unflagged)
        assert (weighed.level[i], weighed.runner_up[i]) == (told.level, told.runner_up)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_parts_add_up_and_are_numbers(seed: int) -> None:
    weighed, cases = weighing(seed)
    assert np.array_equal(weighed.net, weighed.value - weighed.cost - weighed.price)
    assert all(np.isfinite(part).all() for part in weighed[2:7])
    assert not weighed.value[:, 0].any()
    assert (weighed.cost >= 0).all()
    assert cases.free[np.arange(N), weighed.level].all()


@pytest.mark.parametrize("seed", SEEDS)
def test_an_estimate_is_read_where_there_is_one_and_nowhere_else(seed: int) -> None:
    rng = np.random.default_rng(seed)
    numbers, prices, cases = random_numbers(rng), random_prices(rng), random_cases(rng, N)
    weighed = weigh(numbers, prices, cases)
    cells = numbers.estimated[weighed.stage]
    unread = cases._replace(odds_ratio=np.where(cells, cases.odds_ratio, np.nan))
    assert same(weighed, weigh(numbers, prices, unread))
    other = numbers._replace(
        odds_ratio=np.where(numbers.estimated[:, None], np.nan, numbers.odds_ratio)
    )
    assert same(weighed, weigh(other, prices, cases))
    nowhere = numbers._replace(estimated=np.zeros((5, 5), np.bool_))
    nothing = cases._replace(odds_ratio=np.full((N, 5), np.nan))
    plain, without = (changes(nowhere, prices, each) for each in (cases, nothing))
    assert same(plain[0], without[0])
    assert same(plain[1], without[1])


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_assumed_may_be_estimated_too(seed: int) -> None:
    rng = np.random.default_rng(seed)
    numbers, prices, cases = random_numbers(rng), random_prices(rng), random_cases(rng, N)
    nowhere = numbers._replace(estimated=np.zeros((5, 5), np.bool_))
    weighed = weigh(nowhere, prices, cases)
    found = cases._replace(odds_ratio=numbers.odds_ratio[weighed.stage, weighed.tier])
    assert same(weighed, weigh(numbers, prices, found))


def same(one: tuple[np.ndarray, ...], other: tuple[np.ndarray, ...]) -> bool:
    """To the last bit."""
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("seed", SEEDS)
def test_an_account_is_weighed_the_same_in_any_company(seed: int) -> None:
    rng = np.random.default_rng(seed)
    numbers, prices, cases = random_numbers(rng), random_prices(rng), random_cases(rng, N)
    together = weigh(numbers, prices, cases)
    for i in range(0, N, 7):
        alone = weigh(numbers, prices, with_cases(cases, np.array([i])))
        assert all(np.array_equal(a[0], b[i]) for a, b in zip(alone, together, strict=True))


@pytest.mark.parametrize("seed", SEEDS)
def test_no_cap_rule_or_payment_ever_raises_a_level(seed: int) -> None:
    rng = np.random.default_rng(seed)
    numbers, prices, cases = random_numbers(rng), random_prices(rng), random_cases(rng, N)
    # Of two contact rules one may: it may take the best level that the other one left.
    unruled = cases._replace(free=np.ones((N, 5), np.bool_))
    held = (
        (cases, cases._replace(cap=np.minimum(cases.cap, rng.integers(0, 5, N)))),
        (unruled, cases),
        (cases, cases._replace(received=np.maximum(cases.received, cases.past_due))),
    )
    for loose, strict in held:
        before, after = (weigh(numbers, prices, each).level for each in (loose, strict))
        assert (after <= before).all()
        assert (after < before).any()


def weighing(seed: int) -> tuple[Weighed, Cases]:
    rng = np.random.default_rng(seed)
    numbers, prices, cases = random_numbers(rng), random_prices(rng), random_cases(rng, N)
    return weigh(numbers, prices, cases), cases


def plain(**changed: float) -> tuple[Numbers, Cases]:
    """Levels that do nothing and cost 1 more than the one before; one late account."""
    numbers = calling(0.0)._replace(odds_ratio=np.ones((5, 4, 5)), cost=np.arange(5.0))
    return numbers, one_case(**changed)


NO_PRICES = np.zeros(3)


def test_equal_nets_leave_the_lowest_level() -> None:
    numbers, cases = plain()
    numbers = numbers._replace(cost=np.zeros(5), lowest=np.ones(5, np.int64))
    weighed = weigh(numbers, NO_PRICES, cases)
    assert (weighed.level[0], weighed.runner_up[0]) == (1, 2)


def test_where_the_lowest_levels_are_barred_the_highest_free_one_below_holds() -> None:
    numbers, cases = plain()
    numbers = numbers._replace(lowest=np.full(5, 2))
    free = np.array([[True, True, False, True, True]])
    weighed = weigh(numbers, NO_PRICES, cases._replace(free=free))
    assert (weighed.unbarred[0], weighed.unflagged[0], weighed.level[0]) == (2, 1, 1)
    assert weighed.runner_up[0] == -1  # a rule that takes the best level gives none above it


@pytest.mark.parametrize(
    ("received", "past_due", "transit"),
    [
        (99.9999, 100.0, False),
        (100.0, 100.0, True),
        (100.0001, 100.0, True),
        (0.1 + 0.2, 0.3, True),
        (0.3, 0.1 + 0.2, True),
        (0.0, 0.0, False),
        (5.0, 0.0, False),
    ],
)
def test_a_payment_that_covers_what_is_past_due_is_in_transit(
    received: float, past_due: float, transit: bool
) -> None:
    numbers, cases = plain(received=received, past_due=past_due)
    numbers = numbers._replace(lowest=np.full(5, 3))
    weighed = weigh(numbers, NO_PRICES, cases)
    assert weighed.transit[0] == transit
    assert weighed.level[0] == (1 if transit else 3)
    assert weighed.unflagged[0] == 3


def test_amounts_follow_the_currency() -> None:
    rng = np.random.default_rng(5)
    numbers, prices = random_numbers(rng), random_prices(rng)
    cases = random_cases(rng, N)._replace(rate=np.ones(N))
    other = cases._replace(
        rate=np.full(N, 128.0),
        past_due=cases.past_due * 128,
        balance=cases.balance * 128,
        received=cases.received * 128,
    )
    here, there = weigh(numbers, prices, cases), weigh(numbers, prices, other)
    assert np.array_equal(here.net * 128, there.net)
    assert np.array_equal(here.level, there.level)


def test_a_bank_that_owes_has_nothing_at_stake() -> None:
    numbers, cases = plain(days_past_due=0.0, past_due=0.0, balance=-50.0)
    numbers = numbers._replace(
        odds_ratio=np.tile([1.0, 2, 3, 4, 5], (5, 4, 1)), of_balance=np.ones(2, np.bool_)
    )
    weighed = weigh(numbers, NO_PRICES, cases)
    assert weighed.value[0].tolist() == [0.0] * 5
    assert weighed.level[0] == 0
