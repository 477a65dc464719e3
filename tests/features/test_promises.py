import numpy as np
import pytest

from tests.histories import drawn, row_of

STATEMENT = "2024-03-31 300 40 0 30 500"
PROMISES = """
    2024-01-15T10:00 call out promise 100 2024-01-20
    2024-03-10T10:00 call out promise 100 2024-03-15
    2024-03-20T10:00 call in  refused
    2024-03-25T10:00 call out promise  60 2024-03-28
    2024-04-02T10:00 call out promise
    2024-04-03T09:00 call out promise  80 2024-04-09
"""
AS_OF = "2024-04-05T09:00"


def test_promises_are_kept_broken_or_open() -> None:
    history = drawn(STATEMENT, payments="2024-03-12T09:00 100", contacts=PROMISES)
    row = row_of(history, AS_OF)
    assert row["promises_180"] == 5
    assert row["promises_kept_share_365"] == pytest.approx(1 / 3)
    assert row["promises_broken_180"] == 2
    assert row["broken_streak"] == 1
    assert row["days_since_promise"] == 2
    assert row["days_since_promise_kept"] == pytest.approx(20 + 9 / 24)  # due as 15 March ended
    assert row["days_since_promise_broken"] == pytest.approx(7 + 9 / 24)
    assert row["days_to_promise"] == 5
    assert row["promise_to_due"] == 2
    assert row["refusals_180"] == 1


def test_a_promise_past_its_day_is_no_open_one() -> None:
    history = drawn(STATEMENT, payments="", contacts=PROMISES)
    row = row_of(history, "2024-04-10T00:00")
    assert np.isnan(row["promise_to_due"])
    assert row["days_to_promise"] == 0
    assert row["broken_streak"] == 4
    assert row_of(history, "2024-04-09T23:59")["broken_streak"] == 3


@pytest.mark.parametrize(
    ("payment", "kept"),
    [
        ("2024-03-10T09:59 100", 0),  # before the promise
        ("2024-03-10T10:00 100", 1),
        ("2024-03-16T00:00 100", 1),  # as its day ends
        ("2024-03-16T00:01 100", 0),
        ("2024-03-12T10:00 99.9999", 0),
        ("2024-03-12T10:00 33.3\n2024-03-12T11:00 66.7", 1),
    ],
)
def test_a_promise_is_kept_in_time_and_in_full(payment: str, kept: float) -> None:
    promise = "2024-03-10T10:00 call out promise 100 2024-03-15"
    row = row_of(drawn(STATEMENT, payments=payment, contacts=promise), AS_OF)
    assert row["promises_kept_share_365"] == kept
    assert row["promises_broken_180"] == row["broken_streak"] == 1 - kept


def test_a_promise_without_an_amount_is_kept_by_any_payment() -> None:
    promise = "2024-03-10T10:00 call out promise . 2024-03-15"
    row = row_of(drawn(STATEMENT, payments="2024-03-12T10:00 0.01", contacts=promise), AS_OF)
    assert row["promises_kept_share_365"] == 1


def test_a_promise_counts_as_broken_once_its_payment_is_taken_back() -> None:
    history = drawn(
        STATEMENT,
        payments="2024-04-02T10:00 50 1 2024-04-20T10:00",
        contacts="2024-04-01T10:00 call out promise 50 2024-04-03",
    )
    assert row_of(history, "2024-04-10T00:00")["promises_kept_share_365"] == 1
    assert row_of(history, "2024-04-20T10:00")["promises_kept_share_365"] == 0


def test_without_payments_no_promise_is_kept_or_broken() -> None:
    row = row_of(drawn(STATEMENT, contacts=PROMISES), AS_OF)
    assert row["promises_180"] == 5
    for name in ("promises_broken_180", "broken_streak", "promises_kept_share_365"):
        assert np.isnan(row[name])


@pytest.mark.parametrize(
    ("reason", "means", "will", "forgot"),
    [
        ("cash_flow", 1, 0, 0),
        ("lost_job", 1, 0, 0),
        ("illness", 1, 0, 0),
        ("family", 1, 0, 0),
        ("dispute", 0, 1, 0),
        ("unwilling", 0, 1, 0),
        ("forgot", 0, 0, 1),
        ("other", 0, 0, 0),
    ],
)
def test_the_last_stated_reason_counts(
    reason: str, means: float, will: float, forgot: float
) -> None:
    contacts = f"""
        2024-02-01T10:00 call out conversation . . forgot
        2024-03-01T10:00 call out conversation . . {reason}
        2024-03-02T10:00 call out conversation
    """
    row = row_of(drawn(STATEMENT, contacts=contacts), AS_OF)
    assert row["said_no_means_180"] == means
    assert row["said_no_will_180"] == will
    assert row["said_forgot_180"] == forgot
    assert np.isnan(
        row_of(drawn(STATEMENT, contacts=contacts), "2024-09-01T10:00")["said_forgot_180"]
    )


def test_of_all_stated_reasons_so_many_are_want_of_means() -> None:
    contacts = """
        2023-04-06T09:00 call   out conversation . . illness
        2023-04-06T09:01 call   out conversation . . lost_job
        2023-06-01T10:00 call   out conversation . . forgot
        2023-06-02T10:00 email  in  sent         . . family
        2024-03-01T10:00 call   out refused      . . unwilling
        2024-03-02T10:00 call   out conversation
    """
    history = drawn(STATEMENT, contacts=contacts)
    for as_of, share in (
        ("2024-04-05T08:59", 3 / 5),
        ("2024-04-05T09:00", 2 / 4),  # 365 days after the first
        ("2024-04-05T09:01", 1 / 3),
        ("2025-03-01T10:00", np.nan),  # 365 days after the last reason
    ):
        told = row_of(history, as_of)["said_no_means_share_365"]
        assert told == pytest.approx(share, nan_ok=True)


def test_contacts_are_followed_by_a_payment_within_7_days() -> None:
    row = row_of(
        drawn(
            STATEMENT,
            payments="2024-02-08T10:00 10\n2024-04-04T10:00 10",
            contacts="""
            2024-02-01T10:00 sms    out sent
            2024-02-01T09:59 letter out sent
            2024-02-08T10:00 call   out conversation
            2024-02-09T10:00 call   in  conversation
            2024-04-01T10:00 email  out sent
            2024-02-07T10:00 push   in  sent
            """,
        ),
        AS_OF,
    )
    assert row["paid_after_message_share_180"] == 0.5  # the newest is too young to tell
    assert row["paid_after_talk_share_180"] == 0.5
