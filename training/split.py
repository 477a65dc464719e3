"""Which rows train, which validate, which test: never against the order of time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np

from features.clock import date_of
from features.errors import InputError
from features.panel import Flags, Floats, Indices
from training.labels import Snapshots

LEAST_MONTHS = 3  # two to train, so that a fold can validate on a later one, and one to test


class Fold(NamedTuple):
    """Rows to fit on and rows of other accounts, where months are folds too of later ones."""

    train: Indices
    valid: Indices


@dataclass(frozen=True)
class Split:
    """Out-of-time split: positions of the rows in the snapshots.

    `train` holds rows whose label was known when the test begins (`test_from`, the date of its
    first statement), `test` all rows from then on. `seen` marks the test rows whose account
    also trains. `dropped` counts earlier rows whose label was not yet known.
    """

    train: Indices
    test: Indices
    seen: Flags
    dropped: int
    test_from: date


def out_of_time(snapshots: Snapshots, test_share: float) -> Split:
    """The last `test_share` of the labelled months, at least one, tests; what is before trains.

    Dates are compared, not instants: two accounts with statements of one date are in one
    month's work though midnight reaches their time zones hours apart.
    """
    months = np.unique(snapshots.month)
    if len(months) < LEAST_MONTHS:
        raise InputError(
            "statements",
            f"late accounts with a known outcome are found in {len(months)} months, "
            f"but {LEAST_MONTHS} are needed (two to train, one to test)",
            "Give a longer history or a wider window of snapshot dates.",
        )
    count = min(max(1, round(test_share * len(months))), len(months) - 2)
    is_test = snapshots.month >= months[-count]
    start = snapshots.day[is_test].min()
    is_train = ~is_test & (snapshots.label_day <= start)
    train, test = np.flatnonzero(is_train), np.flatnonzero(is_test)
    return Split(
        train=train,
        test=test,
        seen=np.isin(snapshots.account[test], snapshots.account[train]),
        dropped=int((~is_test & ~is_train).sum()),
        test_from=date_of(start),
    )


def folds(train: Snapshots, cuts: int, groups: int, seed: int) -> list[Fold]:
    """Folds within the training rows, ordered in time and grouped by account.

    For each of the last `cuts` months and each of `groups` groups of accounts: validate on
    the group's rows of the month, fit on the other groups' rows whose label was known when
    the month began. So each row validates at most once.
    """
    found = list(_folds(train, _groups(train.account, groups, seed), cuts))
    if not found:
        raise InputError(
            "statements",
            "no training month has known outcomes before it, so nothing can be validated in time",
            "Give a longer history or a wider window of snapshot dates.",
        )
    return found


def _folds(train: Snapshots, group: Indices, cuts: int) -> Iterator[Fold]:
    for month in np.unique(train.month)[-cuts:]:
        in_month = train.month == month
        known = train.label_day <= train.day[in_month].min()
        for g in np.unique(group):
            fit = np.flatnonzero(known & ~in_month & (group != g))
            valid = np.flatnonzero(in_month & (group == g))
            if _both_classes(train.label[fit]) and len(valid):
                yield Fold(fit, valid)


def account_folds(account: Indices, groups: int, seed: int) -> list[Fold]:
    """Folds of rows by their accounts, whatever the month: each group validates once.

    Of fewer accounts than `groups` each is a group.
    """
    group = _groups(account, groups, seed)
    return [Fold(np.flatnonzero(group != g), np.flatnonzero(group == g)) for g in np.unique(group)]


def _groups(account: Indices, groups: int, seed: int) -> Indices:
    """Group of each row, by its account: equal in accounts, drawn at random."""
    accounts, position = np.unique(account, return_inverse=True)
    group: Indices = np.random.default_rng(seed).permutation(len(accounts)) % groups
    return group[position]


def _both_classes(label: Indices | Floats) -> bool:
    return len(label) > 0 and label.min() != label.max()
