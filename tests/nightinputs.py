"""What nightly runs record as inputs, of random accounts."""

from datetime import timedelta
from typing import NamedTuple

import numpy as np

from curescore.nightly.as_sent import as_sent, rounded
from curescore.nightly.inputs import Inputs
from features.panel import Panel, View, known_at
from features.tables import CONTACTS
from models.account import Account
from tests.portfolios import AS_OF, random_portfolio
from training.accounts import accounts_of
from training.debtors import DAYS, contacts_of_debtors
from training.panels import panel_of
from training.tables import Tables

PIECE = 700


class Night(NamedTuple):
    """Accounts of which a statement is known, as a body must have one, and their inputs."""

    accounts: list[Account]
    panel: Panel
    view: View
    inputs: list[bytes]


def night_of(tables: Tables) -> Night:
    """The tables as a worker reads them, and tells what is decided on."""
    assert tables.contacts is not None
    told = contacts_of_debtors(tables)
    others = tables.contacts.iloc[:0] if told is None else told
    recent = (others["at"] > AS_OF - timedelta(days=DAYS)) & (others["at"] <= AS_OF)
    others, tables = rounded(CONTACTS, others[recent]), as_sent(tables, AS_OF)
    panel = panel_of(tables, others).panel
    view = view_of(panel)
    rows = np.flatnonzero(view.stop > panel.first)
    accounts = accounts_of(tables.accounts)
    kept = [accounts[i] for i in rows]
    inputs = Inputs(tables, others, panel, view, AS_OF)
    encoded = [
        each
        for start in range(0, len(rows), PIECE)
        for each in inputs.encoded(kept[start : start + PIECE], rows[start : start + PIECE])
    ]
    return Night(kept, panel, view.take(rows), encoded)


def view_of(panel: Panel) -> View:
    """What is known of every account at AS_OF."""
    n = panel.accounts
    return known_at(panel, np.arange(n, dtype=np.int64), np.full(n, AS_OF.timestamp()))


def random_inputs(seed: int, n: int, *, shared: bool = True) -> list[bytes]:
    """Of about `n` accounts; without debtors in common unless `shared`."""
    tables = random_portfolio(seed, n)
    if not shared:
        tables.accounts["debtor_id"] = None
    return night_of(tables).inputs
