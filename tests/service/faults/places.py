"""Where a service runs that is killed, cut off and started again: its home, database and port."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from hypothesis import settings

from service.database import connect
from service.tables import DECISIONS, IDEMPOTENCY
from tests.servers import ROOT, Server, command, free_port, until_ready
from tests.service.faults.loads import Answers

ALONE = 200  # answers that are read one by one too


def counted(full: int, few: int) -> int:
    """How often: `full` in `make prove`, `few` in `make test`."""
    return full if settings().max_examples > 1_000 else few


@dataclass
class Place:
    """A service that can be started again and again on one port, over one database."""

    home: Path
    environment: dict[str, str]
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the database."""
        return self.environment["CURESCORE_DATABASE_URL"]

    @contextmanager
    def serving(self, *arguments: str) -> Iterator[Server]:
        """The service, ready; killed where it still runs when the block is left."""
        output = self.home / "output.txt"
        with output.open("ab") as sink:
            process = subprocess.Popen(
                command("serve", "--port", str(self.port), *arguments),
                env=os.environ | self.environment,
                cwd=ROOT,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )
            server = Server(process, self.address, output)
            try:
                until_ready(server)
                yield server
            finally:
                kill(server)


def kill(server: Server) -> None:
    """End the service and its helpers as loss of power would, unless it has ended already."""
    if server.process.poll() is None:
        os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()


def place(home: Path, bundle_dir: Path | None, database_url: str, **settings: str) -> Place:
    """A place that serves one bundle, or with None what the registry of its home names."""
    environment = {
        "CURESCORE_HOME": str(home),
        "CURESCORE_DATABASE_URL": database_url,
        "CURESCORE_AUTH": "off",
        **settings,
    }
    if bundle_dir is not None:
        environment["CURESCORE_MODELS"] = str(bundle_dir)
    return Place(home, environment, free_port())


def assert_nothing_lost(address: str, url: str, answers: Answers) -> None:
    """Every answered decision is in the log as it was answered, and none twice for one key.

    None is torn: every record, answered or not, can be read whole.
    """
    assert answers.decided
    assert not answers.wrong, answers.wrong[:3]
    engine = connect(url)
    with engine.connect() as connection:
        stored = {
            row.hex for row in connection.execute(sa.select(DECISIONS.c.decision_id)).scalars()
        }
        keys = connection.execute(sa.select(sa.func.count()).select_from(IDEMPOTENCY)).scalar()
        if engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    engine.dispose()
    assert len(stored) == keys  # each call has a key of its own: one decision for each
    answered = {answer["decision_id"]: answer for answer in answers.decided.values()}
    assert len(answered) == len(answers.decided)
    with httpx.Client(base_url=address, timeout=60) as client:
        for whole in _pages(client):
            assert whole["intensity"]["levels"]
            stored.remove(whole["decision_id"].replace("-", ""))
            answer = answered.pop(whole["decision_id"], whole)
            assert answer == whole
        assert not answered
        some = list(answers.decided.values())[:: 1 + len(answers.decided) // ALONE]
        for answer in some:
            assert client.get(f"/v1/decisions/{answer['decision_id']}").json() == answer
    assert not stored


def _pages(client: Any) -> Iterator[dict[str, Any]]:
    """Every record of the log, newest first."""
    cursor = None
    while True:
        wanted = {"limit": 200} | ({"cursor": cursor} if cursor else {})
        page = client.post("/v1/decisions:search", json=wanted).json()
        yield from page["decisions"]
        cursor = page["next_cursor"]
        if cursor is None:
            return
