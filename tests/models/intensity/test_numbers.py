"""The numbers of a policy say what its file says, and those of the packaged one make sense."""

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.optimize import brentq
from scipy.special import expit

from features.tables import CHANNELS
from models.intensity.ladder import (
    CALL,
    ESCALATE,
    INTENSIVE,
    LEVEL_NAMES,
    LEVELS,
    NONE,
    REMIND,
    RESOURCES,
)
from models.intensity.numbers import NO_CHANNEL, numbers_of
from models.intensity.policy import Policy, load_policy
from models.score.tier import TIERS
from models.stage import STAGES
from models.target import TARGETS
from tests.policies import packaged_with, policies

S, T, L, R, K = (len(kind) for kind in (STAGES, TIERS, LEVELS, RESOURCES, TARGETS))
ARRAYS = {
    "odds_ratio": (np.float64, (S, T, L)),
    "estimated": (np.bool_, (S, L)),
    "logging": (np.float64, (S, L)),
    "cost": (np.float64, (L,)),
    "use": (np.float64, (L, R)),
    "lowest": (np.int64, (S,)),
    "highest": (np.int64, (S,)),
    "low_from": (np.float64, (K,)),
    "high_below": (np.float64, (K,)),
    "doubtful": (np.float64, (3,)),
    "margin": (np.float64, (K,)),
    "of_balance": (np.bool_, (K,)),
    "main": (np.int64, (L,)),
    "main_per_week": (np.float64, (L,)),
}


@settings(max_examples=30)
@given(policies())
def test_the_arrays_are_of_one_type_and_say_what_the_policy_says(policy: Policy) -> None:
    numbers = policy.numbers
    assert set(ARRAYS) == set(numbers._fields) - {"valid_days"}
    for name, (kind, shape) in ARRAYS.items():
        array = getattr(numbers, name)
        assert (array.dtype, array.shape) == (kind, shape), name
        assert array.flags.c_contiguous
        assert np.isfinite(array).all()
    assert (numbers.odds_ratio[:, :, NONE] == 1).all()
    assert np.abs(numbers.logging.sum(axis=1) - 1).max() <= 1e-15
    assert (numbers.lowest <= numbers.highest).all()
    assert (numbers.high_below < numbers.low_from).all()
    assert (numbers.cost[NONE], numbers.main[NONE], numbers.main_per_week[NONE]) == (0, -1, 0)
    assert not numbers.use[NONE].any()
    assert (numbers.cost >= 0).all()
    assert (numbers.main_per_week[REMIND:] > 0).all()
    for level in range(REMIND, L):
        assert CHANNELS[numbers.main[level]] == policy.rungs[level].channels[0]


@settings(max_examples=30)
@given(policies())
def test_a_policy_survives_being_written_and_read(policy: Policy) -> None:
    written = Policy.model_validate_json(policy.model_dump_json(by_alias=True))
    assert written == policy
    for name in ARRAYS:
        assert np.array_equal(getattr(policy.numbers, name), getattr(written.numbers, name)), name


def test_effects_are_assumed_but_where_they_are_said_to_be_estimated() -> None:
    policy = load_policy()
    assert not policy.numbers.estimated.any()
    cells = np.random.default_rng(1).random((L, S)).T < 0.5
    numbers = numbers_of(policy, cells)
    assert np.array_equal(numbers.estimated, cells)
    assert numbers.estimated.flags.c_contiguous
    assert np.array_equal(numbers.odds_ratio, policy.numbers.odds_ratio)


def test_costs_and_uses_are_of_one_cycle() -> None:
    policy = packaged_with(
        {
            "value": {"annoyance_per_contact": 0.5},
            "ladder": {
                "call": {
                    "unit_cost": 1.5,
                    "contacts_per_week": {"call": 2.0, "sms": 1.0, "email": 0.5},
                    "use_per_week": {"agent_minutes": 14},
                }
            },
        }
    )
    weeks = 365.25 / 12 / 7
    assert policy.numbers.cost[CALL] == pytest.approx(weeks * 3.5 * 2.0)
    assert policy.numbers.use[CALL] == pytest.approx([weeks * 14, 0, 0])
    assert (CHANNELS[policy.numbers.main[CALL]], policy.numbers.main_per_week[CALL]) == ("call", 2)


def test_every_number_stands_at_its_stage_tier_target_and_level() -> None:
    policy = packaged_with(
        {
            "response": {
                "odds_ratios": {"M4+": {"high": [2.0, 3.0, 4.0, 5.0]}},
                "logging": {"M2": [0.0, 0.0, 0.25, 0.0, 0.75]},
            },
            "stages": {"M3": {"lowest": "call", "highest": "intensive"}},
            "tiers": {"doubtful": {"amount_from": 7}},
            "value": {"cure": {"of": "balance", "margin": 0.125}},
        }
    )
    numbers = policy.numbers
    stage, tier = STAGES.index("M4+"), TIERS.index("high")
    assert numbers.odds_ratio[stage, tier].tolist() == [1, 2, 3, 4, 5]
    assert numbers.logging[STAGES.index("M2")].tolist() == [0, 0, 0.25, 0, 0.75]
    assert numbers.lowest[STAGES.index("M3")] == CALL
    assert numbers.highest[STAGES.index("M3")] == INTENSIVE
    assert numbers.doubtful.tolist() == [STAGES.index("M3"), 0.10, 7]
    cure, staying = TARGETS.index("cure"), TARGETS.index("early_warning")
    assert (numbers.margin[cure], numbers.of_balance[cure]) == (0.125, True)
    assert numbers.low_from[[cure, staying]].tolist() == [0.60, 0.95]
    assert numbers.high_below[[cure, staying]].tolist() == [0.30, 0.80]
    assert numbers.main[NONE] == NO_CHANNEL


def packaged_level(stage: str, tier: str, probability: float, amount: float) -> int:
    """The level of the packaged policy where no capacity is scarce and no rule applies."""
    numbers = load_policy().numbers
    s, t = STAGES.index(stage), TIERS.index(tier)
    log_odds_ratio = np.log(numbers.odds_ratio[s, t])

    def missed(untreated: float) -> float:
        return float(numbers.logging[s] @ expit(untreated + log_odds_ratio)) - probability

    p = expit(brentq(missed, -40, 40) + log_odds_ratio)
    worth = amount * numbers.margin[TARGETS.index("early_warning" if s == 0 else "cure")]
    net = (p - p[NONE]) * worth - numbers.cost
    lowest, highest = int(numbers.lowest[s]), int(numbers.highest[s])
    return lowest + int(np.argmax(net[lowest : highest + 1]))


@pytest.mark.parametrize(
    ("stage", "tier", "probability", "amount", "level"),
    [
        ("pre_due", "low", 0.98, 1_000, NONE),
        ("pre_due", "high", 0.70, 3_000, REMIND),
        ("M1", "medium", 0.45, 5, NONE),
        ("M1", "medium", 0.45, 200, REMIND),
        ("M1", "low", 0.95, 200, NONE),
        ("M1", "high", 0.20, 3_000, CALL),
        ("M2", "medium", 0.45, 20, REMIND),
        ("M2", "medium", 0.45, 500, CALL),
        ("M2", "medium", 0.45, 3_000, INTENSIVE),
        ("M3", "high", 0.20, 3_000, INTENSIVE),
        ("M3", "doubtful", 0.03, 500, REMIND),
        ("M4+", "low", 0.80, 1_000, REMIND),
        ("M4+", "high", 0.20, 800, CALL),
        ("M4+", "high", 0.20, 5_000, ESCALATE),
    ],
)
def test_the_packaged_policy_weighs_as_a_head_of_collections_would(
    stage: str, tier: str, probability: float, amount: float, level: int
) -> None:
    assert LEVEL_NAMES[packaged_level(stage, tier, probability, amount)] == LEVEL_NAMES[level]


@pytest.mark.parametrize("stage", STAGES)
def test_the_packaged_policy_does_no_less_for_a_larger_amount(stage: str) -> None:
    for tier, probability in (("low", 0.97), ("medium", 0.85 if stage == "pre_due" else 0.45)):
        found = [packaged_level(stage, tier, probability, 10.0 * 2**k) for k in range(12)]
        assert found == sorted(found)
