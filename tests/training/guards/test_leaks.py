"""The audit of the future: nothing of the catalogue moves, and every peek is named."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from features.catalogue import NAMES
from features.matrix import matrix
from features.panel import Contacts, Floats, Indices, Panel, Payments, Statements, View, panel
from models.target import Outcome
from tests.histories import at, drawn, random_tables
from training.guards.leaks import N_AUDITED, moved_features
from training.labels import Snapshots, snapshots
from training.panels import panel_of
from training.sources.simulate import simulate
from training.sources.uci import import_uci
from training.tables import read_tables

TARGETS = (Outcome("cure", 1), Outcome("early_warning", 1))
ONE = ("peek",)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    folder = tmp_path_factory.mktemp("leaks") / "data"
    simulate(folder, accounts=1_500, months=12, seed=8)
    return panel_of(read_tables(folder)).panel


@pytest.fixture(scope="module")
def late(simulated: Panel) -> Snapshots:
    return snapshots(simulated)


def column(value: Callable[[Panel, View, int], float]) -> Callable[[Panel, View], Floats]:
    """What computes one feature, row by row."""

    def compute(history: Panel, view: View) -> Floats:
        return np.array([[value(history, view, i)] for i in range(len(view.row))])

    return compute


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_no_feature_knows_the_future(simulated: Panel, target: Outcome) -> None:
    view = snapshots(simulated, target).view
    assert len(simulated.payments.at) > 1_000
    assert len(simulated.contacts.at) > 1_000
    assert moved_features(simulated, view, NAMES, seed=1) == ()


@pytest.mark.parametrize("seed", range(5))
def test_nor_on_histories_with_gaps_and_odd_reversals(seed: int) -> None:
    history = panel(*random_tables(seed, accounts=300, months=9))
    assert moved_features(history, snapshots(history).view, NAMES, seed) == ()


def test_a_view_of_one_month_too_many_is_found(simulated: Panel, late: Snapshots) -> None:
    def shifted(history: Panel, view: View) -> Floats:
        return matrix(history, view._replace(stop=view.stop + 1))

    moved = moved_features(simulated, late.view, NAMES, 1, shifted)
    assert {"dpd_last", "utilisation_last", "paid_last"} <= set(moved)
    too_late = late.view._replace(stop=late.view.stop + 1)
    assert set(moved_features(simulated, too_late, NAMES, 1)) == set(moved)


def test_a_view_of_one_event_too_many_is_found(simulated: Panel, late: Snapshots) -> None:
    paid = late.view.payment_stop < simulated.payment_start[late.view.row + 1]
    view = late.view.take(paid)
    moved = moved_features(simulated, view._replace(payment_stop=view.payment_stop + 1), NAMES, 1)
    assert "days_since_payment" in moved
    met = late.view.contact_stop < simulated.contact_start[late.view.row + 1]
    view = late.view.take(met)
    moved = moved_features(simulated, view._replace(contact_stop=view.contact_stop + 1), NAMES, 1)
    assert moved
    assert "days_since_payment" not in moved


@pytest.mark.parametrize("name", Statements._fields[1:])
def test_a_peek_at_the_next_statement_is_found(
    simulated: Panel, late: Snapshots, name: str
) -> None:
    peek = column(lambda h, v, i: getattr(h, name)[v.row[i], v.stop[i]])
    assert moved_features(simulated, late.view, ONE, 1, peek) == ONE


@pytest.mark.parametrize("name", Payments._fields[1:])
def test_a_peek_at_the_next_payment_is_found(simulated: Panel, late: Snapshots, name: str) -> None:
    def peek(history: Panel, view: View, i: int) -> float:
        k = view.payment_stop[i]
        has_one = k < history.payment_start[view.row[i] + 1]
        return float(getattr(history.payments, name)[k]) if has_one else np.nan

    assert moved_features(simulated, late.view, ONE, 1, column(peek)) == ONE


@pytest.mark.parametrize("name", Contacts._fields[1:])
def test_a_peek_at_the_next_contact_is_found(name: str) -> None:
    history = panel(*random_tables(3, accounts=400, months=9))

    def peek(history: Panel, view: View, i: int) -> float:
        k = view.contact_stop[i]
        has_one = k < history.contact_start[view.row[i] + 1]
        return float(getattr(history.contacts, name)[k]) if has_one else np.nan

    assert moved_features(history, snapshots(history).view, ONE, 1, column(peek)) == ONE


@pytest.mark.parametrize(
    ("table", "name"),
    [
        *(("statements", name) for name in Statements._fields[1:]),
        *(("payments", name) for name in Payments._fields[1:] if name != "reversed_at"),
        *(("contacts", name) for name in Contacts._fields[1:]),
    ],
)
def test_a_future_equal_to_another_cannot_hide_a_peek(table: str, name: str) -> None:
    history = drawn(  # exchanged among this one account, everything is as it was
        "2024-01-31 900 50 10 30 2000\n2024-02-29 900 50 10 0 2000",
        payments="2024-02-20T12:00 50",
        contacts="2024-02-10T12:00 call out promise 60 2024-02-20 forgot p work",
    )
    history.contacts.appointment_at[:] = history.contacts.promised_until

    def compute(panel: Panel, view: View) -> Floats:
        if table == "statements":
            return np.array([[getattr(panel, name)[0, view.stop[0]]]])
        return getattr(getattr(panel, table), name)[:1, None]

    assert moved_features(history, at(history, "2024-02-05T00:00"), ONE, 1, compute) == ONE


@pytest.mark.parametrize(
    "count",
    [
        lambda h, v, i: h.day.shape[1] - v.stop[i],
        lambda h, v, i: h.payment_start[v.row[i] + 1] - v.payment_stop[i],
        lambda h, v, i: h.contact_start[v.row[i] + 1] - v.contact_stop[i],
    ],
    ids=["statements", "payments", "contacts"],
)
def test_how_much_is_still_to_come_is_not_known(
    simulated: Panel, late: Snapshots, count: Callable[[Panel, View, int], float]
) -> None:
    assert moved_features(simulated, late.view, ONE, 1, column(count)) == ONE


def paid_history(payment: str) -> tuple[Panel, View]:
    history = drawn(
        "2024-01-31 900 50 0 30 2000\n2024-02-29 900 50 0 0 2000",
        payments=f"2024-01-10T12:00 50 {payment}",
    )
    return history, at(history, "2024-02-10T00:00")


def seen_payment(name: str) -> Callable[[Panel, View], Floats]:
    return column(lambda h, v, i: getattr(h.payments, name)[v.payment_stop[i] - 1])


@pytest.mark.parametrize("payment", ["0", "1", "1 2024-02-20T00:00"])
def test_whether_a_payment_is_taken_back_later_is_not_known(payment: str) -> None:
    history, view = paid_history(payment)
    assert moved_features(history, view, ONE, 1, seen_payment("reversed")) == ONE
    assert moved_features(history, view, ONE, 1, seen_payment("at")) == ()
    assert moved_features(history, view, NAMES, 1) == ()


@pytest.mark.parametrize("payment", ["0", "1 2024-02-20T00:00"])
def test_when_it_will_be_taken_back_is_not_known(payment: str) -> None:
    history, view = paid_history(payment)
    assert moved_features(history, view, ONE, 1, seen_payment("reversed_at")) == ONE


def test_what_was_taken_back_before_is_known() -> None:
    history, view = paid_history("1 2024-01-20T00:00")
    for name in ("reversed", "reversed_at"):
        assert moved_features(history, view, ONE, 1, seen_payment(name)) == ()


def test_one_row_is_audited_of_each_account_from_all_months(
    simulated: Panel, late: Snapshots
) -> None:
    asked: list[tuple[Indices, Floats]] = []

    def compute(history: Panel, view: View) -> Floats:
        asked.append((view.row, view.as_of))
        return matrix(history, view)

    moved_features(simulated, late.view, NAMES, 1, compute)
    (row, as_of), _ = asked
    account, rows = np.unique(late.account, return_counts=True)
    assert len(row) == len(account) < N_AUDITED
    bounds = [
        np.array([end(late.view.as_of[late.account == one]) for one in account])
        for end in (np.min, np.max)
    ]
    several = rows >= 3
    assert 0.3 < (as_of > bounds[0])[several].mean() < 0.9
    assert 0.3 < (as_of < bounds[1])[several].mean() < 0.9


def test_only_peeks_are_named_and_the_same_seed_names_the_same(
    simulated: Panel, late: Snapshots
) -> None:
    def compute(history: Panel, view: View) -> Floats:
        peek = history.amount_paid[view.row, view.stop]
        return np.column_stack([matrix(history, view), peek])

    names = (*NAMES, "paid_next")
    for _ in range(2):
        assert moved_features(simulated, late.view, names, 7, compute) == ("paid_next",)


def test_bill_and_payment_of_the_month_of_the_label_are_found_in_real_accounts(
    uci_csv: Path,
) -> None:
    history = panel_of(import_uci(uci_csv)).panel

    def compute(history: Panel, view: View) -> Floats:
        assert len(view.row) == N_AUDITED  # of many more
        paid, bill = (a[view.row, view.stop] for a in (history.amount_paid, history.balance))
        return np.column_stack([matrix(history, view), paid, bill])

    view = snapshots(history).view
    names = (*NAMES, "paid_next", "bill_next")
    assert moved_features(history, view, names, 1, compute) == ("paid_next", "bill_next")
