"""Golden rows: a few varied histories of the training panel, kept with the bundle."""

import lightgbm
import numpy as np

from features.panel import Events, Fixed, Floats, Indices, Panel, View
from training.labels import Snapshots

PER_STAGE = 3


def golden(
    panel: Panel, rows: Snapshots, booster: lightgbm.Booster, features: Floats
) -> tuple[Panel, View]:
    """Of each stage the lowest, the middle and the highest score: panel of their accounts, view.

    The panel holds what was known at the snapshots, and no account ids.
    """
    margin = np.asarray(booster.predict(features, raw_score=True, num_threads=1))
    chosen = np.concatenate(
        [_spread(np.flatnonzero(rows.stage == s), margin) for s in np.unique(rows.stage)]
    )
    return cut(panel, rows.take(chosen).view)


def cut(panel: Panel, view: View) -> tuple[Panel, View]:
    """The panel of just the view's rows, one account each, without what the view cannot see."""
    row = view.row
    payments, payment_start = _events(panel.payments, panel.payment_start, row, view.payment_stop)
    contacts, contact_start = _events(panel.contacts, panel.contact_start, row, view.contact_stop)
    length = view.stop - panel.first[row]
    width = int(length.max(initial=0))
    # Right-aligned again: each row's known columns move to the end.
    source = np.arange(width) - width + view.stop[:, None]
    known = np.arange(width) >= width - length[:, None]
    columns = np.clip(source, 0, None)

    def months(values: Floats) -> Floats:
        return np.where(known, values[row[:, None], columns], np.nan)

    small = Panel(
        day=months(panel.day),
        known_at=months(panel.known_at),
        balance=months(panel.balance),
        amount_due=months(panel.amount_due),
        amount_paid=months(panel.amount_paid),
        days_past_due=months(panel.days_past_due),
        credit_limit=months(panel.credit_limit),
        status=months(panel.status),
        first=(width - length).astype(np.int64),
        fixed=Fixed(
            opened_day=panel.fixed.opened_day[row],
            product=panel.fixed.product[row],
            security=panel.fixed.security[row],
            payments_known=panel.fixed.payments_known[row],
            contacts_known=panel.fixed.contacts_known[row],
        ),
        payments=payments,
        payment_start=payment_start,
        contacts=contacts,
        contact_start=contact_start,
    )
    n = len(row)
    return small, View(
        row=np.arange(n, dtype=np.int64),
        as_of=view.as_of,
        stop=np.full(n, width, dtype=np.int64),
        payment_stop=payment_start[1:],
        contact_stop=contact_start[1:],
    )


def _spread(rows: Indices, margin: Floats) -> Indices:
    """At most PER_STAGE of the rows, evenly over the order of their margins."""
    ordered = rows[np.argsort(margin[rows], kind="stable")]
    return ordered[np.unique(np.linspace(0, len(rows) - 1, PER_STAGE).round().astype(np.int64))]


def _events(events: Events, start: Indices, row: Indices, stop: Indices) -> tuple[Events, Indices]:
    """The events of each row up to its stop, renumbered, and where each row's begin."""
    spans = [np.arange(start[r], end) for r, end in zip(row, stop, strict=True)]
    taken = np.concatenate(spans).astype(np.int64)
    count = np.array([len(span) for span in spans], dtype=np.int64)
    begin = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    columns = {
        name: values[taken] for name, values in events._asdict().items() if name != "account"
    }
    account = np.repeat(np.arange(len(row), dtype=np.int64), count)
    return type(events)(account=account, **columns), begin
