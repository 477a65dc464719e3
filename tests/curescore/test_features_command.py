import json
from pathlib import Path

from typer.testing import CliRunner

from curescore.main import app
from features.catalogue import CATALOGUE


def run(*arguments: str) -> str:
    ended = CliRunner().invoke(app, ["features", *arguments])
    assert ended.exit_code == 0, ended.output
    return ended.stdout


def test_the_catalogue_is_printed_whole() -> None:
    told = json.loads(run("--json"))
    assert [entry["name"] for entry in told] == [feature.name for feature in CATALOGUE]
    assert all(entry["definition_sha256"] and entry["zh"] for entry in told)
    table = run()
    assert f"{len(CATALOGUE)} features" in table


def test_the_page_of_the_documentation_is_printed() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "features.md"
    assert run("--markdown") == page.read_text(encoding="utf-8")


def test_warming_tells_the_time_it_took() -> None:
    assert json.loads(run("--warm", "--json"))["seconds"] > 0
    assert "compiled and cached in" in run("--warm")
