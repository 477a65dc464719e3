"""Assessed accounts come with what the estimates say of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.catalogue import NAMES
from features.matrix import matrix
from features.panel import Floats, Indices, Panel, View, known_at, panel
from models.account import Account
from models.assessed import Assessed, assess, salt
from models.decide import asked_of, conclude
from models.generation import Generation
from models.intensity.policy import load_policy
from models.intensity.response import Ratios
from models.score.bundle import load
from tests.asking import ACCOUNT
from tests.bundles import small_bundle
from tests.estimates import ByDays, with_estimate
from tests.histories import random_tables

N = 40
HISTORY: Panel = panel(*random_tables(3, accounts=N))
VIEW: View = known_at(HISTORY, np.arange(N), np.full(N, 19_320 * 86_400.0))
LATE = np.arange(N) % 3 > 0
ACCOUNTS: list[Account] = [
    replace(
        ACCOUNT,
        account_id=f"a-{i}",
        days_past_due=40 if late else 0,
        past_due_amount=90.0 * (i + 1) if late else 0.0,
    )
    for i, late in enumerate(LATE.tolist())
]
ESTIMATE, OTHER = ByDays(), ByDays(0.3)
PLAIN = load_policy()


@pytest.fixture(scope="module")
def assumed(bundle_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Generation:
    early = small_bundle(tmp_path_factory.mktemp("early"), target="early_warning")
    return Generation(
        bundles={"cure": load(bundle_dir), "early_warning": load(early)},
        models={"cure": "cure/1", "early_warning": "early_warning/1"},
        policy=PLAIN,
        code="test",
        tzdata="test",
    )


def known(generation: Generation, rows: np.ndarray | None = None) -> Assessed:
    rows = np.arange(N) if rows is None else rows
    accounts = [ACCOUNTS[i] for i in rows.tolist()]
    return assess(generation, accounts, HISTORY, VIEW.take(rows), 3, keyed=False)


def absent(ratios: Ratios, n: int = N) -> bool:
    return all(part.shape == (n, 5) and np.isnan(part).all() for part in ratios)


def test_without_an_estimate_there_are_no_odds_ratios(assumed: Generation) -> None:
    found = known(assumed)
    assert absent(found.ratios)
    assert absent(found.challenger_ratios)


def test_they_are_those_of_the_features_of_late_accounts(assumed: Generation) -> None:
    found = known(replace(assumed, policy=with_estimate(PLAIN, ESTIMATE)))
    assert absent(found.challenger_ratios)
    expected = ESTIMATE.ratios(matrix(HISTORY, VIEW))
    for part, whole in zip(found.ratios, expected, strict=True):
        assert np.array_equal(part[LATE], whole[LATE])
        assert np.isnan(part[~LATE]).all()
    assert len(np.unique(found.ratios.odds_ratio[LATE, 3])) > 1


def test_a_challenger_has_its_own(assumed: Generation) -> None:
    served = replace(
        assumed,
        policy=with_estimate(PLAIN, ESTIMATE),
        challenger=with_estimate(PLAIN, OTHER),
    )
    both = known(served)
    swapped = known(replace(served, policy=served.challenger, challenger=served.policy))
    for i in range(3):
        assert np.array_equal(both.ratios[i], swapped.challenger_ratios[i], equal_nan=True)
        assert np.array_equal(swapped.ratios[i], both.challenger_ratios[i], equal_nan=True)
    assert (both.challenger_ratios.odds_ratio[LATE, 1:] > both.ratios.odds_ratio[LATE, 1:]).all()
    alone = known(replace(served, policy=PLAIN))
    assert absent(alone.ratios)
    assert not absent(alone.challenger_ratios)


def test_they_do_not_depend_on_the_other_accounts(assumed: Generation) -> None:
    served = replace(assumed, policy=with_estimate(PLAIN, ESTIMATE))
    together = known(served)
    for i in (0, 1, 17):
        alone = known(served, np.array([i]))
        for part, whole in zip(alone.ratios, together.ratios, strict=True):
            assert np.array_equal(part[0], whole[i], equal_nan=True)
    early = np.flatnonzero(~LATE)
    assert absent(known(served, early).ratios, len(early))


def test_a_plan_knows_no_account_by_another_estimate(assumed: Generation) -> None:
    served = replace(assumed, policy=with_estimate(PLAIN, ESTIMATE))
    other = ByDays()
    other.sha256 = "f" * 64
    salts = {
        salt(generation, assumed.bundles["cure"])
        for generation in (assumed, served, replace(served, policy=with_estimate(PLAIN, other)))
    }
    assert len(salts) == 3


def test_levels_follow_from_them(assumed: Generation) -> None:
    harmful = replace(assumed, policy=with_estimate(PLAIN, ByDays(-0.5)))
    found = known(harmful)
    assert asked_of(harmful, ACCOUNTS, found).ratios is found.ratios
    for generation, lowest in ((harmful, True), (assumed, False)):
        decisions = conclude(generation, ACCOUNTS, known(generation))
        levels = np.array([each.intensity.level for each in decisions])
        assert (levels[LATE] <= 1).all() == lowest  # reminders are the least in M2


class ByStage(ByDays):
    """Gives each account the number of the stage that it is asked for."""

    def ratios(self, features: Floats, stage: Indices | None = None) -> Ratios:
        assert stage is not None
        told = np.repeat(stage[:, None].astype(np.float64), 5, axis=1)
        return Ratios(told, told, told)


def test_they_are_asked_for_in_the_stage_of_the_account_not_of_its_statement(
    assumed: Generation,
) -> None:
    accounts = [replace(each, days_past_due=95) for each in ACCOUNTS[:3]]
    generation = replace(assumed, policy=with_estimate(PLAIN, ByStage()))
    found = assess(generation, accounts, HISTORY, VIEW.take(np.arange(3)), 1, keyed=False)
    assert found.ratios.odds_ratio.tolist() == [[4.0] * 5] * 3
    statement = matrix(HISTORY, VIEW.take(np.arange(3)))[:, NAMES.index("dpd_last")]
    assert (statement <= 90).any()
