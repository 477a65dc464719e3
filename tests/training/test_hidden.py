"""What a simulation hides: read for the rows asked for, refused where it is at fault, compared."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.errors import InputError
from models.score.standing import StandingCheck
from models.target import Outcome
from tests.histories import drawn
from training.hidden import FILE, Hidden, read_hidden, standing_check
from training.labels import Snapshots, snapshots

IDS = np.array(["a"])
HISTORY = """
    2024-01-31 900 50 0 30 .
    2024-02-29 900 50 0 60 .
    2024-03-31 900 50 99 0 .
"""


@pytest.fixture
def rows() -> Snapshots:
    """Account a on the last days of January and February."""
    found = snapshots(drawn(HISTORY), Outcome("cure", 1))
    assert len(found) == 2
    return found


def truth() -> pd.DataFrame:
    days = ["2024-03-31", "2024-02-29", "2024-01-31", "2024-01-31"]
    return pd.DataFrame(
        {
            "account_id": ["a", "a", "b", "a"],
            "statement_date": pd.to_datetime(days).date,
            "willingness": [0.3, 0.2, 0.9, 0.1],
            "ability": [3.0, 2.0, 9.0, np.nan],
        }
    )


def test_each_row_gets_what_was_hidden_of_its_own_statement(rows, tmp_path: Path) -> None:
    truth().to_parquet(tmp_path / FILE)
    found = read_hidden(tmp_path, rows, IDS)
    assert found is not None
    np.testing.assert_array_equal(found.ability, [np.nan, 2.0])
    np.testing.assert_array_equal(found.willingness, [0.1, 0.2])


def test_rows_that_are_not_told_are_not_known(rows, tmp_path: Path) -> None:
    truth().iloc[:1].to_parquet(tmp_path / FILE)
    found = read_hidden(tmp_path, rows, IDS)
    assert found is not None
    assert np.isnan(found.ability).all()
    assert not standing_check(found, np.arange(2.0), np.arange(2.0)).n


def test_there_is_nothing_without_the_file(rows, tmp_path: Path) -> None:
    assert read_hidden(tmp_path, rows, IDS) is None
    nothing = np.empty(0)
    assert standing_check(None, nothing, nothing) == StandingCheck(measured=False, n=0)


def repeated(table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table, table.iloc[-1:]])


def without_a_day(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(statement_date=[None, *table["statement_date"][1:]])


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda table: table.drop(columns="ability"), "column ability: is missing"),
        (lambda table: table.drop(columns="account_id"), "column account_id: is missing"),
        (lambda table: table.assign(ability="much"), "cannot be read"),
        (lambda table: table.assign(statement_date=True), "cannot be read"),
        (repeated, "tells of a statement more than once"),
        (without_a_day, "column statement_date: lacks values"),
    ],
)
def test_a_file_at_fault_is_refused_with_its_name_and_a_remedy(
    spoil: Callable[[pd.DataFrame], pd.DataFrame], told: str, rows, tmp_path: Path
) -> None:
    spoil(truth()).to_parquet(tmp_path / FILE)
    with pytest.raises(InputError, match=f"truth.parquet.*{told}.*[Dd]elete the file"):
        read_hidden(tmp_path, rows, IDS)


def test_a_file_that_is_cut_off_is_refused(rows, tmp_path: Path) -> None:
    truth().to_parquet(tmp_path / FILE)
    whole = (tmp_path / FILE).read_bytes()
    for content in (b"", b"no Parquet", whole[: len(whole) // 2], whole[:4] + bytes(60)):
        (tmp_path / FILE).write_bytes(content)
        with pytest.raises(InputError, match=r"truth.parquet.*cannot be read.*simulate anew"):
            read_hidden(tmp_path, rows, IDS)


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """1 - 6 Σd² / (n (n² - 1)), where no value is repeated."""
    d = np.argsort(np.argsort(a)) - np.argsort(np.argsort(b))
    return float(1 - 6 * (d**2).sum() / (len(a) * (len(a) ** 2 - 1)))


def test_correlations_are_of_ranks_each_with_its_own_and_with_the_other() -> None:
    rng = np.random.default_rng(0)
    able, willing = rng.normal(size=(2, 400))
    ability, willingness = able**3 + 0.3 * willing, willing + rng.normal(size=400)
    hidden = Hidden(able.copy(), willing.copy())
    hidden.ability[:50] = np.nan
    known = slice(50, None)
    found = standing_check(hidden, ability, willingness)
    assert (found.measured, found.n) == (True, 350)
    assert found.ability is not None
    assert found.willingness is not None
    for value, score, fact in (
        (found.ability.own, ability, able),
        (found.ability.other, ability, willing),
        (found.willingness.own, willingness, willing),
        (found.willingness.other, willingness, able),
    ):
        assert value == pytest.approx(spearman(score[known], fact[known]))


def test_a_constant_has_no_correlation() -> None:
    hidden = Hidden(np.array([1.0, 1.0, 1.0]), np.array([1.0, 2.0, 3.0]))
    found = standing_check(hidden, np.array([3.0, 2.0, 1.0]), np.array([3.0, 2.0, 1.0]))
    assert found.ability is not None
    assert (found.ability.own, found.ability.other) == (None, -1.0)
