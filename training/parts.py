"""A panel in parts: accounts in a row, with the rows of a view that are theirs."""

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeVar

import numpy as np

from features.panel import Contacts, Events, Indices, Panel, View

Arrays = TypeVar("Arrays", bound=tuple[Any, ...])


class Part(NamedTuple):
    """Some accounts' histories, and the rows `start` to `stop` of the view, which are theirs."""

    start: int
    stop: int
    panel: Panel
    view: View


def parts_of(history: Panel, view: View, accounts: int) -> Iterator[Part]:
    """The panel in parts of so many accounts, in their order, but for those without a row.

    The view's rows stand in the order of the accounts. Contacts on debtors' other accounts, which
    no feature reads, are left out.
    """
    edges = np.arange(0, history.accounts + accounts, accounts)
    ends = np.searchsorted(view.row, edges)
    for first, start, stop in zip(edges, ends, ends[1:], strict=False):
        if start < stop:
            yield _part(history, view, slice(first, first + accounts), slice(start, stop))


def writable(arrays: Arrays) -> Arrays:
    """The same arrays as copies: those that came over a network may only be read.

    For such arrays the features would be compiled once more, which takes half a minute.
    """
    copies = (writable(each) if isinstance(each, tuple) else each.copy() for each in arrays)
    return type(arrays)._make(copies)  # type: ignore[attr-defined, no-any-return]


def _part(history: Panel, view: View, accounts: slice, rows: slice) -> Part:
    payments, payment_start = _events(history.payments, history.payment_start, accounts)
    contacts, contact_start = _events(history.contacts, history.contact_start, accounts)
    nothing = np.zeros(len(contact_start), np.int64)
    small = Panel(
        **{name: getattr(history, name)[accounts] for name in Panel._fields[:9]},
        fixed=type(history.fixed)._make(values[accounts] for values in history.fixed),
        payments=payments,
        payment_start=payment_start,
        contacts=contacts,
        contact_start=contact_start,
        others=Contacts._make(values[:0] for values in history.others),
        other_start=nothing,
    )
    taken = View._make(values[rows] for values in view)
    return Part(
        rows.start,
        rows.stop,
        small,
        taken._replace(
            row=taken.row - accounts.start,
            payment_stop=taken.payment_stop - history.payment_start[accounts.start],
            contact_stop=taken.contact_stop - history.contact_start[accounts.start],
            other_stop=np.zeros(len(taken.row), np.int64),
        ),
    )


def _events(events: Events, start: Indices, accounts: slice) -> tuple[Events, Indices]:
    """The accounts' events, and where each account's start."""
    starts = start[accounts.start : accounts.stop + 1]
    low, high = starts[0], starts[-1]
    account, *values = (column[low:high] for column in events)
    return type(events)._make((account - accounts.start, *values)), starts - low
