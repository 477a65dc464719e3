"""Levels that policies would have given: those of real decisions, and the plain policies."""

from dataclasses import replace

import numpy as np
import pytest

from features.clock import DAY_SECONDS
from features.panel import known_at
from models.intensity.asked import Asked
from models.intensity.choose import choose
from models.intensity.facts import facts
from models.intensity.ladder import CALL, ESCALATE, LEVEL_NAMES
from models.intensity.policy import Policy, load_policy
from models.intensity.response import Ratios, assumed
from models.intensity.rules.counts import count
from models.score.tier import TIERS
from models.stage import STAGES
from tests.asking import plenty
from tests.estimates import ByDays, with_estimate
from tests.policies import packaged_with
from tests.training.offpolicy.conftest import Simulated
from training.offpolicy.policies import leaves, plain_levels


def decided(policy: Policy, simulated: Simulated, ratios: Ratios) -> list[int]:
    """The levels that decisions recommend for the same accounts at the same time."""
    given, view, n = simulated.given, simulated.rows.view, len(simulated.rows)
    known = facts(simulated.panel, view, given.accounts, policy)
    asked = Asked(
        accounts=given.accounts,
        as_of=view.as_of,
        newest=view.as_of,
        log_odds=given.log_odds,
        ability=np.full(n, 50.0),
        willingness=np.full(n, 50.0),
        standing_valid=np.ones(n, np.bool_),
        facts=known,
        counts=count(simulated.panel, view, known.today),
        ratios=ratios,
    )
    return [each.recommended for each in choose(policy, plenty(n), asked).intensities]


def test_levels_are_those_of_decisions(simulated: Simulated) -> None:
    policy, nothing = load_policy(), assumed(len(simulated.rows))
    found = leaves(policy, simulated.given, nothing, None).weighed.level
    assert found.tolist() == decided(policy, simulated, nothing)
    assert len(np.unique(found)) >= 4


def test_levels_by_an_estimate_are_those_of_decisions_with_it(simulated: Simulated) -> None:
    cells = np.zeros((5, 5), np.bool_)
    cells[1:4, 1:] = True  # M4+ stays assumed
    estimate = ByDays(0.4, cells)
    policy = with_estimate(load_policy(), estimate)
    ratios = estimate.ratios(simulated.features)
    found = leaves(policy, simulated.given, ratios, cells).weighed.level
    assert found.tolist() == decided(policy, simulated, ratios)
    plain = leaves(policy, simulated.given, assumed(len(found)), None).weighed.level
    differs, late = found != plain, simulated.rows.stage
    assert differs[late < 4].any()
    assert not differs[late == 4].any()


def test_accounts_stand_as_they_stood(simulated: Simulated) -> None:
    rows, panel = simulated.rows, simulated.panel
    today = simulated.tables.accounts
    for i in (0, len(rows) // 2, len(rows) - 1):
        account, row = simulated.given.accounts[i], int(rows.account[i])
        assert account.account_id == today["account_id"].iloc[row]
        assert (account.balance, account.past_due_amount) == (rows.balance[i], rows.past_due[i])
        assert account.days_past_due == panel.days_past_due[row, rows.view.stop[i] - 1] > 0
        assert ("hardship" in account.flags) == bool(today["hardship"].iloc[row])


def test_plain_policies_stay_within_stage_and_rules(simulated: Simulated) -> None:
    policy = load_policy()
    left = leaves(policy, simulated.given, assumed(len(simulated.rows)), None)
    levels = plain_levels(left)
    assert not levels["nothing"].any()
    n, stage = np.arange(len(simulated.rows)), simulated.rows.stage
    for name in ("call_everyone", "thresholds"):
        assert left.allowed[n, levels[name]].all()
        assert (levels[name] <= policy.numbers.highest[stage]).all()
    protected = np.array([bool(account.flags) for account in simulated.given.accounts])
    assert protected.any()
    assert (levels["call_everyone"][protected] <= 1).all()
    called = levels["call_everyone"] == CALL
    assert (called == left.allowed[:, CALL]).all()  # the highest level of M1 is call
    # Who may not be called gets the highest level below.
    below = ~called
    assert (levels["call_everyone"][below] == np.where(left.allowed[below, 1], 1, 0)).all()


def test_everybody_is_called_as_where_nothing_but_rules_speaks_against_calls(
    simulated: Simulated,
) -> None:
    """Three weeks after the statement, when there were contacts and payments."""
    rows = simulated.rows
    later = known_at(simulated.panel, rows.account, rows.view.as_of + 20 * DAY_SECONDS)
    given = simulated.given._replace(rows=replace(rows, view=later))
    best = {tier: [2.0, 20.0, 2.0, 2.0] for tier in TIERS}
    calling = packaged_with(
        {
            "response": {"odds_ratios": dict.fromkeys(STAGES, best)},
            "value": {"annoyance_per_contact": 0.0},
            "ladder": {name: {"unit_cost": 0.0} for name in LEVEL_NAMES},
        }
    )
    left = leaves(calling, given, assumed(len(rows)), None)
    wanted = decided(calling, simulated._replace(given=given, rows=given.rows), assumed(len(rows)))
    assert plain_levels(left)["call_everyone"].tolist() == wanted
    assert left.weighed.transit.any()


def test_thresholds_go_by_the_tier(simulated: Simulated) -> None:
    free = packaged_with(
        {
            "stages": {
                s: {"lowest": "none", "highest": "escalate"} for s in ("M1", "M2", "M3", "M4+")
            }
        }
    )
    left = leaves(free, simulated.given, assumed(len(simulated.rows)), None)
    found, wanted = plain_levels(left)["thresholds"], np.arange(4)[left.weighed.tier]
    assert TIERS == ("low", "medium", "high", "doubtful")
    assert set(left.weighed.tier.tolist()) == {0, 1, 2, 3}
    least = left.allowed[np.arange(len(found)), wanted]
    assert (found[least] == wanted[least]).all()
    assert (found <= wanted).all()


@pytest.mark.parametrize("highest", ["remind", "intensive"])
def test_bounds_of_the_stage_hold_for_everybody(simulated: Simulated, highest: str) -> None:
    bounds = {"lowest": highest, "highest": highest}
    policy = packaged_with({"stages": dict.fromkeys(("M1", "M2", "M3", "M4+"), bounds)})
    left = leaves(policy, simulated.given, assumed(len(simulated.rows)), None)
    for name in ("call_everyone", "thresholds"):
        level = {"remind": 1, "intensive": 3}[highest]
        found, allowed = plain_levels(left)[name], left.allowed[:, level]
        assert (found[allowed] == level).all()
        assert (found[~allowed] < level).all()
    assert left.allowed[:, ESCALATE].any()
