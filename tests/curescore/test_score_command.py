"""`curescore score` as a process: what it writes and what it refuses."""

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.nights import ACCOUNTS, AS_OF, arguments, contents, decisions, outcome, refused
from tests.servers import completed, curescore_here, curescore_json_here
from training.tables import read_tables

TABLES = ("accounts", "statements", "payments", "contacts")


def test_every_account_is_decided_or_refused_with_a_reason(night, portfolio: Path) -> None:
    decided, left = decisions(night["out"]), refused(night["out"])
    everyone = set(read_tables(portfolio).accounts["account_id"])
    assert set(decided["account_id"]) | set(left["account_id"]) == everyone
    assert not set(decided["account_id"]) & set(left["account_id"])
    assert decided["account_id"].is_unique
    assert decided["account_id"].is_monotonic_increasing
    assert decided["decision_id"].is_unique
    assert left[["kind", "problem", "remedy"]].notna().all(axis=None)
    summary = night["summary"]
    assert summary["accounts"] == len(everyone)
    assert summary["decided"] == len(decided) > 200
    assert summary["not_decided"] == len(everyone) - len(decided)
    for name in ("stage", "tier", "level"):
        counted = decided[name].astype(str).value_counts().to_dict()
        assert summary[name] == counted
    assert summary["refused"] == left["kind"].value_counts().to_dict()
    assert summary["to_approve"] == (decided["status"] == "proposed").sum()


def test_instants_are_told_in_utc_whatever_their_offset(night) -> None:
    decided = decisions(night["out"])
    as_of = pd.Timestamp(AS_OF)
    assert (decided["as_of"] == as_of).all()
    valid = decided["valid_until"] - as_of  # two days of the clock at the debtor's place
    assert valid.between(pd.Timedelta(hours=47), pd.Timedelta(hours=49)).all()


def test_kept_reasons_and_the_others_add_up_to_the_log_odds_served(night) -> None:
    for row in pq.read_table(night["out"] / "decisions").to_pylist():
        assert len(row["reasons"]) == 5
        shares = [reason["contribution"] for reason in row["reasons"]]
        assert [abs(share) for share in shares] == sorted(map(abs, shares), reverse=True)
        total = row["base_log_odds"] + sum(shares) + row["other_contributions"]
        assert math.isclose(total, row["log_odds"], abs_tol=1e-9)
        assert math.isclose(1 / (1 + math.exp(-total)), row["probability"], abs_tol=1e-9)


@pytest.mark.parametrize("kept", ["0", "all"])
def test_as_many_reasons_are_kept_as_are_asked_for(
    kept: str, portfolio: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "night"
    curescore_here(environment, *arguments(portfolio, out, "--as-of", AS_OF, "--reasons", kept))
    rows = pq.read_table(out / "decisions").to_pylist()
    for row in rows:
        total = row["base_log_odds"] + row["other_contributions"]
        total += sum(reason["contribution"] for reason in row["reasons"])
        assert math.isclose(total, row["log_odds"], abs_tol=1e-9)
    lengths = {len(row["reasons"]) for row in rows}
    assert lengths == ({int(kept)} if kept != "all" else {len(rows[0]["reasons"])})
    if kept == "all":
        assert rows[0]["other_contributions"] == 0
        assert len(rows[0]["reasons"]) > 60


def test_accounts_whose_statements_go_on_after_as_of_are_counted_and_told(
    night, portfolio: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    out, past = tmp_path / "night", "2023-10-15T00:00:00Z"
    printed = curescore_here(environment, *arguments(portfolio, out, "--as-of", past))
    statements = read_tables(portfolio).statements
    later = statements["statement_date"].astype(str) > "2023-10-15"
    count = statements.loc[later, "account_id"].nunique()
    assert 0 < count < ACCOUNTS
    assert f"warning: {count} accounts have statements after --as-of" in printed
    whole = contents(out)
    (out / "summary.json").unlink()
    (out / "decisions" / "part-00001.parquet").unlink()
    summary = curescore_json_here(environment, *arguments(portfolio, out))  # no warning in the JSON
    assert summary["statements_after_as_of"] == count
    assert contents(out) == whole
    assert night["summary"]["statements_after_as_of"] == 0
    assert "after --as-of" not in curescore_here(environment, *arguments(portfolio, night["out"]))


def by_month(data: Path, out: Path) -> Path:
    """The same tables as a bank has them: statements by month, the rest in parts, rows shuffled."""
    rng = np.random.default_rng(0)
    for name in TABLES:
        frame = pd.read_parquet(data / f"{name}.parquet")
        frame = frame.iloc[rng.permutation(len(frame))]
        keys = (
            frame["statement_date"].astype(str).str[:7]
            if name == "statements"
            else pd.Series(np.arange(len(frame)) % 3, index=frame.index).astype(str)
        )
        (out / name).mkdir(parents=True)
        for key, rows in frame.groupby(keys):
            rows.to_parquet(out / name / f"{key}.parquet", index=False)
    return out


def as_csv(data: Path, out: Path) -> Path:
    out.mkdir()
    for name in TABLES:
        pd.read_parquet(data / f"{name}.parquet").to_csv(out / f"{name}.csv", index=False)
    return out


@pytest.mark.parametrize("written", [by_month, as_csv])
def test_how_the_tables_are_cut_into_files_does_not_matter(
    written: Callable[[Path, Path], Path],
    night,
    portfolio: Path,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    out = tmp_path / "other"
    data = written(portfolio, tmp_path / "written")
    curescore_here(environment, *arguments(data, out, "--as-of", AS_OF))
    own = ["decision_id", "decided_at"]
    pd.testing.assert_frame_equal(
        decisions(out).drop(columns=own), decisions(night["out"]).drop(columns=own)
    )
    assert not (out / ".work").exists()


def test_an_account_with_a_bad_row_is_refused_and_the_others_are_decided(
    night, portfolio: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(portfolio, data)
    statements = pd.read_parquet(data / "statements.parquet")
    chosen = decisions(night["out"])["account_id"].iloc[7]
    row = int(np.flatnonzero(statements["account_id"] == chosen)[0])
    statements.loc[row, "days_past_due"] = -3
    statements.to_parquet(data / "statements.parquet", index=False)
    out = tmp_path / "other"
    summary = curescore_json_here(environment, *arguments(data, out, "--as-of", AS_OF))
    assert summary["decided"] == night["summary"]["decided"] - 1
    assert summary["refused"]["bad-row statements days_past_due"] == 1
    (told,) = refused(out).query("kind == 'bad-row'").to_dict("records")
    assert told["account_id"] == chosen
    assert (told["file"], told["row"], told["column"]) == (
        "statements.parquet",
        row + 1,
        "days_past_due",
    )
    assert "-3" in told["value"]
    assert told["remedy"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--as-of", "2999-01-01T00:00:00Z"), "lies in the future"),
        (("--as-of", "2025-01-05"), "is not an instant with an offset"),
        (("--reasons", "many"), "Give a number such as 5, or all"),
        (("--data", "/nowhere"), "is not a folder"),
    ],
)
def test_bad_input_is_told_and_begins_nothing(
    words: tuple[str, ...],
    told: str,
    portfolio: Path,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    out = tmp_path / "night"
    code, said = outcome(environment, *arguments(portfolio, out, *words))
    assert (code, told in said) == (2, True), said
    assert not (out / "run.json").exists()


def test_a_folder_of_other_things_is_left_alone(
    portfolio: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("mine")
    code, said = outcome(environment, *arguments(portfolio, tmp_path / "letters"))
    assert code == 2
    assert "holds something else than a run" in said
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["a.txt"]


def test_columns_that_are_missing_are_told_before_anything_is_written(
    portfolio: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(portfolio, data)
    frame = pd.read_parquet(data / "statements.parquet").drop(columns="balance")
    frame.to_parquet(data / "statements.parquet", index=False)
    code, said = outcome(environment, *arguments(data, tmp_path / "night"))
    assert code == 2
    assert "statements.parquet, column balance" in said
    assert "is missing" in said
    assert not (tmp_path / "night" / "run.json").exists()


def test_no_account_id_is_printed(night, portfolio: Path, environment: dict[str, str]) -> None:
    done = completed(environment, *arguments(portfolio, night["out"]))
    printed = done.stdout + done.stderr
    assert "level" in printed
    assert not any(name in printed for name in decisions(night["out"])["account_id"])
    assert json.dumps(night["summary"]).find(decisions(night["out"])["account_id"].iloc[0]) < 0
