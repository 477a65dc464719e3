"""The estimators, by hand and against what is true in a simulation."""

import numpy as np
import pytest

from features.panel import Floats
from models.intensity.policy import load_policy
from models.intensity.response import assumed
from tests.policies import packaged_with
from tests.training.offpolicy.conftest import Simulated
from training.offpolicy.estimators import (
    PER,
    Given,
    Rewards,
    Term,
    effective_size,
    estimates,
    rewards,
    supported,
    terms,
    weights,
)
from training.offpolicy.figures import Rows, figures
from training.offpolicy.policies import leaves, plain_levels

# Four assignments: two of level none, a reminder, a call.
HAND = Rewards(
    level=np.array([0, 0, 1, 2]),
    propensity=np.array(
        [
            [0.5, 0.5, 0.0, 0.0, 0.0],
            [0.4, 0.2, 0.4, 0.0, 0.0],
            [0.5, 0.25, 0.25, 0.0, 0.0],
            [0.2, 0.0, 0.8, 0.0, 0.0],
        ]
    ),
    cured=np.array([1.0, 0.0, 1.0, 1.0]),
    worth=np.array([100.0, 50.0, 80.0, 10.0]),
    cost=np.array([0.0, 1.0, 4.0, 9.0, 20.0]),
    contacts=np.array([0.0, 5.0, 7.0, 9.0, 20.0]),
    outcome=np.array([[0.2, 0.3, 0.5, 0.5, 0.5]] * 4),
)
REMIND = Given(np.array([1, 1, 1, 1]))
MIXED = Given(np.array([0, 1, 1, 2]))


def summed(given: Given, rows: Rewards = HAND) -> dict[str, float]:
    found = estimates(terms(given, rows).sum(axis=0))
    return {name: float(value) for name, value in found._asdict().items()}


def test_weights_are_of_the_rows_that_agree() -> None:
    assert weights(REMIND, HAND.propensity, HAND.level).tolist() == [0, 0, 4, 0]
    assert weights(MIXED, HAND.propensity, HAND.level).tolist() == [2, 0, 4, 1.25]
    assert weights(Given(HAND.level, True), HAND.propensity, HAND.level).tolist() == [1] * 4


def test_doubly_robust_by_hand() -> None:
    # Of MIXED over none; rows 2 to 4, for row 1 gets none either way.
    row_2 = 50 * (0.3 - (0.2 + (0.0 - 0.2) / 0.4)) - 1
    row_3 = 80 * ((0.3 + (1.0 - 0.3) / 0.25) - 0.2) - 1
    row_4 = 10 * ((0.5 + (1.0 - 0.5) / 0.8) - 0.2) - 4
    assert summed(MIXED)["net_dr"] == pytest.approx(PER * (row_2 + row_3 + row_4) / 4)
    assert terms(MIXED, HAND)[:, Term.NET].tolist() == pytest.approx([0, row_2, row_3, row_4])
    cures = 0.2 + 0.8 / 0.5 + 0.3 + (0.3 + 0.7 / 0.25) + (0.5 + 0.5 / 0.8)
    assert summed(MIXED)["cure_rate_dr"] == pytest.approx(cures / 4)
    assert summed(MIXED)["contacts_per_cure_dr"] == pytest.approx((0 + 5 + 5 + 7) / cures)


def test_self_normalised_by_hand() -> None:
    # Where the policies differ, rows 2 to 4: row 2 agrees with none, rows 3 and 4 with MIXED.
    own = (4 * (80 - 1) + 1.25 * (10 - 4)) / (4 + 1.25)
    none = (2.5 * 0.0) / 2.5
    assert summed(MIXED)["net_snips"] == pytest.approx(PER * 3 / 4 * (own - none))
    assert summed(MIXED)["cure_rate_snips"] == pytest.approx(1.0)


def test_rows_that_get_no_contact_count_for_nothing() -> None:
    nothing = Given(np.zeros(4, np.int64))
    assert terms(nothing, HAND)[:, Term.NET].tolist() == [0, 0, 0, 0]
    assert summed(nothing)["net_dr"] == summed(nothing)["net_snips"] == 0
    changed = HAND._replace(worth=np.array([1e9, 50.0, 80.0, 10.0]))
    assert summed(MIXED, changed)["net_dr"] == summed(MIXED)["net_dr"]
    assert summed(MIXED, changed)["net_snips"] == summed(MIXED)["net_snips"]


def test_a_level_that_had_no_propensity_is_told_by_the_model_alone() -> None:
    # A reminder could not have been assigned to row 4.
    assert supported(REMIND, HAND.propensity).tolist() == [True, True, True, False]
    told = terms(REMIND, HAND)
    none = 0.2  # row 4 was called: the model alone speaks of none too
    assert told[3, Term.NET] == pytest.approx(10 * (0.3 - none) - 1)
    assert told[3, Term.SUPPORTED] == 0
    assert told[:3, Term.SUPPORTED].tolist() == [1, 1, 1]


def test_self_normalised_weights_leave_out_what_either_side_does_not_support() -> None:
    chance = np.array([[0.0, 1.0, 0.0, 0.0, 0.0], *HAND.propensity[1:]])
    rows = HAND._replace(level=np.array([1, 0, 1, 2]), propensity=chance)
    # No contact could not have been assigned to row 1, nor a reminder to row 4.
    assert terms(REMIND, rows)[:, Term.SUPPORTED].tolist() == [0, 1, 1, 0]
    assert summed(REMIND, rows)["net_snips"] == pytest.approx(PER * ((80 - 1) - 0.0))


def test_a_level_assigned_against_its_propensity_weighs_nothing() -> None:
    wrong = HAND._replace(level=np.array([0, 0, 1, 3]))
    given = Given(np.array([0, 0, 1, 3]))
    assert weights(given, wrong.propensity, wrong.level)[3] == 0
    assert np.isfinite(terms(given, wrong)).all()


def test_where_nobody_agrees_self_normalised_weights_say_nothing() -> None:
    escalate = Given(np.array([4, 4, 4, 4]))
    found = summed(escalate)
    assert np.isnan(found["net_snips"])
    assert np.isnan(found["cure_rate_snips"])
    none = np.array([0.2 + 0.8 / 0.5, 0.2 - 0.2 / 0.4, 0.2, 0.2])
    assert found["net_dr"] == pytest.approx(PER * ((HAND.worth * (0.5 - none)).mean() - 20))


def test_what_was_done_is_the_mean_reward_less_the_estimate_of_none() -> None:
    done = Given(HAND.level, as_done=True)
    reward = HAND.cured * HAND.worth - HAND.cost[HAND.level]
    none = np.array([0.2 + 0.8 / 0.5, 0.2 - 0.2 / 0.4, 0.2, 0.2]) * HAND.worth
    assert summed(done)["net_dr"] == pytest.approx(PER * (reward.mean() - none.mean()))
    assert summed(done)["cure_rate_dr"] == pytest.approx(0.75)
    # Rows 1 and 2 stand for none, by the weights 2 and 2.5.
    assert summed(done)["net_snips"] == pytest.approx(PER * (reward.mean() - 2 * 100 / 4.5))


def test_effective_size_is_that_of_kish() -> None:
    assert effective_size(np.array([1.0, 1.0, 1.0, 0.0])) == pytest.approx(3)
    assert effective_size(np.array([1.0, 3.0])) == pytest.approx(16 / 10)
    assert effective_size(np.zeros(3)) == 0


def test_rewards_are_in_the_unit_of_the_policy(simulated: Simulated) -> None:
    rows, policy = simulated.rows, load_policy()
    found = rewards(policy, rows, 2.0, simulated.outcome)
    assert found.worth == pytest.approx(0.4 * rows.past_due / 2)
    assert found.cost == pytest.approx(policy.numbers.cost)
    # 0.5 text messages, 0.5 app notifications and 0.25 emails a week.
    assert found.contacts[1] == pytest.approx(1.25 * 365.25 / 12 / 7)
    balance = packaged_with({"value": {"cure": {"of": "balance", "margin": 0.1}}})
    assert rewards(balance, rows, 1.0, simulated.outcome).worth == pytest.approx(0.1 * rows.balance)


def test_both_estimates_meet_the_truth_of_a_simulation(simulated: Simulated) -> None:
    policy, n = load_policy(), len(simulated.rows)
    left = leaves(policy, simulated.given, assumed(n), None)
    levels = {**plain_levels(left), "assumed": left.weighed.level}
    given = {name: Given(level) for name, level in levels.items()}
    given["done"] = Given(simulated.rows.level, as_done=True)
    rewarded = rewards(policy, simulated.rows, 1.0, simulated.outcome)
    rows = Rows(simulated.rows.account, simulated.rows.stage)
    found = figures(given, rows, rewarded, draws=200, seed=1)
    for name, each in given.items():
        true = _true_value(each, rewarded, simulated.truth)
        for figure in (found[name]["net_dr"], found[name]["net_snips"]):
            error = (figure["high"] - figure["low"]) / (2 * 1.96)
            assert abs(figure["value"] - true) <= 4 * error, (name, figure, true)
    assert found["nothing"]["net_dr"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def _true_value(given: Given, rows: Rewards, truth: Floats) -> float:
    """Of 1,000 assignments, over none."""
    gain = rows.worth[:, None] * (truth - truth[:, :1]) - rows.cost
    if given.as_done:
        return float(PER * (rows.propensity * gain).sum(axis=1).mean())
    return float(PER * gain[np.arange(len(gain)), given.level].mean())
