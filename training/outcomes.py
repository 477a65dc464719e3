"""What became of accounts: whether they reached the target after a statement, or why nobody knows.

The only place that looks beyond the instant of a snapshot.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from features.clock import CYCLE_DAYS
from features.history import cycles_between
from features.panel import Flags, Floats, Indices, Panel
from features.tables import STATEMENTS, codes_of
from models.target import SUSTAINED_CYCLES, Outcome

_CODES = codes_of(STATEMENTS, "status")
OPEN = _CODES["open"]
_RESTRUCTURED, _PAID_OFF, _CHARGED_OFF, _SOLD = (
    _CODES[code] for code in ("restructured", "paid_off", "charged_off", "sold")
)
REACHED, NOT_REACHED, IMMATURE, MISSING, CENSORED = 1, 0, -1, -2, -3


class Became(NamedTuple):
    """What became of each of n statements' accounts.

    `label` is REACHED or NOT_REACHED, or why there is none: IMMATURE where the statements that
    it needs reach beyond the data, MISSING where one of them is absent, CENSORED where the
    account was restructured or sold before it was known. `closing` is the column of the last
    statement looked at.
    """

    label: Indices
    closing: Indices


def population(history: Panel, outcome: Outcome) -> Flags:
    """Statements [accounts × months] whose account the target is about.

    Of open accounts, for `cure` those that are late and owe, for `early_warning` those with
    nothing past due.
    """
    is_open: Flags = history.status == OPEN
    if outcome.target == "early_warning":
        return np.asarray(is_open & (history.days_past_due == 0))
    return np.asarray(is_open & (history.days_past_due > 0) & (history.balance > 0))


def became(history: Panel, row: Indices, column: Indices, outcome: Outcome) -> Became:
    """What became of the accounts after the statements at these rows and columns of the panel.

    Where the label needs statements beyond the data, a row is immature even if its account has
    ended already: of the newest months only those that ended would be labelled otherwise.
    """
    arrays = history.day, history.days_past_due, history.status
    if outcome.target == "early_warning":
        label, closing, reached = _stay(row, column, *arrays, outcome.horizon_cycles)
    else:
        further = SUSTAINED_CYCLES if outcome.sustained else 0
        label, closing, reached = _cure(row, column, *arrays, outcome.horizon_cycles, further)
    # A cycle that ends with February is 28 days long, 0.92 of the mean one.
    needed = history.day[row, column] + (outcome.label_cycles - 0.1) * CYCLE_DAYS
    beyond = needed > np.nanmax(history.day, initial=-np.inf)
    label[beyond & (reached < outcome.label_cycles) & (label != CENSORED)] = IMMATURE
    return Became(label, closing)


# No cache: numba's would go on using a `cycles_between` that has since changed.
@njit(nogil=True)
def _cure(
    row: Indices,
    column: Indices,
    day: Floats,
    days_past_due: Floats,
    status: Floats,
    horizon: int,
    further: int,
) -> tuple[Indices, Indices, Indices]:
    """Label or reason, last statement looked at, cycles reached; one loop per row.

    A cure is a run of more than `further` statements with nothing past due, begun within the
    horizon; a debt that is paid off cannot become late again, so that it need not last.
    """
    label = np.full(len(row), MISSING)
    closing, reached = column.copy(), np.zeros(len(row), np.int64)
    for i in range(len(row)):
        r, start = row[i], column[i]
        run, cured = 0, False
        for k in range(start + 1, day.shape[1]):
            cycle = cycles_between(day[r, start], day[r, k])
            if cycle > horizon + further or cycle > reached[i] + 1:
                break
            closing[i], reached[i] = k, cycle
            state = status[r, k]
            if state in (_RESTRUCTURED, _SOLD):
                label[i] = REACHED if cured else CENSORED
                break
            going = run > 0 or cycle <= horizon
            if state in (_PAID_OFF, _CHARGED_OFF):
                label[i] = int(cured or (going and state == _PAID_OFF))
                break
            run = run + 1 if going and days_past_due[r, k] == 0 else 0
            cured = cured or run > further
            if cycle == horizon + further:
                label[i] = int(cured)
    return label, closing, reached


@njit(nogil=True)
def _stay(
    row: Indices,
    column: Indices,
    day: Floats,
    days_past_due: Floats,
    status: Floats,
    horizon: int,
) -> tuple[Indices, Indices, Indices]:
    """As `_cure`, for nothing past due at every statement of the horizon."""
    label = np.full(len(row), MISSING)
    closing, reached = column.copy(), np.zeros(len(row), np.int64)
    for i in range(len(row)):
        r, start = row[i], column[i]
        late = False
        for k in range(start + 1, day.shape[1]):
            cycle = cycles_between(day[r, start], day[r, k])
            if cycle > horizon or cycle > reached[i] + 1:
                break
            closing[i], reached[i] = k, cycle
            state = status[r, k]
            if state in (_RESTRUCTURED, _SOLD):
                label[i] = NOT_REACHED if late else CENSORED
                break
            late = late or state == _CHARGED_OFF or (state != _PAID_OFF and days_past_due[r, k] > 0)
            if cycle == horizon or state in (_PAID_OFF, _CHARGED_OFF):
                label[i] = int(not late)
                break
    return label, closing, reached
