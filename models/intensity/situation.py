"""The situation of one account at the moment of a decision: what may hold its level down."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from features.panel import Panel, View
from features.tables import CONTACTS, MONEY_DECIMALS, codes_of
from models.account import Account

_PROMISE = codes_of(CONTACTS, "outcome")["promise"]


@dataclass(frozen=True, slots=True)
class Situation:
    """What holds at as_of.

    `promise_until` is the instant, in the debtor's time zone, at which the hold of a promise
    ends (its grace included); None where no promise holds. `in_transit`: payments received
    after the last statement cover the past due amount. `plan_kept`: a repayment plan is being
    kept. `visit_agreed`: the debtor has agreed to an appointment that is still to come.
    """

    promise_until: datetime | None
    in_transit: bool
    plan_kept: bool
    visit_agreed: bool = False


def situation(panel: Panel, view: View, i: int, account: Account, grace_days: int) -> Situation:
    """The situation of the view's row `i`, which is `account`, as of `view.as_of[i]`.

    `grace_days` are calendar days at the debtor's place. Nothing after as_of is read, except
    that a payment known today to have been reversed does not count.
    """
    return Situation(
        promise_until=_promise_until(panel, view, i, account.timezone, grace_days),
        in_transit=_in_transit(panel, view, i, account.past_due_amount),
        plan_kept=account.plan is not None and account.plan.kept,
        visit_agreed=_visit_agreed(panel, view, i),
    )


def _visit_agreed(panel: Panel, view: View, i: int) -> bool:
    """Whether a contact known at as_of names an appointment that is still to come."""
    events = slice(panel.contact_start[view.row[i]], view.contact_stop[i])
    return bool((panel.contacts.appointment_at[events] >= view.as_of[i]).any())


def _promise_until(
    panel: Panel, view: View, i: int, timezone: str, grace_days: int
) -> datetime | None:
    """When the hold of the latest promise ends; None where it has ended already.

    It ends when the grace after the promised day is over (broken, if unpaid) or when the
    promise has been kept: payments since it was made reach the promised amount or, where no
    amount was named, there has been any payment.
    """
    promise = _latest_promise(panel, view, i)
    if promise is None:
        return None
    made_at, due_at, amount = promise
    # Wall-clock arithmetic: a day of grace that the clocks change on still ends at midnight.
    ends = datetime.fromtimestamp(due_at, ZoneInfo(timezone)) + timedelta(days=grace_days)
    if view.as_of[i] >= ends.timestamp():
        return None
    received = _received(panel, view, i, made_at)
    kept = _covers(received, amount) if amount > 0 else received > 0
    return None if kept else ends


def _latest_promise(panel: Panel, view: View, i: int) -> tuple[float, float, float] | None:
    """When the latest dated promise was made, its due instant, and its amount (maybe NaN).

    Only the latest counts, as it replaces those before. An undated promise is passed over: it
    would never fall due. Of promises made at one instant the last to fall due counts, so that
    the order of rows does not.
    """
    events = slice(panel.contact_start[view.row[i]], view.contact_stop[i])
    due = panel.contacts.promised_until[events]
    dated = (panel.contacts.outcome[events] == _PROMISE) & ~np.isnan(due)
    promises = zip(
        panel.contacts.at[events][dated].tolist(),
        due[dated].tolist(),
        np.nan_to_num(panel.contacts.promised_amount[events][dated], nan=0.0).tolist(),
        strict=True,
    )
    return max(promises, default=None)


def _in_transit(panel: Panel, view: View, i: int, past_due_amount: float) -> bool:
    """Whether payments received since the last statement cover what is past due.

    A statement holds the payments of its own day and becomes known when that day is over, so
    a payment counts from that instant on, itself included.
    """
    row, last = view.row[i], view.stop[i] - 1
    if past_due_amount <= 0 or last < panel.first[row]:
        return False
    return _covers(_received(panel, view, i, panel.known_at[row, last]), past_due_amount)


def _received(panel: Panel, view: View, i: int, since: float) -> float:
    """Sum of the payments from `since` until as_of that were not reversed.

    A reversal without an instant counts: it is known today, if not when.
    """
    events = slice(panel.payment_start[view.row[i]], view.payment_stop[i])
    taken_back = (panel.payments.reversed[events] == 1) & ~(
        panel.payments.reversed_at[events] > view.as_of[i]
    )
    counted = (panel.payments.at[events] >= since) & ~taken_back
    return float(panel.payments.amount[events][counted].sum())


def _covers(received: float, owed: float) -> bool:
    # Amounts have at most so many decimals; their float sum may fall short by an ulp.
    return round(received, MONEY_DECIMALS) >= round(owed, MONEY_DECIMALS)
