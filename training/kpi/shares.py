"""Shares with intervals, where rows of one debtor hang together."""

from typing import Any

import numpy as np

from features.panel import Flags, Indices
from training.plots import wilson

FEW = 30  # rows below which a share tells too little to be shown


def share(hits: Flags, debtor: Indices) -> dict[str, Any]:
    """The share of `hits` with its 95% interval, ready for JSON.

    One account may have several rows, one debtor several accounts, and these end alike more
    often than chance has it; so Wilson's interval is that of the effective number of rows: as
    many independent ones would vary as much as sums over debtors do. Never more than there are.
    """
    n = len(hits)
    if n == 0:
        nothing = dict.fromkeys(("rate", "low", "high"))
        return {"n": 0, "hits": 0, **nothing, "effective_n": 0.0, "too_few": True}
    rate = float(hits.mean())
    effective = _effective(hits - rate, debtor)
    low, high = wilson(np.array([rate]), np.array([effective]))
    return {
        "n": n,
        "hits": int(hits.sum()),
        "rate": rate,
        "low": max(0.0, float(low[0])),
        "high": min(1.0, float(high[0])),
        "effective_n": effective,
        "too_few": n < FEW,
    }


def _effective(residual: np.ndarray, debtor: Indices) -> float:
    """Independent rows that would vary as these do; the number of debtors where all are alike."""
    alone = float(residual @ residual)
    if alone == 0.0:
        return float(len(np.unique(debtor)))
    sums = np.bincount(debtor, residual)
    return len(residual) / max(1.0, float(sums @ sums) / alone)
