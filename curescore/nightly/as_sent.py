"""Tables as the bodies of requests say the same: what a run decides on can be sent to the service.

Tables may hold a little that a body may not: the noise of added floats beyond the last decimal,
and payments that were taken back only after the instant of the decisions.
"""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd

from features.tables import MONEY_DECIMALS, TABLES, Table
from training.tables import Tables


def as_sent(tables: Tables, as_of: datetime) -> Tables:
    """Checked tables with money in its decimals, and without what was taken back after `as_of`."""
    frames = {name: rounded(TABLES[name], frame) for name, frame in tables.present().items()}
    if tables.payments is not None:
        frames["payments"] = _not_yet_reversed(frames["payments"], as_of)
    return replace(tables, **frames)


def rounded(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """The table's frame with amounts of no more decimals than a body may have."""
    changed: dict[str, pd.Series] = {}
    for column in table.columns:
        if column.kind == "money":
            exact = frame[column.name].round(MONEY_DECIMALS)
            if not exact.equals(frame[column.name]):
                changed[column.name] = exact
    return frame.assign(**changed)


def _not_yet_reversed(payments: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    later = (payments["reversed_at"] > as_of).to_numpy()
    if not later.any():
        return payments
    return payments.assign(
        reversed=payments["reversed"] & ~later,
        reversed_at=payments["reversed_at"].where(np.logical_not(later)),
    )
