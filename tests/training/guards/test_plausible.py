"""Histories that cannot be true are refused, and true ones pass with room."""

from pathlib import Path

import numpy as np
import pytest

from features.errors import InputError
from features.panel import Panel, View, panel
from tests.histories import drawn, random_tables
from training.golden import cut
from training.guards.plausible import Histories, check_histories
from training.panels import panel_of
from training.sources.simulate import simulate
from training.sources.uci import import_uci
from training.tables import read_tables

VALUES = ("balance", "amount_due", "amount_paid", "days_past_due", "credit_limit", "status")


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    folder = tmp_path_factory.mktemp("plausible") / "data"
    simulate(folder, accounts=1_500, months=12, seed=10)
    return panel_of(read_tables(folder)).panel


@pytest.fixture(scope="module")
def real(uci_csv: Path) -> Panel:
    return panel_of(import_uci(uci_csv)).panel


@pytest.fixture(params=["simulated", "real"])
def true(request: pytest.FixtureRequest) -> Panel:
    history: Panel = request.getfixturevalue(request.param)
    return history


def accounts(history: Panel, row: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Panel:
    """A panel of these accounts, in this order; one may stand there twice."""
    n = len(row)
    ends = (
        np.full(n, history.day.shape[1]),
        *(
            start[row + 1]
            for start in (history.payment_start, history.contact_start, history.other_start)
        ),
    )
    return cut(history, View(row, np.full(n, np.inf), *ends))[0]


def dated_otherwise(
    history: Panel, key: np.ndarray[tuple[int, int], np.dtype[np.float64]]
) -> Panel:
    """Each account's statements in the order of `key` beside the dates as they were."""
    absent = np.isnan(history.day)
    order = np.argsort(np.where(absent, -np.inf, key), axis=1, kind="stable")
    return history._replace(
        **{name: np.take_along_axis(getattr(history, name), order, 1) for name in VALUES}
    )


def test_true_histories_pass_with_room(true: Panel) -> None:
    found = check_histories(true, most_impossible=0.0)
    assert found.impossible_rises == 0
    assert found.rises > 500
    assert found.duplicates < 0.003 * found.comparable


def test_shuffled_time_is_refused(true: Panel) -> None:
    shuffled = dated_otherwise(true, np.random.default_rng(1).random(true.day.shape))
    with pytest.raises(InputError, match=r"faster than time goes by.*shuffled or reversed"):
        check_histories(shuffled)
    with pytest.raises(InputError, match="own cycle ended"):
        check_histories(shuffled, most_impossible=0.015)  # three times the default


def test_reversed_time_is_refused(true: Panel) -> None:
    with pytest.raises(InputError, match="faster than time goes by"):
        check_histories(dated_otherwise(true, -true.day))


@pytest.mark.parametrize(
    ("days", "impossible"),
    [("0 30 60", 0), ("0 62 62", 0), ("0 63 62", 1), ("90 0 0", 0), ("90 0 90", 1), ("0 . 90", 0)],
)
def test_days_past_due_rise_no_faster_than_time(days: str, impossible: int) -> None:
    dates = ("2024-01-31", "2024-03-02", "2024-04-02")  # 31 days each
    lines = [f"{d} 900 50 0 {late} 2000" for d, late in zip(dates, days.split(), strict=True)]
    history = drawn("\n".join(line for line in lines if " . " not in line))
    assert check_histories(history, most_impossible=1.0).impossible_rises == impossible


def test_the_message_tells_where_and_nothing_of_whom(simulated: Panel) -> None:
    reversed_time = dated_otherwise(simulated, -simulated.day)
    with pytest.raises(InputError) as caught:
        check_histories(reversed_time)
    error = caught.value
    assert error.where == "statements, columns statement_date and days_past_due"
    assert " on 20" in error.problem


def test_copied_accounts_are_refused(true: Panel) -> None:
    n = true.accounts
    copied = np.concatenate([np.arange(n), np.random.default_rng(2).permutation(n)[: n // 20]])
    with pytest.raises(InputError, match=r"repeat the history of another account.*Leave out"):
        check_histories(accounts(true, np.random.default_rng(3).permutation(copied)))


def test_a_few_copies_are_counted(simulated: Panel) -> None:
    n = simulated.accounts
    alone = check_histories(simulated)
    long = np.flatnonzero((simulated.first == 0) & (np.ptp(simulated.balance, axis=1) > 0))
    copied = np.concatenate([np.arange(n), long[:5], long[:2]])
    found = check_histories(accounts(simulated, copied))
    assert (found.duplicates, found.comparable) == (alone.duplicates + 7, alone.comparable + 7)


@pytest.mark.parametrize(
    ("column", "change"), [("balance", 0.01), ("amount_paid", 1.0), ("days_past_due", 1.0)]
)
def test_one_cent_tells_two_accounts_apart(simulated: Panel, column: str, change: float) -> None:
    twice = accounts(simulated, np.repeat(np.arange(simulated.accounts), 2))
    values = getattr(twice, column)
    values[1::2, -1] = np.nan_to_num(values[1::2, -1]) + change
    assert check_histories(twice, most_impossible=1.0).duplicates == 0


def twins(balances: str) -> Histories:
    lines = [f"2024-0{k + 1}-28 {b} 50 . 0 2000" for k, b in enumerate(balances.split())]
    return check_histories(
        accounts(drawn("\n".join(lines)), np.zeros(2, np.int64)), most_impossible=1.0
    )


@pytest.mark.parametrize("balances", ["0 0 0 0", "390 390 390 0", "390 780", "390"])
def test_what_many_accounts_share_tells_nothing(balances: str) -> None:
    assert twins(balances) == Histories(0, 0, 0, 0)


@pytest.mark.parametrize("balances", ["390 780 0", "0 -10 20", "1 2 3 4"])
def test_a_history_of_one_s_own_is_compared(balances: str) -> None:
    with pytest.raises(InputError, match="1 of 2 accounts repeat"):
        twins(balances)


def test_minus_nothing_is_nothing() -> None:
    history = accounts(
        drawn("2024-01-28 1 . . 0 9\n2024-02-28 2 . . 0 9\n2024-03-28 0 . . 0 9"),
        np.zeros(2, np.int64),
    )
    history.balance[1, -1] = -0.0
    with pytest.raises(InputError, match="1 of 2"):
        check_histories(history)


def test_a_panel_without_a_statement_passes() -> None:
    fixed, statements, _, _ = random_tables(1, accounts=3)
    empty = panel(fixed, type(statements)._make(values[:0] for values in statements))
    assert check_histories(empty) == Histories(0, 0, 0, 0)
