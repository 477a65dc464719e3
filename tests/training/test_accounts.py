"""Accounts out of tables are those that the HTTP API makes of the same rows."""

from pathlib import Path

import pytest

from curescore.bodies import bodies, last_known
from features.tables import FLAGS
from models.account import Account, Plan
from service.bodies.schemas import AccountBody
from tests.csvtables import ACCOUNT, STATEMENT, Row, folder_with
from training.accounts import accounts_of
from training.sources.simulate import simulate
from training.tables import Tables, read_tables


def as_the_api_has_them(tables: Tables) -> list[Account]:
    ids = tables.accounts["account_id"].tolist()
    return [
        AccountBody.model_validate(body["account"]).account()
        for body in bodies(tables, ids, last_known(tables))
    ]


def test_accounts_of_a_simulation_are_those_of_their_bodies(tmp_path: Path) -> None:
    simulate(tmp_path / "made", 200, 12, seed=3)
    tables = read_tables(tmp_path / "made")
    accounts = accounts_of(tables.accounts)
    assert accounts == as_the_api_has_them(tables)
    assert len({account.flags for account in accounts}) > 1
    assert {account.opened_on is None for account in accounts} == {False, True}


OPTIONAL: list[Row] = [
    {"debtor_id": "d7"},
    {"credit_limit": "500.25"},
    {"opened_on": "1931-02-28"},
    {"apr": "0"},
    dict.fromkeys(FLAGS, "true"),
    {"dispute": "true"},
    {"plan_months": "12", "plan_instalment": "10.5", "plan_kept": "false"},
]


@pytest.mark.parametrize("more", OPTIONAL)
def test_what_may_be_left_out_is_there_or_none(tmp_path: Path, more: Row) -> None:
    lacking = ACCOUNT | dict.fromkeys(more.keys() - ACCOUNT.keys(), "")
    rows = [ACCOUNT | more, lacking | {"account_id": "8"}]
    statements = [STATEMENT, STATEMENT | {"account_id": "8"}]
    tables = read_tables(folder_with(tmp_path, accounts=rows, statements=statements))
    accounts = accounts_of(tables.accounts)
    assert accounts == as_the_api_has_them(tables)
    assert [type(value) for value in _fields(accounts[0])] == [
        type(value) for value in _fields(as_the_api_has_them(tables)[0])
    ]
    if "plan_months" in more:
        assert accounts[0].plan == Plan(12, 10.5, False)
    assert accounts[1].plan is None
    assert accounts[1].flags == frozenset()


def _fields(account: Account) -> list[object]:
    return [getattr(account, name) for name in account.__slots__]


def test_no_accounts_are_none(tmp_path: Path) -> None:
    assert accounts_of(read_tables(folder_with(tmp_path)).accounts.iloc[:0]) == []
