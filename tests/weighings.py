"""Random policies' numbers, prices and cases, for tests that weigh levels."""

import numpy as np

from models.intensity.numbers import Flags, Floats, Indices, Numbers
from models.intensity.value import Cases

Rng = np.random.Generator


def random_numbers(rng: Rng) -> Numbers:
    """Numbers of a policy with bounds, effects, costs and thresholds of any kind."""
    effects = np.cumsum(rng.normal(0.2, rng.choice([0.1, 0.5]), (5, 4, 4)), axis=-1)
    odds_ratio = np.ones((5, 4, 5))
    odds_ratio[..., 1:] = np.exp(np.clip(effects, -3, 2.9))
    if rng.random() < 0.2:  # levels of equal effect
        odds_ratio[..., 3] = odds_ratio[..., 2]
    lowest = rng.integers(0, 3, 5)
    low_from = rng.uniform(0.4, 0.9, 2)
    high_below = low_from * rng.uniform(0.3, 0.9, 2)
    used = rng.uniform(0, 8, (5, 3)) * (rng.random((5, 3)) < 0.6)
    costs = rng.uniform(0, 6, 5) * (rng.random(5) < 0.9)
    return Numbers(
        odds_ratio=odds_ratio,
        estimated=_estimated(rng),
        logging=rng.dirichlet(np.full(5, rng.choice([0.2, 2.0])), 5),
        cost=np.append(0.0, np.cumsum(costs[1:])),
        use=np.vstack([np.zeros(3), np.cumsum(used[1:], axis=0)]),
        lowest=lowest,
        highest=np.minimum(4, lowest + rng.integers(0, 5, 5)),
        low_from=low_from,
        high_below=high_below,
        doubtful=np.array(
            [rng.integers(1, 5), high_below[0] * rng.uniform(0.2, 1), rng.choice([0, 100, 500])]
        ),
        margin=rng.uniform(0.02, 0.6, 2),
        of_balance=rng.random(2) < 0.5,
        main=np.array([-1, 0, 3, 3, 5]),
        main_per_week=np.array([0.0, 1.0, 2.0, 4.0, 4.0]),
        valid_days=2,
    )


def random_prices(rng: Rng) -> Floats:
    """A price of each resource, some of them 0."""
    return rng.uniform(0, 4, 3) * (rng.random(3) < 0.7)


def random_cases(rng: Rng, n: int) -> Cases:
    """Accounts of every stage, with amounts in currencies of any size, rules and caps."""
    late = rng.random(n) < 0.85
    days = np.where(late, rng.integers(1, 140, n), 0).astype(np.float64)
    rate = rng.choice([1.0, 7.1, 150.0], n)
    past_due = np.round(np.exp(rng.normal(5, 1.5, n)) * rate, 2)
    balance = np.round(past_due * rng.uniform(1, 10, n), 2)
    balance[~late & (rng.random(n) < 0.2)] *= -1
    past_due[~late & (rng.random(n) < 0.7)] = 0.0
    free = rng.random((n, 5)) < rng.choice([0.6, 0.9])
    free[:, 0] = True
    return Cases(
        log_odds=rng.normal(-0.5, 2, n),
        days_past_due=days,
        past_due=past_due,
        balance=balance,
        rate=rate,
        received=np.where(rng.random(n) < 0.5, 0, np.round(past_due * rng.uniform(0, 1.6, n), 2)),
        cap=np.where(rng.random(n) < 0.7, 4, rng.integers(0, 5, n)).astype(np.int64),
        free=free,
        odds_ratio=_estimates(rng, n),
    )


def _estimated(rng: Rng) -> Flags:
    """Random cells, of some policies none; level none has no effect."""
    cells = rng.random((5, 5)) < rng.choice([0.0, 0.3, 0.9])
    cells[:, 0] = False
    return cells


def _estimates(rng: Rng, n: int) -> Floats:
    """Odds ratios of levels that need not do more than the ones below, and may do harm."""
    odds_ratio = np.exp(np.clip(rng.normal(0.3, 0.7, (n, 5)), -3, 2.9))
    odds_ratio[:, 0] = 1.0
    return odds_ratio


def with_cases(cases: Cases, rows: Indices) -> Cases:
    """Those accounts alone."""
    return Cases._make(values[rows] for values in cases)


def calling(cost: float, minutes: float = 0.0) -> Numbers:
    """A call takes the odds four times as high for this cost and use; nothing else does anything.

    Reaching a target is worth a tenth of what is past due; scores are without contact.
    """
    return random_numbers(np.random.default_rng(0))._replace(
        odds_ratio=np.tile([1.0, 1.0, 4.0, 1.0, 1.0], (5, 4, 1)),
        estimated=np.zeros((5, 5), np.bool_),
        logging=np.tile([1.0, 0.0, 0.0, 0.0, 0.0], (5, 1)),
        cost=np.array([0.0, 50.0, cost, 100.0, 150.0]),
        use=np.array([[0.0] * 3, [0.0] * 3, [minutes, 0.0, 0.0], [0.0] * 3, [0.0] * 3]),
        lowest=np.zeros(5, np.int64),
        highest=np.full(5, 4),
        margin=np.array([0.1, 0.1]),
        of_balance=np.zeros(2, np.bool_),
    )


def estimated_throughout(numbers: Numbers) -> Numbers:
    """With every effect estimated, and assumed ones that would be harmful."""
    cells = np.ones((5, 5), np.bool_)
    cells[:, 0] = False
    wrong = np.tile([1.0, 0.2, 0.2, 0.2, 0.2], (5, 4, 1))
    return numbers._replace(estimated=cells, odds_ratio=wrong)


def one_case(**changed: float) -> Cases:
    """An account 40 days past due by 100 of 500 that no rule holds, but for what is changed."""
    fields = {
        "log_odds": 0.0,
        "days_past_due": 40.0,
        "past_due": 100.0,
        "balance": 500.0,
        "rate": 1.0,
        "received": 0.0,
        "cap": 4,
    } | changed
    free, odds_ratio = np.ones((1, 5), np.bool_), np.full((1, 5), np.nan)
    arrays = {name: np.array([value]) for name, value in fields.items()}
    return Cases(**arrays, free=free, odds_ratio=odds_ratio)
