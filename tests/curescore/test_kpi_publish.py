"""`--publish`: what the commands report is in the service's database, where its pages read it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from models.generation import Generation
from service.app import create_app
from service.database import connect, upgrade
from service.reports.kpi import Kpi
from service.reports.monitor import Monitor
from service.reports.store import Reports
from service.served.reload import load_generation
from service.settings import Settings
from tests.reported import MANY, kpi_report
from tests.servers import completed_here
from tests.service.conftest import Client

Json = dict[str, Any]


@dataclass(frozen=True)
class Bank:
    """A service's database, and the commands that are run beside it."""

    engine: sa.Engine
    environment: dict[str, str]

    def run(self, *words: str) -> tuple[int, str, str]:
        done = completed_here(self.environment, *words)
        return done.returncode, done.stdout, done.stderr

    def page(self, generation: Generation) -> str:
        app = create_app(Settings(auth="off"), self.engine, lambda: generation)
        return unescape(Client(app).get("/review/portfolio").text)


@pytest.fixture
def bank(environment: dict[str, str], tmp_path: Path) -> Iterator[Bank]:
    url = f"sqlite:///{tmp_path / 'bank.db'}"
    upgrade(url)
    engine = connect(url)
    yield Bank(engine, environment | {"CURESCORE_DATABASE_URL": url})
    engine.dispose()


@pytest.fixture(scope="module")
def generation(bundle_dir: Path) -> Generation:
    return load_generation(Settings(models=bundle_dir))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Json]:
    """A folder as an export writes it, and its key figures."""
    folder = tmp_path_factory.mktemp("recorded") / "tables"
    return folder, kpi_report(folder)


def test_key_figures_are_on_the_page_once_they_are_published(
    bank: Bank, recorded: tuple[Path, Json], generation: Generation
) -> None:
    folder, figures = recorded
    code, printed, said = bank.run("kpi", "--data", str(folder), "--json")
    assert code == 0, said
    assert json.loads(printed) == figures
    assert Reports(bank.engine).newest(Kpi) is None  # not without being asked to
    code, printed, said = bank.run("kpi", "--data", str(folder), "--publish", "--json")
    assert code == 0, said
    told = json.loads(printed)
    made = told.pop("published")
    assert told == figures
    published = Reports(bank.engine).newest(Kpi)
    assert published is not None
    assert made["report_id"] == str(published.report_id)
    assert (made["kind"], made["actor"]) == ("kpi", published.actor)
    assert published.document.portfolio.accounts == MANY
    html = bank.page(generation)
    assert f"by {published.actor}" in html
    cure = figures["total"]["cure"]
    assert f"{cure['rate']:.1%}</strong>" in html
    assert f"95% interval {cure['low']:.1%} to {cure['high']:.1%}" in html


def test_people_are_told_what_was_published(bank: Bank, recorded: tuple[Path, Json]) -> None:
    code, printed, said = bank.run("kpi", "--data", str(recorded[0]), "--publish")
    assert code == 0, said
    published = Reports(bank.engine).newest(Kpi)
    assert published is not None
    assert f"published: report {published.report_id} (kpi)" in printed


def test_a_part_of_the_figures_is_not_published(bank: Bank, recorded: tuple[Path, Json]) -> None:
    words = ("kpi", "--data", str(recorded[0]), "--publish", "--by", "level")
    code, _, said = bank.run(*words)
    assert code == 2
    assert "--by: leaves out what the pages show" in said
    assert Reports(bank.engine).newest(Kpi) is None


def test_a_database_without_tables_is_told_before_the_work(
    environment: dict[str, str], recorded: tuple[Path, Json], tmp_path: Path
) -> None:
    absent = environment | {"CURESCORE_DATABASE_URL": f"sqlite:///{tmp_path / 'absent.db'}"}
    out = tmp_path / "out"
    words = ("kpi", "--data", str(recorded[0]), "--out", str(out), "--publish")
    done = completed_here(absent, *words)
    assert done.returncode == 1
    assert "curescore db upgrade" in done.stderr
    assert not out.exists()


def test_monitoring_is_published_though_a_bound_is_broken(
    bank: Bank, night: Json, bundle_dir: Path, generation: Generation, tmp_path: Path
) -> None:
    bounds = tmp_path / "bounds.toml"
    bounds.write_text("score_psi = 1e-9\n")
    words = ("monitor", "--data", str(night["out"]), "--model", str(bundle_dir), "--publish")
    own = ("--out", str(tmp_path / "report"))
    code, printed, said = bank.run(*words, *own, "--config", str(bounds), "--json")
    assert code == 1, said
    told = json.loads(printed)
    assert [each["bound"] for each in told["broken"]][:1] == ["score_psi"]
    published = Reports(bank.engine).newest(Monitor)
    assert published is not None
    assert told["published"]["report_id"] == str(published.report_id)
    assert published.document.drift.score_psi == told["drift"]["score_psi"]
    html = bank.page(generation)
    assert "Monitoring of cure scores" in html
    assert f"{told['drift']['score_psi']:,.3f}" in html
    assert "Score with --reasons all" in html  # so that features are compared too
    code, printed, said = bank.run(*words, *own)
    newest = Reports(bank.engine).newest(Monitor)
    assert newest is not None
    assert newest.report_id != published.report_id
    assert f"published: report {newest.report_id} (monitor)" in printed


@pytest.mark.parametrize("command", ["kpi", "monitor"])
def test_help_shows_how_it_is_published(environment: dict[str, str], command: str) -> None:
    done = completed_here(environment, command, "--help")
    assert done.returncode == 0
    text = " ".join(done.stdout.split())
    assert f"Example: curescore {command} --data" in text
    assert "--publish" in text
