"""Exploration: who is drawn to what, that it is as likely as is told, and whom it leaves alone."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from features.errors import InputError
from features.tables import FLAGS
from models.account import Plan
from models.decision import Change, Intensity
from models.intensity.asked import Asked, Scarcity, rows_of
from models.intensity.choose import Challenger, choose
from models.intensity.exploration import (
    ARMS,
    CHALLENGER,
    EXPLORE,
    ORDINARY,
    Drawn,
    Open,
    challenging,
    drawn,
    draws,
)
from models.intensity.policy import Policy, load_policy
from models.intensity.response import assumed
from models.intensity.rules.bars import BARRING
from models.intensity.sections import Exploration
from models.stage import STAGES
from tests.asking import ACCOUNT, asked, counted, only, plenty, random_asked, with_accounts
from tests.policies import packaged_with

DEFAULT = load_policy()
KEY = "a secret of the tests"
CYCLE = 1_709_251_200
SURE = 1e-4  # a test of chance that is right fails once in so many keys; the keys are fixed


def exploration(**changes: object) -> Exploration:
    fields = {"experiment": "tests", "key": KEY, "share": 0.4, "challenger_share": 0.0}
    return Exploration.model_validate(fields | changes)


def exploring(changes: dict[str, Any] | None = None, **fields: object) -> Policy:
    """The packaged policy, exploring with a share of one half but for what is changed."""
    drawing = {"experiment": "tests", "key": KEY, "share": 0.5, "challenger_share": 0.0}
    return packaged_with({"exploration": drawing | fields} | (dict(changes or {})))


def opened(n: int, recommended: int = 2, cycle: int = CYCLE, **changes: Any) -> Open:
    """n accounts to which anything may happen."""
    given = Open(
        account_id=[f"A-{i}" for i in range(n)],
        cycle=np.full(n, cycle),
        joins=np.ones(n, np.bool_),
        recommended=np.full(n, recommended),
        left=np.ones((n, 5), np.bool_),
        challenger=None,
    )
    return given._replace(**changes)


def matrix_of(found: Drawn) -> np.ndarray:
    return np.array([list(each.values()) for each in found.propensities])


def documented() -> Callable[..., float]:
    """The function with which docs/policy.md makes a draw again."""
    page = Path(__file__).parents[3] / "docs" / "policy.md"
    (code,) = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    made: dict[str, Any] = {}
    exec(code, made)
    return made["draw"]


plain_draw = documented()


# --- Draws


def test_a_draw_can_be_made_again_as_documented() -> None:
    ids = ["A-1", "账户-7", "x" * 64]
    named = [f"{each}\n{CYCLE}" for each in ids]
    for what in ("arm", "level"):
        assert draws(exploration(), what, named).tolist() == [
            plain_draw(KEY, what, "tests", each, str(CYCLE)) for each in ids
        ]
    # Fixed for good: what records tell has to be found again years later.
    assert draws(exploration(), "arm", ["A-1"]).tolist() == [0.7256674543328812]


def test_arm_and_level_of_a_decision_follow_from_the_documented_draws() -> None:
    told = with_accounts(random_asked(3, 400), flags=frozenset(), plan=None, timezone="UTC")
    decided = choose(exploring(share=0.3), plenty(400), told).intensities
    seen = set()
    for account, newest, found in zip(told.accounts, told.newest.tolist(), decided, strict=True):
        if found.experiment is None:
            continue
        cycle = str(int(newest))
        explores = plain_draw(KEY, "arm", "tests", account.account_id, cycle) < 0.3
        level = found.recommended
        if explores:
            u = plain_draw(KEY, "level", "tests", account.account_id, cycle)
            open_ = [each for each in range(4) if found.propensities[str(each)] > 0]
            level = open_[int(u * len(open_))]
        assert (found.arm, found.level) == ("explore" if explores else "ordinary", level)
        seen.add((found.arm, found.level == found.recommended))
    assert seen == {("explore", True), ("explore", False), ("ordinary", True)}


@pytest.mark.parametrize("what", ["arm", "level"])
def test_draws_are_uniform(what: Any) -> None:
    found = draws(exploration(), what, (f"{i:06d}" for i in range(40_000)))
    assert (found >= 0).all()
    assert (found < 1).all()
    assert stats.chisquare(np.histogram(found, 100, (0, 1))[0]).pvalue > SURE
    assert stats.kstest(found, "uniform").pvalue > SURE


def test_the_draws_of_arm_and_level_know_nothing_of_each_other() -> None:
    ids = [f"{i:06d}" for i in range(40_000)]
    v = draws(exploration(), "arm", ids)
    u = draws(exploration(), "level", (f"{each}\n{CYCLE}" for each in ids))
    later = draws(exploration(), "level", (f"{each}\n{CYCLE + 86_400 * 31}" for each in ids))
    for one, other in ((v, u), (u, later), (v, later)):
        table = np.histogram2d(one, other, 10, [[0, 1], [0, 1]])[0]
        assert stats.chi2_contingency(table).pvalue > SURE
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.02


@pytest.mark.parametrize("change", [{"key": "another secret of the tests"}, {"experiment": "new"}])
def test_another_key_or_experiment_draws_anew(change: dict[str, str]) -> None:
    ids = [f"{i}" for i in range(2_000)]
    one, other = (draws(exploration(**each), "arm", ids) for each in ({}, change))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.08


# --- Arms and levels


def test_arm_and_level_stay_for_a_cycle_and_are_drawn_anew_for_the_next() -> None:
    first, again, later = (
        drawn(exploration(), opened(2_000, cycle=cycle)) for cycle in (CYCLE, CYCLE, CYCLE + 1)
    )
    assert first.experiment == again.experiment == ["tests"] * 2_000
    assert (first.arm == again.arm).all()
    assert (first.level == again.level).all()
    explored, still = first.arm == EXPLORE, later.arm == EXPLORE
    assert abs(explored.mean() - 0.4) < 0.05
    # Whoever is drawn now is as likely as anybody to be drawn next: history tells nothing.
    assert abs(still[explored].mean() - still[~explored].mean()) < 0.07
    both = explored & still
    same = (first.level == later.level)[both].mean()
    assert abs(same - 1 / 3) < 0.1  # as often as three levels coincide by chance
    assert (later.level == 2)[~still].all()


def some_accounts() -> Open:
    """A few of every kind: recommended levels, levels that are left, challengers' levels."""
    return Open(
        account_id=[f"A-{i}" for i in range(6)],
        cycle=np.full(6, CYCLE),
        joins=np.array([True] * 5 + [False]),
        recommended=np.array([2, 0, 3, 1, 2, 1]),
        left=np.array(
            [
                [1, 1, 1, 1, 1],
                [1, 1, 1, 1, 1],
                [1, 1, 1, 1, 1],  # level 4 is left and never drawn
                [0, 0, 1, 1, 0],  # below the stage's lowest
                [1, 0, 0, 0, 0],  # nothing but what is recommended
                [1, 1, 1, 1, 1],
            ],
            np.bool_,
        ),
        challenger=np.array([1, 3, 3, 0, 3, 2]),
    )


EXPECTED = [  # share 0.4, challenger 0.2: an ordinary 0.4
    [0, 0.4 / 3 + 0.2, 0.4 / 3 + 0.4, 0.4 / 3, 0],
    [0.6, 0.2, 0, 0.2, 0],
    [0, 0, 0.2, 0.8, 0],
    [0.2, 0.6, 0.2, 0, 0],
    [0, 0, 0.8, 0.2, 0],
    [0, 1, 0, 0, 0],
]


def test_propensities_are_those_of_all_draws_together() -> None:
    given, keys = some_accounts(), 4_000
    counts = np.zeros((6, 5))
    for number in range(keys):
        found = drawn(exploration(key=f"{number:016d}", challenger_share=0.2), given)
        counts[np.arange(6), found.level] += 1
    told = matrix_of(found)
    assert told == pytest.approx(np.array(EXPECTED), abs=1e-12)
    assert told.sum(axis=1) == pytest.approx(1, abs=5e-12)  # told to 12 decimals
    assert (counts[told == 0] == 0).all()
    for seen, chances in zip(counts, told, strict=True):
        possible = chances > 0
        if possible.sum() == 1:  # which only one level can be
            continue
        assert stats.chisquare(seen[possible], keys * chances[possible]).pvalue > SURE


def test_without_a_challenger_its_share_is_ordinary() -> None:
    given = opened(3_000)
    alone = drawn(exploration(challenger_share=0.3), given)
    same = drawn(exploration(), given)
    assert set(alone.arm.tolist()) == {ORDINARY, EXPLORE}
    assert (alone.arm == same.arm).all()
    assert alone.propensities == same.propensities
    with_one = drawn(
        exploration(challenger_share=0.3), given._replace(challenger=np.full(3_000, 0))
    )
    assert ((with_one.arm == EXPLORE) == (alone.arm == EXPLORE)).all()
    assert abs((with_one.arm == CHALLENGER).mean() - 0.3) < 0.03
    assert (with_one.level == 0)[with_one.arm == CHALLENGER].all()


@pytest.mark.parametrize(("recommended", "challenger"), [(4, None), (4, 2), (3, 4)])
def test_level_4_is_no_matter_of_chance(recommended: int, challenger: int | None) -> None:
    other = None if challenger is None else np.full(500, challenger)
    given = opened(500, recommended, challenger=other)
    found = drawn(exploration(share=0.5, challenger_share=0.4), given)
    assert (found.arm == ORDINARY).all()
    assert (found.level == recommended).all()
    assert found.experiment == [None] * 500
    assert matrix_of(found)[:, recommended].tolist() == [1.0] * 500


def test_who_does_not_join_keeps_what_is_recommended() -> None:
    found = drawn(exploration(share=0.5), opened(500, joins=np.zeros(500, np.bool_)))
    assert found.experiment == [None] * 500
    assert (found.level == 2).all()


# --- In decisions: who takes part, and which levels


def many(n: int = 400, **changes: object) -> Asked:
    """One plain account under many ids, with these changes."""
    plain = asked(replace(ACCOUNT, **changes))
    copies = rows_of(plain, np.zeros(n, np.int64))
    return copies._replace(
        accounts=[replace(each, account_id=f"A-{i}") for i, each in enumerate(copies.accounts)]
    )


def test_plain_late_accounts_take_part() -> None:
    found = choose(exploring(), plenty(400), many()).intensities
    assert {each.experiment for each in found} == {"tests"}
    assert {(each.arm, each.recommended) for each in found} == {("ordinary", 3), ("explore", 3)}
    assert {each.level for each in found if each.arm == "explore"} == {2, 3}
    assert {each.level for each in found if each.arm == "ordinary"} == {3}
    assert found[0].propensities == pytest.approx(
        {"0": 0, "1": 0, "2": 0.25, "3": 0.75, "4": 0}, abs=1e-15
    )


def untouched(policy: Policy, told: Asked, **more: Any) -> None:
    """Nobody takes part, and all is as without exploration."""
    n = len(told.accounts)
    found = choose(policy, plenty(n), told, **more).intensities
    assert found == choose(DEFAULT, plenty(n), told, **more).intensities
    assert {(each.arm, each.experiment) for each in found} == {("ordinary", None)}
    assert all(each.propensities[str(each.level)] == 1 for each in found)
    assert all(sum(each.propensities.values()) == 1 for each in found)


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("left_out", [False, True])
def test_a_flagged_account_takes_no_part_whatever_rule_is_left_out(
    flag: str, left_out: bool
) -> None:
    told = many(60, flags=frozenset({flag}))
    untouched(exploring(), told, without=frozenset({flag} if left_out else ()))


@pytest.mark.parametrize(
    ("rule", "known"),
    [
        ("promise_not_due", {"promise_ends": 2e9}),
        ("payment_in_transit", {"received": 3_000.0}),
        ("plan_kept", {}),
    ],
)
@pytest.mark.parametrize("left_out", [False, True])
def test_an_account_on_hold_takes_no_part_whatever_rule_is_left_out(
    rule: str, known: dict[str, float], left_out: bool
) -> None:
    told = many(60, plan=Plan(6, 20.0, kept=True) if rule == "plan_kept" else None)
    facts = {name: np.full(60, value) for name, value in known.items()}
    told = told._replace(facts=told.facts._replace(**facts))
    untouched(exploring(), told, without=frozenset({rule} if left_out else ()))


def test_an_account_that_is_not_late_takes_no_part() -> None:
    untouched(exploring(), many(60, days_past_due=0, past_due_amount=0.0))


def test_an_account_to_be_escalated_takes_no_part() -> None:
    never = {"M2": {"lowest": "escalate", "highest": "escalate"}}
    found = choose(exploring({"stages": never}), plenty(60), many(60)).intensities
    assert {(each.level, each.experiment) for each in found} == {(4, None)}


def test_a_barred_level_is_never_drawn() -> None:
    """Over accounts and rules of any kind, with every level open to every stage."""
    anywhere = {"lowest": "none", "highest": "escalate"}
    policy = exploring({"stages": dict.fromkeys(("M1", "M2", "M3", "M4+"), anywhere)})
    told = random_asked(8, 3_000)
    found = choose(policy, plenty(3_000), told).intensities
    rules = {rule.id for rule in BARRING}
    barred = 0
    for each in found:
        possible = {int(level) for level, chance in each.propensities.items() if chance > 0}
        taken = {level.level for level in each.levels if level.taken_by in rules}
        assert each.level in possible
        assert each.levels[each.level].allowed
        if each.experiment is not None:
            barred += bool(taken & {each.recommended - 1, each.recommended + 1})
            assert not possible & taken
            assert 4 not in possible
            assert all(abs(level - each.recommended) <= 1 for level in possible)
            free = {level.level for level in each.levels if level.level not in taken}
            near = {each.recommended - 1, each.recommended, each.recommended + 1} & {0, 1, 2, 3}
            assert possible == near & free
    assert barred > 50
    assert len({each.level for each in found if each.arm == "explore"}) == 4


def test_the_stage_bounds_hold_for_drawn_levels() -> None:
    only_calls = {"M2": {"lowest": "call", "highest": "call"}}
    found = choose(exploring({"stages": only_calls}), plenty(60), many(60)).intensities
    assert {each.level for each in found} == {2}
    assert found[0].propensities["2"] == pytest.approx(1, abs=1e-15)
    assert found[0].experiment == "tests"


def test_an_account_alone_is_drawn_as_in_a_batch() -> None:
    policy, told = exploring(challenger_share=0.3), random_asked(21, 120)
    milder = packaged_with({"value": {"cure": {"margin": 0.02}}})
    together = choose(policy, plenty(120), told, challenger=Challenger(milder, assumed(120)))
    assert {each.arm for each in together.intensities} == set(ARMS)
    for i, each in enumerate(together.intensities):
        alone = choose(policy, plenty(1), only(told, i), challenger=Challenger(milder, assumed(1)))
        assert alone.intensities == [each]
        assert alone.weighed.level[0] == together.weighed.level[i] == each.recommended


def test_a_share_of_0_leaves_every_decision_as_it_was() -> None:
    told = random_asked(22, 300)
    before = choose(DEFAULT, plenty(300), told).intensities
    paused = choose(exploring(share=0.0, challenger_share=0.0), plenty(300), told).intensities
    assert [each._replace(experiment=None) for each in paused] == before
    assert {each.experiment for each in before} == {None}


# --- In decisions: what is told of a drawn level


def drawn_to(level: int, policy: Policy, told: Asked, **more: Any) -> Intensity:
    """The account under an id for which another level than the recommended one is drawn."""
    (account,) = told.accounts
    for i in range(200):
        named = told._replace(accounts=[replace(account, account_id=f"A-{i}")])
        (found,) = choose(policy, more.get("scarcity", plenty(1)), named).intensities
        if found.arm == "explore" and found.level == level:
            return found
    raise AssertionError("none of 200 accounts was drawn to that level")


def undrawn_like(found: Intensity, other: Intensity) -> Intensity:
    """With what is told of the draw as the other has it."""
    return found._replace(
        arm=other.arm, experiment=other.experiment, propensities=other.propensities
    )


def test_what_is_told_of_a_drawn_level() -> None:
    (plain,) = choose(DEFAULT, plenty(1), asked()).intensities
    found = drawn_to(2, exploring(), asked())
    assert (found.recommended, found.level, found.name) == (3, 2, "call")
    assert found.channels == ("call", "sms", "email")
    assert found.treatment == "negotiate"
    assert found.changes == (Change("rule", "exploration", None, None, 3),)
    assert found.runner_up == 3
    assert found.levels == plain.levels
    assert found.binding_rules == plain.binding_rules
    assert not found.needs_approval


def test_a_drawn_level_that_is_the_recommended_one_reads_as_that() -> None:
    (plain,) = choose(DEFAULT, plenty(1), asked()).intensities
    found = drawn_to(3, exploring(), asked())
    assert undrawn_like(found, plain) == plain
    assert found.changes


def test_no_contact_that_was_drawn_is_not_said_to_be_worthless_or_barred() -> None:
    """The rules took the call, a reminder was left, and chance took that."""
    open_to_none = exploring({"stages": {"M2": {"lowest": "none"}}})
    spoken = counted(asked(), "us.reg_f.interval", used=1, free_in=6)
    found = drawn_to(0, open_to_none, spoken)
    assert found.recommended == 1
    assert (found.treatment, found.because) == ("wait", "drawn")
    assert (found.channels, found.earliest_contact_at) == ((), None)
    assert [(b.rule, b.took_away) for b in found.binding_rules] == [
        ("us.reg_f.interval", "level:3->1")
    ]
    assert [level.allowed for level in found.levels] == [True, True, False, False, False]


def test_a_level_above_the_recommended_one_can_be_drawn() -> None:
    dear = {"value": {"annoyance_per_contact": 500.0}, "stages": {"M2": {"lowest": "none"}}}
    found = drawn_to(1, exploring(dear), asked())
    assert (found.recommended, found.level, found.runner_up) == (0, 1, 0)
    assert (found.treatment, found.because, found.channels[0]) == ("remind", "level", "sms")
    assert found.levels[1].allowed


def test_a_drawn_level_is_not_the_plan_s() -> None:
    planned = Scarcity(np.zeros(3), True, np.array([2]))
    same = drawn_to(2, exploring(), asked(), scarcity=planned)
    assert (same.planned, same.recommended) == (True, 2)
    assert same.changes == (Change("rule", "capacity", None, None, 3),)
    other = drawn_to(1, exploring(), asked(), scarcity=planned)
    assert (other.planned, other.recommended, other.runner_up) == (False, 2, 2)
    assert other.changes == (Change("rule", "exploration", None, None, 2),)
    assert [(b.rule, b.took_away) for b in other.binding_rules] == [("capacity", "level:3->2")]


def test_a_planned_level_below_the_stage_s_lowest_was_open_too() -> None:
    planned = Scarcity(np.zeros(3), True, np.array([0]))
    found = drawn_to(1, exploring(), asked(), scarcity=planned)
    assert found.recommended == 0
    assert [found.levels[level].taken_by for level in (0, 1)] == [None, None]


# --- Challengers


MILDER = packaged_with(
    {
        "stages": {stage: {"lowest": "none", "highest": "remind"} for stage in STAGES},
        "tiers": {"cure": {"low_from": 0.25, "high_below": 0.2}},
        "ladder": {"remind": {"unit_cost": 0.5}},
        "exploration": {"experiment": "its-own", "key": KEY, "share": 0.5},
    }
)


def challenged(told: Asked, challenger_share: float = 0.4) -> list[Intensity]:
    policy = exploring(share=0.2, challenger_share=challenger_share)
    n = len(told.accounts)
    return choose(policy, plenty(n), told, challenger=Challenger(MILDER, assumed(n))).intensities


def test_a_challenger_decides_its_arm_and_nothing_else() -> None:
    told = with_accounts(random_asked(31, 600), flags=frozenset(), plan=None)
    found = challenged(told)
    own, theirs = (
        choose(policy, plenty(600), told).intensities
        for policy in (DEFAULT, MILDER.model_copy(update={"exploration": None}))
    )
    arms = dict.fromkeys(ARMS, 0)
    differing = 0
    for each, mine, other in zip(found, own, theirs, strict=True):
        arms[each.arm] += 1
        decided = other if each.arm == "challenger" else mine
        if each.arm != "explore":
            assert undrawn_like(each, decided) == decided
            differing += each.arm == "challenger" and each.level != mine.level
        if each.experiment is None:
            assert each == mine
        else:
            assert each.propensities[str(other.level)] >= 0.4
            assert each.propensities[str(mine.level)] >= 0.4 + 0.2 / 3 - 1e-15
    assert min(arms.values()) > 50
    assert differing > 20


def test_stage_and_tier_are_those_of_the_policy_that_decided() -> None:
    told = random_asked(31, 600)
    policy = exploring(share=0.2, challenger_share=0.4)
    chosen = choose(policy, plenty(600), told, challenger=Challenger(MILDER, assumed(600)))
    own, theirs = (choose(each, plenty(600), told).weighed for each in (DEFAULT, MILDER))
    is_theirs = np.array([each.arm == "challenger" for each in chosen.intensities])
    expected = np.where(is_theirs, theirs.tier, own.tier)
    assert (chosen.weighed.tier == expected).all()
    assert (theirs.tier != own.tier)[is_theirs].any()


def test_a_challenger_without_a_share_decides_nothing() -> None:
    told = random_asked(32, 100)
    alone = choose(exploring(share=0.2), plenty(100), told).intensities
    assert challenged(told, 0.0) == alone
    n = len(told.accounts)
    other = Challenger(MILDER, assumed(n))
    quiet = choose(DEFAULT, plenty(n), told, challenger=other).intensities
    assert quiet == choose(DEFAULT, plenty(n), told).intensities


def test_a_challenger_is_not_held_to_the_plan_but_to_its_prices() -> None:
    told = many(200)
    scarce = Scarcity(np.array([50.0, 0.0, 0.0]), True, np.full(200, 3))
    policy = exploring(share=0.0, challenger_share=0.5)
    same = Challenger(DEFAULT, assumed(200))
    found = choose(policy, scarce, told, challenger=same).intensities
    assert {(each.arm, each.recommended, each.level, each.planned) for each in found} == {
        ("ordinary", 3, 3, True),
        ("challenger", 1, 1, False),
    }


@pytest.mark.parametrize(
    "change",
    [
        {"promise_grace_days": 3},
        {"advisory_rules": "tell"},
        {"valid_days": 3},
        {"currencies": {"USD": 2.0}},
        {"treatment": {"unreachable_dials": 9}},
    ],
)
def test_a_challenger_has_the_rules_and_prices_of_the_policy(change: dict[str, Any]) -> None:
    challenging(DEFAULT, MILDER)
    (name,) = change
    with pytest.raises(InputError, match=name):
        challenging(DEFAULT, packaged_with(change))
