"""The portfolio as its newest decisions see it: accounts and what is past due, by what was decided.

Not what came of decisions, but where accounts stand: each account counts once, by the newest of
its decisions in force.
"""

from typing import Any

import pandas as pd

from features.clock import instant_of
from features.tables import MONEY_DECIMALS
from models.score.tier import TIERS
from models.stage import STAGES
from training.panels import seconds

_CELL = ["stage", "tier", "level", "currency"]


def portfolio(in_force: pd.DataFrame) -> dict[str, Any]:
    """Accounts by stage, tier, level and currency at the last as_of of these decisions.

    An account whose newest decision had ended by then is `expired`, and in no cell: nobody knows
    where it stands. A decision whose end the tables do not tell has none.
    """
    at = in_force["as_of"].max()
    ordered = in_force.sort_values(["as_of", "decided_at"], kind="stable")
    newest = ordered.drop_duplicates("account_id", keep="last")
    standing = newest[~(newest["valid_until"] < at)]
    return {
        "at": instant_of(float(seconds(in_force["as_of"]).max())).isoformat(),
        "accounts": len(standing),
        "expired": len(newest) - len(standing),
        "cells": _cells(standing),
    }


def _cells(standing: pd.DataFrame) -> list[dict[str, Any]]:
    """Each combination that some account has, in the order of stages, tiers and levels."""
    groups = standing.groupby(_CELL, observed=True)["past_due_amount"].agg(["size", "sum"])
    cells = [
        {
            "stage": stage,
            "tier": tier,
            "level": int(level),
            "currency": currency,
            "accounts": int(size),
            "past_due_amount": round(float(amount), MONEY_DECIMALS),
        }
        for (stage, tier, level, currency), size, amount in groups.itertuples(name=None)
    ]
    return sorted(cells, key=_place)


def _place(cell: dict[str, Any]) -> tuple[int, int, int, str]:
    stage, tier = STAGES.index(cell["stage"]), TIERS.index(cell["tier"])
    return stage, tier, cell["level"], cell["currency"]
