"""`curescore score` stopped, killed, and started again."""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import settings

from tests.nights import (
    AS_OF,
    arguments,
    contents,
    killed_when,
    moments,
    outcome,
    undisturbed,
)
from tests.servers import ROOT, command, curescore_here, curescore_json_here


def test_a_run_started_again_when_it_is_done_changes_nothing(
    night, portfolio: Path, environment: dict[str, str]
) -> None:
    before = contents(night["out"])
    again = curescore_json_here(environment, *arguments(portfolio, night["out"]))
    assert again == night["summary"]
    assert contents(night["out"]) == before


@pytest.mark.prove
def test_a_run_killed_and_started_again_gives_the_same_bytes(
    portfolio: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    kills, chunk = (20, 20) if settings().max_examples > 1_000 else (2, 60)
    out, small = tmp_path / "night", ("--chunk", str(chunk))
    words = arguments(portfolio, out, "--as-of", AS_OF, *small, "--workers", "2")
    for has_come in moments(out, kills, chunk):
        assert killed_when(environment, words, has_come)
    assert not (out / "summary.json").exists()
    curescore_here(environment, *words)
    whole = undisturbed(out, environment, portfolio, tmp_path / "undisturbed", *small)
    assert contents(out) == contents(whole)


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
    curescore_here(environment, *arguments(portfolio, out))
    assert contents(out) == whole
    assert (out / "decisions" / "part-00001.parquet").stat().st_mtime_ns == kept


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
    curescore_here(gone, *arguments(portfolio, out))
    assert contents(out) == whole


def test_two_runs_do_not_write_one_folder(
    night, portfolio: Path, environment: dict[str, str]
) -> None:
    with (night["out"] / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        code, said = outcome(environment, *arguments(portfolio, night["out"]))
    assert code == 2
    assert "is being written by another run" in said
