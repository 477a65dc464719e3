"""The same accounts out of files and out of requests."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from curescore.bodies import bodies, last_known
from features.panel import Panel, known_at
from models.account import Account
from models.fingerprint import fingerprints
from service.bodies.panels import panel_of as panel_of_bodies
from service.bodies.schemas import DecisionBody
from tests.strict import read_decision
from training.accounts import accounts_of
from training.debtors import DAYS, contacts_of_debtors
from training.panels import panel_of
from training.sources.simulate import simulate
from training.tables import Tables, read_tables


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    folder = tmp_path_factory.mktemp("bodies") / "data"
    simulate(folder, accounts=150, months=5, seed=4)
    found = read_tables(folder)
    assert found.contacts is not None
    contacts, k = found.contacts, np.arange(len(found.contacts))
    accounts = found.accounts  # a debtor has one, two or three accounts, or is not known
    third = accounts.groupby("timezone").cumcount() * 4 // 9
    names = accounts["timezone"] + third.astype(str)
    accounts["debtor_id"] = names.where(third % 5 > 0, None)
    contacts["contact_point_id"] = np.where(k % 3 == 0, None, [f"point {i % 40}" for i in k])
    contacts["place"] = np.where(k % 4 == 0, None, np.array(["home", "work", "other"])[k % 3])
    return found


def sent(tables: Tables, as_of: datetime) -> list[DecisionBody]:
    """Every account as a request, read as the service reads one."""
    ids = tables.accounts["account_id"].tolist()
    return [read_decision(DecisionBody, body, as_of).body for body in bodies(tables, ids, as_of)]


def flat(panel: Panel) -> dict[str, np.ndarray]:
    arrays = {}
    for name, value in panel._asdict().items():
        parts = value._asdict() if isinstance(value, tuple) else {"": value}
        arrays |= {f"{name}.{part}": array for part, array in parts.items()}
    return arrays


def test_requests_and_files_become_the_same_panel(tables: Tables) -> None:
    requests = panel_of_bodies(sent(tables, last_known(tables)))
    as_of = last_known(tables)
    others = contacts_of_debtors(tables)
    assert others is not None
    recent = others[others["at"] > as_of - timedelta(days=DAYS)]
    assert 20 < len(recent) < len(others) / 2
    files = panel_of(tables, recent).panel
    for name, array in flat(files).items():
        np.testing.assert_array_equal(flat(requests)[name], array, err_msg=name)


def test_requests_and_files_have_the_same_fingerprints(tables: Tables) -> None:
    as_of = last_known(tables)
    requests = sent(tables, as_of)

    def keys(panel: Panel, accounts: list[Account]) -> list[int]:
        everyone = np.arange(panel.accounts, dtype=np.int64)
        view = known_at(panel, everyone, np.full(panel.accounts, as_of.timestamp()))
        salts = [b"salt"] * len(accounts)
        return list(fingerprints(accounts, panel, view, salts).tolist())

    of_files = keys(panel_of(tables).panel, accounts_of(tables.accounts))
    asked = [body.account.account() for body in requests]
    assert keys(panel_of_bodies(requests), asked) == of_files
    alone = [keys(panel_of_bodies([body]), [body.account.account()]) for body in requests[::10]]
    assert [key for one in alone for key in one] == of_files[::10]
    assert len(set(of_files)) == len(of_files)
