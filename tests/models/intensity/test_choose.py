"""The level: the table first, caps last, over arbitrary accounts, tiers and policies."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.tables import FLAGS
from models.account import Account
from models.decision import Intensity
from models.intensity.choose import choose
from models.intensity.ladder import (
    LEVEL_NAMES,
    LOWEST_LEVEL_OF_CHANNEL,
    LOWEST_LEVEL_OF_TREATMENT,
)
from models.intensity.policy import Policy, load_policy
from models.intensity.rules.holds import HOLDS
from models.intensity.rules.protections import PROTECTIONS
from models.intensity.situation import Situation
from models.score.tier import TIERS, Tier
from models.stage import STAGES, Stage

DEFAULT = load_policy()
FREE = Situation(promise_until=None, in_transit=False, plan_kept=False)
PROMISED = datetime(2026, 5, 1, tzinfo=UTC)


def account(*flags: str) -> Account:
    return Account(
        account_id="A1",
        product="credit_card",
        security="none",
        currency="USD",
        balance=1_000,
        past_due_amount=100,
        days_past_due=20,
        jurisdiction="US",
        timezone="America/New_York",
        flags=frozenset(flags),
    )


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any sound policy, as far as the level depends on it."""
    stages: dict[str, Any] = {}
    table: dict[str, Any] = {}
    for stage in STAGES:
        lowest, highest = sorted(draw(st.tuples(st.integers(0, 4), st.integers(0, 4))))
        stages[stage] = {"lowest": LEVEL_NAMES[lowest], "highest": LEVEL_NAMES[highest]}
        table[stage] = {tier: LEVEL_NAMES[draw(st.integers(lowest, highest))] for tier in TIERS}
    ladder: dict[str, Any] = {"none": {"channels": [], "treatment": "wait"}}
    for level, name in enumerate(LEVEL_NAMES[1:], start=1):
        possible = [c for c, lowest in LOWEST_LEVEL_OF_CHANNEL.items() if lowest <= level]
        channels = draw(
            st.lists(st.sampled_from(possible), min_size=1, unique=True).filter(
                lambda chosen: chosen != ["visit"]
            )
        )
        fitting = [t for t, lowest in LOWEST_LEVEL_OF_TREATMENT.items() if 1 <= lowest <= level]
        treatment = draw(st.sampled_from(fitting))
        ladder[name] = {"channels": channels, "treatment": treatment}
    base = DEFAULT.model_dump(by_alias=True)
    tiers = {
        "cure": {"low_from": 0.6, "high_below": 0.3},
        "early_warning": {"low_from": 0.6, "high_below": 0.3},
        "doubtful": {"stage_from": "M3", "probability_below": 0.1, "amount_from": 0},
    }
    return Policy.model_validate(
        base | {"tiers": tiers, "stages": stages, "table": table, "ladder": ladder}
    )


situations = st.builds(
    Situation,
    promise_until=st.sampled_from([None, PROMISED]),
    in_transit=st.booleans(),
    plan_kept=st.booleans(),
    visit_agreed=st.booleans(),
)
flag_sets = st.frozensets(st.sampled_from(FLAGS))
cases = st.tuples(policies(), st.sampled_from(STAGES), st.sampled_from(TIERS))


def test_every_flag_is_a_protection() -> None:
    assert set(PROTECTIONS) == set(FLAGS)
    assert all(rule.effective_from is None for rule in (*PROTECTIONS.values(), *HOLDS))


@pytest.mark.parametrize(
    ("flag", "level", "treatment"),
    [
        ("deceased", 0, "wait"),
        ("bankruptcy", 0, "wait"),
        ("cease_contact", 0, "wait"),
        ("dispute", 0, "wait"),
        ("represented", 0, "wait"),
        ("complaint", 0, "wait"),
        ("hardship", 1, "hardship_review"),
        ("vulnerable", 1, "hardship_review"),
    ],
)
def test_each_protection_caps_the_level_below_the_stage_minimum_too(
    flag: str, level: int, treatment: str
) -> None:
    decided = choose(DEFAULT, account(flag), "M4+", "high", FREE)
    assert (decided.level, decided.treatment) == (level, treatment)
    assert [rule.rule for rule in decided.binding_rules] == [flag]
    assert decided.binding_rules[0].took_away == f"level:4->{level}"
    assert not decided.needs_approval


@pytest.mark.parametrize(
    ("situation", "rule"),
    [
        (Situation(PROMISED, False, False), "promise_not_due"),
        (Situation(None, False, True), "plan_kept"),
        (Situation(None, True, False), "payment_in_transit"),
    ],
)
def test_each_hold_caps_the_level_at_a_reminder(situation: Situation, rule: str) -> None:
    for stage, tier, unflagged in (("M1", "high", 2), ("M3", "high", 3), ("M4+", "doubtful", 4)):
        decided = choose(DEFAULT, account(), stage, tier, situation)
        assert (decided.level, decided.treatment) == (1, "remind")
        assert [(b.rule, b.took_away) for b in decided.binding_rules] == [
            (rule, f"level:{unflagged}->1")
        ]


def test_a_rule_that_takes_nothing_away_does_not_bind() -> None:
    decided = choose(DEFAULT, account("hardship"), "M1", "low", FREE)
    assert decided.level == 1
    assert decided.binding_rules == ()
    # … but what it asks for is done all the same
    assert decided.treatment == "hardship_review"


def test_binding_rules_stand_strictest_first() -> None:
    held = Situation(PROMISED, False, True)
    decided = choose(DEFAULT, account("vulnerable", "dispute", "deceased"), "M3", "high", held)
    assert [rule.rule for rule in decided.binding_rules] == [
        "deceased",
        "dispute",
        "plan_kept",
        "promise_not_due",
        "vulnerable",
    ]
    assert decided.treatment == "wait"
    assert {level.taken_by for level in decided.levels[1:4]} == {"deceased"}


def test_only_the_highest_level_needs_approval() -> None:
    assert choose(DEFAULT, account(), "M4+", "high", FREE).needs_approval
    assert not choose(DEFAULT, account(), "M4+", "medium", FREE).needs_approval


def test_a_visit_needs_an_agreed_appointment() -> None:
    decided = choose(DEFAULT, account(), "M4+", "high", FREE)
    assert decided.channels == ("call", "letter", "agency", "legal")
    assert [(b.rule, b.took_away) for b in decided.binding_rules] == [
        ("visit_appointment", "channel:visit")
    ]
    agreed = Situation(None, False, False, visit_agreed=True)
    decided = choose(DEFAULT, account(), "M4+", "high", agreed)
    assert decided.channels == ("call", "letter", "visit", "agency", "legal")
    assert decided.binding_rules == ()


def test_levels_outside_the_bounds_of_the_stage_are_not_allowed() -> None:
    decided = choose(DEFAULT, account(), "M2", "low", FREE)
    assert [(level.allowed, level.taken_by) for level in decided.levels] == [
        (False, "stage_lowest"),
        (True, None),
        (True, None),
        (True, None),
        (False, "stage_highest"),
    ]


def test_nothing_that_was_not_computed_is_shown() -> None:
    decided = choose(DEFAULT, account(), "M2", "high", FREE)
    for level in decided.levels:
        assert (level.probability, level.value, level.cost, level.price, level.net) == (None,) * 5
    assert decided.runner_up is None
    assert decided.response_model is None


def test_an_unknown_flag_is_not_passed_over() -> None:
    with pytest.raises(KeyError, match="decesed"):
        choose(DEFAULT, account("decesed"), "M1", "low", FREE)


def consistent(decided: Intensity, unflagged: int) -> None:
    """What must be true of every decision, whatever rules apply."""
    assert decided.name == LEVEL_NAMES[decided.level]
    assert decided.level <= unflagged
    assert (decided.channels == ()) == (decided.level == 0)
    assert decided.needs_approval == (decided.level == 4)
    assert decided.levels[decided.level].allowed
    assert [level.level for level in decided.levels] == [0, 1, 2, 3, 4]
    assert all(level.allowed == (level.taken_by is None) for level in decided.levels)

    lowering = [b for b in decided.binding_rules if b.took_away.startswith("level:")]
    left = [int(b.took_away.removeprefix(f"level:{unflagged}->")) for b in lowering]
    assert left == sorted(left)
    assert all(cap < unflagged for cap in left)
    assert decided.level == min([unflagged, *left])
    for level in range(decided.level + 1, unflagged + 1):
        assert decided.levels[level].taken_by == lowering[0].rule
    if decided.level == 0 and unflagged > 0:
        assert decided.treatment == "wait"


@given(cases, flag_sets, situations)
def test_a_decision_is_consistent_in_itself(
    case: tuple[Policy, Stage, Tier], flags: frozenset[str], situation: Situation
) -> None:
    policy, stage, tier = case
    decided = choose(policy, account(*flags), stage, tier, situation)
    consistent(decided, policy.levels[stage, tier])
    assert situation.visit_agreed or "visit" not in decided.channels
    if flags & {"hardship", "vulnerable"}:
        assert decided.level <= 1
        assert decided.treatment in ("hardship_review", "wait")


@given(cases, flag_sets, situations, st.sampled_from(FLAGS))
def test_setting_a_flag_never_raises_the_level(
    case: tuple[Policy, Stage, Tier], flags: frozenset[str], situation: Situation, flag: str
) -> None:
    without = choose(case[0], account(*(flags - {flag})), *case[1:], situation)
    with_it = choose(case[0], account(*(flags | {flag})), *case[1:], situation)
    assert with_it.level <= without.level
    assert with_it.level <= PROTECTIONS[flag].cap


@given(cases, flag_sets, situations, st.sampled_from(["promise", "transit", "plan"]))
def test_a_hold_never_raises_the_level(
    case: tuple[Policy, Stage, Tier], flags: frozenset[str], free: Situation, hold: str
) -> None:
    held = Situation(
        PROMISED if hold == "promise" else free.promise_until,
        hold == "transit" or free.in_transit,
        hold == "plan" or free.plan_kept,
        free.visit_agreed,
    )
    without = choose(case[0], account(*flags), *case[1:], free)
    with_it = choose(case[0], account(*flags), *case[1:], held)
    assert with_it.level <= min(without.level, 1)


@given(cases)
def test_without_a_rule_the_level_is_the_table_s(case: tuple[Policy, Stage, Tier]) -> None:
    policy, stage, tier = case
    decided = choose(policy, account(), stage, tier, FREE)
    assert decided.level == policy.levels[stage, tier]
    assert decided.treatment == policy.rungs[decided.level].treatment
