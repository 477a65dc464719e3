import numpy as np
import pytest

from features.matrix import _fill, matrix
from features.panel import Payments, panel
from tests.histories import at, random_tables


def test_a_panel_takes_rows_in_any_order() -> None:
    fixed, statements, payments, contacts = random_tables(3)
    rng = np.random.default_rng(0)
    shuffled = [
        type(table)(*(column[order] for column in table))
        for table in (statements, payments, contacts)
        for order in [rng.permutation(len(table.account))]
    ]
    one, other = panel(fixed, statements, payments, contacts), panel(fixed, *shuffled)
    as_of = "2022-08-01T00:00"
    assert matrix(one, at(one, as_of)).tobytes() == matrix(other, at(other, as_of)).tobytes()


def test_statements_are_aligned_to_the_right_and_events_by_account_and_time() -> None:
    fixed, statements, payments, contacts = random_tables(4, accounts=30)
    made = panel(fixed, statements, payments, contacts)
    for i in range(made.accounts):
        mine = np.sort(statements.day[statements.account == i])
        assert made.first[i] == made.day.shape[1] - len(mine)
        assert made.day[i, made.first[i] :].tolist() == mine.tolist()
        assert np.isnan(made.day[i, : made.first[i]]).all()
        met = made.contacts.at[made.contact_start[i] : made.contact_start[i + 1]]
        assert met.tolist() == np.sort(contacts.at[contacts.account == i]).tolist()


def test_accounts_may_have_no_rows() -> None:
    fixed, statements, _, _ = random_tables(5, accounts=3)
    alone = statements._make(column[statements.account == 1] for column in statements)
    made = panel(fixed, alone)
    assert made.first.tolist() == [len(alone.day), 0, len(alone.day)]
    assert np.isnan(matrix(made, at(made, "2023-01-01T00:00"))[[0, 2]]).all()
    empty = panel(fixed, statements._make(column[:0] for column in statements))
    assert empty.day.shape == (3, 0)
    assert np.isnan(matrix(empty, at(empty, "2023-01-01T00:00"))).all()


@pytest.mark.parametrize("account", [-1, 3])
def test_a_row_of_no_account_is_refused(account: int) -> None:
    fixed, statements, _, _ = random_tables(5, accounts=3)
    statements.account[0] = account
    with pytest.raises(IndexError, match="no account"):
        panel(fixed, statements)


def test_a_panel_keeps_its_own_copy_of_rows_in_order() -> None:
    fixed, statements, _, _ = random_tables(5, accounts=1)
    payments = Payments(np.zeros(1, np.int64), *(np.ones(1) for _ in Payments._fields[1:]))
    made = panel(fixed, statements, payments)
    payments.amount[0] = 7
    assert made.payments.amount.tolist() == [1]


def test_arrays_of_another_kind_do_not_compile_the_features_once_more() -> None:
    tables = random_tables(3)
    made = panel(*tables)
    expected = matrix(made, at(made, "2022-08-01T00:00"))
    compiled = len(_fill.signatures)
    for table in tables:
        for column in table:
            column.setflags(write=False)
    spread = [type(t)(*(np.stack([c, c], axis=1)[:, 0] for c in t)) for t in tables]
    for kind in (tables, spread):
        made = panel(*kind)
        assert matrix(made, at(made, "2022-08-01T00:00")).tobytes() == expected.tobytes()
    assert len(_fill.signatures) == compiled


def test_contacts_on_other_accounts_are_cut_like_the_account_s_own() -> None:
    fixed, statements, payments, contacts = random_tables(6)
    made = panel(fixed, statements, payments, contacts, contacts)
    for one, other in zip(made.contacts, made.others, strict=True):
        assert one.tobytes() == other.tobytes()
    view = at(made, "2022-04-01T00:00")
    assert (made.contact_start[:-1] < view.contact_stop).any()
    assert (view.contact_stop < made.contact_start[1:]).any()
    assert view.other_stop.tolist() == view.contact_stop.tolist()
    without = panel(fixed, statements, payments, contacts)
    assert without.others.at.shape == (0,)
    assert at(without, "2022-04-01T00:00").other_stop.tolist() == [0] * made.accounts


def test_no_feature_reads_contacts_on_other_accounts_nor_points_places_and_dates() -> None:
    fixed, statements, payments, contacts = random_tables(7)
    unread = {name: np.full(len(contacts.at), np.nan) for name in ("local_day", "point", "place")}
    as_of = "2022-08-01T00:00"
    one = panel(fixed, statements, payments, contacts, contacts)
    other = panel(fixed, statements, payments, contacts._replace(**unread))
    assert matrix(one, at(one, as_of)).tobytes() == matrix(other, at(other, as_of)).tobytes()
