"""Contacts: how many were made, whom they reached, and what became of promises."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from features.events import CONVERSATION, OUT, PROMISE, REFUSED
from features.judged import BROKEN, KEPT, OPEN, UNDATED, UNKNOWN, judged
from features.panel import Flags, Indices, Panel, known_at
from features.tables import CHANNELS
from training.kpi.cycles import Cycles
from training.kpi.shares import share
from training.outcomes import REACHED

_OPEN_ONES = {"open": OPEN, "undated": UNDATED, "unknown": UNKNOWN}


class Promises(NamedTuple):
    """Promises made after decisions: the cycle and the judgement of each."""

    cycle: Indices
    judgement: Indices


def count_contacts(cycles: Cycles, panel: Panel) -> None:
    """Give each cycle its number of outgoing contacts, and whether a conversation followed."""
    frame, contacts = cycles.frame, panel.contacts
    n = len(frame)
    counts = cycles.contact >= 0
    cycle, out = cycles.contact[counts], contacts.direction[counts] == OUT
    frame["outgoing"] = np.bincount(cycle[out], minlength=n)
    frame["spoken"] = np.bincount(cycle[_spoke(contacts.outcome[counts])], minlength=n) > 0


def reach(late: pd.DataFrame) -> dict[str, Any]:
    """Share of the cycles with an outgoing contact that a conversation followed."""
    tried = late[late["outgoing"] > 0]
    return share(tried["spoken"].to_numpy(), tried["debtor"].to_numpy())


def contacts_per_cure(late: pd.DataFrame) -> dict[str, Any]:
    """Outgoing contacts of all cycles, and of the labelled ones for each of their cures."""
    labelled = late[late["label"] >= 0]
    made, cured = int(labelled["outgoing"].sum()), int((labelled["label"] == REACHED).sum())
    return {
        "outgoing": int(late["outgoing"].sum()),
        "of_labelled": made,
        "cures": cured,
        "per_cure": made / cured if cured else None,
    }


def by_channel(cycles: Cycles, panel: Panel, wanted: Flags) -> dict[str, dict[str, Any]]:
    """Outgoing contacts by their own channel: their number, and the share that was a conversation.

    Of the cycles that are wanted.
    """
    contacts, frame = panel.contacts, cycles.frame
    counts = (cycles.contact >= 0) & (contacts.direction == OUT)
    counts[counts] = wanted[cycles.contact[counts]]
    debtor = frame["debtor"].to_numpy()
    result = {}
    for number, name in enumerate(CHANNELS):
        of = counts & (contacts.channel == number)
        if of.any():
            result[name] = {
                "cycles": len(np.unique(cycles.contact[of])),
                **share(_spoke(contacts.outcome[of]), debtor[cycles.contact[of]]),
            }
    return result


def promises_of(cycles: Cycles, panel: Panel) -> Promises:
    """The promises that followed decisions, judged by all that the tables tell."""
    # Told as reversed without its time, a payment cannot have kept a promise: it never stood.
    payments = panel.payments
    undone = (payments.reversed == 1) & np.isnan(payments.reversed_at)
    payments = payments._replace(reversed_at=np.where(undone, payments.at, payments.reversed_at))
    rows = np.arange(panel.accounts)
    view = known_at(panel, rows, np.full(len(rows), cycles.known_until))
    judgement = judged(panel._replace(payments=payments), view)
    made = (cycles.contact >= 0) & (panel.contacts.outcome == PROMISE)
    return Promises(cycles.contact[made], judgement[made])


def kept_promises(promises: Promises, wanted: Flags, debtor: Indices) -> dict[str, Any]:
    """Share kept of the promises of the wanted cycles that fell due; others are counted."""
    mine = wanted[promises.cycle]
    cycle, judgement = promises.cycle[mine], promises.judgement[mine]
    due = (judgement == KEPT) | (judgement == BROKEN)
    return {
        **share(judgement[due] == KEPT, debtor[cycle[due]]),
        **{name: int((judgement == code).sum()) for name, code in _OPEN_ONES.items()},
    }


def _spoke(outcome: np.ndarray) -> Flags:
    return np.isin(outcome, (CONVERSATION, PROMISE, REFUSED))
