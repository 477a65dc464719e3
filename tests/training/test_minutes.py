"""What minutes bring: by hand, and against the best that could be if accounts were divisible."""

import numpy as np
import pytest

from features.clock import CYCLE_DAYS
from models.intensity.asked import NOT_PLANNED
from models.intensity.policy import load_policy
from models.intensity.stakes import Stakes, share
from training.minutes import MINUTES, gain_per_minute, minutes_curve

USE = load_policy().numbers.use
N = 300


def drawn(seed: int) -> Stakes:
    """Accounts of any net, some of whose levels a rule took, and without caps."""
    rng = np.random.default_rng(seed)
    net = np.cumsum(rng.normal(0, 10, (N, 5)), axis=1) * rng.lognormal(0, 1, (N, 1))
    net[:, 0] = 0
    net[:, 1:][rng.random((N, 4)) < 0.1] = -np.inf
    return Stakes(net, np.zeros(N, np.int64), np.full(N, NOT_PLANNED))


def divisible(stakes: Stakes, minutes: float) -> tuple[float, float]:
    """The best value within minutes of one cycle if accounts could split; the largest step.

    Each account's levels on their upper hull; its steps are taken where a minute brings most.
    """
    value, steps = 0.0, []
    for net in stakes.net:
        now = max(
            (net[level], -USE[level, MINUTES]) for level in range(5) if USE[level, MINUTES] == 0
        )[0]
        at = 0.0
        value += now
        while True:
            ahead = [
                (u, v) for u, v in zip(USE[:, MINUTES], net, strict=True) if u > at and v > now
            ]
            if not ahead:
                break
            u, v = max(ahead, key=lambda to: ((to[1] - now) / (to[0] - at), to[0]))
            steps.append(((v - now) / (u - at), u - at))
            at, now = u, v
    largest = max((slope * size for slope, size in steps), default=0.0)
    for slope, size in sorted(steps, reverse=True):
        taken = min(size, minutes)
        value, minutes = value + slope * taken, minutes - taken
    return value, largest


@pytest.mark.parametrize("seed", range(3))
def test_the_curve_is_the_best_but_for_one_account(seed: int) -> None:
    stakes = drawn(seed)
    curve = minutes_curve(stakes, USE, np.array([0.0, 10.0, 40.0, 100.0, 1e6]))
    for minutes, value in zip(curve.minutes, curve.value, strict=True):
        bound, step = divisible(stakes, minutes * CYCLE_DAYS)
        assert bound - step <= value <= bound + 1e-6


def test_more_minutes_bring_more_and_each_further_one_less() -> None:
    curve = minutes_curve(drawn(7), USE, np.linspace(0, 1_200, 31))
    assert (np.diff(curve.value) >= -1e-9).all()
    assert (np.diff(curve.price) <= 1e-9).all()
    assert (curve.used <= curve.minutes + 1e-9).all()
    assert curve.value[-1] > curve.value[0]
    assert curve.price[-1] == 0


def test_who_takes_minutes_gains_more_by_one_than_its_price() -> None:
    stakes = drawn(3)
    shared = share(stakes, USE, np.array([20 * CYCLE_DAYS, np.inf, np.inf]))
    gain, takes = gain_per_minute(stakes, USE), USE[shared.level, MINUTES] > 0
    other = takes != (gain > shared.prices[MINUTES])
    assert 0 < takes.sum() < N
    assert other.sum() <= shared.filled


def test_the_gain_is_over_the_best_level_without_minutes() -> None:
    inf = np.inf
    nets = [
        [0.0, 4.0, 10.0, 11.0, -5.0],  # a call brings most a minute
        [0.0, 4.0, -inf, -inf, -inf],  # rules leave a reminder
        [0.0, -9.0, 4.0, -inf, -inf],  # from a reminder on: its loss counts
        [-inf, -inf, 3.0, -inf, -inf],  # nothing to do without
    ]
    stakes = Stakes(np.array(nets), np.array([0, 0, 1, 0]), np.full(4, NOT_PLANNED))
    minutes = USE[2, MINUTES]
    expected = [6.0 / minutes, -inf, 13.0 / minutes, inf]
    assert gain_per_minute(stakes, USE).tolist() == pytest.approx(expected)
