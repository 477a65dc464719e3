"""`curescore score` as a process: what it writes, refuses, and goes on with."""

import json
import math
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import settings

from tests.servers import ROOT, command, completed, curescore, curescore_json
from training.sources.simulate import simulate
from training.tables import read_tables, write_tables

ACCOUNTS = 900
AS_OF = "2025-01-05T08:00:00+08:00"
TABLES = ("accounts", "statements", "payments", "contacts")


@pytest.fixture(scope="module")
def portfolio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated portfolio, of which too few accounts would be late: half of it is made so."""
    folder = tmp_path_factory.mktemp("portfolio")
    simulate(folder / "drawn", ACCOUNTS, 12, seed=5)
    tables = read_tables(folder / "drawn")
    accounts = tables.accounts.copy()
    late = (np.arange(len(accounts)) % 2 == 0) & (accounts["balance"] > 0)
    accounts.loc[late, "past_due_amount"] = accounts.loc[late, "balance"].clip(upper=100.0)
    accounts.loc[late, "days_past_due"] = 30
    write_tables(
        type(tables)(accounts, tables.statements, tables.payments, tables.contacts),
        folder / "tables",
    )
    return folder / "tables"


@pytest.fixture(scope="module")
def environment(bundle_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = tmp_path_factory.mktemp("home")
    return {"CURESCORE_HOME": str(home), "CURESCORE_MODELS": str(bundle_dir)}


def arguments(data: Path, out: Path, *more: str) -> tuple[str, ...]:
    """The command on so small chunks that there are several."""
    plain = ("--chunk", "200", "--workers", "1")
    return ("score", "--data", str(data), "--out", str(out), *plain, *more)


def decisions(out: Path) -> pd.DataFrame:
    return pq.read_table(out / "decisions").to_pandas()


def refused(out: Path) -> pd.DataFrame:
    return pq.read_table(out / "refused").to_pandas()


def contents(out: Path) -> dict[str, bytes]:
    """The bytes of every file of a run."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


@pytest.fixture(scope="module")
def night(
    portfolio: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """A run that is done; `copied` gives one to change."""
    out = tmp_path_factory.mktemp("run") / "night"
    summary = curescore_json(environment, *arguments(portfolio, out, "--as-of", AS_OF))
    return {"out": out, "summary": summary}


@pytest.fixture
def copied(night: dict[str, Any], tmp_path: Path) -> Path:
    return Path(shutil.copytree(night["out"], tmp_path / "copied"))


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
    curescore(environment, *arguments(portfolio, out, "--as-of", AS_OF, "--reasons", kept))
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


def test_a_run_started_again_when_it_is_done_changes_nothing(
    night, portfolio: Path, environment: dict[str, str]
) -> None:
    before = contents(night["out"])
    again = curescore_json(environment, *arguments(portfolio, night["out"]))
    assert again == night["summary"]
    assert contents(night["out"]) == before


def killed(environment: dict[str, str], words: tuple[str, ...], after: float) -> bool:
    """Start the command and kill it, without warning, after so many seconds; whether it was."""
    process = subprocess.Popen(
        command(*words),
        env=os.environ | environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


def undisturbed(run: Path, environment: dict[str, str], data: Path, out: Path) -> Path:
    """The same run, from its beginning to its end at one go: the same manifest, nothing else."""
    out.mkdir()
    for name in ("run.json", "policy.toml"):
        shutil.copy(run / name, out / name)
    shutil.copytree(run / "bundles", out / "bundles")
    curescore(environment, *arguments(data, out, "--workers", "1"))
    return out


@pytest.mark.prove
def test_a_run_killed_and_started_again_gives_the_same_bytes(
    portfolio: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    kills = 20 if settings().max_examples > 1_000 else 2
    out, rng = tmp_path / "night", np.random.default_rng(kills)
    words = arguments(portfolio, out, "--as-of", AS_OF, "--workers", "2")
    start = time.monotonic()
    curescore(environment, *arguments(portfolio, tmp_path / "timed", "--as-of", AS_OF))
    whole = time.monotonic() - start
    happened = sum(killed(environment, words, rng.uniform(0.3, 1.0) * whole) for _ in range(kills))
    curescore(environment, *words)
    assert happened > 0
    expected = contents(undisturbed(out, environment, portfolio, tmp_path / "undisturbed"))
    assert contents(out) == expected


def test_a_run_told_to_stop_says_how_to_go_on(
    portfolio: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "night"
    process = subprocess.Popen(
        command(*arguments(portfolio, out, "--as-of", AS_OF)),
        env=os.environ | environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 120
    while not (out / "run.json").exists() and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    printed, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert printed == ""
    assert said.strip() == "stopped; give the same command again to go on"
    assert not (out / "summary.json").exists()


def test_what_is_done_is_not_done_again(
    copied: Path, portfolio: Path, environment: dict[str, str]
) -> None:
    out = copied
    whole = contents(out)
    (out / "summary.json").unlink()
    lost = out / "decisions" / "part-00002.parquet"
    lost.unlink()
    kept = (out / "decisions" / "part-00001.parquet").stat().st_mtime_ns
    curescore(environment, *arguments(portfolio, out))
    assert contents(out) == whole
    assert (out / "decisions" / "part-00001.parquet").stat().st_mtime_ns == kept


def test_accounts_whose_statements_go_on_after_as_of_are_counted_and_told(
    night, portfolio: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    out, past = tmp_path / "night", "2023-10-15T00:00:00Z"
    printed = curescore(environment, *arguments(portfolio, out, "--as-of", past))
    statements = read_tables(portfolio).statements
    later = statements["statement_date"].astype(str) > "2023-10-15"
    count = statements.loc[later, "account_id"].nunique()
    assert 0 < count < ACCOUNTS
    assert f"warning: {count} accounts have statements after --as-of" in printed
    whole = contents(out)
    (out / "summary.json").unlink()
    (out / "decisions" / "part-00001.parquet").unlink()
    summary = curescore_json(environment, *arguments(portfolio, out))  # no warning in the JSON
    assert summary["statements_after_as_of"] == count
    assert contents(out) == whole
    assert night["summary"]["statements_after_as_of"] == 0
    assert "after --as-of" not in curescore(environment, *arguments(portfolio, night["out"]))


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
    curescore(environment, *arguments(data, out, "--as-of", AS_OF))
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
    summary = curescore_json(environment, *arguments(data, out, "--as-of", AS_OF))
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


def outcome(environment: dict[str, str], *words: str) -> tuple[int, str]:
    done = completed(environment, *words)
    return done.returncode, done.stderr


def test_terms_that_changed_are_refused_and_nothing_is_touched(
    night, portfolio: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    out = night["out"]
    before = contents(out)
    other = tmp_path / "data"
    shutil.copytree(portfolio, other)
    accounts = pd.read_parquet(other / "accounts.parquet")
    accounts.loc[0, "balance"] += 1
    accounts.to_parquet(other / "accounts.parquet", index=False)
    for data, more, told in (
        (portfolio, ("--reasons", "3"), "--reasons was 5, is 3"),
        (portfolio, ("--as-of", "2025-01-06T00:00:00Z"), "--as-of was"),
        (other, (), "accounts.parquet was"),
    ):
        code, said = outcome(environment, *arguments(data, out, *more))
        assert code == 2, said
        assert told in said
    assert contents(out) == before


def test_a_champion_that_changes_meanwhile_does_not_change_the_run(
    copied: Path, portfolio: Path, environment: dict[str, str]
) -> None:
    out = copied
    whole = contents(out)
    (out / "summary.json").unlink()
    (out / "decisions" / "part-00000.parquet").unlink()
    gone = environment | {"CURESCORE_MODELS": ""}  # an empty registry
    curescore(gone, *arguments(portfolio, out))
    assert contents(out) == whole


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


def test_two_runs_do_not_write_one_folder(
    night, portfolio: Path, environment: dict[str, str]
) -> None:
    import fcntl

    with (night["out"] / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        code, said = outcome(environment, *arguments(portfolio, night["out"]))
    assert code == 2
    assert "is being written by another run" in said


def test_no_account_id_is_printed(night, portfolio: Path, environment: dict[str, str]) -> None:
    done = completed(environment, *arguments(portfolio, night["out"]))
    printed = done.stdout + done.stderr
    assert "level" in printed
    assert not any(name in printed for name in decisions(night["out"])["account_id"])
    assert json.dumps(night["summary"]).find(decisions(night["out"])["account_id"].iloc[0]) < 0
