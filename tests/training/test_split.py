"""Splits and folds: nothing trains on what was not known yet, no account helps judge itself."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from features.clock import DAY_SECONDS
from features.errors import InputError
from features.panel import panel
from models.target import Outcome
from tests.histories import drawn, random_tables
from training.labels import Snapshots, snapshots
from training.split import account_folds, folds, out_of_time


def population(seed: int = 1, accounts: int = 300, horizon: int = 1) -> Snapshots:
    history = panel(*random_tables(seed, accounts, months=12))
    return snapshots(history, Outcome("cure", horizon), seed)


@given(seed=st.integers(0, 30), horizon=st.integers(1, 2), share=st.floats(0.05, 0.9))
def test_no_row_trains_whose_label_was_open_when_the_test_began(
    seed: int, horizon: int, share: float
) -> None:
    found = population(seed, 120, horizon)
    assume(len(np.unique(found.month)) >= 3)
    split = out_of_time(found, share)
    train, test = found.take(split.train), found.take(split.test)
    assert len(train) + len(test) + split.dropped == len(found)
    assert train.month.max(initial=0) < test.month.min()
    assert train.label_known_at.max(initial=0) <= (test.day.min() + 1) * DAY_SECONDS
    np.testing.assert_array_equal(split.seen, np.isin(test.account, train.account))


def test_the_last_fifth_of_the_months_tests_with_all_its_accounts() -> None:
    found = population()
    months = np.unique(found.month)
    split = out_of_time(found, 0.2)
    expected = found.month >= months[-round(0.2 * len(months))]
    np.testing.assert_array_equal(split.test, np.flatnonzero(expected))
    assert 0 < split.seen.sum() < len(split.seen)


def test_a_share_below_one_month_is_one_month() -> None:
    split = out_of_time(population(), 0.001)
    assert len(np.unique(population().take(split.test).month)) == 1


def test_two_months_are_too_few() -> None:
    history = drawn("2024-01-31 9 1 0 30 .\n2024-02-29 9 1 0 30 .\n2024-03-31 9 1 0 0 .")
    with pytest.raises(InputError, match="2 months"):
        out_of_time(snapshots(history), 0.2)


@given(
    seed=st.integers(0, 30),
    horizon=st.integers(1, 2),
    cuts=st.integers(1, 3),
    groups=st.integers(3, 5),
)
def test_folds_share_no_account_and_look_only_back(
    seed: int, horizon: int, cuts: int, groups: int
) -> None:
    found = population(seed, 150, horizon)
    made = folds(found, cuts, groups, seed)
    assert 0 < len(made) <= cuts * groups
    validated = np.concatenate([fold.valid for fold in made])
    assert len(np.unique(validated)) == len(validated)
    for train, valid in ((found.take(fold.train), found.take(fold.valid)) for fold in made):
        assert not set(train.account) & set(valid.account)
        assert len(np.unique(valid.month)) == 1
        assert train.label_known_at.max() <= (valid.day.min() + 1) * DAY_SECONDS
        assert train.day.max() < valid.day.min()


@given(seed=st.integers(0, 30), groups=st.integers(3, 5))
def test_account_folds_validate_every_row_once(seed: int, groups: int) -> None:
    found = population(seed, 60)
    made = account_folds(found.account, groups, seed)
    validated = np.sort(np.concatenate([fold.valid for fold in made]))
    np.testing.assert_array_equal(validated, np.arange(len(found)))
    for fold in made:
        assert not set(found.account[fold.train]) & set(found.account[fold.valid])


def test_one_month_has_no_folds_in_time() -> None:
    found = population()
    with pytest.raises(InputError, match="validated in time"):
        folds(found.take(found.month == found.month[0]), 3, 5, 0)
