"""The smallest changes: made, they move the level to what was said, and nothing nearer does."""

import math

import numpy as np
import pytest
from hypothesis import settings

from features.tables import MONEY_BOUND
from models.intensity.change import Changes, changes
from models.intensity.numbers import Flags, Floats, Indices, Numbers
from models.intensity.response import log_odds_of
from models.intensity.value import EARLY_WARNING, Cases, Weighed, target_number, weigh
from models.stage import stage_numbers
from tests.weighings import (
    calling,
    estimated_throughout,
    one_case,
    random_cases,
    random_numbers,
    random_prices,
    with_cases,
)

NO_PRICES = np.zeros(3)
NEAR = 1e-9  # just before: relatively so much nearer


class Portfolio:
    """Random accounts, weighed, with the changes found for them."""

    def __init__(self, seed: int, n: int) -> None:
        rng = np.random.default_rng(seed)
        self.rng = rng
        self.numbers: Numbers = random_numbers(rng)
        self.prices: Floats = random_prices(rng)
        self.cases: Cases = random_cases(rng, n)
        self.weighed: Weighed
        self.found: Changes
        self.weighed, self.found = changes(self.numbers, self.prices, self.cases)

    def basis(self) -> Floats:
        target = np.array([target_number(days) for days in self.cases.days_past_due])
        balance = self.numbers.of_balance[target]
        return np.where(balance, np.maximum(self.cases.balance, 0), self.cases.past_due)

    def assumed_at(self, days: Floats) -> Flags:
        """Whether no effect is estimated in the stage of these days past due."""
        found: Flags = ~self.numbers.estimated.any(axis=1)[stage_numbers(days)]
        return found

    def levels(self, kind: str, rows: Indices, to: Floats) -> Indices:
        """The levels of these accounts with the thing of this kind changed to `to`."""
        cases, prices = with_cases(self.cases, rows), self.prices.copy()
        if kind == "probability":
            cases = cases._replace(log_odds=np.array([log_odds_of(p) for p in to.tolist()]))
        elif kind == "days":
            cases = cases._replace(days_past_due=to)
        elif kind == "amount":
            target = np.array([target_number(days) for days in cases.days_past_due])
            balance = self.numbers.of_balance[target]
            cases = cases._replace(
                balance=np.where(balance, to, cases.balance),
                past_due=np.where(balance, cases.past_due, to),
            )
        else:
            return self._levels_at_prices(int(kind[-1]), cases, to)
        return weigh(self.numbers, prices, cases).level

    def _levels_at_prices(self, resource: int, cases: Cases, to: Floats) -> Indices:
        found = []
        for i, price in enumerate(to.tolist()):
            prices = self.prices.copy()
            prices[resource] = price
            one = with_cases(cases, np.array([i]))
            found.append(int(weigh(self.numbers, prices, one).level[0]))
        return np.array(found, np.int64)

    def start(self, kind: str) -> Floats:
        if kind == "probability":
            return 1 / (1 + np.exp(-self.cases.log_odds))
        if kind == "amount":
            return self.basis()
        if kind == "days":
            return self.cases.days_past_due
        return np.full(len(self.cases.log_odds), self.prices[int(kind[-1])])

    def change(self, kind: str) -> tuple[Floats, Indices]:
        if kind.startswith("price"):
            resource = int(kind[-1])
            return self.found.price[:, resource], self.found.price_level[:, resource]
        return getattr(self.found, kind), getattr(self.found, f"{kind}_level")

    def domain(self, kind: str) -> tuple[Floats, Floats]:
        """The least and most that each account's value may be."""
        n = len(self.cases.log_odds)
        if kind == "probability":
            return np.full(n, 1e-300), np.full(n, np.nextafter(1.0, 0.0))
        if kind == "days":
            return np.ones(n), np.full(n, 200.0)
        if kind != "amount":
            return np.zeros(n), np.full(n, MONEY_BOUND)
        target = np.array([target_number(days) for days in self.cases.days_past_due])
        balance, early = self.numbers.of_balance[target], target == EARLY_WARNING
        now = self.basis()
        owed = np.where(now > 0, np.maximum(self.cases.balance, now), 0)
        least = np.maximum(self.cases.past_due, np.where(early, 0.0, 1e-4))
        low = np.where(balance, np.minimum(least, now), np.minimum(1e-4, now))
        return low, np.where(balance, 999_999_999_999.0, owed)


KINDS = ("probability", "amount", "price0", "price1", "price2", "days")


def portfolios() -> list[Portfolio]:
    full = settings().max_examples > 1_000
    return [Portfolio(seed, 100) for seed in range(100 if full else 12)]


def noise(portfolio: Portfolio, kind: str, to: Floats) -> Floats:
    """How far before `to` is just before it."""
    if kind == "amount":
        return np.maximum(1.0001e-4, NEAR * to)
    if kind == "days":
        return np.ones(len(to))
    return np.maximum(NEAR * to, 1e-15)


@pytest.mark.prove
@pytest.mark.parametrize("kind", KINDS)
def test_the_level_moves_there_and_not_just_before(kind: str) -> None:
    moved = 0
    for portfolio in portfolios():
        to, level = portfolio.change(kind)
        rows = np.flatnonzero(~np.isnan(to))
        assert (level[np.isnan(to)] == -1).all()
        to, level, start = to[rows], level[rows], portfolio.start(kind)[rows]
        now = portfolio.weighed.level[rows]
        assert (portfolio.levels(kind, rows, to) == level).all()
        assert (level != now).all()
        low, high = (bound[rows] for bound in portfolio.domain(kind))
        assert ((to >= low) & (to <= high)).all()
        step = noise(portfolio, kind, to)
        before = to + np.where(start > to, 1, -1) * step
        before = np.round(before, 4) if kind == "amount" else before
        apart = np.abs(to - start) > step
        same = portfolio.levels(kind, rows, np.clip(before, low, high)) == now
        if kind == "days":
            apart &= portfolio.assumed_at(before)
        assert same[apart].all()
        moved += len(rows)
    assert moved > 50


SCAN = [*np.linspace(0.01, 0.99, 25).tolist(), 0.999, 0.999999]


@pytest.mark.prove
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_nearer_moves_the_level(kind: str) -> None:
    looked = 0
    for portfolio in portfolios():
        to, _ = portfolio.change(kind)
        start = portfolio.start(kind)
        low, high = portfolio.domain(kind)
        reach = np.where(np.isnan(to), np.inf, np.abs(to - start))
        scanned = (portfolio.cases.days_past_due > 0) | (kind != "days")
        for share in SCAN:
            for end in (low, high):
                near = nearer(kind, start, end, reach, share)
                inside = scanned & (near >= low) & (near <= high)
                inside &= np.abs(near - start) < reach * (1 - NEAR)
                if kind == "days":
                    inside &= portfolio.assumed_at(start) & portfolio.assumed_at(near)
                rows = np.flatnonzero(inside)
                reached = portfolio.levels(kind, rows, near[rows])
                assert (reached == portfolio.weighed.level[rows]).all()
                looked += len(rows)
    assert looked > 10_000


def nearer(kind: str, start: Floats, end: Floats, reach: Floats, share: float) -> Floats:
    """A value at this share of the way from the start to the change, or to the end before it.

    Where nothing alters the level ends are far, and on their own scale: probabilities are then
    scanned by equal steps of their log-odds, amounts and prices by equal factors.
    """
    side = np.where(end > start, 1, -1)
    width = np.minimum(np.abs(end - start), reach)
    if kind == "days":
        return start + side * np.ceil(share * width)
    near = start + side * share * width
    if kind == "probability":
        log_odds = np.log(start / (1 - start)) + side * share * 25
        near = np.where(np.isinf(reach), 1 / (1 + np.exp(-log_odds)), near)
    else:
        factor = np.maximum(end, 1e-6) / np.maximum(start, 1e-6)
        near = np.where(np.isinf(reach), np.maximum(start, 1e-6) * factor**share, near)
    return np.round(near, 4) if kind == "amount" else near


def one(numbers: Numbers, prices: Floats = NO_PRICES, **changed: float) -> Changes:
    """What is found for one account whose estimate is that a call makes the odds four times."""
    cases = one_case(**changed)._replace(odds_ratio=np.array([[1.0, 1.0, 4.0, 1.0, 1.0]]))
    return changes(numbers, prices, cases)[1]


def test_an_estimated_effect_moves_levels_where_the_same_assumed_one_does() -> None:
    for cost in (6.0, 3.2):
        changed = {"log_odds": math.log(0.25), "past_due": 100.0}
        assumed = one(calling(cost), **changed)
        estimated = one(estimated_throughout(calling(cost)), **changed)
        assert estimated.amount[0] == assumed.amount[0]
        assert np.array_equal(estimated.probability, assumed.probability, equal_nan=True)
        assert np.array_equal(estimated.price, assumed.price, equal_nan=True)


def test_no_days_are_told_between_stages_with_an_estimated_effect() -> None:
    # An account's estimated odds ratios are those of its own stage.
    numbers = calling(cost=1.0)
    cells = np.zeros_like(numbers.estimated)
    harmful = numbers._replace(odds_ratio=numbers.odds_ratio.copy())
    harmful.odds_ratio[2] = 1.0  # calls do nothing in M2
    account = {"log_odds": math.log(0.25), "days_past_due": 40.0}
    assert (one(harmful, **account).days[0], one(harmful, **account).days_level[0]) == (30, 2)
    for stage in (1, 2):
        here = cells.copy()
        here[stage, 3] = True
        assert one(harmful._replace(estimated=here), **account).days[0] != 30


def test_crossings_of_a_known_account() -> None:
    # A call costs 6 and turns odds of 1/4 into 1: it adds 0.3 to the probability of gaining a
    # tenth of what is past due. At 100 it is not worth it, at 200 it is as good as none.
    found = one(calling(cost=6.0), log_odds=math.log(0.25), past_due=100.0)
    assert found.amount[0] == pytest.approx(200.0, abs=1.1e-4)
    assert found.amount_level[0] == 2
    assert np.isnan(found.days[0])
    # No probability is enough at 100: calls add at most 1/3, at odds of 1/2.
    assert (np.isnan(found.probability[0]), found.probability_level[0]) == (True, -1)
    found = one(calling(cost=3.2), log_odds=math.log(0.25), past_due=100.0)
    # 4a/(1+4a) - a/(1+a) = 0.32: 1.28·a² - 1.4·a + 0.32 = 0.
    odds = (1.4 - math.sqrt(1.4**2 - 4 * 1.28 * 0.32)) / 2.56
    assert found.probability[0] == pytest.approx(odds / (1 + odds), rel=1e-12)
    assert found.probability_level[0] == 2


def test_a_price_at_which_a_call_no_longer_pays() -> None:
    prices = np.array([0.1, 0.0, 0.0])
    found = one(calling(cost=1.0, minutes=4.0), prices, log_odds=math.log(0.25), past_due=100.0)
    assert found.price[0, 0] == pytest.approx(0.5, rel=1e-12)  # 30·0.1 = 1 + 4·0.5
    assert found.price_level[0].tolist() == [0, -1, -1]
    assert np.isnan(found.price[0, 1:]).all()


@pytest.mark.parametrize(
    ("days", "to"), [(31, 30), (40, 30), (45, 30), (46, 61), (60, 61), (61, 60), (100, 60)]
)
def test_days_at_which_a_stage_allows_another_level(days: int, to: int) -> None:
    numbers = calling(cost=1.0)
    highest = np.array([4, 4, 1, 4, 4])
    changed = {"log_odds": math.log(0.25), "days_past_due": float(days)}
    assert one(numbers._replace(highest=highest), **changed).days[0] == to


@pytest.mark.parametrize(("before", "after", "to"), [(3, 4, 30), (4, 3, 61)])
def test_of_two_days_equally_near_the_lower_level_is_told(before: int, after: int, to: int) -> None:
    levels = np.array([0, before, 0, after, 0])
    numbers = calling(cost=1.0)._replace(lowest=levels, highest=levels)
    assert one(numbers, days_past_due=45.5).days[0] == to


def test_a_payment_covers_an_amount_that_it_reaches() -> None:
    found = one(calling(cost=1.0), log_odds=math.log(0.25), past_due=100.0, received=80.0)
    assert (found.amount[0], found.amount_level[0]) == (80.0, 1)
    numbers = calling(cost=1.0)._replace(of_balance=np.ones(2, np.bool_))
    found = one(numbers, log_odds=math.log(0.25), past_due=100.0, received=80.0)
    assert np.isnan(found.amount[0])  # no balance is below what is past due


def test_under_a_cap_of_none_no_number_alters_the_level() -> None:
    for portfolio in portfolios():
        capped = portfolio.cases._replace(cap=np.zeros_like(portfolio.cases.cap))
        _, found = changes(portfolio.numbers, portfolio.prices, capped)
        assert all(np.isnan(to).all() for to in found[0::2])
        assert all((level == -1).all() for level in found[1::2])
