"""Draws that depend on account and date alone: the same whatever other accounts there are."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from features.panel import Flags, Floats, Indices

LAST_DRAWN_DAY = 27  # the shortest cycle has 28 days, so a drawn day stays inside the cycle


def keys(row: Indices, account_ids: NDArray[np.str_] | None) -> NDArray[np.uint64]:
    """64 bits of each row's account; of its position in the panel where accounts have no ids."""
    if account_ids is None:
        return row.astype(np.uint64)
    accounts, position = np.unique(row, return_inverse=True)
    digests = [
        hashlib.blake2b(str(name).encode(), digest_size=8).digest()
        for name in account_ids[accounts]
    ]
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)[position]


def drawn_days(key: NDArray[np.uint64], day: Floats, seed: int) -> Indices:
    """0 for half of the rows, 0 to LAST_DRAWN_DAY for the others.

    Drawn from account and statement date alone, so that a longer history, or one of more
    accounts, draws the same days.
    """
    mixed = _mix(_seeded(key, seed) ^ day.astype(np.int64).astype(np.uint64))
    inside = (mixed >> np.uint64(63)).astype(np.int64)
    return inside * (mixed % np.uint64(LAST_DRAWN_DAY + 1)).astype(np.int64)


def drawn_accounts(key: NDArray[np.uint64], share: float, seed: int) -> Flags:
    """The rows of about that share of the accounts, whole accounts."""
    spread = _mix(_seeded(key, seed) ^ np.uint64(1)) >> np.uint64(11)
    return np.asarray(spread.astype(np.float64) * 2.0**-53 < share)


def _seeded(key: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    return _mix(_mix(np.full(len(key), seed, np.uint64)) ^ key)


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64: spreads counters evenly over 64 bits (Steele et al., OOPSLA 2014)."""
    state = state + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
