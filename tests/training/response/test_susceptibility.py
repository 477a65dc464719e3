"""Susceptibility: a planted effect is found again, and none where there is none."""

from functools import cache

import numpy as np
import pytest
from scipy.special import expit

from features.panel import Floats
from tests.estimates import levels_drawn
from training.progress import silent
from training.response.learner import GROUPS
from training.response.susceptibility import ROUNDS, Fitted, fit, levels_beyond
from training.split import account_folds

N = 8_000
SHARES = np.array([0.3, 0.3, 0.2, 0.1, 0.1])


@cache
def fitted(planted: float, wrong: float = 0.0, seed: int = 3) -> tuple[Fitted, Floats, Floats]:
    """Found, true change of log-odds per level, features; contact helps some and harms others.

    `wrong` is the deviation of what is added to the log-odds of the target whatever the level.
    """
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(N, 4))
    features[rng.random(N) < 0.2, 3] = np.nan
    true = planted * np.sign(features[:, 0])
    propensity = SHARES * np.exp(0.4 * features[:, [1]] * np.arange(5))
    propensity /= propensity.sum(axis=1, keepdims=True)
    level = levels_drawn(rng, propensity)
    log_odds = features[:, 1] + true * level
    cured = (rng.random(N) < expit(log_odds)).astype(float)
    under = expit(features[:, [1]] + true[:, None] * np.arange(5))
    target = (propensity * under).sum(axis=1)
    base = np.log(target / (1 - target)) + wrong * (1 + features[:, 1] + features[:, 0])
    account = rng.integers(0, N // 3, N)
    beyond = levels_beyond(level, propensity)
    return (
        fit(features, cured, base, beyond, account_folds(account, GROUPS, 1), 1, silent),
        true,
        features,
    )


def test_levels_beyond_have_mean_0_by_the_propensities() -> None:
    propensity = np.random.default_rng(0).dirichlet(np.ones(5), 50)
    beyond = [levels_beyond(np.full(50, level), propensity) for level in range(5)]
    assert (propensity * np.array(beyond).T).sum(axis=1) == pytest.approx(0)
    assert levels_beyond(np.array([3]), np.array([[0, 0.5, 0, 0.5, 0]])).tolist() == [1.0]


@pytest.mark.parametrize(("wrong", "close"), [(0.0, 0.1), (0.4, 0.2)])
def test_sign_and_size_of_what_was_planted(wrong: float, close: float) -> None:
    """Also where the probability of the target is wrong, along what the effect follows too.

    An error there may stretch an effect, by the variances of the outcome that it mistakes, and
    never turns it.
    """
    found, true, features = fitted(0.3, wrong)
    assert found.rounds > 0
    # Near 0 of the feature its bins are coarse.
    clear = np.abs(features[:, 0]) > 0.3
    assert (np.sign(found.margin[clear]) == np.sign(true[clear])).mean() > 0.97
    for sign in (-1, 1):
        assert found.margin[clear & (true * sign > 0)].mean() == pytest.approx(
            0.3 * sign, abs=close
        )


@pytest.mark.parametrize("wrong", [0.0, 0.4])
def test_no_effect_is_found_where_there_is_none(wrong: float) -> None:
    found, _, _ = fitted(0.0, wrong)
    assert found.rounds <= ROUNDS[1]
    assert np.sqrt(np.mean(found.margin**2)) < 0.06


def test_what_is_served_says_what_was_found() -> None:
    found, true, features = fitted(0.3)
    served = np.asarray(found.booster.predict(features, raw_score=True, num_threads=1))
    assert found.booster.num_trees() == found.rounds
    assert np.corrcoef(served, true)[0, 1] > 0.9


def test_margins_are_of_boosters_without_the_account() -> None:
    """Other outcomes of an account, where no other round is best, leave its own margins alone."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(3_000, 2))
    beyond = rng.integers(-1, 2, 3_000).astype(float)
    cured = (rng.random(3_000) < expit(2 * features[:, 0] * beyond)).astype(float)
    account = rng.integers(0, 600, 3_000)
    folds = account_folds(account, GROUPS, 1)
    base, mine = np.zeros(3_000), account == account[0]
    before = fit(features, cured, base, beyond, folds, 1, silent)
    changed = np.where(mine, 1 - cured, cured)
    after = fit(features, changed, base, beyond, folds, 1, silent)
    assert before.rounds == after.rounds
    assert (before.margin[mine] == after.margin[mine]).all()
    assert (before.margin != after.margin).any()
