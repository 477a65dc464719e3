"""Chunks recorded piece by piece: each whole or not at all, each once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from curescore.nightly import recording
from curescore.nightly.manifest import Manifest, RunError
from curescore.nightly.recording import Recorder, in_log, opened
from models.decision import Decision
from models.generation import Generation
from service.database import DatabaseError, upgrade
from service.instants import derived_id, new_id
from service.log.decisions import DecisionLog
from service.log.nights import ACTOR, Nights
from service.served.reload import Folders, generation_of
from service.tables import DECISIONS
from tests.records import decided

AT = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
CHUNK = 7
PIECE = 3


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'log.db'}" if sqlite else request.getfixturevalue("postgres_url")
    upgrade(url)
    return str(url)


@pytest.fixture
def engine(database: str) -> Iterator[sa.Engine]:
    made = opened(database)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def generation(bundle_dir: Path) -> Generation:
    return generation_of(Folders({"cure/1": bundle_dir}), 0)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Manifest:
    """A run whose chunks have three pieces."""
    monkeypatch.setattr(recording, "PIECE", PIECE)
    return Manifest(
        run_id=new_id(AT),
        decided_at=AT,
        as_of=AT,
        reasons=5,
        chunk=CHUNK,
        table_limit=0,
        models=(),
        policy="default",
        policy_sha256="0" * 64,
        record=True,
        versions={},
        inputs={},
    )


def decisions(first: int, n: int) -> list[Decision]:
    made = [decided() for _ in range(n)]
    for i, each in enumerate(made, first):
        object.__setattr__(each, "account_id", f"a{i}")
    return made


def inputs_of(decisions: list[Decision]) -> recording.Encoded:
    def encoded(start: int, stop: int) -> list[bytes]:
        return [f'{{"of":"{each.account_id}"}}'.encode() for each in decisions[start:stop]]

    return encoded


def recorded_ids(engine: sa.Engine) -> set[UUID]:
    with engine.connect() as connection:
        return set(connection.execute(sa.select(DECISIONS.c.decision_id)).scalars())


def test_each_decision_is_recorded_once_with_what_it_was_made_on(
    database: str, engine: sa.Engine, run: Manifest, generation: Generation, tmp_path: Path
) -> None:
    (tmp_path / ".work").mkdir()
    recorder = Recorder(engine, run, tmp_path)
    chunks = [decisions(0, CHUNK), decisions(CHUNK, 0), decisions(CHUNK, 4)]
    for _ in range(2):
        for number, chunk in enumerate(chunks):
            recorder.record(number, generation, chunk, inputs_of(chunk))
    ids = {
        derived_id(AT, run.run_id, each.account_id): each.account_id
        for chunk in chunks
        for each in chunk
    }
    assert recorded_ids(engine) == set(ids)
    log = DecisionLog(engine)
    for decision_id, account_id in ids.items():
        record = log.read(decision_id)
        assert record is not None
        assert (record["account_id"], record["actor"]) == (account_id, ACTOR)
        assert datetime.fromisoformat(record["decided_at"]) == AT
        assert log.inputs(decision_id) == f'{{"of":"{account_id}"}}'.encode()
    assert Nights(engine).recorded(run.run_id) == {0: 3, 1: 3, 2: 1, 3: 0, 6: 3, 7: 1}
    assert in_log(database, run, len(ids), done=True)["decisions"] == len(ids)
    with pytest.raises(RunError, match=r"11 of 12 decisions are recorded"):
        in_log(database, run, 12, done=True)


def test_a_piece_of_which_one_row_fails_leaves_nothing_behind(
    engine: sa.Engine, run: Manifest, generation: Generation, tmp_path: Path
) -> None:
    (tmp_path / ".work").mkdir()
    recorder = Recorder(engine, run, tmp_path)
    chunk = decisions(0, CHUNK)
    twice = [*chunk[:4], chunk[3], *chunk[5:]]  # two rows of one id
    with pytest.raises(RunError, match="cannot be recorded"):
        recorder.record(0, generation, twice, inputs_of(twice))
    assert Nights(engine).recorded(run.run_id) == {0: 3}
    assert len(recorded_ids(engine)) == 3
    recorder.record(0, generation, chunk, inputs_of(chunk))
    assert Nights(engine).recorded(run.run_id) == {0: 3, 1: 3, 2: 1}
    assert len(recorded_ids(engine)) == CHUNK


def test_a_piece_that_was_recorded_before_is_left_as_it_is(
    engine: sa.Engine, run: Manifest
) -> None:
    nights = Nights(engine)
    assert nights.record(run.run_id, 4, [])
    assert not nights.record(run.run_id, 4, [])
    assert nights.recorded(run.run_id, first=5) == {}
    assert nights.recorded(new_id(AT)) == {}


def test_a_database_without_its_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="curescore db upgrade"):
        opened(f"sqlite:///{tmp_path / 'none.db'}")


def test_the_address_of_the_log_is_told_without_its_password(
    run: Manifest, postgres_url: str
) -> None:
    upgrade(postgres_url)
    url = sa.make_url(postgres_url).set(password="secret")
    told = in_log(url.render_as_string(hide_password=False), run, 0, done=True)
    assert told["decisions"] == 0
    assert "secret" not in told["database"]
