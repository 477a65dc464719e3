"""The level that a policy proposes for judged rows."""

import numpy as np
import pytest

from features.errors import InputError
from features.panel import Panel, View, known_at, panel
from models.intensity.policy import load_policy
from models.stage import STAGES
from tests.histories import random_tables
from training.evaluate import Judged
from training.fairness.levels import levels

ROWS = 300
POLICY = load_policy()


@pytest.fixture(scope="module")
def rows() -> tuple[Judged, Panel, View]:
    history = panel(*random_tables(1, ROWS, months=6))
    row = np.arange(ROWS)
    view = known_at(history, row, np.nanmedian(history.known_at, axis=1))
    rng = np.random.default_rng(1)
    stage = rng.integers(0, len(STAGES), ROWS)
    return Judged(np.zeros(ROWS, np.int64), rng.normal(-1, 2, ROWS), row, stage, {}), history, view


def test_levels_keep_to_the_stage_and_rise_with_what_is_owed(
    rows: tuple[Judged, Panel, View],
) -> None:
    judged, history, view = rows
    last = (view.row, view.stop - 1)
    stage = np.searchsorted((0, 30, 60, 90), history.days_past_due[last], side="left")
    poor = history._replace(amount_due=np.full_like(history.amount_due, 1.0))
    rich = history._replace(amount_due=np.full_like(history.amount_due, 1e6))
    few, many = (levels(judged, each, view, POLICY, "USD") for each in (poor, rich))
    late = stage > 0
    assert (few[late] == POLICY.numbers.lowest[stage[late]]).all()
    assert (many <= POLICY.numbers.highest[stage]).all()
    assert (few <= many).all()
    assert set(many.tolist()) >= {0, 1, 2, 3}


def test_where_no_amount_is_asked_for_the_balance_stands_for_it(
    rows: tuple[Judged, Panel, View],
) -> None:
    judged, history, view = rows
    unknown = history._replace(amount_due=np.full_like(history.amount_due, np.nan))
    same = history._replace(amount_due=history.balance)
    found = [levels(judged, each, view, POLICY, "USD") for each in (unknown, same)]
    np.testing.assert_array_equal(*found)


def test_amounts_are_compared_in_their_currency(rows: tuple[Judged, Panel, View]) -> None:
    judged, history, view = rows
    dollars, yen = (levels(judged, history, view, POLICY, name) for name in ("USD", "JPY"))
    assert (yen <= dollars).all()
    assert (yen < dollars).any()
    with pytest.raises(InputError, match="XXX"):
        levels(judged, history, view, POLICY, "XXX")
