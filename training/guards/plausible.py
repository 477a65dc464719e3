"""Whether histories can be true: no account is there twice, and time runs forward."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.clock import date_of
from features.errors import InputError
from features.panel import Flags, Floats, Panel

LEAST_STATEMENTS = 3  # of a history that two accounts do not share by chance
MOST_COPIES = 0.01  # of the accounts with such a history
# Days past due in buckets of a month rise by up to 31 while 28 days go by, and a payment that
# bounces brings back one month at a time.
TOLERATED_DAYS = 31
IMPOSSIBLE_RISES = 0.005

_CHUNK = 1 << 16  # accounts at a time: the arrays in between stay small
_ABSENT = -1e300  # no amount is so large


@dataclass(frozen=True)
class Histories:
    """What was counted: accounts whose history an earlier one has too; rises that cannot be.

    `comparable` accounts have a history that tells them apart; `rises` are pairs of statements
    between which days past due went up, `impossible_rises` those that went up too fast.
    """

    comparable: int
    duplicates: int
    rises: int
    impossible_rises: int


def check_histories(history: Panel, most_impossible: float = IMPOSSIBLE_RISES) -> Histories:
    """Refuse histories that were copied or whose time was mixed up; count where they are few.

    Two accounts are copies where statement days, balances, payments and days past due are all
    equal over at least LEAST_STATEMENTS statements with at least two balances that are neither
    0 nor equal. Days past due cannot rise by more than the days that went by, with
    TOLERATED_DAYS for how they are coded. Raises InputError where more than MOST_COPIES of the
    comparable accounts are copies, or more than the share `most_impossible` of the rises cannot
    be.
    """
    comparable, duplicates = _copies(history)
    if duplicates > MOST_COPIES * comparable:
        raise InputError(
            "statements",
            f"{duplicates} of {comparable} accounts repeat the history of another account: "
            "statement_date, balance, amount_paid and days_past_due are equal in every statement",
            "Leave out the copies: one debt has one account_id. Copies would stand among the "
            "rows that train and those that judge at once.",
        )
    rises, impossible, example = _rises(history)
    if impossible > most_impossible * rises:
        raise InputError(
            "statements, columns statement_date and days_past_due",
            f"{impossible} of {rises} rises of days past due are faster than time goes by, such "
            f"as {example}; statement dates look shuffled or reversed",
            "Give every statement the date on which its own cycle ended.",
        )
    return Histories(comparable, duplicates, rises, impossible)


def _copies(history: Panel) -> tuple[int, int]:
    """Accounts with a history that tells them apart, and those of them with an earlier one's."""
    told = np.empty(history.accounts, bool)
    digest = np.empty(history.accounts, np.uint64)
    for rows in _chunks(history.accounts):
        told[rows] = _tells_apart(history, rows)
        digest[rows] = _digests(history, rows)
    comparable = int(told.sum())
    return comparable, comparable - len(np.unique(digest[told]))


def _tells_apart(history: Panel, rows: slice) -> Flags:
    owed = np.where(history.balance[rows] == 0, np.nan, history.balance[rows])
    low = np.fmin.reduce(owed, axis=1, initial=np.inf)
    high = np.fmax.reduce(owed, axis=1, initial=-np.inf)
    long = history.day.shape[1] - history.first[rows] >= LEAST_STATEMENTS
    told: Flags = long & (low < high)
    return told


def _digests(history: Panel, rows: slice) -> NDArray[np.uint64]:
    """64 bits for each account, equal where its history is, by multilinear hashing.

    Two of a million different histories meet with a chance of about 1e-7 (Lemire & Kaser 2014,
    DOI 10.1093/comjnl/bxt070).
    """
    compared = (history.day, history.balance, history.amount_paid, history.days_past_due)
    weights = np.random.default_rng(0).integers(
        2**64, size=(len(compared), history.day.shape[1]), dtype=np.uint64
    )
    digest = np.zeros(len(history.first[rows]), np.uint64)
    for values, weight in zip(compared, weights, strict=True):
        filled = np.where(np.isnan(values[rows]), _ABSENT, values[rows]) + 0.0  # -0 is 0
        bits = filled.view(np.uint64)
        bits ^= bits >> np.uint64(32)  # the low bits of round numbers are all 0
        digest += (bits * weight).sum(axis=1, dtype=np.uint64)
    return digest


def _rises(history: Panel) -> tuple[int, int, str]:
    """Rises of days past due, those that cannot be, and the steepest of these in words."""
    rises, impossible, steepest, example = 0, 0, 0.0, ""
    for rows in _chunks(history.accounts):
        day, late = history.day[rows], history.days_past_due[rows]
        rise, gap = np.diff(late, axis=1), np.diff(day, axis=1)
        excess = np.nan_to_num(rise - gap - TOLERATED_DAYS)
        rises += int((rise > 0).sum())
        impossible += int((excess > 0).sum())
        if excess.max(initial=0.0) > steepest:
            steepest = float(excess.max())
            at = np.unravel_index(int(excess.argmax()), excess.shape)
            example = _told(day, late, int(at[0]), int(at[1]))
    return rises, impossible, example


def _told(day: Floats, late: Floats, i: int, k: int) -> str:
    start, end = date_of(day[i, k]), date_of(day[i, k + 1])
    return f"from {late[i, k]:.0f} on {start} to {late[i, k + 1]:.0f} on {end}"


def _chunks(n: int) -> Iterator[slice]:
    return (slice(start, start + _CHUNK) for start in range(0, n, _CHUNK))
