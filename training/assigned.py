"""Assignments with what became of them: what the effect of contact is estimated from.

One for each account and cycle, as assigned: the level drawn counts, also where a person then
chose another one, for what made a person choose it is not known (intention to treat).
"""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.errors import InputError
from features.panel import Flags, Floats, Indices, Panel, View, known_at
from models.stage import stage_numbers
from models.target import Outcome
from training.outcomes import CENSORED, IMMATURE, MISSING, became, population
from training.panels import positions, seconds
from training.relations import PROPENSITIES
from training.tables import Tables


class LeftOut(NamedTuple):
    """Assignments that are not used, by reason.

    `repeated`: not the first of their account's cycle. `not_late`: nothing was past due, or the
    account had no statement yet. `unknown_amount`: what was past due does not follow from the
    statements. `immature`, `missing`, `censored`: no outcome, as in training.labels.Left.
    """

    repeated: int
    not_late: int
    unknown_amount: int
    immature: int
    missing: int
    censored: int


@dataclass(frozen=True)
class Assigned:
    """n assignments of late accounts, in the order of account and time.

    `view` cuts the panel at the instant of each; `day` is the date of the statement before it, in
    days since 1970, `stage` a position in STAGES, `level` what was assigned, `propensity` [n × 5]
    how likely each level was. `cured` is 1 where the account reached the target; amounts are those
    past due and owed at the time, in the portfolio's currency.
    """

    view: View
    day: Floats
    stage: Indices
    level: Indices
    propensity: Floats
    cured: Floats
    past_due: Floats
    balance: Floats
    overridden: Flags
    left_out: LeftOut

    def __len__(self) -> int:
        """Number of assignments."""
        return len(self.level)

    @property
    def account(self) -> Indices:
        """Position of each one's account in the panel."""
        return self.view.row

    def take(self, rows: Indices | Flags) -> "Assigned":
        """Those rows; `left_out` still tells of the whole table."""
        return Assigned(
            self.view.take(rows),
            self.day[rows],
            self.stage[rows],
            self.level[rows],
            self.propensity[rows],
            self.cured[rows],
            self.past_due[rows],
            self.balance[rows],
            self.overridden[rows],
            self.left_out,
        )

    def between(self, start: date | None, end: date | None) -> "Assigned":
        """Those whose statement dates lie from `start` to `end`, both included.

        InputError where there are none.
        """
        if start is not None and end is not None and start > end:
            raise InputError("--from", "is after --until", "Put the earlier date first", str(start))
        low = -np.inf if start is None else np.datetime64(start).astype(np.int64)
        high = np.inf if end is None else np.datetime64(end).astype(np.int64)
        kept = self.take((self.day >= low) & (self.day <= high))
        if not len(kept):
            counts = self.left_out._asdict().items()
            left = ", ".join(f"{n:,} {why.replace('_', ' ')}" for why, n in counts)
            raise InputError(
                "assignments",
                f"none of late accounts has an outcome in these months (there are {len(self):,} in "
                f"all; left out: {left})",
                "Widen --from and --until: an outcome needs the statements of its horizon.",
            )
        return kept


def assigned(tables: Tables, panel: Panel, outcome: Outcome) -> Assigned:
    """The assignments of checked tables, with the outcome that followed each.

    Raises InputError where there are none.
    """
    frame = _present(tables.assignments)
    ids = pa.array(tables.accounts["account_id"], type=pa.large_string())
    row = positions(frame, ids)
    at = seconds(frame["at"])
    order = np.lexsort((at, row))
    frame, row, at = frame.iloc[order], row[order], at[order]
    view = known_at(panel, row, at)
    column = view.stop - 1
    first = np.append(True, (row[1:] != row[:-1]) | (column[1:] != column[:-1]))[: len(row)]
    told = view.stop > panel.first[row]
    late = told & population(panel, outcome)[row, column]
    past_due = _past_due(panel, row, column)
    known = first & late & np.isfinite(past_due)
    label = np.full(len(row), MISSING)
    label[known] = became(panel, row[known], column[known], outcome).label
    kept = np.flatnonzero(label >= 0)
    left = LeftOut(
        repeated=int((~first).sum()),
        not_late=int((first & ~late).sum()),
        unknown_amount=int((first & late & ~known).sum()),
        immature=int((label[known] == IMMATURE).sum()),
        missing=int((label[known] == MISSING).sum()),
        censored=int((label[known] == CENSORED).sum()),
    )
    used = frame.iloc[kept]
    return Assigned(
        view=view.take(kept),
        day=panel.day[row[kept], column[kept]],
        stage=stage_numbers(panel.days_past_due[row[kept], column[kept]]),
        level=used["level"].to_numpy(dtype=np.int64),
        propensity=_propensities(used),
        cured=label[kept].astype(np.float64),
        past_due=past_due[kept],
        balance=panel.balance[row[kept], column[kept]],
        overridden=used["overridden"].to_numpy(dtype=np.bool_),
        left_out=left,
    )


def _past_due(panel: Panel, row: Indices, column: Indices) -> Floats:
    """What is past due: what the statement before asked for, and was not paid since.

    Statements do not tell it themselves, and the row of the account is today's. NaN where the
    statement before is not known.
    """
    before = np.maximum(column - 1, 0)
    asked = np.where(column > panel.first[row], panel.amount_due[row, before], np.nan)
    unpaid = np.round(asked - panel.amount_paid[row, column], 4)
    found: NDArray[np.float64] = np.where(unpaid > 0, unpaid, np.nan)
    return np.minimum(found, panel.balance[row, column])


def _present(frame: pd.DataFrame | None) -> pd.DataFrame:
    if frame is None or frame.empty:
        raise InputError(
            "assignments",
            "there are none, and only they show what contact changes",
            "Add the table: `curescore score` writes its rows every night (docs/nightly.md).",
        )
    return frame


def _propensities(frame: pd.DataFrame) -> Floats:
    return frame[PROPENSITIES].to_numpy(dtype=np.float64)
