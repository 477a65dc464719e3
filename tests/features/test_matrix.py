import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.catalogue import CATALOGUE, NAMES
from features.feature import definition_sha256
from features.matrix import _compile, matrix
from features.panel import Fixed, Panel, Payments, Statements, known_at, panel
from tests.histories import at, drawn, random_tables

SEEDS = st.integers(0, 2**31)


def row_of(history: Panel, as_of: str) -> dict[str, float]:
    return dict(zip(NAMES, matrix(history, at(history, as_of))[0], strict=True))


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


def test_a_payment_counts_until_it_is_known_to_be_taken_back() -> None:
    text = "2024-03-31 100 10 0 30 1000"
    history = drawn(text, payments="2024-04-02T10:00 50 1 2024-04-05T10:00")
    before, after = (
        row_of(history, instant) for instant in ("2024-04-05T09:59", "2024-04-05T10:00")
    )
    assert before["paid_since_statement_to_balance"] == 0.5
    assert before["payments_90"] == 1
    assert after["paid_since_statement_to_balance"] == 0
    assert after["payments_90"] == 0
    assert np.isnan(after["days_since_payment"])
    promised = drawn(
        text,
        payments="2024-04-02T10:00 50 1 2024-04-20T10:00",
        contacts="2024-04-01T10:00 call out promise 50 2024-04-03",
    )
    assert row_of(promised, "2024-04-10T00:00")["promises_kept_share_365"] == 1
    assert row_of(promised, "2024-04-20T10:00")["promises_kept_share_365"] == 0


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


def test_delinquency() -> None:
    row = row_of(
        drawn("""
            2024-01-31 500 50 50  0 1000
            2024-02-29 500 50  0 30 1000
            2024-03-31 500 50 50  0 1000
            2024-04-30 500 50  0 30 1000
            2024-05-31 500 50  0 60 1000
        """),
        "2024-06-03T12:00",
    )
    assert row["dpd_last"] == 60
    assert row["dpd_previous"] == 30
    assert row["dpd_before_previous"] == 0
    assert row["dpd_change"] == 30
    assert row["dpd_highest_3"] == 60
    assert row["dpd_mean_3"] == 30
    assert row["dpd_mean_12"] == 24
    assert row["late_share_3"] == pytest.approx(2 / 3)
    assert row["late_share_12"] == pytest.approx(3 / 5)
    assert row["late_streak"] == 2
    assert row["months_since_current"] == 2
    assert row["months_since_worst_12"] == 0
    assert row["own_cure_share"] == 0.5  # February was followed by a cure, April was not
    assert row["cures_12"] == 1
    assert row["roll_forward_share_6"] == 0.75
    assert row["days_since_statement"] == 2
    assert row["statements_24"] == 5


def test_a_missing_month_is_no_month_of_the_window() -> None:
    row = row_of(
        drawn("""
            2024-01-31 500 50 0 90 1000
            2024-04-30 500 50 0 30 1000
            2024-05-31 500 50 0 60 1000
        """),
        "2024-06-03T12:00",
    )
    assert row["dpd_highest_3"] == 60
    assert row["dpd_mean_3"] == 45
    assert row["dpd_highest_12"] == 90
    assert row["months_since_worst_12"] == 4


def test_payment() -> None:
    row = row_of(
        drawn(
            """
            2024-01-31 400 40   .  0 1000
            2024-02-29 200 20 200 30 1000
            2024-03-31 100  .   0 30 1000
            2024-04-30 250 25 100 30 1000
            """,
            payments="""
            2024-04-20T10:00 100
            2024-05-02T10:00 20
            2024-05-03T10:00 30 1
            """,
        ),
        "2024-05-05T10:00",
    )
    assert row["paid_last"] == 100
    assert row["paid_share_last"] == 1.0
    assert row["paid_share_previous"] == 0.0
    assert row["paid_to_balance_last"] == 0.4
    assert row["paid_share_mean_6"] == pytest.approx((0.5 + 0 + 1) / 3)
    assert row["paid_over_balance_12"] == pytest.approx(300 / 550)
    assert np.isnan(row["paid_to_due_last"])
    assert row["missed_share_12"] == pytest.approx(1 / 3)
    assert row["full_share_12"] == pytest.approx(1 / 3)
    assert row["months_since_paid"] == 0
    assert row["paid_highest_to_balance_12"] == pytest.approx(0.8)
    assert row["paid_variation_12"] == pytest.approx(np.std([200, 0, 100]) / 100)
    assert row["paid_since_statement_to_balance"] == pytest.approx(0.2)
    assert row["paid_since_statement_to_due"] == 2.0
    assert row["days_since_payment"] == 2.0
    assert row["payments_90"] == 3


def test_exposure() -> None:
    row = row_of(
        drawn(
            """
            2024-01-31  200 20 0 0  400
            2024-02-29  600 60 0 30 500
            2024-03-31  300 30 0 30 500
            """,
            opened="2023-01-15",
            product=0,
            security=1,
        ),
        "2024-04-02T00:00",
    )
    assert row["balance_last"] == 300
    assert row["balance_to_previous"] == 0.5
    assert row["balance_to_highest_12"] == 0.5
    assert row["utilisation_last"] == pytest.approx(0.6)
    assert row["utilisation_mean_12"] == pytest.approx((0.5 + 1.2 + 0.6) / 3)
    assert row["utilisation_change"] == pytest.approx(-0.6)
    assert row["over_limit_share_12"] == pytest.approx(1 / 3)
    assert row["due_to_balance"] == pytest.approx(0.1)
    assert row["months_on_book"] == 14
    assert row["is_secured"] == 1
    assert row["is_credit_card"] == 1
    slope = np.polyfit((np.array([-60, -31, 0]) / (365.25 / 12)), [200, 600, 300], 1)[0]
    assert row["balance_trend_6"] == pytest.approx(slope)


def test_contact() -> None:
    row = row_of(
        drawn(
            "2024-03-31 300 30 0 30 500",
            payments="2024-03-12T09:00 100",
            contacts="""
            2024-01-15T10:00 call out promise 100 2024-01-20
            2024-03-10T10:00 call out promise 100 2024-03-15
            2024-03-20T10:00 call in  refused
            2024-04-01T09:00 call out no_answer
            2024-04-02T09:00 sms  out sent
            2024-04-03T09:00 call out promise 80 2024-04-09
            2024-04-04T09:00 call out no_answer
            """,
        ),
        "2024-04-05T09:00",
    )
    assert row["attempts_30"] == 5
    assert row["conversations_90"] == 4
    assert row["reach_rate_90"] == pytest.approx(3 / 5)
    assert row["unanswered_streak"] == 1
    assert row["days_since_conversation"] == 2
    assert row["inbound_90"] == 1
    assert row["refusals_180"] == 1
    assert row["promises_180"] == 3
    assert row["promises_kept_share_365"] == 0.5
    assert row["days_to_promise"] == 5


def test_without_events_the_features_of_events_are_not_known_but_with_none_they_are_zero() -> None:
    text = "2024-03-31 300 30 0 30 500"
    unknown = row_of(drawn(text), "2024-04-05T09:00")
    nobody = row_of(drawn(text, payments="", contacts=""), "2024-04-05T09:00")
    for name in ("attempts_30", "conversations_90", "payments_90", "promises_180"):
        assert np.isnan(unknown[name])
        assert nobody[name] == 0
    for name in ("days_since_payment", "days_since_conversation", "promises_kept_share_365"):
        assert np.isnan(unknown[name])
        assert np.isnan(nobody[name])


def test_the_compiled_loop_is_renamed_when_a_definition_changes() -> None:
    first, other = _compile(CATALOGUE[:2]), _compile(CATALOGUE[1:3])
    assert first.__name__ != other.__name__
    assert first.__name__ == _compile(CATALOGUE[:2]).__name__


def test_every_feature_has_its_own_definition() -> None:
    assert len({feature.definition_sha256 for feature in CATALOGUE}) == len(CATALOGUE)
    assert all(
        feature.definition_sha256 == definition_sha256(feature.function) for feature in CATALOGUE
    )


def test_an_empty_view_gives_an_empty_matrix() -> None:
    history = drawn("2024-03-31 300 30 0 30 500")
    empty = known_at(history, np.empty(0, np.int64), np.empty(0))
    assert matrix(history, empty).shape == (0, len(CATALOGUE))


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
    assert isinstance(one.payments, Payments)
    assert isinstance(statements, Statements)
