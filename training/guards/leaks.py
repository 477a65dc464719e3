"""Whether features know the future: another future is put in its place, and nothing may move."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np

from features.clock import DAY_SECONDS
from features.matrix import matrix
from features.panel import Contacts, Floats, Indices, Panel, Payments, Statements, View, panel
from features.tables import CONTACTS, STATEMENTS, codes_of
from training.golden import cut

N_AUDITED = 2_000

Compute = Callable[[Panel, View], Floats]
Table = TypeVar("Table", Statements, Payments, Contacts)

_INSTANTS = ("known_at", "at", "promised_until", "appointment_at", "reversed_at")
_CODES = {
    "status": len(codes_of(STATEMENTS, "status")),
    "reversed": 2,
    **{
        name: len(codes_of(CONTACTS, name))
        for name in ("channel", "direction", "outcome", "reason", "place")
    },
}


class _Exchange(NamedTuple):
    """Account `k`'s rows after `as_of[k]` go to account `receiver[k]`, `later[k]` seconds later."""

    as_of: Floats
    receiver: Indices
    later: Floats


def moved_features(
    history: Panel, view: View, names: tuple[str, ...], seed: int, compute: Compute = matrix
) -> tuple[str, ...]:
    """Names of the features that change when only what they cannot know is changed.

    `compute` gives a matrix of rows of the view × `names`. It is asked twice about one row,
    drawn by `seed`, of each of at most N_AUDITED accounts: as the history is, and after all
    that became known later than `as_of` was exchanged among these accounts and disturbed. What
    counts as later is read from the instants, so that a view that ends too late is found too.
    A feature with NaN both times has not moved.
    """
    rng = np.random.default_rng(seed)
    drawn = view.take(_one_row_per_account(view.row, rng))
    ends = (
        np.full_like(drawn.stop, history.day.shape[1]),
        history.payment_start[drawn.row + 1],
        history.contact_start[drawn.row + 1],
        np.zeros_like(drawn.row),
    )
    seen = (
        drawn.stop - history.first[drawn.row],
        drawn.payment_stop - history.payment_start[drawn.row],
        drawn.contact_stop - history.contact_start[drawn.row],
    )
    small, _ = cut(history, View(drawn.row, np.full_like(drawn.as_of, np.inf), *ends))
    other = _with_another_future(small, drawn.as_of, rng)
    before = compute(small, _view(small, drawn.as_of, *seen))
    after = compute(other, _view(other, drawn.as_of, *seen))
    same = (before == after) | (np.isnan(before) & np.isnan(after))
    return tuple(names[k] for k in np.flatnonzero(~same.all(axis=0)))


def _one_row_per_account(account: Indices, rng: np.random.Generator) -> Indices:
    """A row of each of at most N_AUDITED accounts; each row of an account is as likely."""
    mixed = rng.permutation(len(account))
    _, first = np.unique(account[mixed], return_index=True)
    rows: Indices = np.sort(rng.permutation(mixed[first])[:N_AUDITED])
    return rows


def _view(
    history: Panel, as_of: Floats, statements: Indices, payments: Indices, contacts: Indices
) -> View:
    """Of every account as many of its oldest statements, payments and contacts."""
    return View(
        row=np.arange(history.accounts),
        as_of=as_of,
        stop=np.minimum(history.first + statements, history.day.shape[1]),
        payment_stop=np.minimum(history.payment_start[:-1] + payments, history.payment_start[1:]),
        contact_stop=np.minimum(history.contact_start[:-1] + contacts, history.contact_start[1:]),
        other_stop=np.zeros(history.accounts, np.int64),
    )


def _with_another_future(history: Panel, as_of: Floats, rng: np.random.Generator) -> Panel:
    """The panel in which each account has the past it had until `as_of`, and another's future."""
    n = history.accounts
    ring = rng.permutation(n)
    receiver = np.empty(n, np.int64)
    receiver[ring] = np.roll(ring, 1)
    # At least three days, so that a statement's day stays behind the last known one in every
    # time zone; one shift for all of an account, so that its rows keep their order.
    later = as_of[receiver] - as_of + rng.integers(3, 10, n) * DAY_SECONDS
    exchange = _Exchange(as_of, receiver, later)
    statements = _statements(history)
    payments = _taken_back_otherwise(history.payments, as_of, rng)
    return panel(
        history.fixed,
        _exchanged(statements, statements.known_at, exchange, rng),
        _exchanged(payments, payments.at, exchange, rng),
        _exchanged(history.contacts, history.contacts.at, exchange, rng),
    )


def _statements(history: Panel) -> Statements:
    """All statements of the panel as a flat table."""
    account, month = np.nonzero(np.arange(history.day.shape[1]) >= history.first[:, None])
    values = history._asdict()
    return Statements(
        account.astype(np.int64),
        **{name: values[name][account, month] for name in Statements._fields[1:]},
    )


def _taken_back_otherwise(payments: Payments, as_of: Floats, rng: np.random.Generator) -> Payments:
    """Payments of which those until `as_of`, unless known to be taken back, fare otherwise later.

    One that is marked as taken back without an instant is among them: nobody can say that it
    was known.
    """
    now = as_of[payments.account]
    settled = (payments.at > now) | (payments.reversed_at <= now)
    taken_back = 1 - payments.reversed
    days = rng.integers(1, 100, len(now))
    instant = np.where(taken_back == 1, now + days * DAY_SECONDS, np.nan)
    return payments._replace(
        reversed=np.where(settled, payments.reversed, taken_back),
        reversed_at=np.where(settled, payments.reversed_at, instant),
    )


def _exchanged(
    table: Table, known_at: Floats, exchange: _Exchange, rng: np.random.Generator
) -> Table:
    """The table with its rows after `as_of` given to other accounts, later and disturbed."""
    hidden = known_at > exchange.as_of[table.account]
    giver = table.account[hidden]
    columns = {name: values.copy() for name, values in table._asdict().items()}
    columns["account"][hidden] = exchange.receiver[giver]
    for name in table._fields[1:]:
        columns[name][hidden] = _disturbed(name, columns[name][hidden], exchange.later[giver], rng)
    return type(table)(**columns)


def _disturbed(name: str, values: Floats, later: Floats, rng: np.random.Generator) -> Floats:
    """Other values of the column of that name, `later` by so many seconds; NaN stays NaN.

    Exchanging alone would not do: values that are equal for all accounts would not move.
    """
    n = len(values)
    if name in ("day", "local_day"):
        return values + np.ceil(later / DAY_SECONDS)
    if name in _INSTANTS:
        return values + later
    if name in _CODES:
        return (values + 1) % _CODES[name]
    if name == "local_hour":
        return (values + rng.uniform(1, 23, n)) % 24
    if name == "days_past_due":
        return np.where(values == 0, 30.0 * rng.integers(1, 5, n), 0.0)
    return values * rng.uniform(0.5, 2, n) + rng.uniform(1, 100, n)
