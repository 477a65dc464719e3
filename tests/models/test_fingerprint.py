"""Fingerprints change with everything that is known of an account, and with nothing else."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from features.clock import DAY_SECONDS
from features.panel import Contacts, Fixed, Panel, Payments, Statements, known_at, panel
from models.account import Account, Plan
from models.fingerprint import BLOCK, OTHERS_DAYS, fingerprints
from tests.histories import random_tables

N = 12
NOW = 19_150 * DAY_SECONDS  # midnight
SALT = b"bundle policy rules"
ACCOUNT = Account(
    account_id="A-1",
    product="credit_card",
    security="none",
    currency="USD",
    balance=1840.55,
    past_due_amount=92.0,
    days_past_due=12,
    jurisdiction="US",
    timezone="America/New_York",
    debtor_id="d1",
    credit_limit=5_000.0,
    opened_on=date(2019, 3, 4),
    apr=0.219,
    flags=frozenset({"hardship", "vulnerable"}),
    plan=Plan(6, 50.0, True),
)
OTHERS = {
    "account_id": ["A-2"],
    "product": ["mortgage"],
    "security": ["guarantor"],
    "currency": ["EUR"],
    "balance": [1840.5501, 0.0],
    "past_due_amount": [91.0],
    "days_past_due": [13],
    "jurisdiction": ["US-MA"],
    "timezone": ["America/Chicago"],
    "debtor_id": ["d2", None],
    "credit_limit": [5_000.01, 0.0, None],
    "opened_on": [date(2019, 3, 5), None],
    "apr": [0.2191, None],
}
# What caps a level and no more.
CAPPING = {
    "flags": [frozenset(), frozenset({"hardship"})],
    "plan": [Plan(7, 50.0, True), Plan(6, 50.0, False), None],
}


def drawn() -> tuple[Fixed, Statements, Payments, Contacts, Contacts]:
    """Tables of N accounts; contacts on other accounts from 60 days before NOW to 20 after."""
    others = random_tables(9, accounts=N)[3]
    at = (
        NOW
        - 60 * DAY_SECONDS
        + np.random.default_rng(5).uniform(0, 80, len(others.at)) * DAY_SECONDS
    )
    return *random_tables(2, accounts=N), others._replace(at=at)


@pytest.fixture
def history() -> Panel:
    return panel(*drawn())


def keys(history: Panel, at: float = NOW, account: Account = ACCOUNT, salt: bytes = SALT) -> list:  # type: ignore[type-arg]
    n = history.accounts
    view = known_at(history, np.arange(n), np.full(n, at))
    return list(fingerprints([account] * n, history, view, [salt] * n).tolist())


def copied(history: Panel) -> Panel:
    return Panel._make(
        type(value)._make(part.copy() for part in value)  # type: ignore[attr-defined]
        if isinstance(value, tuple)
        else value.copy()
        for value in history
    )


def others_start(history: Panel) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The first contact on other accounts, of each account, that is young enough to count."""
    recent = known_at(history, np.arange(N), np.full(N, NOW - OTHERS_DAYS * DAY_SECONDS - 1e-6))
    return recent.other_stop


def test_one_by_one_they_are_what_they_are_together(history: Panel) -> None:
    view = known_at(history, np.arange(N)[::-1].copy(), np.full(N, NOW))
    together = fingerprints([ACCOUNT] * N, history, view, [SALT] * N)
    assert together.dtype == np.uint64
    alone = [
        int(fingerprints([ACCOUNT], history, view.take(np.array([i])), [SALT])[0]) for i in range(N)
    ]
    assert together.tolist() == alone
    assert len(set(alone)) == N


def test_more_accounts_than_are_held_at_once_have_their_own(history: Panel) -> None:
    row = np.arange(2 * BLOCK + 5) % N
    view = known_at(history, row, np.full(len(row), NOW))
    found = fingerprints([ACCOUNT] * len(row), history, view, [SALT] * len(row)).tolist()
    assert found == [keys(history)[r] for r in row]


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in CAPPING.items() for value in values]
)
def test_what_only_caps_a_level_does_not_change_it(
    history: Panel, field: str, value: object
) -> None:
    assert keys(history, account=replace(ACCOUNT, **{field: value})) == keys(history)  # type: ignore[arg-type]


def test_it_is_the_same_in_every_process(history: Panel) -> None:
    assert keys(history)[0] == 15_653_063_338_038_491_264


def test_every_field_of_the_account_counts(history: Panel) -> None:
    assert {field.name for field in fields(Account)} == OTHERS.keys() | CAPPING.keys()
    changed = [
        keys(history, account=replace(ACCOUNT, **{name: value}))[0]
        for name, values in OTHERS.items()
        for value in values
    ]
    assert len({keys(history)[0], *changed}) == len(changed) + 1


def test_numbers_that_are_equal_are_the_same(history: Panel) -> None:
    as_sent: Any = {"credit_limit": 5_000, "past_due_amount": 92, "plan": Plan(6, 50, True)}
    assert keys(history, account=replace(ACCOUNT, **as_sent)) == keys(history)
    zero, minus = (replace(ACCOUNT, balance=b, credit_limit=b, apr=b) for b in (0.0, -0.0))
    assert keys(history, account=zero) == keys(history, account=minus)


def test_the_salt_counts(history: Panel) -> None:
    assert not set(keys(history)) & set(keys(history, salt=b"bundle policy other"))


def test_the_instant_counts_by_what_is_known_alone(history: Panel) -> None:
    known = [history.known_at, history.payments.at, history.contacts.at, history.others.at]
    events = np.sort(np.concatenate([at[at > NOW] for at in known]))
    assert keys(history, events[0] - 1) == keys(history)
    later = keys(history, events[0])
    assert sum(one != other for one, other in zip(later, keys(history), strict=True)) == 1


def test_an_account_alone_is_what_it_is_among_others(history: Panel) -> None:
    fixed, statements, payments, contacts, others = drawn()
    for i in range(N):
        tables = (
            type(table)._make(
                np.zeros(mine.sum(), np.int64) if k == 0 else column[mine]
                for k, column in enumerate(table)
            )
            for table in (statements, payments, contacts, others)
            for mine in [table.account == i]
        )
        alone = panel(type(fixed)._make(values[i : i + 1] for values in fixed), *tables)
        assert keys(alone) == [keys(history)[i]]


def test_the_order_of_rows_does_not_count(history: Panel) -> None:
    fixed, *tables = drawn()
    rng = np.random.default_rng(0)
    doubled = [type(t)._make(np.concatenate([c, c]) for c in t) for t in tables[1:]]
    for table in doubled:  # two events of one instant
        table[2][: len(table[2]) // 2] += 1
    mixed = [
        type(table)._make(column[order] for column in table)
        for table in doubled
        for order in [rng.permutation(len(table.at))]
    ]
    ordered, shuffled = (panel(fixed, tables[0], *events) for events in (doubled, mixed))
    assert keys(ordered) == keys(shuffled)
    assert not set(keys(ordered)) & set(keys(history))


NUMBERS = [
    *(("", name) for name in Statements._fields[1:] if name != "known_at"),
    *(("payments", name) for name in Payments._fields[2:]),
    *((table, name) for table in ("contacts", "others") for name in Contacts._fields[2:]),
]


@pytest.mark.parametrize(("table", "name"), NUMBERS)
@pytest.mark.parametrize("change", [lambda v: v + 1, lambda v: np.where(np.isnan(v), 0.0, np.nan)])
def test_every_number_known_counts_and_no_other(
    history: Panel, table: str, name: str, change: Callable[[Any], Any]
) -> None:
    view = known_at(history, np.arange(N), np.full(N, NOW))
    start, stop = {
        "": (history.first, view.stop),
        "payments": (history.payment_start, view.payment_stop),
        "contacts": (history.contact_start, view.contact_stop),
        "others": (others_start(history), view.other_stop),
    }[table]
    before, moved = np.array(keys(history)), 0
    for place in np.ndindex(getattr(getattr(history, table) if table else history, name).shape):
        other = copied(history)
        values = getattr(getattr(other, table) if table else other, name)
        old, values[place] = values[place], change(values[place])
        if np.isnan(old) and np.isnan(values[place]):
            continue
        differ = np.flatnonzero(np.array(keys(other)) != before).tolist()
        rows = range(N) if table else place[:1]
        assert differ == [r for r in rows if start[r] <= place[-1] < stop[r]]
        moved += len(differ)
    assert moved >= 4


def test_what_no_rule_looks_at_may_be_left_out(history: Panel) -> None:
    fixed, statements, payments, contacts, others = drawn()
    recent = others.at >= NOW - OTHERS_DAYS * DAY_SECONDS
    assert 5 < ((others.at <= NOW) & recent).sum() < (others.at <= NOW).sum() - 5
    without = others._make(column[recent] for column in others)
    less = panel(fixed, statements, payments, contacts, without)
    assert keys(less) == keys(history)
    assert keys(less, NOW + 3_600) == keys(history, NOW + 3_600)
    earlier = NOW - 5 * DAY_SECONDS
    assert keys(less, earlier) != keys(history, earlier)


@pytest.mark.parametrize("table", ["payments", "contacts", "others"])
def test_when_an_event_was_counts(history: Panel, table: str) -> None:
    other = copied(history)
    events = getattr(other, table)
    k = np.flatnonzero((events.at > NOW - 30 * DAY_SECONDS) & (events.at < NOW))[0]
    events.at[k] += 0.001
    differ = np.flatnonzero(np.array(keys(other)) != np.array(keys(history)))
    assert differ.tolist() == [events.account[k]]


@pytest.mark.parametrize("name", ["payments_known", "contacts_known"])
def test_whether_events_are_known_counts(history: Panel, name: str) -> None:
    other = copied(history)
    getattr(other.fixed, name)[3] = False
    differ = np.flatnonzero(np.array(keys(other)) != np.array(keys(history)))
    assert differ.tolist() == [3]


def test_a_contact_counts_on_the_account_that_it_was_about(history: Panel) -> None:
    fixed, statements, payments, contacts = random_tables(2, accounts=N)
    own = keys(panel(fixed, statements, payments, contacts))
    others = keys(panel(fixed, statements, payments, None, contacts))
    view = known_at(history, np.arange(N), np.full(N, NOW))
    some = np.flatnonzero(view.contact_stop > history.contact_start[:-1])
    assert 3 < len(some) < N
    differ = np.flatnonzero(np.array(own) != np.array(others))
    assert differ.tolist() == some.tolist()


def test_zeros_and_nans_of_any_kind_are_the_same(history: Panel) -> None:
    plus, minus = copied(history), copied(history)
    odd_nan = np.frombuffer(np.uint64(0xFFF8_0000_0000_1234).tobytes())[0]
    for one, zero, nan in ((plus, 0.0, np.nan), (minus, -0.0, odd_nan)):
        one.balance[:, -1] = zero
        one.amount_due[:, -1] = nan
        one.payments.amount[:] = zero
        one.contacts.promised_amount[:] = zero
        one.others.point[:] = nan
    assert plus.balance.tobytes() != minus.balance.tobytes()
    assert plus.others.point.tobytes() != minus.others.point.tobytes()
    late = 19_400 * DAY_SECONDS
    assert keys(plus, late) == keys(minus, late)
