"""What a nightly run records as inputs, sent as bodies: the same panels, the same decisions."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import numpy as np
import pytest

from curescore.nightly.as_sent import as_sent
from curescore.nightly.inputs import Inputs
from features.panel import Contacts, Panel, View
from models.account import Account
from models.decide import decide
from models.decision import Decision
from models.fingerprint import fingerprints
from models.generation import Generation
from models.intensity.policy import load_policy
from models.score.bundle import load
from service.bodies.decoding import decode_decision
from service.bodies.inputs import body_of, decided_on
from service.bodies.panels import panel_of as panel_of_bodies
from service.bodies.schemas import account_from
from service.errors import ProblemError
from tests.bundles import small_bundle
from tests.nightinputs import night_of, view_of
from tests.portfolios import AS_OF, random_portfolio
from training.accounts import accounts_of
from training.panels import panel_of
from training.tables import Tables

ACCOUNTS = 3_000


class Side(NamedTuple):
    """The accounts that can be sent, out of files or out of what was recorded."""

    accounts: list[Account]
    panel: Panel
    view: View


class Both(NamedTuple):
    files: Side
    sent: Side
    inputs: list[bytes]


@pytest.fixture(scope="module")
def both() -> Both:
    accounts, panel, view, inputs = night_of(random_portfolio(0, ACCOUNTS))
    bodies = [decided_on(each) for each in inputs]
    assert {body.as_of for body in bodies} == {AS_OF}
    sent, again = panel_of_bodies(bodies), [account_from(body.account) for body in bodies]
    return Both(Side(accounts, panel, view), Side(again, sent, view_of(sent)), inputs)


def known(side: Side, i: int) -> Iterator[np.ndarray]:
    """All that account `i` knows of itself."""
    panel, view = side.panel, side.view
    row = view.row[i]
    yield from (months[row, panel.first[row] : view.stop[i]] for months in panel[:8])
    yield from (fixed[row] for fixed in panel.fixed)
    yield from (
        part[panel.payment_start[row] : view.payment_stop[i]] for part in panel.payments[1:]
    )
    yield from _contacts(panel.contacts, panel.contact_start[row], view.contact_stop[i])
    yield from _contacts(panel.others, panel.other_start[row], view.other_stop[i])


def _contacts(contacts: Contacts, start: int, stop: int) -> Iterator[np.ndarray]:
    return (part[start:stop] for part in contacts[1:])


def test_the_panels_are_equal_to_the_bit(both: Both) -> None:
    assert len(both.inputs) > ACCOUNTS * 0.8
    assert len(both.files.panel.others.at) > 500
    assert both.sent.accounts == both.files.accounts
    for i in range(len(both.inputs)):
        for one, other in zip(known(both.files, i), known(both.sent, i), strict=True):
            np.testing.assert_array_equal(one, other)


def test_they_are_bodies_that_the_service_takes(both: Both) -> None:
    refused: list[str] = []
    for each in both.inputs:
        try:
            decoded = decode_decision(body_of(each), AS_OF)
        except ProblemError as problem:
            refused += [error.pointer for error in problem.errors]
        else:
            assert decoded.body == decided_on(each)
    # A contact on another account may promise a day before its own, seen from this one's place.
    assert all(re.fullmatch("/debtor_contacts/[0-9]+/promised_on", each) for each in refused)
    assert len(refused) < len(both.inputs) / 20


def test_the_fingerprints_are_those_that_a_plan_knows(both: Both) -> None:
    salts = [b"salt"] * len(both.inputs)
    one, other = (fingerprints(s.accounts, s.panel, s.view, salts) for s in (both.files, both.sent))
    np.testing.assert_array_equal(one, other)


def test_the_decisions_are_equal(both: Both, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("bundles")
    bundles = [load(small_bundle(folder / t, target=t)) for t in ("cure", "early_warning")]  # type: ignore[arg-type]
    generation = Generation(
        bundles={bundle.target: bundle for bundle in bundles},
        models={bundle.target: f"{bundle.target}/1" for bundle in bundles},
        policy=load_policy(None),
        code="1",
        tzdata="1",
    )
    one, other = (decide(generation, *side) for side in (both.files, both.sent))
    assert one == other
    assert sum(isinstance(each, Decision) for each in one) > len(one) * 0.8


def test_nothing_later_than_the_decision_is_in_the_inputs(both: Both) -> None:
    for each in both.inputs:
        body = json.loads(each)
        assert datetime.fromisoformat(body["as_of"]) == AS_OF
        instants = [
            instant
            for name in ("payments", "contacts", "debtor_contacts")
            for column in ("received_at", "reversed_at", "at")
            for instant in body.get(name, {}).get(column, ())
            if instant is not None
        ]
        assert all(datetime.fromisoformat(instant) <= AS_OF for instant in instants)
        assert max(body["statements"]["statement_date"]) <= AS_OF.date().isoformat()


def test_a_column_without_a_value_is_left_out_and_no_events_differ_from_not_known(
    both: Both,
) -> None:
    bodies = [json.loads(each) for each in both.inputs]
    assert any(body["payments"] == {} for body in bodies)
    for body in bodies:
        for name in ("statements", "payments", "contacts"):
            columns = body[name]
            assert len({len(values) for values in columns.values()}) <= 1
            assert all(any(value is not None for value in values) for values in columns.values())
            assert "account_id" not in columns
    tables = random_portfolio(3, 40)
    unknown = Tables(tables.accounts, tables.statements)
    panel = panel_of(unknown).panel
    view = view_of(panel)
    rows = np.flatnonzero(view.stop > panel.first)
    assert tables.contacts is not None
    inputs = Inputs(unknown, tables.contacts.iloc[:0], panel, view, AS_OF)
    accounts = accounts_of(unknown.accounts)
    for each in inputs.encoded([accounts[i] for i in rows], rows):
        assert list(json.loads(each)) == ["as_of", "account", "statements"]


def test_the_noise_of_added_amounts_is_taken_off() -> None:
    tables = random_portfolio(4, 30)
    noisy = tables.statements.assign(balance=0.1 + 0.2, amount_due=np.nan)
    settled = as_sent(Tables(tables.accounts, noisy, tables.payments, tables.contacts), AS_OF)
    assert set(settled.statements["balance"]) == {0.3}
    assert settled.statements["amount_due"].isna().all()
    assert settled.accounts is not None
    assert settled.accounts.equals(tables.accounts)
