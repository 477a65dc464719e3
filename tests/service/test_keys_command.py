import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import typer
from typer.testing import CliRunner

from curescore.db import db_app
from curescore.keys import keys_app
from curescore.serve import tell_of_keys
from features.errors import InputError
from service.database import connect
from service.security.callers import Caller
from service.security.keys import Keys
from service.settings import Settings
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


def caller(engine: sa.Engine, token: str) -> Caller | None:
    key = Keys(engine).live(token)
    return None if key is None else key.caller


def test_a_key_is_made_shown_once_listed_and_revoked(home: Path) -> None:
    assert json.loads(run(db_app, "upgrade", "--json"))["revision"]
    made = json.loads(run(keys_app, "add", "strategy", "--scope", "score", "--json"))
    engine = connect(f"sqlite:///{home / 'decisions.db'}")
    assert caller(engine, made["key"]) == Caller("strategy", "score")
    token = run(keys_app, "add", "reader", "--scope", "review").splitlines()[0]
    assert caller(engine, token) == Caller("reader", "review")
    listed = run(keys_app, "list")
    assert "strategy" in listed
    assert made["key"] not in listed
    run(keys_app, "revoke", "strategy")
    assert caller(engine, made["key"]) is None
    rows = json.loads(run(keys_app, "list", "--json"))
    assert [(row["name"], row["revoked_at"] is None) for row in rows] == [
        ("reader", True),
        ("strategy", False),
    ]
    engine.dispose()


def test_a_name_is_listed_as_it_is(home: Path) -> None:
    run(db_app, "upgrade")
    run(keys_app, "add", "[/b]", "--scope", "score")
    assert "[/b]" in run(keys_app, "list")


def test_a_key_ends_when_it_is_told_to_and_says_where_it_never_does(home: Path) -> None:
    run(db_app, "upgrade")
    told = CliRunner().invoke(keys_app, ["add", "endless", "--scope", "score"])
    assert "never expires" in told.stderr
    assert "never expires" not in told.stdout
    arguments = ["add", "quarter", "--scope", "score", "--expires", "90d", "--rate", "5"]
    told = CliRunner().invoke(keys_app, arguments)
    assert told.stderr == ""
    run(keys_app, "add", "dated", "--scope", "review", "--expires", "2999-01-31")
    dated, endless, quarter = json.loads(run(keys_app, "list", "--json"))
    assert dated["expires_at"] == "2999-01-31T00:00:00.000000Z"
    assert endless["expires_at"] is None
    assert endless["requests_per_second"] is None
    left = datetime.fromisoformat(quarter["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=89) < left <= timedelta(days=90)
    assert quarter["requests_per_second"] == 5
    for row in (dated, endless, quarter):
        assert row["state"] == "live"
        assert row["last_used_at"] is None
    assert "2999-01-31" in run(keys_app, "list")


def test_serve_says_how_to_make_a_key_until_there_is_one(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(db_app, "upgrade")
    for made in (True, False):
        caplog.clear()
        tell_of_keys(Settings(home=home))
        assert ("curescore keys add" in caplog.text) == made
        run(keys_app, "add", f"key {made}", "--scope", "score")
    caplog.clear()
    run(keys_app, "revoke", "key True")
    tell_of_keys(Settings(home=home))
    assert caplog.text == ""
    run(keys_app, "revoke", "key False")
    tell_of_keys(Settings(home=home, auth="off"))
    assert caplog.text == ""
    tell_of_keys(Settings(home=home))
    assert "curescore keys add" in caplog.text


@pytest.mark.parametrize(
    "expires", ["", "90", "0d", "36501d", "-1d", "2020-01-01", "2999-02-30", "soon", "²d"]
)
def test_a_wrong_end_is_bad_input_and_makes_no_key(expires: str) -> None:
    run(db_app, "upgrade")
    with pytest.raises(InputError, match="--expires"):
        run(keys_app, "add", "one", "--scope", "score", "--expires", expires)
    assert json.loads(run(keys_app, "list", "--json")) == []


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
