"""Shares of rows that hang together."""

import numpy as np
import pytest

from training.kpi.shares import share
from training.plots import wilson

HITS = np.arange(50) < 20


def test_where_each_row_has_a_debtor_of_its_own_the_interval_is_wilsons() -> None:
    found = share(HITS, np.arange(50))
    low, high = wilson(np.array([0.4]), np.array([50]))
    assert (found["n"], found["hits"], found["effective_n"]) == (50, 20, pytest.approx(50))
    assert (found["low"], found["high"]) == (pytest.approx(low[0]), pytest.approx(high[0]))


def test_rows_that_only_repeat_those_of_their_debtor_tell_nothing_more() -> None:
    once = share(HITS, np.arange(50))
    thrice = share(np.repeat(HITS, 3), np.repeat(np.arange(50), 3))
    assert thrice["n"] == 150
    for name in ("rate", "low", "high", "effective_n"):
        assert thrice[name] == pytest.approx(once[name])


def test_where_all_are_alike_there_are_as_many_rows_as_debtors() -> None:
    found = share(np.ones(90, bool), np.repeat(np.arange(30), 3))
    assert (found["effective_n"], found["high"]) == (30.0, 1.0)
    assert found["low"] == pytest.approx(wilson(np.array([1.0]), np.array([30]))[0][0])


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    debtor = np.repeat(np.arange(120), 6)
    held = 0
    for _ in range(400):
        each = rng.beta(1.2, 2.8, 120)  # debtors differ; their mean is 0.3
        found = share(rng.random(720) < each[debtor], debtor)
        held += found["low"] <= 0.3 <= found["high"]
    assert 0.92 <= held / 400 <= 0.98


@pytest.mark.parametrize(("n", "few"), [(29, True), (30, False)])
def test_below_thirty_rows_are_too_few(n: int, few: bool) -> None:
    assert share(np.zeros(n, bool), np.arange(n))["too_few"] is few


def test_no_row_has_no_share() -> None:
    found = share(np.zeros(0, bool), np.zeros(0, np.int64))
    assert (found["n"], found["rate"], found["low"], found["too_few"]) == (0, None, None, True)
