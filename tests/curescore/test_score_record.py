"""`curescore score --record`: the night's decisions in the decision log, each once."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import settings

from service.database import connect
from service.log.decisions import DecisionLog
from service.tables import DECISIONS, RECORDED_CHUNKS
from tests.nights import (
    AS_OF,
    arguments,
    contents,
    decisions,
    killed_when,
    moments,
    outcome,
)
from tests.servers import curescore_here, curescore_json_here

RECORD = ("--as-of", AS_OF, "--record")


@pytest.fixture(params=["sqlite", "postgresql"])
def recording(
    request: pytest.FixtureRequest, environment: dict[str, str], tmp_path: Path
) -> dict[str, str]:
    """An environment whose decision log is empty."""
    own = environment | {"CURESCORE_HOME": str(tmp_path / "home")}
    if request.param == "postgresql":
        own |= {"CURESCORE_DATABASE_URL": request.getfixturevalue("postgres_url")}
    curescore_here(own, "db", "upgrade")
    return own


@pytest.fixture
def engine(recording: dict[str, str], tmp_path: Path) -> Iterator[sa.Engine]:
    default = f"sqlite:///{tmp_path / 'home' / 'decisions.db'}"
    made = connect(recording.get("CURESCORE_DATABASE_URL", default))
    yield made
    made.dispose()


def ids(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        found = connection.execute(sa.select(DECISIONS.c.decision_id)).scalars()
        return sorted(str(each) for each in found)


def marked(engine: sa.Engine) -> int:
    query = sa.select(sa.func.coalesce(sa.func.sum(RECORDED_CHUNKS.c.decisions), 0))
    with engine.connect() as connection:
        return int(connection.execute(query).scalar_one())


def assert_as_in_the_file(record: dict[str, Any], row: pd.Series) -> None:
    assert record["account_id"] == row["account_id"]
    assert record["score"]["log_odds"] == row["log_odds"]
    assert record["intensity"]["level"] == row["level"]
    assert record["intensity"]["treatment"] == row["treatment"]
    assert pd.Timestamp(record["as_of"]) == row["as_of"]
    assert pd.Timestamp(record["decided_at"]) == row["decided_at"]
    assert record["other_contributions"] == row["other_contributions"]
    told = [(each.feature, each.contribution) for each in record["reasons"]]
    assert told == [(each["feature"], each["contribution"]) for each in row["reasons"]]


def test_the_log_holds_what_the_files_hold(
    recording: dict[str, str], engine: sa.Engine, night, portfolio: Path, tmp_path: Path
) -> None:
    out = tmp_path / "night"
    printed = curescore_here(recording, *arguments(portfolio, out, *RECORD))
    decided = decisions(out)
    assert f"recorded: {len(decided):,} decisions in" in printed
    assert ids(engine) == sorted(decided["decision_id"])
    log = DecisionLog(engine)
    for _, row in decided.iloc[::7].iterrows():
        record = log.read(UUID(row["decision_id"]))
        assert record is not None
        assert_as_in_the_file(record, row)
    own = ["decision_id", "decided_at"]
    pd.testing.assert_frame_equal(
        decided.drop(columns=own), decisions(night["out"]).drop(columns=own)
    )
    # A chunk whose file was lost is decided again, and not recorded again.
    whole = contents(out)
    (out / "summary.json").unlink()
    (out / "decisions" / "part-00001.parquet").unlink()
    summary = curescore_json_here(recording, *arguments(portfolio, out, *RECORD))
    assert summary["recorded"]["decisions"] == len(decided)
    assert contents(out) == whole
    assert ids(engine) == sorted(decided["decision_id"])


@pytest.mark.prove
def test_a_run_killed_and_started_again_has_recorded_each_decision_once(
    recording: dict[str, str], engine: sa.Engine, portfolio: Path, tmp_path: Path
) -> None:
    kills, chunk = (20, 20) if settings().max_examples > 1_000 else (2, 60)
    out, small = tmp_path / "night", (*RECORD, "--chunk", str(chunk))
    words = arguments(portfolio, out, *small, "--workers", "2")
    curescore_here(recording, *arguments(portfolio, tmp_path / "other", *small))
    before = set(ids(engine))
    for has_come in moments(out, kills, chunk):
        assert killed_when(recording, words, has_come)
        assert len(ids(engine)) == marked(engine)  # pieces are whole, or not there
    curescore_here(recording, *words)
    assert set(ids(engine)) - before == set(decisions(out)["decision_id"])
    assert len(ids(engine)) == marked(engine) == 2 * len(before)


def test_a_run_goes_on_as_it_began(
    recording: dict[str, str], portfolio: Path, copied: Path, tmp_path: Path
) -> None:
    code, said = outcome(recording, *arguments(portfolio, copied, "--record"))
    assert code == 2
    assert "--record was False, is True" in said


def test_another_database_than_the_run_began_with_is_told(
    recording: dict[str, str], portfolio: Path, tmp_path: Path
) -> None:
    out, other = tmp_path / "night", tmp_path / "other"
    curescore_here(recording, *arguments(portfolio, out, *RECORD))
    (out / "summary.json").unlink()
    (out / "decisions" / "part-00001.parquet").unlink()  # it was stopped half way
    elsewhere = recording | {"CURESCORE_DATABASE_URL": f"sqlite:///{other}.db"}
    code, said = outcome(elsewhere, *arguments(portfolio, out, *RECORD))
    assert code == 1
    assert "curescore db upgrade" in said
    curescore_here(elsewhere, "db", "upgrade")
    code, said = outcome(elsewhere, *arguments(portfolio, out, *RECORD))
    assert code == 1
    assert "0 of " in said
    assert "name the database that the run began with" in said
    with sqlite3.connect(f"{other}.db") as connection:
        assert connection.execute("SELECT count(*) FROM decisions").fetchone() == (0,)
    connection.close()
    curescore_here(recording, *arguments(portfolio, out, *RECORD))


def test_what_decided_is_kept_for_replays(
    recording: dict[str, str], portfolio: Path, capacity: Path, tmp_path: Path
) -> None:
    """Of a run within a capacity too, whose plan nobody uses: its service's models may go."""
    out = tmp_path / "night"
    words = ("--capacity", str(capacity), "--no-publish")
    curescore_here(recording, *arguments(portfolio, out, *RECORD, *words))
    assert not (tmp_path / "home" / "plans").exists()
    decided = decisions(out).query("planned")
    later = recording | {"CURESCORE_MODELS": str(tmp_path / "other")}
    (tmp_path / "other").mkdir()
    for decision_id in decided["decision_id"].iloc[[0, -1]]:
        told = curescore_json_here(later, "replay", decision_id)
        assert told["identical"]
        assert told["versions"]["prices"] == decided["prices"].iloc[0]
    shutil.rmtree(next((tmp_path / "home" / "cache").glob("plan-*")))
    code, said = outcome(later, "replay", decided["decision_id"].iloc[0])
    assert code == 1
    assert f"capacity plan of run {decided['prices'].iloc[0]}" in said
