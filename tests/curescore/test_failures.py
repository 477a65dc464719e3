"""How the command ends where a file, the database or the models cannot be used."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from curescore import main
from models.score.manifest import BundleError
from tests.servers import completed_here
from training.cluster import ClusterError

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The command with its state under `home`, a file in the way of a folder."""
    (tmp_path / "file").write_text("in the way")

    def command(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        plain = {k: v for k, v in os.environ.items() if not k.startswith("CURESCORE_")}
        return subprocess.run(
            [sys.executable, "-m", "curescore.main", *arguments],
            env=plain | {"CURESCORE_HOME": str(tmp_path / "file")} | settings,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    return command


@pytest.fixture
def run_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The same in this process, for what ends before there is anything to import for."""
    (tmp_path / "file").write_text("in the way")
    for name in [name for name in os.environ if name.startswith("CURESCORE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return completed_here({"CURESCORE_HOME": str(tmp_path / "file")} | settings, *arguments)

    return command


@pytest.mark.parametrize(
    "arguments",
    [
        ("db", "upgrade"),
        ("keys", "list"),
        ("train", "--data", "."),
        ("up",),
        ("simulate", "--accounts", "10", "--months", "3", "--out", "file/below"),
    ],
)
def test_a_path_that_cannot_be_is_told_in_one_line(
    run_here: Run, arguments: tuple[str, ...]
) -> None:
    ended = run_here(*arguments)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("cannot go on: ")
    assert "file" in line


@pytest.mark.parametrize(
    "arguments", [("evaluate", "--data", "."), ("promote", "cure", "1"), ("rollback", "cure")]
)
def test_where_no_models_are_is_told_and_nothing_is_made(
    run_here: Run, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    ended = run_here(*arguments, CURESCORE_HOME=str(tmp_path / "empty"))
    assert ended.returncode == 2
    assert "empty/mlflow.db" in ended.stderr
    assert "curescore train" in ended.stderr
    assert not (tmp_path / "empty").exists()


def test_a_database_that_cannot_be_made_is_told_in_one_line(run_here: Run) -> None:
    ended = run_here("db", "upgrade", CURESCORE_DATABASE_URL="sqlite:///file/below/x.db")
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1


def test_a_database_that_is_none_is_told_in_one_line(run: Run, tmp_path: Path) -> None:
    for name in ("mlflow.db", "decisions.db"):
        (tmp_path / name).write_bytes(b"no database " * 500)
    for arguments in (("up",), ("keys", "list"), ("evaluate", "--data", ".")):
        ended = run(*arguments, CURESCORE_HOME=str(tmp_path))
        assert ended.returncode == 1
        assert ended.stderr == "the database cannot be used: file is not a database\n"


def test_a_registry_that_is_none_is_told_in_one_line(run: Run) -> None:
    ended = run("promote", "cure", "1", CURESCORE_TRACKING_URI="carrier-pigeon://loft")
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("MLflow cannot be used: ")


def test_bad_settings_are_bad_input(run_here: Run) -> None:
    ended = run_here("train", "--data", ".", "--config", ".")
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("bad input: .: cannot be read: Is a directory")


def raising(error: Exception) -> Callable[[], None]:
    def app() -> None:
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BundleError("the bundle was changed"), "cannot go on: the bundle was changed\n"),
        (ClusterError("a worker ended"), "cannot go on: a worker ended\n"),
        (OSError("text that quotes a row"), "cannot go on: OSError\n"),
        (PermissionError(13, "x", "a.csv"), "cannot go on: a.csv: Permission denied\n"),
    ],
)
def test_what_is_no_defect_of_ours_has_no_traceback(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    said: str,
) -> None:
    monkeypatch.setattr(main, "app", raising(error))
    with pytest.raises(SystemExit) as ended:
        main.run()
    assert ended.value.code == 1
    assert capsys.readouterr().err == said


def test_a_defect_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "app", raising(ValueError("a defect")))
    with pytest.raises(ValueError, match="a defect"):
        main.run()
