"""Settings: all that is wrong is told at once, before anything starts, and no secret ever."""

import re
import shutil
from pathlib import Path

import pytest

from service.settings import PREFIX, Settings, SettingsError, load_settings
from tests.servers import ROOT, completed_here

DOCS = ROOT / "docs/deployment.md"


def test_a_misspelt_setting_is_told_with_what_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURESCORE_POLCIY", "mine.toml")
    with pytest.raises(SettingsError, match=r"CURESCORE_POLCIY: .*did you mean CURESCORE_POLICY\?"):
        load_settings()


def test_one_that_is_like_no_setting_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURESCORE_XQZW", "1")
    with pytest.raises(SettingsError, match=r"CURESCORE_XQZW: there is no such setting$"):
        load_settings()


@pytest.mark.parametrize("name", ["CURESCORE_PORT", "CURESCORE_UCI_CSV"])
def test_what_others_of_the_project_read_is_no_mistake(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "8000")
    load_settings()


def test_check_lists_all_that_is_wrong_with_settings_and_with_their_combination(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    done = completed_here(
        {
            "CURESCORE_HOME": str(tmp_path / "file/home"),
            "CURESCORE_MODELS": str(tmp_path / "empty"),
            "CURESCORE_POLICY": str(tmp_path / "empty"),
            "CURESCORE_AUTH": "off",
            "CURESCORE_BODY_LIMIT": "many",
            "CURESCORE_MODLES": "x",
        },
        "serve", "--check", "--host", "0.0.0.0", "--workers", "2",
    )  # fmt: skip
    assert done.returncode == 2
    assert "7 cannot be used" in done.stderr
    for told in (
        "CURESCORE_MODLES: there is no such setting; did you mean CURESCORE_MODELS?",
        "CURESCORE_BODY_LIMIT: ",
        "--host: is open to other machines",
        "--workers: is more than one on SQLite",
        "CURESCORE_HOME: cannot be written to",
        "CURESCORE_MODELS: there is no bundle in this folder",
        "CURESCORE_POLICY: cannot be read",
    ):
        assert told in done.stderr


def test_one_mistake_hides_no_other_and_makes_none(tmp_path: Path) -> None:
    done = completed_here(
        {
            "CURESCORE_HOME": str(tmp_path),
            "CURESCORE_DATABASE_URL": "mysql://u:secret@h/d",
            "CURESCORE_AUTH": "none",
        },
        "serve", "--check", "--host", "0.0.0.0", "--workers", "2",
    )  # fmt: skip
    # What the database is, or who may call, is not known: neither host nor workers are judged.
    assert done.returncode == 2
    assert "2 cannot be used" in done.stderr
    assert "secret" not in done.stderr


def test_check_says_what_would_be_used_and_hides_what_is_secret(
    tmp_path: Path, bundle_dir: Path
) -> None:
    models = tmp_path / "models"
    shutil.copytree(bundle_dir, models / "cure")
    done = completed_here(
        {
            "CURESCORE_HOME": str(tmp_path),
            "CURESCORE_MODELS": str(models),
            "CURESCORE_DATABASE_URL": "postgresql+psycopg://me:hidden1@db/curescore",
            "CURESCORE_TRACKING_URI": "http://me:hidden2@mlflow:5000",
            "CURESCORE_PRUNE_URL": "postgresql+psycopg://me@db/curescore?password=hidden3",
        },
        "serve", "--check", "--workers", "3",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = dict(re.split(r"\s+", line, maxsplit=1) for line in done.stdout.splitlines())
    assert told["--workers"] == "3"
    assert told["CURESCORE_MODELS"] == str(models)
    assert told["CURESCORE_DATABASE_URL"] == "postgresql+psycopg://me:***@db/curescore"
    assert told["CURESCORE_PRUNE_URL"].startswith("postgresql+psycopg://me@db/curescore?password=")
    assert told["CURESCORE_TRACKING_URI"] == "http://***@mlflow:5000"
    assert told["CURESCORE_POLICY"] == "not set"
    assert "hidden" not in done.stdout
    assert set(told) >= {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


def test_the_documents_list_every_setting_and_its_default() -> None:
    section = DOCS.read_text().split("## Settings\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(CURESCORE_[A-Z_]+)` \| (.+?) \|", section, re.MULTILINE)
    documented = dict(rows)
    fields = {f"{PREFIX}{name.upper()}": field for name, field in Settings.model_fields.items()}
    assert set(documented) == set(fields)
    for name, field in fields.items():
        default = field.get_default()
        if default not in (None, ""):
            told = documented[name].strip("`").replace(",", "")
            assert told == str(default).removesuffix(".0"), name
