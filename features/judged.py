"""Promises judged from payments: reports count as kept and broken what the features do."""

from typing import Literal, get_args

import numpy as np
from numba import njit

from features.compiled import LOOP, compiled
from features.events import PROMISE
from features.history import DERIVED, History, history
from features.panel import Floats, Indices, Panel, View
from features.promises import fell_due, kept

Judgement = Literal["none", "undated", "open", "kept", "broken", "unknown"]
JUDGEMENTS: tuple[Judgement, ...] = get_args(Judgement)
NONE, UNDATED, OPEN, KEPT, BROKEN, UNKNOWN = range(len(JUDGEMENTS))


def judged(panel: Panel, view: View) -> Indices:
    """How each contact of the panel stands at its account's row of the view: a JUDGEMENTS number.

    `none`: no promise, or not of a row of the view. `undated` promises name no day and never
    fall due, `open` ones have not yet. `unknown` ones fell due where payments are not known. A
    row without any statement is passed over, as it is by the features.
    """
    out = np.full(len(panel.contacts.at), NONE)
    _judge(panel, view, out, np.empty((DERIVED, panel.day.shape[1])))
    return out


@compiled
def judgement(h: History, i: int) -> int:
    """How contact i stands."""
    if h.outcome[i] != PROMISE:
        return NONE
    if np.isnan(h.promised_until[i]):
        return UNDATED
    if not fell_due(h, i):
        return OPEN
    if not h.payments_known:
        return UNKNOWN
    return KEPT if kept(h, i) else BROKEN


# No cache: numba's looks at this loop alone and would go on using a `kept` that has since changed.
@njit(nogil=True, **LOOP)
def _judge(panel: Panel, view: View, out: Indices, scratch: Floats) -> None:
    for i in range(len(view.row)):
        row = view.row[i]
        if view.stop[i] > panel.first[row]:
            h = history(panel, view, i, scratch)
            for k in range(len(h.contact_at)):
                out[panel.contact_start[row] + k] = judgement(h, k)
