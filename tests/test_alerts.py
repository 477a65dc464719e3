"""Alert rules: of metrics that there are, tried by promtool, and each in the runbook."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from service.database import upgrade
from service.served.reload import load_generation
from service.settings import Settings
from tests.registries import store_in
from tests.servers import ROOT, serving
from tests.service.test_plans import published

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # mlflow's use of SQLAlchemy
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),
]

DEPLOY = ROOT / "deploy"
RUNBOOK = (ROOT / "docs/runbook.md").read_text()


def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"]
    return list(group["rules"])


def promtool() -> str:
    """Prometheus' tool; skips the test where it is not there."""
    found = shutil.which("promtool") or ROOT / "build/promtool/usr/bin/promtool"
    if not Path(found).is_file():
        pytest.skip(
            "promtool is not here: apt-get download prometheus, then "
            "dpkg -x prometheus_*.deb build/promtool"
        )
    return str(found)


@pytest.fixture
def scrape(tmp_path: Path, bundle_dir: Path) -> str:
    """What a service tells that follows a registry, under a capacity plan."""
    upgrade(f"sqlite:///{tmp_path}/decisions.db")
    store_in(tmp_path, bundle_dir)
    published(tmp_path / "plans", load_generation(Settings(models=bundle_dir)))
    here = {"CURESCORE_HOME": str(tmp_path), "CURESCORE_AUTH": "off"}
    with serving(here, tmp_path / "output.txt") as server:
        return httpx.get(f"{server.address}/metrics", timeout=60).text


def test_every_alert_says_how_bad_it_is_and_has_its_part_of_the_runbook() -> None:
    names = [each["alert"] for each in alerts()]
    assert len(set(names)) == len(names) >= 12
    sections = re.findall(r"^## (\w+)\n\n`(page|ticket)`", RUNBOOK, re.MULTILINE)
    assert sections == [(each["alert"], each["labels"]["severity"]) for each in alerts()]
    for each in alerts():
        assert set(each["annotations"]) == {"summary", "description", "runbook"}
        assert each["annotations"]["runbook"] == f"docs/runbook.md#{each['alert'].lower()}"


def test_every_link_of_the_runbook_leads_somewhere() -> None:
    anchors = {heading.lower() for heading in re.findall(r"^## (\w+)$", RUNBOOK, re.MULTILINE)}
    links = re.findall(r"\]\(#(\w+)\)", RUNBOOK)
    assert links
    assert set(links) <= anchors


def test_alerts_are_about_metrics_that_there_are(scrape: str) -> None:
    told = set(re.findall(r"^# TYPE (\w+)", scrape, re.MULTILINE))
    told |= {f"{name}_{part}" for name in told for part in ("bucket", "count", "sum")}
    named = {
        name
        for each in alerts()
        for name in re.findall(r"\b(?:curescore_\w+|up)\b", re.sub(r'"[^"]*"', "", each["expr"]))
    }
    assert len(named) > 12
    assert named - told == {"up"}  # Prometheus' own


def test_promtool_understands_the_rules_and_finds_them_to_fire_and_to_be_silent() -> None:
    tool = promtool()
    for words in (["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]):
        done = subprocess.run(
            [tool, *words], cwd=DEPLOY, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    tests = yaml.safe_load((DEPLOY / "alerts_test.yml").read_text())["tests"]
    fired = {
        case["alertname"] for each in tests for case in each["alert_rule_test"]
        if case.get("exp_alerts")
    }  # fmt: skip
    silent = {case["alertname"] for case in tests[0]["alert_rule_test"]}
    assert fired == silent == {each["alert"] for each in alerts()}
