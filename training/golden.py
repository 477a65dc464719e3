"""Golden rows: a few varied histories of the training panel, kept with the bundle."""

import lightgbm
import numpy as np

from features.panel import (
    Events,
    Fixed,
    Floats,
    Indices,
    Panel,
    Statements,
    View,
    known_at,
    panel,
)
from training.labels import Snapshots

PER_STAGE = 3


def golden(
    history: Panel, rows: Snapshots, booster: lightgbm.Booster, features: Floats
) -> tuple[Panel, View]:
    """Of each stage the lowest, the middle and the highest score: panel of their accounts, view.

    The panel holds what was known at the snapshots, and no account ids.
    """
    margin = np.asarray(booster.predict(features, raw_score=True, num_threads=1))
    chosen = np.concatenate(
        [_spread(np.flatnonzero(rows.stage == s), margin) for s in np.unique(rows.stage)]
    )
    return cut(history, rows.take(chosen).view)


def cut(history: Panel, view: View) -> tuple[Panel, View]:
    """The panel of just the view's rows, one account each, without what the view cannot see.

    It has no contacts on debtors' other accounts, which no feature reads.
    """
    row = view.row
    small = panel(
        Fixed._make(values[row] for values in history.fixed),
        _statements(history, view),
        _events(history.payments, history.payment_start, row, view.payment_stop),
        _events(history.contacts, history.contact_start, row, view.contact_stop),
    )
    return small, known_at(small, np.arange(len(row), dtype=np.int64), view.as_of)


def _statements(history: Panel, view: View) -> Statements:
    """The statements that each row of the view knows, under the row's number."""
    column = np.arange(history.day.shape[1])
    known = (column >= history.first[view.row, None]) & (column < view.stop[:, None])
    account, months = np.nonzero(known)
    values = history._asdict()
    return Statements(
        account=account.astype(np.int64),
        **{name: values[name][view.row[account], months] for name in Statements._fields[1:]},
    )


def _spread(rows: Indices, margin: Floats) -> Indices:
    """At most PER_STAGE of the rows, evenly over the order of their margins."""
    ordered = rows[np.argsort(margin[rows], kind="stable")]
    return ordered[np.unique(np.linspace(0, len(rows) - 1, PER_STAGE).round().astype(np.int64))]


def _events(events: Events, start: Indices, row: Indices, stop: Indices) -> Events:
    """The events of each row up to its stop, under the row's number."""
    spans = [np.arange(start[r], end) for r, end in zip(row, stop, strict=True)]
    account = np.repeat(np.arange(len(row)), [len(span) for span in spans])
    taken = np.concatenate(spans).astype(np.int64)
    return type(events)._make(account if i == 0 else v[taken] for i, v in enumerate(events))
