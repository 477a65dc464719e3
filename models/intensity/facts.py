"""Facts: what is known of accounts at as_of, beside the score, that level and treatment hang on."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from features.clock import day_number
from features.compiled import compiled
from features.panel import Flags, Floats, Indices, Panel, View
from features.tables import CONTACTS, codes_of
from models.account import Account
from models.compiled import compiled_loop
from models.intensity.policy import Policy
from models.intensity.received import paid, promise_ends
from models.intensity.sections import Treatments

_CALL = codes_of(CONTACTS, "channel")["call"]
_IN = codes_of(CONTACTS, "direction")["in"]
_CONVERSATION = codes_of(CONTACTS, "outcome")["conversation"]
_PROMISE = codes_of(CONTACTS, "outcome")["promise"]
_REFUSED = codes_of(CONTACTS, "outcome")["refused"]


class Facts(NamedTuple):
    """What holds of n accounts at their as_of; amounts in the account's currency.

    today: days since 1970 of the local date at the debtor's place.
    received: payments from the instant the last statement became known, 0 without a statement.
    promise_ends: UTC seconds at which the hold of the latest promise ends, its grace included;
        NaN where no promise holds.
    visit_agreed: the debtor has agreed to an appointment that is still to come.
    unreached: dials on the account within the policy's days since the debtor was last reached.
    stated: number, in features.tables.REASONS, of the latest reason for being late that was
        stated within the policy's days; NaN without one.
    paid_month: median of the known amounts paid of the policy's last statements; NaN where none
        is known.
    """

    today: Floats
    received: Floats
    promise_ends: Floats
    visit_agreed: Flags
    unreached: Indices
    stated: Floats
    paid_month: Floats


def facts(panel: Panel, view: View, accounts: Sequence[Account], policy: Policy) -> Facts:
    """The facts of the view's rows; row i is accounts[i].

    The policy's days are calendar days at the debtor's place, today included. A promise holds
    until the grace after the promised day is over (broken, if unpaid) or until it is kept:
    payments since it was made reach the promised amount or, where no amount was named, there
    has been any payment. Only the latest dated promise counts, as it replaces those before. The
    debtor is reached by any contact that is inbound, a conversation, a promise or a refusal, on
    whichever account. Nothing after as_of is read, except that a payment known today to have
    been reversed does not count.
    """
    as_ofs = view.as_of.tolist()
    today = np.array([_day(at, a.timezone) for at, a in zip(as_ofs, accounts, strict=True)])
    received, paid_month = paid(panel, view, policy.treatment.plan_statements)
    ends = promise_ends(panel, view, accounts, policy.promise_grace_days)
    visit_agreed, unreached, stated = _contacts(panel, view, today, policy.treatment)
    return Facts(today, received, ends, visit_agreed, unreached, stated, paid_month)


@lru_cache(maxsize=65_536)
def _day(at: float, timezone: str) -> float:
    return day_number(datetime.fromtimestamp(at, ZoneInfo(timezone)).date())


def _contacts(
    panel: Panel, view: View, today: Floats, settings: Treatments
) -> tuple[Flags, Indices, Floats]:
    """`visit_agreed`, `unreached` and `stated`."""
    n = len(view.row)
    visit_agreed, unreached, stated = np.empty(n, np.bool_), np.empty(n, np.int64), np.empty(n)
    contacts, others = panel.contacts, panel.others
    _fill_contacts(
        view.row,
        view.as_of,
        panel.contact_start,
        view.contact_stop,
        contacts.at,
        contacts.channel,
        contacts.direction,
        contacts.outcome,
        contacts.reason,
        contacts.appointment_at,
        contacts.local_day,
        panel.other_start,
        view.other_stop,
        others.at,
        others.direction,
        others.outcome,
        today,
        settings.unreachable_days,
        settings.stated_days,
        visit_agreed,
        unreached,
        stated,
    )
    return visit_agreed, unreached, stated


def _contacts_each(
    row: Indices,
    as_of: Floats,
    start: Indices,
    stop: Indices,
    at: Floats,
    channel: Floats,
    direction: Floats,
    outcome: Floats,
    reason: Floats,
    appointment_at: Floats,
    local_day: Floats,
    other_start: Indices,
    other_stop: Indices,
    other_at: Floats,
    other_direction: Floats,
    other_outcome: Floats,
    today: Floats,
    unreachable_days: int,
    stated_days: int,
    visit_agreed: Flags,
    unreached: Indices,
    stated: Floats,
) -> None:
    for i in range(len(row)):
        visit_agreed[i], unreached[i], stated[i] = False, 0, np.nan
        k = other_stop[i] - 1
        while k >= other_start[row[i]] and not _reached(other_direction[k], other_outcome[k]):
            k -= 1
        reached_at = other_at[k] if k >= other_start[row[i]] else -np.inf
        oldest = today[i] - unreachable_days
        for k in range(stop[i] - 1, start[row[i]] - 1, -1):
            visit_agreed[i] |= appointment_at[k] >= as_of[i]
            if np.isnan(stated[i]) and local_day[k] > today[i] - stated_days:
                stated[i] = reason[k]
            if _reached(direction[k], outcome[k]):
                reached_at = max(reached_at, at[k])
            elif channel[k] == _CALL and local_day[k] > oldest and at[k] > reached_at:
                unreached[i] += 1


@compiled
def _reached(direction: float, outcome: float) -> bool:
    return direction == _IN or outcome in (_CONVERSATION, _PROMISE, _REFUSED)


_fill_contacts = compiled_loop(_contacts_each)
