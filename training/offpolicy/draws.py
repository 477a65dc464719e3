"""Intervals of estimates: accounts are drawn, with replacement, for their cycles hang together."""

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from features.panel import Floats, Indices
from training.bootstrap import account_draws

_HELD = 50  # draws whose counts of accounts memory holds


class Sums(NamedTuple):
    """Terms summed over the rows of one account in one stage, for each of G such pairs.

    `account` [G] counts accounts from 0, `stage` [G] is a position in STAGES; `values` are
    [G × policies × Term].
    """

    account: Indices
    stage: Indices
    values: Floats

    def of_stages(self, stages: Sequence[int]) -> Floats:
        """The sums of all accounts [stages × policies × Term]."""
        return np.stack([self.values[self.stage == each].sum(axis=0) for each in stages])


class Grouped:
    """Rows by account and stage, whose terms can be summed."""

    def __init__(self, account: Indices, stage: Indices) -> None:
        """Rows of these accounts, by any number, in these stages."""
        _, position = np.unique(account, return_inverse=True)
        self._order = np.lexsort((stage, position))
        ordered = position[self._order], stage[self._order]
        begins = np.append(
            True, (ordered[0][1:] != ordered[0][:-1]) | (ordered[1][1:] != ordered[1][:-1])
        )
        self._start = np.flatnonzero(begins)
        self._account, self._stage = (each[self._start] for each in ordered)

    def summed(self, terms: Floats) -> Floats:
        """The sums [G × Term] of terms [rows × Term]."""
        return np.add.reduceat(terms[self._order], self._start, axis=0)

    def sums(self, values: Sequence[Floats]) -> Sums:
        """Those of several policies together."""
        return Sums(self._account, self._stage, np.stack(values, axis=1))


def drawn_sums(sums: Sums, stages: Sequence[int], draws: int, seed: int) -> Floats:
    """The sums [draws × stages × policies × Term] of samples of accounts.

    All policies and stages of a draw meet the same sample, so that their differences are paired.
    """
    shape = sums.values.shape[1:]
    found = np.empty((draws, len(stages), *shape))
    parts = [
        (sums.account[here], sums.values[here].reshape(-1, shape[0] * shape[1]))
        for here in (sums.stage == each for each in stages)
    ]
    samples = account_draws(np.arange(sums.account.max() + 1), draws, seed)
    for first in range(0, draws, _HELD):
        held = np.array(list(islice(samples, _HELD)), np.float64)
        for k, (account, values) in enumerate(parts):
            found[first : first + len(held), k] = (held[:, account] @ values).reshape(-1, *shape)
    return found
