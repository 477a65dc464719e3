"""Snapshots of accounts and what became of them.

A snapshot is one account as it was known at one instant of the past. Its label says whether
the account reached the target; only the label may look beyond that instant.
"""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from features.clock import CYCLE_DAYS, DAY_SECONDS, date_of
from features.panel import Flags, Floats, Indices, Panel, View, known_at
from models.stage import stage_numbers
from models.target import Outcome
from training.draws import drawn_accounts, drawn_days, keys
from training.outcomes import CENSORED, IMMATURE, MISSING, became, population

CURE = Outcome("cure", horizon_cycles=1)


@dataclass(frozen=True)
class Left:
    """Rows of the population without a label, by reason, or with one and not used.

    `immature`: the label needs statements beyond the data. `missing`: one that it needs is
    absent. `censored`: restructured or sold before it was known. `not_drawn`: labelled, but of
    an account that was not drawn where there are more rows than are wanted. `total` counts all
    rows.
    """

    immature: int
    missing: int
    censored: int
    not_drawn: int
    total: int


@dataclass(frozen=True)
class Snapshots:
    """`v` labelled snapshots in the order of account, then statement.

    `label` is 1 where the account reached the target, else 0, and `label_known_at` the UTC
    seconds at which the last statement that it needs became known. `day` is the date of the
    snapshot's own statement, `label_day` one by which all rows of its date have their label, in
    days since 1970. `stage` and `previous_stage` are positions in models.stage.STAGES, -1 where
    the month before has no statement.
    """

    view: View
    label: Indices
    day: Floats
    label_day: Floats
    label_known_at: Floats
    stage: Indices
    previous_stage: Indices
    left: Left

    def __len__(self) -> int:
        """Number of labelled rows."""
        return len(self.label)

    @property
    def account(self) -> Indices:
        """Position of each row's account in the panel."""
        return self.view.row

    @property
    def month(self) -> Indices:
        """Calendar month of each row's statement, in months since 1970-01."""
        return self.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)

    def take(self, rows: Indices | Flags) -> "Snapshots":
        """Those rows; `left` still tells of the whole population."""
        return Snapshots(
            view=self.view.take(rows),
            label=self.label[rows],
            day=self.day[rows],
            label_day=self.label_day[rows],
            label_known_at=self.label_known_at[rows],
            stage=self.stage[rows],
            previous_stage=self.previous_stage[rows],
            left=self.left,
        )

    def between(self, start: date | None, end: date | None) -> "Snapshots":
        """The rows whose statement date lies from `start` to `end`, both included."""
        low = -np.inf if start is None else np.datetime64(start).astype(np.int64)
        high = np.inf if end is None else np.datetime64(end).astype(np.int64)
        return self.take((self.day >= low) & (self.day <= high))

    def thinned(
        self, most: int, seed: int, account_ids: NDArray[np.str_] | None = None
    ) -> "Snapshots":
        """All rows, or those of some accounts where there are more than about `most`."""
        if len(self) <= most:
            return self
        drawn = drawn_accounts(keys(self.account, account_ids), most / len(self), seed)
        left = replace(self.left, not_drawn=len(self) - int(drawn.sum()))
        return replace(self.take(drawn), left=left)

    def period(self) -> tuple[date, date]:
        """First and last statement date; ValueError where there is no row."""
        return date_of(self.day.min()), date_of(self.day.max())


def snapshots(
    history: Panel,
    outcome: Outcome = CURE,
    seed: int = 0,
    account_ids: NDArray[np.str_] | None = None,
) -> Snapshots:
    """Every statement of the target's population, with its label.

    Where payments or contacts of the account are known, every second snapshot (drawn by
    `seed`, account and statement date) is taken on a later day inside the cycle. Without
    `account_ids`, one for each account, those of a panel without ids are told by position.
    """
    row, column = (
        positions.astype(np.int64) for positions in np.nonzero(population(history, outcome))
    )
    label, closing = became(history, row, column, outcome)
    labelled = label >= 0
    left = Left(
        immature=int((label == IMMATURE).sum()),
        missing=int((label == MISSING).sum()),
        censored=int((label == CENSORED).sum()),
        not_drawn=0,
        total=len(row),
    )
    row, column, closing = row[labelled], column[labelled], closing[labelled]
    day = history.day[row, column]
    drawn = drawn_days(keys(row, account_ids), day, seed)
    return Snapshots(
        view=known_at(history, row, _as_of(history, row, column, drawn)),
        label=label[labelled],
        day=day,
        # Not before the horizon's last month, even where the account ended earlier: rows that
        # end early would else train before their month's others, whose outcome is still open.
        label_day=np.maximum(
            history.day[row, closing], day + (outcome.label_cycles - 0.5) * CYCLE_DAYS
        ),
        label_known_at=history.known_at[row, closing],
        stage=stage_numbers(history.days_past_due[row, column]),
        previous_stage=_previous_stage(history, row, column),
        left=left,
    )


def as_at_night(history: Panel, rows: Snapshots) -> Flags:
    """The rows as a nightly run meets accounts: on a day inside their cycle; all where none is.

    Half of the snapshots, and more than half where events are not known, are of the very day
    on which a statement became known, which few accounts are at on any one night.
    """
    inside = rows.view.as_of > history.known_at[rows.account, rows.view.stop - 1]
    return np.asarray(inside if inside.any() else np.full(len(rows), True))


def _as_of(history: Panel, row: Indices, column: Indices, drawn: Indices) -> Floats:
    """Instant of each snapshot, in UTC seconds: its statement's, or a later day's in the cycle."""
    at = history.known_at[row, column]
    known = history.fixed.payments_known | history.fixed.contacts_known
    later = at + np.where(known[row], drawn, 0) * DAY_SECONDS
    following = np.minimum(column + 1, history.day.shape[1] - 1)
    next_at = np.where(following > column, history.known_at[row, following], np.inf)
    return np.where(later < next_at, later, at)


def _previous_stage(history: Panel, row: Indices, column: Indices) -> Indices:
    """Stage one cycle before; -1 where that month has no statement."""
    before = np.maximum(column - 1, 0)
    gap = np.round((history.day[row, column] - history.day[row, before]) / CYCLE_DAYS)
    stage = stage_numbers(history.days_past_due[row, before])
    return np.where(gap == 1, stage, -1)
