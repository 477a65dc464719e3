"""The commands that make, describe, protect and copy the service's database."""

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.database import connect
from service.tables import DECISIONS, GENERATIONS, RULES
from tests.logged import every_table
from tests.servers import ROOT, command, completed_here

NOW = datetime(2025, 7, 3, 12, tzinfo=UTC)
BOTH = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


@pytest.fixture
def sqlite(tmp_path: Path) -> dict[str, str]:
    return {"CURESCORE_HOME": str(tmp_path), "CURESCORE_DATABASE_URL": ""}


@pytest.fixture
def environment(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, sqlite: dict[str, str]
) -> dict[str, str]:
    if kind == "sqlite":
        return sqlite
    return sqlite | {"CURESCORE_DATABASE_URL": request.getfixturevalue("postgres_url")}


def run(environment: dict[str, str], *arguments: str) -> str:
    done = completed_here(environment, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(environment: dict[str, str], *arguments: str) -> str:
    done = completed_here(environment, *arguments)
    assert done.returncode == 2, (done.stdout, done.stderr)
    return " ".join(done.stderr.split())


def engine_of(environment: dict[str, str]) -> sa.Engine:
    path = Path(environment["CURESCORE_HOME"]) / "decisions.db"
    return connect(environment["CURESCORE_DATABASE_URL"] or f"sqlite:///{path}")


def fill(environment: dict[str, str]) -> None:
    engine = engine_of(environment)
    with engine.begin() as connection:
        every_table(connection, NOW)
    engine.dispose()


def rows(environment: dict[str, str], *tables: sa.Table) -> list[list[sa.Row[tuple[object]]]]:
    engine = engine_of(environment)
    with engine.connect() as connection:
        found = [list(connection.execute(sa.select(table))) for table in tables]
    engine.dispose()
    return found


@BOTH
def test_protection_comes_and_goes_with_the_decisions_in_place(environment: dict[str, str]) -> None:
    run(environment, "db", "upgrade")
    fill(environment)
    before = rows(environment, DECISIONS, RULES, GENERATIONS)
    told = completed_here(environment, "db", "downgrade", "0002", "--yes", "--json")
    assert json.loads(told.stdout) == {"revision": "0002"}
    lost = [line for line in told.stderr.splitlines() if line.startswith("000")]
    assert [line.partition(" ")[0] for line in lost] == ["0006:", "0005:", "0004:", "0003:"]
    engine = engine_of(environment)
    with engine.connect() as connection:  # nothing holds it any more, and it is not committed
        connection.execute(DECISIONS.update().values(level=4))
    engine.dispose()
    assert rows(environment, DECISIONS, RULES, GENERATIONS) == before
    run(environment, "db", "upgrade")
    assert rows(environment, DECISIONS, RULES, GENERATIONS) == before
    engine = engine_of(environment)
    with pytest.raises(sa.exc.IntegrityError, match="append-only"), engine.begin() as connection:
        connection.execute(DECISIONS.update().values(level=4))
    engine.dispose()


@BOTH
def test_a_downgrade_says_what_is_lost_and_waits_for_a_yes(environment: dict[str, str]) -> None:
    run(environment, "db", "upgrade")
    told = refused(environment, "db", "downgrade", "base")
    assert told.index("0003: ") < told.index("0002: ") < told.index("0001: Drop both tables")
    assert "--yes" in told
    assert json.loads(run(environment, "db", "status", "--json"))["current"]
    assert "--yes" in refused(environment, "db", "downgrade", "0002")
    told = refused(environment, "db", "downgrade", "0815", "--yes")
    assert "REVISION" in told
    assert "0815" in told
    told = refused(environment, "db", "downgrade", "head", "--yes")
    assert "is not earlier" in told
    assert json.loads(run(environment, "db", "status", "--json"))["current"]


@BOTH
def test_the_status_tells_revision_durability_and_contents(environment: dict[str, str]) -> None:
    run(environment, "db", "upgrade")
    fill(environment)
    found = json.loads(run(environment, "db", "status", "--json"))
    assert found["kind"].split()[0] in ("sqlite", "postgresql")
    assert found["revision"] == found["head"]
    assert found["current"] is True
    assert found["not_durable"] is None
    assert found["size"] > 10_000
    assert found["rows"]["decisions"] == found["rows"]["generations"] == 1
    assert found["rows"]["keys"] == 0
    shown = run(environment, "db", "status")
    assert "current" in shown
    assert "durable" in shown
    run(environment, "db", "downgrade", "0002", "--yes")
    found = json.loads(run(environment, "db", "status", "--json"))
    assert (found["revision"], found["current"]) == ("0002", False)
    assert "prunings" not in found["rows"]
    assert "run: curescore db upgrade" in " ".join(run(environment, "db", "status").split())


@BOTH
def test_upgrades_at_once_wait_for_each_other(environment: dict[str, str]) -> None:
    started = [
        subprocess.Popen(
            command("db", "upgrade", "--json"),
            env=os.environ | environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in started:
        stdout, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, stderr
        assert json.loads(stdout)["revision"] >= "0003"
    fill(environment)


def test_a_backup_is_a_file_that_can_be_served(sqlite: dict[str, str], tmp_path: Path) -> None:
    run(sqlite, "db", "upgrade")
    fill(sqlite)
    home = tmp_path / "restored"
    home.mkdir()
    file = str(home / "decisions.db")
    made = json.loads(run(sqlite, "db", "backup", file, "--json"))
    assert made == {"file": file, "decisions": 1, "size": Path(file).stat().st_size}
    restored = sqlite | {"CURESCORE_HOME": str(home)}
    assert rows(restored, DECISIONS) == rows(sqlite, DECISIONS)
    assert "already" in refused(sqlite, "db", "backup", file)
    assert "1 decisions" in " ".join(run(sqlite, "db", "backup", file + "2").split())


@pytest.fixture
def roles(postgres_url: str) -> Iterator[tuple[str, str]]:
    engine = sa.create_engine(postgres_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE ROLE granted LOGIN; CREATE ROLE pruning LOGIN")
    yield "granted", "pruning"
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP OWNED BY granted, pruning")
        connection.exec_driver_sql("DROP ROLE granted, pruning")
    engine.dispose()


def test_roles_are_granted_their_rights(
    postgres_url: str, roles: tuple[str, str], sqlite: dict[str, str]
) -> None:
    service, prune = roles
    environment = sqlite | {"CURESCORE_DATABASE_URL": postgres_url}
    told = completed_here(environment, "db", "grant", "--service", service)
    assert (told.returncode, "curescore db upgrade" in told.stderr) == (1, True)
    run(environment, "db", "upgrade")
    granted = json.loads(
        run(environment, "db", "grant", "--service", service, "--prune", prune, "--json")
    )
    assert granted == {"service": service, "prune": prune}
    assert "granted" in run(environment, "db", "grant", "--service", service)
    url = sa.make_url(postgres_url).set(username=service).render_as_string(hide_password=False)
    fill(environment | {"CURESCORE_DATABASE_URL": url})
    assert "nobody" in refused(environment, "db", "grant", "--service", "nobody")
    assert "--prune" in refused(
        environment, "db", "grant", "--service", service, "--prune", service
    )
    run(sqlite, "db", "upgrade")
    assert "has no roles" in refused(sqlite, "db", "grant", "--service", service)
