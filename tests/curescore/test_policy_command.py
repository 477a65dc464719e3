"""`curescore policy`: what it prints and how it exits."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner

from curescore.policy import policy_app
from features.errors import InputError

PACKAGED = (files("models.intensity") / "policy.toml").read_text()


@pytest.fixture
def unsound(tmp_path: Path) -> Path:
    path = tmp_path / "unsound.toml"
    path.write_text(PACKAGED.replace("valid_days = 2", "valid_days = 0\nextra = 1"))
    return path


def test_a_sound_file_is_told_by_name_and_hash(tmp_path: Path) -> None:
    path = tmp_path / "sound.toml"
    path.write_text(PACKAGED)
    result = CliRunner().invoke(policy_app, ["check", str(path)])
    assert result.exit_code == 0
    assert "policy default has no mistakes" in result.stdout
    told = json.loads(CliRunner().invoke(policy_app, ["check", str(path), "--json"]).stdout)
    assert told["mistakes"] == []
    assert told["sha256"] in result.stdout


def test_every_mistake_is_explained(unsound: Path) -> None:
    result = CliRunner().invoke(policy_app, ["check", str(unsound)])
    assert isinstance(result.exception, InputError)
    for told in (str(unsound), "2 mistakes", "valid_days: ", "extra: "):
        assert told in str(result.exception)


@pytest.mark.parametrize("value", ["true", "2.0", '"2"', "3"])
def test_the_version_of_the_layout_is_a_whole_number(tmp_path: Path, value: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(PACKAGED.replace("schema_version = 2", f"schema_version = {value}"))
    result = CliRunner().invoke(policy_app, ["check", str(path), "--json"])
    assert result.exit_code == 2
    (mistake,) = json.loads(result.stdout)["mistakes"]
    assert mistake["where"] == "schema_version"
    assert "should be" in mistake["problem"]


def test_machines_get_one_document(unsound: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(policy_app, ["check", str(unsound), "--json"])
    assert result.exit_code == 2
    found = json.loads(result.stdout)["mistakes"]
    assert [mistake["where"] for mistake in found] == ["valid_days", "extra"]
    assert all(mistake["problem"] and mistake["remedy"] for mistake in found)
    absent = CliRunner().invoke(policy_app, ["check", str(tmp_path / "absent.toml"), "--json"])
    assert absent.exit_code == 2
    assert "cannot be read" in json.loads(absent.stdout)["mistakes"][0]["problem"]


def test_the_schema_is_one_json_document() -> None:
    told = json.loads(CliRunner().invoke(policy_app, ["schema"]).stdout)
    assert told["title"] == "Policy"
    assert told["properties"]["valid_days"]["maximum"] == 31
