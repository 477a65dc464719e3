"""Bounds of effects: those of their odds ratios, from the same probability without contact."""

import numpy as np
import pytest

from models.intensity.bounds import bounds_of
from models.intensity.numbers import Numbers
from models.intensity.response import Ratios, assumed
from models.intensity.value import Weighed, weigh
from tests.asking import random_ratios
from tests.weighings import random_cases, random_numbers, random_prices

SEEDS = range(5)
N = 200


def portfolio(seed: int) -> tuple[Numbers, Ratios, Weighed]:
    rng = np.random.default_rng(seed)
    ratios = random_ratios(seed, N)
    numbers, prices, cases = random_numbers(rng), random_prices(rng), random_cases(rng, N)
    numbers = numbers._replace(estimated=rng.random((5, 5)) < 0.5)
    return numbers, ratios, weigh(numbers, prices, cases._replace(odds_ratio=ratios.odds_ratio))


@pytest.mark.parametrize("seed", SEEDS)
def test_they_are_what_the_bounds_of_the_odds_ratio_add(seed: int) -> None:
    numbers, ratios, weighed = portfolio(seed)
    found = bounds_of(numbers, ratios, weighed)
    for i in range(N):
        none = weighed.probability[i, 0]
        odds = none / (1 - none)
        for level, estimated in enumerate(numbers.estimated[weighed.stage[i]]):
            for bound, ratio in zip(found, (ratios.low, ratios.high), strict=True):
                reached = odds * ratio[i, level] / (1 + odds * ratio[i, level])
                told = reached - none if estimated else np.nan
                assert bound[i, level] == pytest.approx(told, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_effect_lies_between_them_and_is_they_where_nothing_is_uncertain(seed: int) -> None:
    numbers, ratios, weighed = portfolio(seed)
    cells = numbers.estimated[weighed.stage]
    effect = weighed.probability - weighed.probability[:, :1]
    low, high = bounds_of(numbers, ratios, weighed)
    assert (low - 1e-15 <= effect)[cells].all()
    assert (effect <= high + 1e-15)[cells].all()
    assert (low < high)[cells & (np.arange(5) > 0)].all()
    sure = Ratios(ratios.odds_ratio, ratios.odds_ratio, ratios.odds_ratio)
    for bound in bounds_of(numbers, sure, weighed):
        assert np.abs(bound - effect)[cells].max() <= 1e-15


def test_without_an_estimate_there_are_none() -> None:
    numbers, _, weighed = portfolio(1)
    nowhere = numbers._replace(estimated=np.zeros((5, 5), np.bool_))
    for bound in bounds_of(nowhere, assumed(N), weighed):
        assert np.isnan(bound).all()
