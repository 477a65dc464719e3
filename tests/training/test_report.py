"""The tables of an evaluation, as they are read."""

import io

import numpy as np
import pytest
from rich.console import Console

from training.evaluate import Judged, by_seen, measures
from training.report import tables


def shown(label: list[int]) -> str:
    rng = np.random.default_rng(0)
    n = len(label)
    names = ("days_past_due", "roll_rate", "scorecard", "logistic", "untuned", "champion")
    rows = Judged(
        np.array(label, np.int64),
        rng.normal(size=n),
        np.arange(n),
        np.arange(n) % 4 + 1,
        {name: rng.normal(size=n) for name in names},
    )
    found = {**measures(rows, 100, 1), **by_seen(rows, np.arange(n) % 3 == 0, 100, 1)}
    console = Console(file=io.StringIO(), width=100)
    for table in tables(found, "test"):
        console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_all_is_shown_in_100_columns_without_folding_a_cell() -> None:
    text = shown([0, 1, 0, 0] * 300)
    for word in ("target rate", "champion", "above days past due by", "by chance", "M4+"):
        assert word in text
    assert "…" not in text
    lines = [line for line in text.splitlines() if line.startswith("│")]
    assert all(
        line.split("│")[1].strip() for line in lines
    )  # a folded cell leaves a first one empty


@pytest.mark.parametrize("label", [[], [1, 1, 1]])
def test_what_is_not_defined_is_a_dash(label: list[int]) -> None:
    assert "–" in shown(label)
