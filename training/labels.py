"""Snapshots of late accounts and what became of them.

A snapshot is one account as it was known at one instant of the past. Its label says whether
the account cured within the horizon; only the label may look beyond that instant.
"""

import hashlib
from dataclasses import dataclass
from datetime import date

import numpy as np
from numba import njit
from numpy.typing import NDArray

from features.clock import CYCLE_DAYS, DAY_SECONDS, date_of
from features.history import cycles_between
from features.panel import Flags, Floats, Indices, Panel, View, known_at
from features.tables import STATEMENTS, codes_of
from models.stage import stage_numbers

LAST_DRAWN_DAY = 27  # the shortest cycle has 28 days, so a drawn day stays inside the cycle

_CODES = codes_of(STATEMENTS, "status")
_OPEN, _RESTRUCTURED, _PAID_OFF, _CHARGED_OFF, _SOLD = (
    _CODES[code] for code in ("open", "restructured", "paid_off", "charged_off", "sold")
)
_IMMATURE, _MISSING, _CENSORED = -1, -2, -3


@dataclass(frozen=True)
class Left:
    """Rows of the population that have no label, by reason.

    `immature`: the horizon reaches beyond the data. `missing`: a statement inside the horizon
    is absent. `censored`: restructured or sold before a cure. `total` counts the labelled too.
    """

    immature: int
    missing: int
    censored: int
    total: int


@dataclass(frozen=True)
class Snapshots:
    """`v` labelled snapshots in the order of account, then statement.

    `label` is 1 for a cure, else 0, and `label_known_at` the UTC seconds at which the last
    statement that it needs became known. `day` is the date of the snapshot's own statement,
    `label_day` one by which all rows of its date have their label, in days since 1970. `stage` and
    `previous_stage` are positions in models.stage.STAGES, -1 where the month before has no
    statement.
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

    def period(self) -> tuple[date, date]:
        """First and last statement date; ValueError where there is no row."""
        return date_of(self.day.min()), date_of(self.day.max())


def snapshots(
    history: Panel,
    horizon_cycles: int = 1,
    seed: int = 0,
    account_ids: NDArray[np.str_] | None = None,
) -> Snapshots:
    """Every statement at which an open account was late and owed, with its label.

    Where payments or contacts of the account are known, every second snapshot (drawn by
    `seed`, account and statement date) is taken on a later day inside the cycle. Without
    `account_ids`, one for each account, those of a panel without ids are told by position.
    """
    late = (history.days_past_due > 0) & (history.balance > 0) & (history.status == _OPEN)
    row, column = (positions.astype(np.int64) for positions in np.nonzero(late))
    outcome, closing = _outcomes(row, column, history, horizon_cycles)
    labelled = outcome >= 0
    left = Left(
        immature=int((outcome == _IMMATURE).sum()),
        missing=int((outcome == _MISSING).sum()),
        censored=int((outcome == _CENSORED).sum()),
        total=len(row),
    )
    row, column, closing = row[labelled], column[labelled], closing[labelled]
    drawn = _drawn_days(_keys(row, account_ids), history.day[row, column], seed)
    day = history.day[row, column]
    return Snapshots(
        view=known_at(history, row, _as_of(history, row, column, drawn)),
        label=outcome[labelled],
        day=day,
        # Not before the horizon's last month, even where the account ended earlier: rows that
        # end early would else train before their month's others, whose outcome is still open.
        label_day=np.maximum(history.day[row, closing], day + (horizon_cycles - 0.5) * CYCLE_DAYS),
        label_known_at=history.known_at[row, closing],
        stage=stage_numbers(history.days_past_due[row, column]),
        previous_stage=_previous_stage(history, row, column),
        left=left,
    )


def _outcomes(
    row: Indices, column: Indices, history: Panel, horizon_cycles: int
) -> tuple[Indices, Indices]:
    """Label (or why there is none) of each row, and the column of the last statement it needs.

    Where the horizon reaches beyond the data, a row is immature even if its account has ended
    already: of the newest months only those that ended would be labelled otherwise.
    """
    label, closing, reached = _follow(
        row, column, history.day, history.days_past_due, history.status, horizon_cycles
    )
    # A cycle that ends with February is 28 days long, 0.92 of the mean one.
    horizon_end = history.day[row, column] + (horizon_cycles - 0.1) * CYCLE_DAYS
    beyond = horizon_end > np.nanmax(history.day, initial=-np.inf)
    label[beyond & (reached < horizon_cycles) & (label != _CENSORED)] = _IMMATURE
    return label, closing


# No cache: numba's would go on using a `cycles_between` that has since changed.
@njit(nogil=True)
def _follow(
    row: Indices,
    column: Indices,
    day: Floats,
    days_past_due: Floats,
    status: Floats,
    horizon: int,
) -> tuple[Indices, Indices, Indices]:
    """Label or reason, last statement looked at, cycles reached; one loop per row."""
    label = np.empty(len(row), np.int64)
    closing, reached = column.copy(), np.zeros(len(row), np.int64)
    for i in range(len(row)):
        r, start = row[i], column[i]
        cured, ended = False, False
        label[i] = _MISSING
        for k in range(start + 1, day.shape[1]):
            cycle = cycles_between(day[r, start], day[r, k])
            if cycle > horizon or cycle > reached[i] + 1:
                break
            closing[i], reached[i] = k, cycle
            state = status[r, k]
            if state in (_RESTRUCTURED, _SOLD):
                label[i] = 1 if cured else _CENSORED
                ended = True
                break
            cured = (
                cured or state == _PAID_OFF or (state != _CHARGED_OFF and days_past_due[r, k] == 0)
            )
            if state in (_PAID_OFF, _CHARGED_OFF):
                ended = True
                label[i] = int(cured)
                break
        if not ended and reached[i] == horizon:
            label[i] = int(cured)
    return label, closing, reached


def _as_of(history: Panel, row: Indices, column: Indices, drawn: Indices) -> Floats:
    """Instant of each snapshot, in UTC seconds: its statement's, or a later day's in the cycle."""
    at = history.known_at[row, column]
    known = history.fixed.payments_known | history.fixed.contacts_known
    later = at + np.where(known[row], drawn, 0) * DAY_SECONDS
    following = np.minimum(column + 1, history.day.shape[1] - 1)
    next_at = np.where(following > column, history.known_at[row, following], np.inf)
    return np.where(later < next_at, later, at)


def _keys(row: Indices, account_ids: NDArray[np.str_] | None) -> NDArray[np.uint64]:
    """64 bits of each row's account that stay the same whatever other accounts there are."""
    if account_ids is None:
        return row.astype(np.uint64)
    accounts, position = np.unique(row, return_inverse=True)
    digests = [
        hashlib.blake2b(str(name).encode(), digest_size=8).digest()
        for name in account_ids[accounts]
    ]
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)[position]


def _drawn_days(key: NDArray[np.uint64], day: Floats, seed: int) -> Indices:
    """0 for half of the rows, 0 to LAST_DRAWN_DAY for the others.

    Drawn from account and statement date alone, so that a longer history, or one of more
    accounts, draws the same days.
    """
    mixed = _mix(
        _mix(_mix(np.full(len(key), seed, np.uint64)) ^ key)
        ^ day.astype(np.int64).astype(np.uint64)
    )
    inside = (mixed >> np.uint64(63)).astype(np.int64)
    return inside * (mixed % np.uint64(LAST_DRAWN_DAY + 1)).astype(np.int64)


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64: spreads counters evenly over 64 bits (Steele et al., OOPSLA 2014)."""
    state = state + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def _previous_stage(history: Panel, row: Indices, column: Indices) -> Indices:
    """Stage one cycle before; -1 where that month has no statement."""
    before = np.maximum(column - 1, 0)
    gap = np.round((history.day[row, column] - history.day[row, before]) / CYCLE_DAYS)
    stage = stage_numbers(history.days_past_due[row, before])
    return np.where(gap == 1, stage, -1)
