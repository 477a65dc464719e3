import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.catalogue import CATALOGUE
from features.history import DERIVED, history
from features.matrix import _compile, matrix
from features.panel import Fixed, known_at, panel
from tests.histories import at, drawn, random_tables

SEEDS = st.integers(0, 2**31)


@given(SEEDS)
def test_an_account_alone_equals_its_row_in_a_batch_bit_for_bit(seed: int) -> None:
    fixed, statements, payments, contacts = random_tables(seed)
    together = panel(fixed, statements, payments, contacts)
    as_of = np.random.default_rng(seed).uniform(19_100, 19_300, together.accounts) * 86_400
    expected = matrix(together, known_at(together, np.arange(together.accounts), as_of))

    for i in range(together.accounts):
        keep = [table.account == i for table in (statements, payments, contacts)]
        parts = [
            type(table)(np.zeros(mask.sum(), np.int64), *(c[mask] for c in table[1:]))
            for table, mask in zip((statements, payments, contacts), keep, strict=True)
        ]
        alone = panel(Fixed(*(c[i : i + 1] for c in fixed)), *parts)
        row = matrix(alone, known_at(alone, np.zeros(1, np.int64), as_of[i : i + 1]))
        assert row.tobytes() == expected[i : i + 1].tobytes()


@given(SEEDS)
def test_nothing_after_as_of_changes_a_feature(seed: int) -> None:
    fixed, statements, payments, contacts = random_tables(seed)
    rng = np.random.default_rng(seed)
    as_of = rng.uniform(19_030, 19_300) * 86_400

    def features_with(*tables: object) -> np.ndarray:
        history = panel(fixed, *tables)  # type: ignore[arg-type]
        n = history.accounts
        return matrix(history, known_at(history, np.arange(n), np.full(n, as_of)))

    expected = features_with(statements, payments, contacts)
    changed = []
    for table, known in (
        (statements, statements.known_at),
        (payments, payments.at),
        (contacts, contacts.at),
    ):
        later = known > as_of
        columns = {}
        for name, column in zip(table._fields, table, strict=True):
            if name in ("account", "day", "known_at", "at"):
                columns[name] = column
            else:
                columns[name] = np.where(later, rng.permutation(column) + 1, column)
        changed.append(type(table)(**columns))
    assert features_with(*changed).tobytes() == expected.tobytes()

    forgotten = np.where(payments.reversed_at > as_of, np.nan, payments.reversed_at)
    unreversed = payments._replace(reversed_at=forgotten)
    assert features_with(statements, unreversed, contacts).tobytes() == expected.tobytes()

    kept = [
        type(table)(*(column[known <= as_of] for column in table))
        for table, known in (
            (statements, statements.known_at),
            (payments, payments.at),
            (contacts, contacts.at),
        )
    ]
    assert features_with(*kept).tobytes() == expected.tobytes()


def test_a_payment_reversed_later_leaves_the_features_alone() -> None:
    fixed, statements, payments, contacts = random_tables(7)
    taken_back = payments._replace(reversed=1 - payments.reversed)
    rows = []
    for version in (payments, taken_back):
        history = panel(fixed, statements, version, contacts)
        rows.append(matrix(history, at(history, "2022-09-01T00:00")))
    assert rows[0].tobytes() == rows[1].tobytes()


@given(SEEDS)
def test_events_of_one_instant_may_come_in_any_order(seed: int) -> None:
    fixed, statements, payments, contacts = random_tables(seed)
    day = 86_400.0
    payments = payments._replace(at=np.floor(payments.at / day / 9) * day * 9)
    contacts = contacts._replace(at=np.floor(contacts.at / day / 9) * day * 9)
    rng = np.random.default_rng(seed)
    other = [
        table._make(column[order] for column in table)
        for table in (payments, contacts)
        for order in [rng.permutation(len(table.account))]
    ]
    one, two = panel(fixed, statements, payments, contacts), panel(fixed, statements, *other)
    as_of = "2022-08-01T00:00"
    assert matrix(one, at(one, as_of)).tobytes() == matrix(two, at(two, as_of)).tobytes()


def test_a_row_without_statements_is_not_known() -> None:
    history = drawn("2024-03-31 500 50 0 30 1000")
    assert np.isnan(matrix(history, at(history, "2024-03-31T23:59"))).all()
    assert not np.isnan(matrix(history, at(history, "2024-04-01T00:00"))).all()


def test_the_compiled_loop_is_renamed_when_a_definition_changes() -> None:
    first, other = _compile(CATALOGUE[:2]), _compile(CATALOGUE[1:3])
    assert first.__name__ != other.__name__
    assert first.__name__ == _compile(CATALOGUE[:2]).__name__


def test_an_empty_view_gives_an_empty_matrix() -> None:
    history = drawn("2024-03-31 300 30 0 30 500")
    empty = known_at(history, np.empty(0, np.int64), np.empty(0))
    assert matrix(history, empty).shape == (0, len(CATALOGUE))


def test_a_feature_called_from_python_tells_what_the_loop_computes() -> None:
    made = panel(*random_tables(6, accounts=4))
    view = at(made, "2022-08-01T00:00")
    rows = matrix(made, view)
    for i in range(made.accounts):
        if view.stop[i] > made.first[i]:
            h = history(made, view, i, np.empty((DERIVED, made.day.shape[1])))
            with np.errstate(invalid="ignore"):
                told = [feature.function(h) for feature in CATALOGUE]
            np.testing.assert_allclose(told, rows[i], rtol=1e-12, atol=1e-12)
