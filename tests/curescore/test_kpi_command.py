"""`curescore kpi` on what real nightly runs decided."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.achieved import decided_nights
from tests.servers import completed_here
from training.sources.simulate import simulate

NIGHTS = (datetime(2023, 4, 3, 12, tzinfo=UTC), datetime(2023, 4, 10, 12, tzinfo=UTC))


@pytest.fixture(scope="module")
def exported(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("kpi")
    simulate(root / "portfolio", 900, 7, seed=5)
    decided_nights(root / "portfolio", environment, root, NIGHTS)
    return root / "exported"


def told(environment: dict[str, str], *words: str) -> tuple[int, str, str]:
    done = completed_here(environment, "kpi", *words)
    return done.returncode, done.stdout, done.stderr


def document(environment: dict[str, str], *words: str) -> Any:
    code, printed, said = told(environment, *words, "--json")
    assert code == 0, said
    return json.loads(printed)


def test_what_nights_decided_is_told_and_written(
    environment: dict[str, str], exported: Path, tmp_path: Path
) -> None:
    out = tmp_path / "kpi"
    found = document(environment, "--data", str(exported), "--out", str(out))
    counts, total = found["decisions"], found["total"]
    assert found["from"][:10] >= "2023-04-03"
    assert found["until"][:10] == "2023-04-10"
    assert counts["recorded"] == counts["effective"] + counts["proposed"]
    assert 100 < counts["cycles"] < counts["effective"]  # of two nights of one cycle one counts
    cure = total["cure"]
    assert cure["n"] + sum(cure["without"].values()) == counts["late_cycles"]
    assert 0 < cure["low"] < cure["rate"] < cure["high"] < 1
    for parts in found["by"].values():
        assert sum(group["cycles"] for group in parts.values()) == counts["late_cycles"]
        assert sum(group["cure"]["hits"] for group in parts.values()) == cure["hits"]
    assert total["money"]["USD"]["recovered"] > 0
    assert found["rules"]
    assert json.loads((out / "kpi.json").read_text()) == found
    assert (out / "kpi.html").read_text().startswith("<!doctype html>")
    assert (out / "groups.csv").is_file()


def test_people_read_tables_with_the_caution(environment: dict[str, str], exported: Path) -> None:
    code, printed, _ = told(environment, "--data", str(exported), "--by", "stage")
    assert code == 0
    titles = {line.strip() for line in printed.splitlines()}
    assert "by stage" in titles
    assert "by level" not in titles
    assert "policy estimate" in printed


def test_a_window_without_decisions_and_a_folder_without_tables_end_with_2(
    environment: dict[str, str], exported: Path, tmp_path: Path
) -> None:
    code, _, said = told(environment, "--data", str(exported), "--from", "2030-01-01")
    assert code == 2
    assert "no decision within --from and --until" in said
    code, _, said = told(environment, "--data", str(tmp_path))
    assert code == 2
    assert "there is no table decisions" in said
