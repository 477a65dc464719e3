from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from features.clock import day_number
from features.panel import Contacts
from features.tables import ACCOUNTS, CONTACTS, FLAGS, PAYMENTS, STATEMENTS, Table, point_number
from models.account import Account, Plan
from service.bodies import examples
from service.bodies.jsonbody import parse
from service.bodies.panels import panel_of
from service.bodies.schemas import (
    AccountBody,
    Body,
    ContactBody,
    DecisionBody,
    PaymentBody,
    PlanBody,
    StatementBody,
)
from service.instants import derived_id, first_id, new_id
from service.log.records import canonical

PLAN = ("plan_months", "plan_instalment", "plan_kept")


@pytest.mark.parametrize(
    ("body", "table"),
    [
        (AccountBody, ACCOUNTS),
        (StatementBody, STATEMENTS),
        (PaymentBody, PAYMENTS),
        (ContactBody, CONTACTS),
    ],
)
def test_a_body_has_exactly_the_columns_of_its_table(body: type[Body], table: Table) -> None:
    columns = [column.name for column in table.columns if column.name not in PLAN]
    fields = [name for name in body.model_fields if name != "plan"]
    assert sorted(fields) == sorted(columns)
    for column in table.columns:
        if column.name in columns and (column.name != "account_id" or table is ACCOUNTS):
            assert body.model_fields[column.name].is_required() == (not column.optional)
    assert [f"plan_{name}" for name in PlanBody.model_fields] == list(PLAN)


@pytest.mark.parametrize("table", [ACCOUNTS, STATEMENTS], ids=["accounts", "statements"])
def test_bounds_are_those_of_the_columns(table: Table) -> None:
    example = examples.decision("USD")
    for column in table.columns:
        if column.kind not in ("money", "count", "number") or column.name in PLAN:
            continue
        assert column.maximum is not None
        step = 1 if column.kind == "count" else 1e-4
        inside = column.maximum - (1 if column.kind == "money" else 0)
        for value, fits in ((inside, True), (column.maximum + step, False)):
            body = _with(example, table, column.name, type(step)(value))
            assert _valid(body) == fits, (column.name, value)
        low = column.minimum if column.minimum == 0 else -1e12 + 1
        assert _valid(_with(example, table, column.name, type(step)(low)))
        below = -step if column.minimum == 0 else -1e12
        assert not _valid(_with(example, table, column.name, below))


def _with(example: dict, table: Table, name: str, value: float) -> dict:  # type: ignore[type-arg]
    if table is ACCOUNTS:
        return example | {"account": example["account"] | {name: value}}
    return example | {"statements": [example["statements"][0] | {name: value}]}


def _valid(body: object) -> bool:
    try:
        DecisionBody.model_validate(body)
    except ValidationError:
        return False
    return True


def test_a_body_becomes_the_account_that_the_models_know() -> None:
    account = examples.decision("USD")["account"]
    account |= {"hardship": True, "plan": {"months": 6, "instalment": 50, "kept": True}}
    assert AccountBody.model_validate(account).account() == Account(
        account_id="A-1001",
        product="credit_card",
        security="none",
        currency="USD",
        balance=1840.55,
        past_due_amount=92.0,
        credit_limit=5000,
        days_past_due=12,
        opened_on=date(2019, 3, 4),
        apr=0.219,
        jurisdiction="US",
        timezone="America/New_York",
        flags=frozenset({"hardship"}),
        plan=Plan(6, 50.0, True),
    )
    assert set(FLAGS) <= set(account)


def test_a_panel_holds_what_the_bodies_say() -> None:
    first = examples.decision("USD")
    second = first | {"statements": first["statements"][:1], "payments": None, "contacts": []}
    first["contacts"][0] |= {
        "outcome": "promise",
        "reason": "lost_job",
        "promised_amount": 92,
        "promised_on": "2025-07-10",
        "appointment_at": "2025-07-04T09:00:00-04:00",
        "contact_point_id": "a1b2",
        "place": "work",
    }
    second["debtor_contacts"] = [
        {**examples.decision("USD")["contacts"][0], "account_id": "B", "at": "2025-06-27T03:15:00Z"}
    ]
    panel = panel_of([DecisionBody.model_validate(body) for body in (second, first)])
    assert panel.first.tolist() == [3, 0]
    assert panel.balance[1].tolist() == [1510.0, 1622.4, 1733.2, 1840.55]
    assert np.isnan(panel.balance[0, :3]).all()
    new_york = ZoneInfo("America/New_York")
    assert panel.known_at[1, 3] == datetime(2025, 7, 1, tzinfo=new_york).timestamp()
    assert panel.fixed.payments_known.tolist() == [False, True]
    assert panel.fixed.contacts_known.tolist() == [True, True]
    assert panel.payment_start.tolist() == [0, 0, 1]
    assert panel.contacts == Contacts(
        account=np.array([1]),
        at=np.array([datetime(2025, 6, 27, 14, 15, tzinfo=ZoneInfo("UTC")).timestamp()]),
        local_hour=np.array([10.25]),
        channel=np.array([0.0]),
        direction=np.array([0.0]),
        outcome=np.array([4.0]),
        reason=np.array([2.0]),
        promised_amount=np.array([92.0]),
        promised_until=np.array([datetime(2025, 7, 11, tzinfo=new_york).timestamp()]),
        appointment_at=np.array([datetime(2025, 7, 4, 9, tzinfo=new_york).timestamp()]),
        local_day=np.array([day_number(date(2025, 6, 27))]),
        point=np.array([point_number("a1b2")]),
        place=np.array([1.0]),
    )
    assert panel.other_start.tolist() == [0, 1, 1]
    assert panel.others.local_day.tolist() == [day_number(date(2025, 6, 26))]
    assert np.isnan([panel.others.point, panel.others.place]).all()


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
)


@given(VALUES)
def test_canonical_text_is_read_back_as_the_same_value(value: object) -> None:
    text = canonical(value)
    assert parse(text.encode()) == value
    assert canonical(parse(text.encode())) == text


def test_ids_sort_by_time_and_are_version_7() -> None:
    times = [datetime(2025, 7, 3, 12, 0, second, tzinfo=ZoneInfo("UTC")) for second in range(10)]
    ids = [new_id(at) for at in times]
    assert ids == sorted(ids)
    assert {i.version for i in ids} == {7}
    assert {i.variant for i in ids} == {"specified in RFC 4122"}
    assert len({new_id(times[0]) for _ in range(1000)}) == 1000


def test_ids_of_an_instant_are_told_apart_from_the_microseconds_beside_it() -> None:
    at = datetime(2025, 7, 3, 12, 0, 0, 999, tzinfo=ZoneInfo("Asia/Shanghai"))
    for microsecond in range(0, 1_000_000, 997):
        now = at.replace(microsecond=microsecond)
        later = first_id(now + timedelta(microseconds=1))
        made = [new_id(now), derived_id(now, new_id(at), "A-1")]
        assert all(first_id(now) <= one < later for one in made), now
    run = new_id(at)
    assert derived_id(at, run, "A-1") == derived_id(at, run, "A-1") != derived_id(at, run, "A-2")
    assert derived_id(at, run, "A-1").version == 7
