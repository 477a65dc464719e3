"""Account-cycles: what all decisions of an account between two statements count as.

An account that is decided daily is decided thirty times between two statements and cures once.
So decisions in force are joined to the last statement known at their as_of, and those of one
account and statement are one row. It carries the attributes of the last one made while the
account was late: what is done once it has paid is no longer what made it pay.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from features.clock import CYCLE_DAYS, DAY_SECONDS
from features.panel import Floats, Indices, Panel, View, known_at
from features.tables import STATUSES
from models.stage import STAGES, stage_numbers
from training.kpi.recorded import Recorded
from training.labels import CURE
from training.outcomes import OPEN, became, population
from training.panels import seconds

WINDOW_DAYS = 30  # after a decision: what happens later is no longer counted as its doing
OUTSIDE = -4  # why a late cycle has no label, beside what training.outcomes says
NOT_LATE = -5
# Where an account can be at its next statement, after the stages; the last two are not known yet.
ENDS = (*(status for status in STATUSES if STATUSES.index(status) != OPEN), "not_yet", "missing")
STATES = (*STAGES, *ENDS)
_NOT_YET, _MISSING = STATES.index("not_yet"), STATES.index("missing")


class Cycles(NamedTuple):
    """`n` account-cycles, and what belongs to each of them.

    `frame` has a row for each: `account` and `debtor` as numbers, `at` (UTC seconds), `late`,
    `label` (of training.outcomes, OUTSIDE or NOT_LATE), `state` (position in STATES), `closed`
    (whether its windows have ended), `first_at` and `first_due` of the first decision that counts,
    and the columns of the decision that it carries. `payment` and `contact` are the cycle of each
    event of the panel, -1 where it followed no decision. `decision` is that of each decision, -1
    where it belongs to none.
    """

    frame: pd.DataFrame
    payment: Indices
    contact: Indices
    decision: Indices
    known_until: float


def cycles_of(recorded: Recorded) -> Cycles:
    """The account-cycles of all decisions in force whose account has a statement by then."""
    panel, every = recorded.panel, recorded.decisions
    in_force = np.flatnonzero((every["status"] == "effective") & (recorded.position >= 0))
    at = seconds(every["as_of"])
    row = recorded.position[in_force]
    decided = seconds(every["decided_at"])[in_force]
    in_force = in_force[np.lexsort((in_force, decided, at[in_force], row))]
    view = known_at(panel, recorded.position[in_force], at[in_force])
    stated = view.stop > panel.first[view.row]
    in_force, view = in_force[stated], view.take(stated)
    begins = np.flatnonzero(_changes(view.row) | _changes(view.stop))
    number = np.cumsum(_starts(len(in_force), begins)) - 1
    late = (every["target"] == CURE.target).to_numpy()[in_force]
    carried, first = _carried(late, begins), _first(late, begins)
    until = known_until(recorded)
    ends = _window_ends(view)
    frame = every.iloc[in_force[carried]].reset_index(drop=True)
    frame["account"], frame["at"] = view.row[carried], view.as_of[carried]
    frame["debtor"] = recorded.debtor[frame["account"]]
    frame["late"] = late[carried]
    frame["label"], closing = _labels(panel, view.take(carried), frame["late"].to_numpy())
    frame["closing_at"] = panel.known_at[frame["account"], closing]
    frame["state"] = _states(panel, view.take(carried))
    frame["closed"] = np.maximum.reduceat(ends, begins) <= until if len(begins) else False
    frame["first_at"] = view.as_of[first]
    frame["first_due"] = every["past_due_amount"].to_numpy(np.float64)[in_force[first]]
    of_decision = np.full(len(every), -1)
    of_decision[in_force] = number
    after = known_at(panel, view.row, ends)
    return Cycles(
        frame,
        _owner(view.payment_stop, after.payment_stop, number, len(panel.payments.at)),
        _owner(view.contact_stop, after.contact_stop, number, len(panel.contacts.at)),
        of_decision,
        until,
    )


def known_until(recorded: Recorded) -> float:
    """The last instant that the tables tell of, in UTC seconds."""
    panel = recorded.panel
    told = (panel.known_at, panel.payments.at, panel.contacts.at)
    last = [np.nanmax(values, initial=-np.inf) for values in told]
    return float(max(*last, seconds(recorded.decisions["as_of"]).max()))


def _changes(values: Indices) -> np.ndarray:
    return np.concatenate([[True], values[1:] != values[:-1]])[: len(values)]


def _starts(n: int, begins: Indices) -> Indices:
    starts = np.zeros(n, np.int64)
    starts[begins] = 1
    return starts


def _carried(late: np.ndarray, begins: Indices) -> Indices:
    """The last late decision of each cycle; the last of all where none is late."""
    if not len(begins):
        return begins
    place = np.arange(len(late))
    last = np.append(begins[1:], len(late)) - 1
    latest = np.maximum.reduceat(np.where(late, place, -1), begins)
    return np.where(latest >= 0, latest, last)


def _first(late: np.ndarray, begins: Indices) -> Indices:
    """The first late decision of each cycle; the first of all where none is late."""
    if not len(begins):
        return begins
    place = np.arange(len(late))
    earliest = np.minimum.reduceat(np.where(late, place, len(late)), begins)
    return np.where(earliest < len(late), earliest, begins)


def _window_ends(view: View) -> Floats:
    """When what follows each decision is no longer counted as its own, in UTC seconds."""
    following = np.full(len(view.row), np.inf)
    same = view.row[1:] == view.row[:-1]
    following[:-1][same] = view.as_of[1:][same]
    ends: Floats = np.minimum(following, view.as_of + WINDOW_DAYS * DAY_SECONDS)
    return ends


def _labels(panel: Panel, view: View, late: np.ndarray) -> tuple[Indices, Indices]:
    """The label of each cycle, and the column of the last statement that it looks at."""
    column = view.stop - 1
    label, closing = became(panel, view.row, column, CURE)
    label[~population(panel, CURE)[view.row, column]] = OUTSIDE
    label[~late] = NOT_LATE
    return label, closing


def _states(panel: Panel, view: View) -> Indices:
    """Where each account was at its next statement, as a position in STATES."""
    now, width = view.stop - 1, panel.day.shape[1]
    following = np.minimum(now + 1, width - 1)
    day, next_day = panel.day[view.row, now], panel.day[view.row, following]
    there = (following > now) & (next_day - day < 1.5 * CYCLE_DAYS)
    status = panel.status[view.row, following]
    ended = np.array([STATES.index(name) if name in STATES else -1 for name in STATUSES])
    stage = stage_numbers(panel.days_past_due[view.row, following])
    known = np.where(status == OPEN, stage, ended[status.astype(np.int64)])
    # As a label is immature: a cycle that ends with February is 28 days long.
    beyond = day + 0.9 * CYCLE_DAYS > np.nanmax(panel.day, initial=-np.inf)
    return np.where(there, known, np.where(beyond, _NOT_YET, _MISSING))


def _owner(start: Indices, stop: Indices, number: Indices, events: int) -> Indices:
    """The cycle of each event, where events start[i] to stop[i] follow a decision of number[i]."""
    owner = np.full(events, -1)
    count = stop - start
    offset = np.cumsum(count) - count
    place = np.arange(count.sum()) + np.repeat(start - offset, count)
    owner[place] = np.repeat(number, count)
    return owner
