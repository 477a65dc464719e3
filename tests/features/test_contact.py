import numpy as np
import pytest

from tests.histories import drawn, row_of

STATEMENT = "2024-03-31 300 30 0 30 500"
AS_OF = "2024-04-05T09:00"


def test_contact() -> None:
    row = row_of(
        drawn(
            STATEMENT,
            contacts="""
            2023-06-15T11:00 visit  out conversation
            2024-01-15T10:00 call   out promise 100 2024-01-20
            2024-02-10T10:00 agency out sent
            2024-03-10T18:00 call   out promise 100 2024-03-15
            2024-03-20T10:00 call   in  refused
            2024-03-29T09:00 call   out wrong_party
            2024-04-01T17:00 call   out no_answer
            2024-04-02T09:00 sms    out sent
            2024-04-03T09:00 call   out conversation
            2024-04-04T16:59 call   out no_answer
            """,
        ),
        AS_OF,
    )
    assert row["attempts_7"] == 4  # the contact exactly 7 days ago is not in 7 days
    assert row["attempts_30"] == 6
    assert row["days_since_attempt"] == pytest.approx((9 + 7 + 1 / 60) / 24)
    assert row["conversations_90"] == 4
    assert row["reach_rate_90"] == pytest.approx(3 / 6)
    assert row["reach_rate_365"] == pytest.approx(4 / 7)
    assert row["evening_reach_rate_180"] == pytest.approx(1 / 2)
    assert row["reached_hour_365"] == pytest.approx((11 + 10 + 18 + 9) / 4)
    assert row["unanswered_streak"] == 1
    assert row["days_since_conversation"] == 2
    assert row["last_conversation_inbound"] == 0
    assert row["inbound_90"] == 1
    assert row["days_since_inbound"] == pytest.approx(15 + 23 / 24)
    assert row["wrong_parties_90"] == 1
    assert row["escalations_365"] == 1


def test_without_a_conversation_all_unanswered_attempts_count() -> None:
    row = row_of(
        drawn(
            STATEMENT,
            contacts="""
            2022-04-01T09:00 call out no_answer
            2024-04-01T09:00 call out no_answer
            2024-04-02T09:00 call in  no_answer
            2024-04-03T09:00 sms  out sent
            """,
        ),
        AS_OF,
    )
    assert row["unanswered_streak"] == 2
    assert row["reach_rate_90"] == 0
    for name in ("days_since_conversation", "last_conversation_inbound", "reached_hour_365"):
        assert np.isnan(row[name])


def test_a_debtor_who_calls_begins_the_conversation() -> None:
    row = row_of(drawn(STATEMENT, contacts="2024-04-01T09:00 call in conversation"), AS_OF)
    assert row["last_conversation_inbound"] == 1
    assert row["conversations_90"] == 1
    assert row["attempts_30"] == 0
    assert np.isnan(row["reach_rate_90"])


COUNTS = (
    "attempts_7",
    "attempts_30",
    "conversations_90",
    "unanswered_streak",
    "inbound_90",
    "wrong_parties_90",
    "escalations_365",
    "payments_90",
    "payments_since_statement",
    "reversals_180",
    "promises_180",
    "promises_broken_180",
    "broken_streak",
    "refusals_180",
    "paid_since_statement_to_balance",
)
FIGURES = (
    "days_since_attempt",
    "days_since_conversation",
    "days_since_inbound",
    "last_conversation_inbound",
    "reach_rate_90",
    "reach_rate_365",
    "reached_hour_365",
    "days_since_payment",
    "payment_gap_mean_365",
    "promises_kept_share_365",
    "days_since_promise",
    "days_since_promise_kept",
    "days_since_promise_broken",
    "days_to_promise",
    "promise_to_due",
    "said_no_means_180",
    "paid_after_message_share_180",
    "paid_after_talk_share_180",
)


def test_without_events_the_features_of_events_are_not_known_but_with_none_counts_are_zero() -> (
    None
):
    unknown = row_of(drawn(STATEMENT), AS_OF)
    nobody = row_of(drawn(STATEMENT, payments="", contacts=""), AS_OF)
    for name in COUNTS:
        assert np.isnan(unknown[name]), name
        assert nobody[name] == 0, name
    for name in FIGURES:
        assert np.isnan(unknown[name]), name
        assert np.isnan(nobody[name]), name
