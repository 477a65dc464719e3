"""The page and the CSV files of the key figures."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from models.stage import STAGES
from tests.training.kpi.drawn import FEBRUARY, JANUARY, Drawn
from training.kpi.kpi import DIMENSIONS, kpi
from training.kpi.listed import listed, write_tables
from training.kpi.page import page

MANY = 40  # accounts of stage M1; those of M2 are too few


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    drawn = Drawn()
    for i in range(MANY + 3):
        name = f"person-{i}"
        late = 20 if i < MANY else 50
        drawn.account(name)
        drawn.statement(name, JANUARY, late)
        drawn.statement(name, FEBRUARY, 0 if i % 4 == 0 else late + 28)
        own = {"stage": "M1" if i < MANY else "M2", "level": i % 3}
        reason = {"override_reason": "=HYPERLINK(1)"} if i == 0 else {}
        drawn.decision(name, "2025-02-03T12:00", **own, **reason)
    drawn.payment("person-0", "2025-02-10T12:00", 100)
    drawn.contact("person-0", "2025-02-09T12:00", "call", "conversation")
    return kpi(drawn.write(tmp_path_factory.mktemp("drawn")))


def test_the_page_is_one_file_that_shows_no_account(document: dict[str, Any]) -> None:
    html = page(document)
    assert not re.search(r"(src|href)=\"(?!#)", html)
    assert "http" not in re.sub(r"xmlns(:xlink)?=\"[^\"]+\"", "", html)
    assert "person-" not in html + json.dumps(document)
    assert "curescore policy estimate" in html
    assert html.count("<svg") >= 2


def test_shares_stand_with_their_intervals_and_few_rows_without(document: dict[str, Any]) -> None:
    assert document["by"]["stage"]["M1"]["cure"]["rate"] == 0.25
    html = page(document)
    rows = dict(re.findall(r'<th scope="row">(M1|M2)</th><td>\d+</td>(<td[^>]*>[^<]+</td>)', html))
    assert re.fullmatch(r"<td>25\.0% \[1\d\.\d, [34]\d\.\d\]</td>", rows["M1"])
    assert rows["M2"] == '<td class="few">too few</td>'


def test_each_table_is_a_csv_file(document: dict[str, Any], tmp_path: Path) -> None:
    write_tables(document, tmp_path)
    held = {path.stem: _rows(path) for path in tmp_path.glob("*.csv")}
    assert set(held) == set(listed(document))
    groups = held["groups"]
    assert groups[0]["by"] == "total"
    assert {row["by"] for row in groups} == {"total", *DIMENSIONS}
    m1 = next(row for row in groups if row["group"] == "M1")
    assert (m1["cure_n"], m1["cure_hits"], m1["cure_rate"]) == ("40", "10", "0.25")
    assert held["overrides"][0]["reason"] == "'=HYPERLINK(1)"
    assert sum(int(row["n"]) for row in held["rolls"]) == document["decisions"]["cycles"]
    assert {row["from"] for row in held["rolls"]} == set(STAGES)
    assert sum(int(row["accounts"]) for row in held["portfolio"]) == MANY + 3
    (money,) = [row for row in held["money"] if row["by"] == "total"]
    assert (money["currency"], money["recovered"]) == ("USD", "100.0")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_page_of_what_nobody_knows_yet_has_no_rate(tmp_path: Path) -> None:
    drawn = Drawn()
    drawn.account("a")
    drawn.statement("a", JANUARY, 20)
    drawn.decision("a", "2025-02-03T12:00")
    found = kpi(drawn.write(tmp_path))
    assert found["total"]["cure"]["without"]["missing"] == 0
    assert found["total"]["cure"]["without"]["immature"] == 1
    assert "1 immature" in page(found)
