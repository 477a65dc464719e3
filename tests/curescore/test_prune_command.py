"""`curescore prune`: counts first, removes what was expected, says and logs what it did."""

import json
import os
import pty
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from service.database import connect
from service.tables import PRUNINGS
from tests.logged import accounts, day, decided, happened, keyed
from tests.servers import ROOT, command, completed_here

SINCE = "2024-07-01"
ARGUMENTS = ("prune", "--inactive-since", SINCE)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A database with two inactive accounts of three decisions, and an active one."""
    environment = {
        "CURESCORE_HOME": str(tmp_path),
        "CURESCORE_DATABASE_URL": "",
        "CURESCORE_PRUNE_URL": "",
    }
    assert completed_here(environment, "db", "upgrade").returncode == 0
    engine = engine_of(environment)
    with engine.begin() as connection:
        for name, at in [
            ("old", "2022-01-05"),
            ("old", "2024-06-30"),
            ("older", "2023-03-04"),
            ("active", "2022-01-05"),
            ("active", SINCE),
        ]:
            decided(connection, name, day(at))
        keyed(connection, "key", day(SINCE))
        happened(connection, "older", day("2023-03-05"))
    engine.dispose()
    return environment


def engine_of(environment: dict[str, str]) -> sa.Engine:
    return connect(f"sqlite:///{environment['CURESCORE_HOME']}/decisions.db")


def left(environment: dict[str, str]) -> list[str]:
    engine = engine_of(environment)
    found = accounts(engine)
    engine.dispose()
    return found


def run(environment: dict[str, str], *arguments: str) -> Any:
    done = completed_here(environment, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refused(environment: dict[str, str], *arguments: str) -> str:
    done = completed_here(environment, *arguments)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert len(left(environment)) == 5
    return " ".join(done.stderr.split())


def test_it_only_counts_unless_told_to_remove(environment: dict[str, str]) -> None:
    found = run(environment, *ARGUMENTS)
    assert found == {
        "inactive_since": "2024-07-01T00:00:00+00:00",
        "applied": False,
        "accounts": 2,
        "decisions": 3,
        "oldest": "2022-01-05 00:00:00+00:00",
        "newest": "2024-06-30 00:00:00+00:00",
        "rules": 3,
        "keys": 1,
        "size": 36,
        "events": 2,
    }
    shown = completed_here(environment, *ARGUMENTS).stdout
    assert "2022-01-05 to 2024-06-30" in shown
    assert "--apply --expect 3" in shown
    assert len(left(environment)) == 5


def test_it_removes_what_was_expected_and_logs_who_did(environment: dict[str, str]) -> None:
    done = run(environment, *ARGUMENTS, "--apply", "--expect", "3")
    assert (done["applied"], done["accounts"], done["decisions"], done["keys"]) == (True, 2, 3, 1)
    assert left(environment) == ["active", "active"]
    engine = engine_of(environment)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(PRUNINGS.c.actor, PRUNINGS.c.completed)).all()
    engine.dispose()
    assert rows[-1].completed
    assert {row.actor for row in rows} == {os.environ.get("USER") or run_id()}
    shown = completed_here(environment, *ARGUMENTS, "--apply", "--expect", "0").stdout
    assert "removed 0 decisions" in shown


def run_id() -> str:
    return subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()


def test_another_number_than_expected_removes_nothing(environment: dict[str, str]) -> None:
    assert "3 decisions" in refused(environment, *ARGUMENTS, "--apply", "--expect", "4")
    assert "--expect 3" in refused(environment, *ARGUMENTS, "--apply")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "--inactive-since or --older-than"),
        (("--inactive-since", SINCE, "--older-than", "9"), "--inactive-since or --older-than"),
        (("--inactive-since", "2999-01-01"), "lies ahead"),
        (("--inactive-since", "yesterday"), "yesterday"),
        (("--older-than", "0"), "--older-than"),
    ],
)
def test_which_accounts_are_inactive_has_to_be_said_clearly(
    environment: dict[str, str], arguments: tuple[str, ...], told: str
) -> None:
    assert told in refused(environment, "prune", *arguments)


def test_days_are_counted_from_today(environment: dict[str, str]) -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    found = run(environment, "prune", "--older-than", "400")
    assert found["inactive_since"] == (today - timedelta(days=400)).isoformat()
    assert found["decisions"] == 5
    assert run(environment, "prune", "--older-than", "9000")["decisions"] == 0


@pytest.mark.parametrize(("answer", "remain"), [("y", 2), ("n", 5)])
def test_at_a_terminal_it_asks(environment: dict[str, str], answer: str, remain: int) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(*ARGUMENTS, "--apply"),
        env=os.environ | environment,
        cwd=ROOT,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.write(ours, f"{answer}\n".encode())
    stdout, stderr = process.communicate(timeout=120)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == (0 if answer == "y" else 1), stderr
    assert "Remove these for good?" in stderr
    assert ("removed 3 decisions" in stdout) == (answer == "y")
    assert len(left(environment)) == remain


def test_it_uses_the_url_of_its_own_role(environment: dict[str, str], tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    other = environment | {"CURESCORE_HOME": str(elsewhere)}
    assert completed_here(other, "db", "upgrade").returncode == 0
    other["CURESCORE_PRUNE_URL"] = f"sqlite:///{environment['CURESCORE_HOME']}/decisions.db"
    assert run(other, *ARGUMENTS)["decisions"] == 3
    other["CURESCORE_PRUNE_URL"] = "mysql://pruner:secret@db/decisions"
    done = completed_here(other, *ARGUMENTS)
    assert (done.returncode, "CURESCORE_PRUNE_URL" in done.stderr) == (2, True)
    assert "secret" not in done.stderr
