import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from curescore.db import db_app
from curescore.keys import keys_app
from features.errors import InputError
from service.database import connect
from service.security import Caller, Keys
from tests.servers import completed_here


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CURESCORE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CURESCORE_DATABASE_URL", raising=False)
    return tmp_path / "home"


def run(app: typer.Typer, *arguments: str) -> str:
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_key_is_made_shown_once_listed_and_revoked(home: Path) -> None:
    assert json.loads(run(db_app, "upgrade", "--json"))["revision"]
    made = json.loads(run(keys_app, "add", "strategy", "--scope", "score", "--json"))
    engine = connect(f"sqlite:///{home / 'decisions.db'}")
    assert Keys(engine).caller(made["key"]) == Caller("strategy", "score")
    token = run(keys_app, "add", "reader", "--scope", "review").splitlines()[0]
    assert Keys(engine).caller(token) == Caller("reader", "review")
    listed = run(keys_app, "list")
    assert "strategy" in listed
    assert made["key"] not in listed
    run(keys_app, "revoke", "strategy")
    assert Keys(engine).caller(made["key"]) is None
    rows = json.loads(run(keys_app, "list", "--json"))
    assert [(row["name"], row["revoked_at"] is None) for row in rows] == [
        ("reader", True),
        ("strategy", False),
    ]
    engine.dispose()


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "", "--scope", "score"),
        ("add", "x" * 65, "--scope", "score"),
        ("add", "local", "--scope", "score"),  # the actor of all records without keys
        ("add", "Nightly", "--scope", "score"),  # that of nightly runs
        ("add", "Local", "--scope", "score"),
        ("revoke", "nobody"),
    ],
)
def test_a_wrong_name_is_bad_input(arguments: tuple[str, ...]) -> None:
    run(db_app, "upgrade")
    with pytest.raises(InputError, match="NAME"):
        run(keys_app, *arguments)


def test_a_name_is_given_once() -> None:
    run(db_app, "upgrade")
    run(keys_app, "add", "one", "--scope", "admin")
    with pytest.raises(InputError, match="that of another key"):
        run(keys_app, "add", "one", "--scope", "admin")


def test_keys_need_the_tables_first(tmp_path: Path) -> None:
    done = completed_here({"CURESCORE_HOME": str(tmp_path / "none")}, "keys", "list")
    assert done.returncode == 1
    assert "curescore db upgrade" in done.stderr
    assert "Traceback" not in done.stderr
