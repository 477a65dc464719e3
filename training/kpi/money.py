"""Money: what came in after decisions, and what the policy expected them to cost."""

import math
from typing import Any

import numpy as np
import pandas as pd

from features.panel import Floats, Panel
from features.tables import MONEY_DECIMALS
from training.kpi.cycles import Cycles
from training.kpi.shares import FEW


def recovered_of(cycles: Cycles, panel: Panel) -> Floats:
    """What was received in the windows of each cycle's decisions and stands."""
    counts = (cycles.payment >= 0) & (panel.payments.reversed == 0)
    amounts = panel.payments.amount[counts]
    received = np.bincount(cycles.payment[counts], amounts, len(cycles.frame))
    return received.astype(np.float64)


def money(late: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Of each currency: cycles, what was received, and what one unit of it cost.

    `cost_per_unit` is of the cycles whose windows have ended; of the others the money may yet
    come in. Both costs are None where a cycle's is not known, as in the oldest records.
    """
    result = {}
    for currency, part in late.groupby("currency", sort=True, observed=True):
        closed = part[part["closed"]]
        received, cost = closed["recovered"].sum(), closed["cost"].sum(skipna=False)
        known = not math.isnan(cost)
        result[str(currency)] = {
            "cycles": len(part),
            "recovered": round(float(part["recovered"].sum()), MONEY_DECIMALS),
            "open_cycles": len(part) - len(closed),
            "closed_recovered": round(float(received), MONEY_DECIMALS),
            "closed_cost": round(float(cost), MONEY_DECIMALS) if known else None,
            "cost_per_unit": float(cost / received) if known and received > 0 else None,
            "too_few": len(closed) < FEW,
        }
    return result
