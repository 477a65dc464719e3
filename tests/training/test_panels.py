from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.clock import day_number, midnight_after
from features.errors import InputError
from features.tables import (
    CONTACTS,
    DEBTOR_ACCOUNTS,
    FLAGS,
    PLACES,
    PRODUCTS,
    SECURITIES,
    STATUSES,
    codes_of,
    point_number,
)
from training.panels import panel_of
from training.tables import Tables, checked

HOMES = {"a": "Asia/Shanghai", "b": "America/New_York", "c": "Europe/London"}


@pytest.fixture
def tables() -> Tables:
    accounts = pd.DataFrame(
        {
            "account_id": list(HOMES),
            "product": ["credit_card", "mortgage", "other"],
            "security": ["none", "collateral", "guarantor"],
            "currency": "USD",
            "balance": 1.0,
            "past_due_amount": 0.0,
            "days_past_due": 0,
            "opened_on": pd.to_datetime(["2020-02-03", None, "2021-01-01"]),
            "jurisdiction": "US",
            "timezone": list(HOMES.values()),
        }
        | dict.fromkeys(FLAGS, False)
    )
    statements = pd.DataFrame(
        [
            # in no order; "c" has none
            ("b", "2024-03-31", 3.0, None, None, 30, None, "open"),
            ("a", "2024-02-29", -5.0, 1.0, 2.0, 0, 9.0, "restructured"),
            ("b", "2024-01-31", 1.0, 4.0, 5.0, 60, 8.0, "open"),
            ("b", "2024-02-29", 2.0, None, 0.0, 90, None, "sold"),
        ],
        columns=[
            "account_id",
            "statement_date",
            "balance",
            "amount_due",
            "amount_paid",
            "days_past_due",
            "credit_limit",
            "status",
        ],
    ).astype({"statement_date": "datetime64[s]"})
    return checked(Tables(accounts[::-1], statements), "drawn")


def with_events(tables: Tables) -> Tables:
    payments = pd.DataFrame(
        {
            "payment_id": ["p1", "p2", "p3"],
            "account_id": ["c", "b", "b"],
            "received_at": pd.to_datetime(
                ["2024-02-01T00:00:00Z", "2024-02-03T10:00:00.25Z", "2024-02-02T10:00:00Z"],
                format="ISO8601",
            ),
            "amount": [1.0, 2.0, 3.0],
            "reversed": [False, True, False],
        }
    )
    contacts = pd.DataFrame(
        {
            "contact_id": ["x", "y"],
            "account_id": ["b", "a"],
            "at": pd.to_datetime(["2024-07-01T14:30:00Z", "2024-07-01T14:30:00Z"]),
            "channel": ["call", "sms"],
            "direction": ["in", "out"],
            "outcome": ["promise", "sent"],
            "reason": ["lost_job", None],
            "promised_amount": [12.5, None],
            "promised_on": pd.to_datetime(["2024-07-04", None]),
            "contact_point_id": ["a1b2", None],
            "place": ["work", None],
        }
    )
    return checked(replace(tables, payments=payments, contacts=contacts), "drawn")


def test_accounts_stand_in_the_order_of_their_ids_with_what_never_changes(tables: Tables) -> None:
    arranged, ids = panel_of(tables)
    assert ids.tolist() == list(HOMES)
    fixed = arranged.fixed
    assert fixed.product.tolist() == [
        PRODUCTS.index(product) for product in ("credit_card", "mortgage", "other")
    ]
    assert fixed.security.tolist() == [
        SECURITIES.index(security) for security in ("none", "collateral", "guarantor")
    ]
    opened = pd.Timestamp("2020-02-03").date()
    np.testing.assert_array_equal(fixed.opened_day[:2], [day_number(opened), np.nan])


def test_statements_stand_newest_last_with_null_for_what_is_not_known(tables: Tables) -> None:
    arranged, _ = panel_of(tables)
    assert arranged.first.tolist() == [2, 0, 3]
    np.testing.assert_array_equal(arranged.balance[1], [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(arranged.amount_due[1], [4.0, np.nan, np.nan])
    np.testing.assert_array_equal(arranged.amount_paid[1], [5.0, 0.0, np.nan])
    np.testing.assert_array_equal(arranged.days_past_due[1], [60, 90, 30])
    assert arranged.status[1].tolist() == [STATUSES.index(s) for s in ("open", "sold", "open")]
    assert arranged.balance[0, -1] == -5.0
    assert np.isnan(arranged.balance[2]).all()


def test_a_statement_is_known_at_the_next_midnight_of_its_place(tables: Tables) -> None:
    arranged, _ = panel_of(tables)
    for row, zone in ((0, "Asia/Shanghai"), (1, "America/New_York")):
        for column in range(arranged.first[row], 3):
            day = arranged.day[row, column]
            assert arranged.known_at[row, column] == midnight_after(day, zone)
    assert arranged.known_at[0, 2] == pd.Timestamp("2024-03-01T00:00+08:00").timestamp()


def test_without_a_table_events_are_not_known(tables: Tables) -> None:
    fixed = panel_of(tables).panel.fixed
    assert not fixed.payments_known.any()
    assert not fixed.contacts_known.any()


def test_with_a_table_events_are_known_for_all_also_where_there_are_none(tables: Tables) -> None:
    arranged = panel_of(with_events(tables)).panel
    assert arranged.fixed.payments_known.all()
    assert arranged.fixed.contacts_known.all()
    assert arranged.payment_start.tolist() == [0, 0, 2, 3]


def test_payments_stand_by_account_and_time(tables: Tables) -> None:
    payments = panel_of(with_events(tables)).panel.payments
    assert payments.account.tolist() == [1, 1, 2]
    assert payments.amount.tolist() == [3.0, 2.0, 1.0]
    assert payments.reversed.tolist() == [0.0, 1.0, 0.0]
    assert payments.at[1] == pd.Timestamp("2024-02-03T10:00:00.25Z").timestamp()


def test_contacts_have_the_hour_and_the_promise_of_the_debtor_s_place(tables: Tables) -> None:
    contacts = panel_of(with_events(tables)).panel.contacts
    assert contacts.account.tolist() == [0, 1]
    assert contacts.local_hour.tolist() == [22.5, 10.5]
    assert contacts.channel.tolist() == [codes_of(CONTACTS, "channel")[c] for c in ("sms", "call")]
    np.testing.assert_array_equal(
        contacts.reason, [np.nan, codes_of(CONTACTS, "reason")["lost_job"]]
    )
    np.testing.assert_array_equal(contacts.promised_amount, [np.nan, 12.5])
    until = pd.Timestamp("2024-07-05T00:00", tz="America/New_York").timestamp()
    np.testing.assert_array_equal(contacts.promised_until, [np.nan, until])


def test_the_order_of_rows_in_the_tables_does_not_matter(tables: Tables) -> None:
    whole = with_events(tables)
    assert whole.payments is not None
    shuffled = replace(whole, statements=whole.statements[::-1], payments=whole.payments[::-1])
    for left, right in zip(panel_of(whole).panel, panel_of(shuffled).panel, strict=True):
        np.testing.assert_array_equal(np.asarray(left), np.asarray(right))


def test_contacts_have_the_date_of_the_debtor_s_place_and_the_point(tables: Tables) -> None:
    whole = with_events(tables)
    assert whole.contacts is not None
    whole.contacts["at"] = pd.Timestamp("2024-07-01T17:30:00Z")  # 2 July in Shanghai
    contacts = panel_of(whole).panel.contacts
    first = day_number(pd.Timestamp("2024-07-01").date())
    assert contacts.local_day.tolist() == [first + 1, first]
    assert contacts.local_hour.tolist() == [1.5, 13.5]
    np.testing.assert_array_equal(contacts.point, [np.nan, point_number("a1b2")])
    np.testing.assert_array_equal(contacts.place, [np.nan, PLACES.index("work")])


def test_a_debtor_s_contacts_are_told_to_the_other_accounts(tables: Tables) -> None:
    whole = with_events(tables)
    whole.accounts["debtor_id"] = ["d1", "d1", None]
    arranged = panel_of(whole).panel
    assert arranged.other_start.tolist() == [0, 1, 2, 2]
    calls = [codes_of(CONTACTS, "channel")[c] for c in ("call", "sms")]
    assert arranged.others.channel.tolist() == calls
    assert arranged.others.local_hour.tolist() == [22.5, 10.5]  # where the account told to is


@pytest.mark.parametrize("debtors", [[None, None, None], ["d1", "d2", "d3"], ["d1", None, "d2"]])
def test_where_no_debtor_has_two_accounts_nothing_is_told(
    tables: Tables, debtors: list[str | None]
) -> None:
    whole = with_events(tables)
    whole.accounts["debtor_id"] = debtors
    assert len(panel_of(whole).panel.others.at) == 0


def test_without_contacts_nothing_is_told(tables: Tables) -> None:
    tables.accounts["debtor_id"] = "d1"
    assert len(panel_of(tables).panel.others.at) == 0


def test_one_debtor_for_everybody_is_refused(tables: Tables) -> None:
    whole = with_events(tables)
    accounts = pd.concat([whole.accounts] * DEBTOR_ACCOUNTS, ignore_index=True)
    accounts["account_id"] = [f"{k:04}" for k in range(len(accounts))]
    accounts["debtor_id"] = ["x"] * DEBTOR_ACCOUNTS + [None] * (2 * DEBTOR_ACCOUNTS)
    empty = whole.statements.iloc[:0]
    assert whole.contacts is not None
    whole = replace(
        whole, accounts=accounts, statements=empty, payments=None, contacts=whole.contacts.iloc[:0]
    )
    assert panel_of(whole).panel.accounts == 3 * DEBTOR_ACCOUNTS
    accounts.loc[DEBTOR_ACCOUNTS, "debtor_id"] = "x"
    with pytest.raises(InputError, match="debtor_id: names one debtor for more than 100"):
        panel_of(whole)
