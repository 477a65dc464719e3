"""Expectation: each account in one fold, and what is said of it from boosters without it."""

import numpy as np
import pytest
from scipy.special import expit

from training.progress import silent
from training.response.expectation import held_out_probability
from training.response.learner import GROUPS
from training.split import account_folds


def test_each_row_is_held_out_once_and_no_account_is_seen() -> None:
    account = np.random.default_rng(0).integers(0, 103, 1_000) * 7
    folds = account_folds(account, GROUPS, 1)
    assert len(folds) == GROUPS
    rest = np.concatenate([held_out for _, held_out in folds])
    assert sorted(rest.tolist()) == list(range(1_000))
    for seen, held_out in folds:
        assert len(seen) + len(held_out) == 1_000
        assert not set(account[seen]) & set(account[held_out])
        assert len(set(account[held_out])) in (20, 21)


def test_fewer_accounts_than_groups() -> None:
    assert len(account_folds(np.array([4, 4, 9]), GROUPS, 1)) == 2


def test_the_seed_draws_the_groups() -> None:
    account = np.arange(500)

    def groups(seed: int) -> list[list[int]]:
        return [held_out.tolist() for _, held_out in account_folds(account, GROUPS, seed)]

    assert groups(1) == groups(1)
    assert groups(1) != groups(2)


def test_probabilities_are_of_boosters_without_the_account() -> None:
    rng = np.random.default_rng(0)
    account = rng.integers(0, 600, 3_000)
    features = np.column_stack([rng.normal(size=3_000), account])
    probability = expit(features[:, 0])
    cured = (rng.random(3_000) < probability).astype(float)
    folds = account_folds(account, GROUPS, 1)
    before = held_out_probability(features, cured, folds, 1, silent)
    assert np.corrcoef(before, probability)[0, 1] > 0.9
    assert before.mean() == pytest.approx(cured.mean(), abs=0.02)
    mine = account == account[0]
    after = held_out_probability(features, np.where(mine, 1 - cured, cured), folds, 1, silent)
    assert (after[mine] == before[mine]).all()
    assert (after != before).any()
