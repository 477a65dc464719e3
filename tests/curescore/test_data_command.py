"""`curescore import uci` and `simulate`: what they print, and what they refuse."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from curescore import data
from features.errors import InputError
from training.sources.simulated.laws import LAWS
from training.tables import read_tables


def run(*arguments: object) -> Result:
    app = Typer()
    app.add_typer(data.import_app, name="import")
    app.command()(data.simulate)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def simulate(out: Path, *more: object) -> Result:
    return run("simulate", "--accounts", 200, "--months", 4, "--out", out, *more)


def test_laws_offered_are_the_laws_there_are() -> None:
    assert [law.value for law in data.Law] == list(LAWS)


def test_simulate_tells_what_it_made_and_what_to_do_next(tmp_path: Path) -> None:
    result = simulate(tmp_path / "made")
    assert result.exit_code == 0
    statements = len(read_tables(tmp_path / "made").statements)
    assert "200 accounts" in result.stdout
    assert f"{statements:,} statements over 4 months" in result.stdout
    assert f"next: curescore train --data {tmp_path / 'made'}" in result.stdout


@pytest.mark.parametrize("law", LAWS)
def test_json_is_the_only_thing_on_stdout(tmp_path: Path, law: str) -> None:
    out = tmp_path / "made"
    summary = json.loads(simulate(out, "--law", law, "--currency", "GBP", "--json").stdout)
    tables = read_tables(out)
    assert {name: summary[name] for name in tables.present()} == {
        name: len(frame) for name, frame in tables.present().items()
    }
    assert summary["law"] == law
    assert tables.accounts["currency"].unique().tolist() == ["GBP"]


def test_tables_are_not_replaced_unless_forced(tmp_path: Path) -> None:
    simulate(tmp_path)
    refused = simulate(tmp_path)
    assert isinstance(refused.exception, InputError)
    assert "--force" in str(refused.exception)
    assert simulate(tmp_path, "--force").exit_code == 0


def test_a_simulation_told_to_end_leaves_nothing(tmp_path: Path) -> None:
    arguments = ("--accounts", "300000", "--months", "24", "--out", "out")
    command = [sys.executable, "-m", "curescore.main", "simulate", *arguments]
    with subprocess.Popen(command, cwd=tmp_path) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob(".out.*.part/*")) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert list(tmp_path.glob(".out.*.part/*"))
        process.terminate()
        assert process.wait(timeout=60) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_import_uci_writes_tables_as_they_stood(tmp_path: Path, uci_csv: Path) -> None:
    out = tmp_path / "uci"
    result = run("import", "uci", uci_csv, "--out", out, "--until", "2005-07-31", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "accounts": 23_934,
        "statements": 95_736,
        "segments": 95_736,
        "late": 3_260,
        "months": 4,
        "out": str(out),
    }
    assert len(read_tables(out).accounts) == 23_934


def test_import_uci_refuses_another_file_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    result = run("import", "uci", path, "--out", tmp_path / "uci")
    assert isinstance(result.exception, InputError)
    assert not (tmp_path / "uci").exists()


@pytest.mark.parametrize("command", [("simulate",), ("import", "uci")])
def test_help_has_an_example(command: tuple[str, ...]) -> None:
    assert "Example: curescore" in run(*command, "--help").stdout
