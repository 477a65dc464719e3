"""Cells of CSV files: no text runs as a formula."""

import csv
from pathlib import Path

import pytest

from models.cells import cell, write_csv


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_a_spreadsheet_would_run_is_one_no_more(text: str) -> None:
    assert cell(text) == "'" + text


@pytest.mark.parametrize("value", ["M1", "a=b", "", -1, -0.5, 0, None])
def test_other_texts_and_all_numbers_stay_as_they_are(value: str | float | None) -> None:
    assert cell(value) == value


def test_every_cell_of_a_file_passes_by_it(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    write_csv(path, ("=name", "n"), [("=cmd|' /c calc'!A1", -2), ('say "hi", then', None)])
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [["'=name", "n"], ["'=cmd|' /c calc'!A1", "-2"], ['say "hi", then', ""]]
