"""`curescore policy`: what it prints and how it exits."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner

from curescore.policy import policy_app
from features.errors import InputError
from models.intensity.policy import load_policy
from tests.policyfolders import policy_folder

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


KEY = "c0nfidential-0f-the-tests"


@pytest.mark.parametrize(
    "leak",
    [
        f'{{}}\n[[exploration]]\nkey = "{KEY}"\n',
        f'exploration = "key={KEY}"\n{{}}',
        f'{{}}\n[exploration]\n{KEY} = "key"\n',
    ],
)
def test_the_key_of_an_experiment_is_never_printed(tmp_path: Path, leak: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(leak.replace("{}", PACKAGED, 1))
    result = CliRunner().invoke(policy_app, ["check", str(path), "--json"])
    assert result.exit_code == 2
    found = json.loads(result.stdout)["mistakes"]
    assert any(mistake["where"].startswith("exploration") for mistake in found)
    assert KEY not in result.output


def test_a_folder_is_told_with_its_estimate(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "policy.toml").write_text(PACKAGED)
    assert "no estimate" in CliRunner().invoke(policy_app, ["check", str(bare)]).stdout
    told = json.loads(CliRunner().invoke(policy_app, ["check", str(bare), "--json"]).stdout)
    assert told["estimate_sha256"] is None
    folder = policy_folder(tmp_path, "estimated")
    known = load_policy(folder).estimate_sha256
    assert known
    text = CliRunner().invoke(policy_app, ["check", str(folder)]).stdout
    assert f"estimate's SHA-256 {known}" in text
    told = json.loads(CliRunner().invoke(policy_app, ["check", str(folder), "--json"]).stdout)
    assert told["estimate_sha256"] == known


NOT_LEFT_ALONE = (
    "in M2, M3, M4+ nobody is left alone (lowest is remind), so that what contact changes there "
    'cannot be estimated: set lowest = "none" in stages that are to be learnt'
)
TOO_SELDOM = (
    "a level is drawn with a chance of as little as 0.67%, and below 1% nothing is estimated from "
    "it: raise share to 0.03 or more"
)


@pytest.mark.parametrize(
    ("lowest", "share", "warnings"),
    [
        ("remind", None, []),
        ("remind", 0.02, [NOT_LEFT_ALONE, TOO_SELDOM]),
        ("remind", 0.03, [NOT_LEFT_ALONE]),
        ("none", 0.02, [TOO_SELDOM]),
        ("none", 0.03, []),
    ],
)
def test_what_exploration_will_not_show_is_warned_of(
    tmp_path: Path, lowest: str, share: float | None, warnings: list[str]
) -> None:
    path = tmp_path / "policy.toml"
    text = PACKAGED.replace('lowest = "remind"', f'lowest = "{lowest}"')
    if share is not None:
        text += f'\n[exploration]\nexperiment = "e"\nkey = "{KEY}"\nshare = {share}\n'
    path.write_text(text)
    told = json.loads(CliRunner().invoke(policy_app, ["check", str(path), "--json"]).stdout)
    assert told["warnings"] == warnings
    lines = CliRunner().invoke(policy_app, ["check", str(path)]).stdout.splitlines()
    assert [line for line in lines if line.startswith("warning: ")] == [
        f"warning: {warning}" for warning in warnings
    ]


def test_the_schema_is_one_json_document() -> None:
    told = json.loads(CliRunner().invoke(policy_app, ["schema"]).stdout)
    assert told["title"] == "Policy"
    assert told["properties"]["valid_days"]["maximum"] == 31
