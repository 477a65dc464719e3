"""Visits: how many were planned, made and closed."""

from typing import Any

import pandas as pd

from features.panel import Flags
from training.kpi.recorded import STEPS


def visits_told(visits: pd.DataFrame, within: Flags) -> dict[str, Any]:
    """Visits with each step `within` the time asked for; `called_off`: closed and never made."""
    told = {step: _visits(visits, within & (visits["step"] == step)) for step in STEPS}
    ever_made = visits.loc[visits["step"] == "made", "visit_id"]
    off = (visits["step"] == "closed") & ~visits["visit_id"].isin(ever_made)
    return {**told, "called_off": _visits(visits, within & off)}


def _visits(visits: pd.DataFrame, rows: Flags) -> int:
    return int(visits.loc[rows, "visit_id"].nunique())
