"""The tables of an evaluation, as they are read."""

import io
import re

import numpy as np
import pytest
from rich.console import Console

from training.evaluate import Judged, by_seen, measures
from training.report import tables


def shown(label: list[int]) -> str:
    rng = np.random.default_rng(0)
    n = len(label)
    account = np.arange(n)
    names = ("days_past_due", "roll_rate", "scorecard", "logistic", "untuned", "champion")
    rows = Judged(
        np.array(label, np.int64),
        rng.normal(size=n),
        account,
        account % 4 + 1,
        {name: rng.normal(size=n) for name in names},
    )
    found = {**measures(rows, 100, 1), **by_seen(rows, np.arange(n) % 3 == 0, 100, 1)}
    console = Console(file=io.StringIO(), width=80)
    for table in tables(found, "test"):
        console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_all_is_shown_in_80_columns_without_folding_a_cell() -> None:
    text = shown([0, 1, 0, 0, 1] * 400)
    for word in ("KS", "Brier score", "the champion", "minus days past due alone", "M4+"):
        assert word in text
    for headings in (
        r"AUC +ours minus it",
        r"seen: 667 +unseen: 1,333",
        r"stage +n +target rate +predicted +deviation, SD +AUC +ECE +slope",
    ):
        assert re.search(headings, text)
    assert "…" not in text
    # A folded cell leaves a first one empty, or an interval without its end.
    lines = [line for line in text.splitlines() if re.search(r"\d\.\d", line)]
    assert all(line[0] != " " and line.count("[") == line.count("]") for line in lines)
    assert len(re.findall(r"\[[-+]?\d\.\d{3}, [-+]?\d\.\d{3}\]", text)) == 3 + 2 * 6 + 2 * 7


def test_an_error_above_chance_is_marked() -> None:
    by_stage = [line for line in shown([0, 1, 0, 0, 1] * 400).splitlines() if "M4+" in line]
    assert by_stage[0].split()[-2] == "!"


@pytest.mark.parametrize("label", [[], [1, 1, 1]])
def test_what_is_not_defined_is_a_dash(label: list[int]) -> None:
    assert "–" in shown(label)
