"""The level: what it may never be, and that what is told of it is so, over any policy."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.tables import FLAGS
from models.account import Plan
from models.decision import Change, Intensity
from models.intensity.alternatives import ranked
from models.intensity.asked import NOT_PLANNED, Asked, Scarcity
from models.intensity.choose import NO_RULES, choose
from models.intensity.ladder import RESOURCES
from models.intensity.policy import Policy, load_policy
from models.intensity.response import log_odds_of
from models.intensity.rules.book import COUNTED
from models.intensity.rules.holds import HOLDS
from models.intensity.rules.protections import PROTECTIONS
from models.intensity.rules.reach import UNREACHABLE
from models.stage import STAGES, stage_of
from tests.asking import (
    ACCOUNT,
    asked,
    counted,
    no_counts,
    only,
    plenty,
    random_asked,
    random_scarcity,
    with_accounts,
)
from tests.policies import packaged_with, policies

N = 12  # accounts that are tried with each drawn policy
DEFAULT = load_policy()
SEEDS = st.integers(0, 2**32 - 1)
UNDER = st.one_of(st.just(DEFAULT), policies())
few = settings(
    max_examples=settings().max_examples // 5, suppress_health_check=[HealthCheck.too_slow]
)


def levels(
    policy: Policy, scarcity: Scarcity, told: Asked, without: frozenset[str] = NO_RULES
) -> np.ndarray:
    chosen = choose(policy, scarcity, told, without)
    found = np.array([each.level for each in chosen.intensities])
    assert (found == chosen.weighed.level).all()
    return found


def one(
    told: Asked, policy: Policy = DEFAULT, scarcity: Scarcity | None = None, **more: object
) -> Intensity:
    (found,) = choose(policy, scarcity or plenty(1), told, **more).intensities
    return found


# --- Protections, holds and rules never raise a level


def test_every_flag_is_a_protection() -> None:
    assert set(PROTECTIONS) == set(FLAGS)
    assert all(rule.effective_from is None for rule in (*PROTECTIONS.values(), *HOLDS))


@few
@given(UNDER, SEEDS)
def test_setting_a_flag_never_raises_the_level(policy: Policy, seed: int) -> None:
    told, scarcity = random_asked(seed, N), random_scarcity(seed, N)
    for flag in FLAGS:
        plain = told._replace(
            accounts=[replace(each, flags=each.flags - {flag}) for each in told.accounts]
        )
        flagged = told._replace(
            accounts=[replace(each, flags=each.flags | {flag}) for each in told.accounts]
        )
        after = levels(policy, scarcity, flagged)
        assert (after <= levels(policy, scarcity, plain)).all()
        assert (after <= PROTECTIONS[flag].cap).all()


def held(told: Asked, hold: str, holds: bool) -> Asked:
    """With or without one hold, all else as it is."""
    n = len(told.accounts)
    if hold == "plan":
        return with_accounts(told, plan=Plan(6, 20.0, kept=holds))
    if hold == "promise":
        ends = told.as_of + 86_400 if holds else np.full(n, np.nan)
        return told._replace(facts=told.facts._replace(promise_ends=ends))
    due = np.array([account.past_due_amount for account in told.accounts])
    return told._replace(facts=told.facts._replace(received=due if holds else np.zeros(n)))


@few
@given(UNDER, SEEDS)
def test_a_hold_never_raises_the_level(policy: Policy, seed: int) -> None:
    told, scarcity = random_asked(seed, N), random_scarcity(seed, N)
    owing = np.array([account.past_due_amount > 0 for account in told.accounts])
    for hold in ("plan", "promise", "transit"):
        free, kept = (levels(policy, scarcity, held(told, hold, h)) for h in (False, True))
        assert (kept <= free).all()
        assert (kept[owing | (hold != "transit")] <= 1).all()
        assert (kept == free)[~owing].all() or hold != "transit"


def unruled(told: Asked) -> Asked:
    """Nothing has been counted and everybody can be reached."""
    return told._replace(
        counts=no_counts(told.facts.today),
        facts=told.facts._replace(unreached=np.zeros_like(told.facts.unreached)),
    )


CONTACT_RULES = frozenset({rule.id for rule in COUNTED} | {UNREACHABLE.id})


@few
@given(UNDER, SEEDS)
def test_what_was_counted_never_raises_the_level(policy: Policy, seed: int) -> None:
    told = random_asked(seed, N)
    scarcity = random_scarcity(seed, N, planned=False)
    assert (levels(policy, scarcity, told) <= levels(policy, scarcity, unruled(told))).all()
    free = levels(policy, scarcity, told, CONTACT_RULES)
    assert (levels(policy, scarcity, unruled(told)) <= free).all()
    for rule in sorted(CONTACT_RULES):
        assert (levels(policy, scarcity, told, CONTACT_RULES - {rule}) <= free).all()


@few
@given(UNDER, SEEDS)
def test_the_level_is_the_highest_free_one_within_what_was_weighed_and_the_cap(
    policy: Policy, seed: int
) -> None:
    told, scarcity = random_asked(seed, N), random_scarcity(seed, N)
    chosen = choose(policy, scarcity, told)
    for i, found in enumerate(chosen.intensities):
        unflagged, cap = int(chosen.weighed.unflagged[i]), 4
        account = told.accounts[i]
        cap = min([cap, *(PROTECTIONS[flag].cap for flag in account.flags)])
        if account.plan is not None and account.plan.kept:
            cap = min(cap, 1)
        if not math.isnan(told.facts.promise_ends[i]) or chosen.weighed.transit[i]:
            cap = min(cap, 1)
        free = [each.level for each in found.levels if each.taken_by not in CONTACT_RULES]
        assert found.level == max(level for level in free if level <= min(unflagged, cap))
        highest = policy.numbers.highest[STAGES.index(stage_of(account.days_past_due))]
        assert found.level <= highest
        assert found.needs_approval == (found.level == 4)


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
    policy = packaged_with({"stages": {"M2": {"lowest": "call"}}})
    plain = one(asked(), policy).level
    decided = one(asked(replace(ACCOUNT, flags=frozenset({flag}))), policy)
    assert plain >= 2 > level
    assert (decided.level, decided.treatment) == (level, treatment)
    assert [(b.rule, b.took_away) for b in decided.binding_rules] == [
        (flag, f"level:{plain}->{level}")
    ]
    assert not decided.needs_approval


@pytest.mark.parametrize(
    ("known", "rule"),
    [
        ({"promise_ends": 2e9}, "promise_not_due"),
        ({"received": 3_000.0}, "payment_in_transit"),
        ({}, "plan_kept"),
    ],
)
def test_each_hold_caps_the_level_at_a_reminder(known: dict[str, float], rule: str) -> None:
    plan = Plan(6, 20.0, kept=True) if rule == "plan_kept" else None
    for days in (20, 40, 70, 120):
        account = replace(ACCOUNT, days_past_due=days)
        unflagged = one(asked(account)).level
        decided = one(asked(replace(account, plan=plan), **known))
        assert (decided.level, decided.treatment, decided.because) == (1, "remind", rule)
        assert [(b.rule, b.took_away) for b in decided.binding_rules] == [
            (rule, f"level:{unflagged}->1")
        ]


def test_a_plan_holds_only_while_it_is_kept() -> None:
    broken = asked(replace(ACCOUNT, plan=Plan(6, 20.0, kept=False)))
    assert one(broken).level == one(asked()).level == 3


def test_where_nothing_is_past_due_nothing_is_in_transit() -> None:
    current = replace(ACCOUNT, days_past_due=0, past_due_amount=0.0)
    policy = packaged_with({"stages": {"pre_due": {"lowest": "call", "highest": "call"}}})
    assert one(asked(current, received=500.0), policy).level == 2
    assert one(asked(replace(current, past_due_amount=0.01), received=500.0), policy).level == 1


def test_only_the_highest_level_needs_approval() -> None:
    late = replace(ACCOUNT, days_past_due=120, past_due_amount=20_000.0, balance=90_000.0)
    decided = one(asked(late))
    assert (decided.level, decided.needs_approval, decided.treatment) == (4, True, "escalate")
    assert not one(asked(late, promise_ends=2e9)).needs_approval


def test_an_unknown_flag_is_not_passed_over() -> None:
    with pytest.raises(KeyError, match="decesed"):
        one(asked(replace(ACCOUNT, flags=frozenset({"decesed"}))))


# --- A decision hangs on nothing else


@few
@given(UNDER, SEEDS)
def test_an_account_gets_the_same_in_any_company(policy: Policy, seed: int) -> None:
    told, scarcity = random_asked(seed, N), random_scarcity(seed, N)
    together = choose(policy, scarcity, told).intensities
    for i in range(N):
        alone = scarcity._replace(planned=scarcity.planned[i : i + 1])
        assert one(only(told, i), policy, alone) == together[i]


class Ordered(frozenset[str]):
    """A set whose order is told: that of others hangs on the process."""

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.copy(), reverse=self.backwards))

    def copy(self) -> frozenset[str]:
        return frozenset(super().__iter__())

    backwards = False


class Backwards(Ordered):
    backwards = True


@few
@given(st.frozensets(st.sampled_from(FLAGS)), SEEDS)
def test_the_order_of_flags_does_not_matter(flags: frozenset[str], seed: int) -> None:
    told = random_asked(seed, 3)
    there, back = (
        choose(DEFAULT, plenty(3), with_accounts(told, flags=order(flags))).intensities
        for order in (Ordered, Backwards)
    )
    assert there == back


# --- Changes: each one made, through choose


def changed(told: Asked, change: Change, to: float) -> Asked:
    """The account with one thing changed."""
    (account,) = told.accounts
    if change.kind == "probability":
        return told._replace(log_odds=np.array([log_odds_of(to)]))
    if change.kind == "days":
        return with_accounts(told, days_past_due=int(to))
    assert change.kind == "amount"
    assert change.subject in ("balance", "past_due_amount")
    assert change.was == max(getattr(account, change.subject), 0) or change.subject == "balance"
    return with_accounts(told, **{change.subject: to})


def level_after(
    policy: Policy, scarcity: Scarcity, told: Asked, change: Change, to: float | None
) -> int:
    if change.kind == "rule":
        assert change.subject is not None
        return one(told, policy, scarcity, without=frozenset({change.subject})).level
    assert to is not None
    if change.kind == "price":
        prices = scarcity.prices.copy()
        prices[RESOURCES.index(change.subject)] = to  # type: ignore[arg-type]
        return one(told, policy, scarcity._replace(prices=prices)).level
    return one(changed(told, change, to), policy, scarcity).level


def just_before(change: Change) -> float | None:
    """A value a little nearer to what was; None where nothing lies between."""
    assert change.was is not None
    assert change.to is not None
    step = {"days": 1.0, "amount": max(1.01e-4, 1e-9 * change.to)}.get(
        change.kind, max(1e-9 * change.to, 1e-15)
    )
    if abs(change.to - change.was) <= step:
        return None
    before = change.to + math.copysign(step, change.was - change.to)
    return round(before, 4) if change.kind == "amount" else before


@few
@given(UNDER, SEEDS)
def test_each_change_made_alters_the_level_as_told(policy: Policy, seed: int) -> None:
    told, scarcity = random_asked(seed, N), random_scarcity(seed, N, planned=False)
    for i, found in enumerate(choose(policy, scarcity, told).intensities):
        alone, account = scarcity._replace(planned=scarcity.planned[:1]), only(told, i)
        for change in found.changes:
            assert change.level != found.level
            assert level_after(policy, alone, account, change, change.to) == change.level
            before = None if change.to is None else just_before(change)
            if before is not None:
                assert level_after(policy, alone, account, change, before) == found.level


def test_changes_of_every_kind_are_told() -> None:
    told = random_asked(5, 400)
    found = choose(DEFAULT, random_scarcity(5, 400, planned=False), told).intensities
    kinds = {(change.kind, change.subject) for each in found for change in each.changes}
    assert {"probability", "amount", "days", "price", "rule"} == {kind for kind, _ in kinds}
    assert {("amount", "past_due_amount"), ("amount", "balance")} <= kinds
    assert {("rule", "us.reg_f.interval"), ("rule", "dispute"), ("rule", "unreachable")} <= kinds


def test_changes_stand_the_relatively_smallest_first() -> None:
    many = choose(DEFAULT, plenty(100), random_asked(6, 100)).intensities
    for each in many:
        sizes = [
            math.inf if change.to is None else abs(change.to - change.was) / abs(change.was)
            for change in each.changes
            if change.was != 0
        ]
        assert sizes == sorted(sizes)
    assert max(len(each.changes) for each in many) >= 3


def test_changes_without_a_size_stand_last() -> None:
    rule = Change("rule", "dispute", None, None, 2)
    price = Change("price", "letters", 0.0, 3.0, 1)
    days, amount = Change("days", None, 40, 60, 2), Change("amount", "balance", 100.0, 90.0, 2)
    assert ranked([rule, price, days, amount]) == (amount, days, price, rule)


def test_days_change_the_level_where_a_stage_begins() -> None:
    (change,) = (c for c in one(asked()).changes if c.kind == "days")
    assert (change.was, change.to, change.level) == (40, 30, 2)


def test_each_of_several_rules_is_told_only_where_it_alone_alters_the_level() -> None:
    one_flag = one(asked(replace(ACCOUNT, flags=frozenset({"hardship"}))))
    assert [c for c in one_flag.changes if c.kind == "rule"] == [
        Change("rule", "hardship", None, None, 3)
    ]
    both = one(asked(replace(ACCOUNT, flags=frozenset({"hardship", "dispute"}))))
    assert [c for c in both.changes if c.kind == "rule"] == [
        Change("rule", "dispute", None, None, 1)
    ]


# --- Prices and plans


def planned(level: int, minutes: float = 0.0, keeps_minimum: bool = True) -> Scarcity:
    prices = np.array([minutes, 0.0, 0.0])
    return Scarcity(prices, keeps_minimum, np.array([level], np.int64))


def test_prices_lower_the_level_and_are_named() -> None:
    free, scarce = one(asked()), one(asked(), scarcity=planned(NOT_PLANNED, minutes=5.0))
    assert scarce.level < free.level == 3
    assert [(b.rule, b.citation, b.took_away) for b in scarce.binding_rules] == [
        ("capacity", "capacity plan", f"level:3->{scarce.level}")
    ]
    assert not scarce.planned
    assert "capacity" not in {rule.rule for rule in free.binding_rules}
    assert [c.subject for c in scarce.changes if c.kind == "price"] == ["agent_minutes"]
    assert "capacity" not in {c.subject for c in scarce.changes}


def test_the_plan_s_level_goes_before_that_of_prices_alone() -> None:
    alone = one(asked())
    for level in (0, 1, 2):
        held_back = one(asked(), scarcity=planned(level))
        assert (held_back.level, held_back.planned) == (level, True)
        assert held_back.changes == (Change("rule", "capacity", None, None, alone.level),)
        assert [(b.rule, b.took_away) for b in held_back.binding_rules] == [
            ("capacity", f"level:3->{level}")
        ]
        assert held_back.levels[level].allowed
        assert held_back.runner_up == 3
    same = one(asked(), scarcity=planned(3))
    assert (same.level, same.planned, same.changes) == (3, True, alone.changes)


def test_a_plan_raises_what_prices_alone_give_up_to_the_level_without_them() -> None:
    alone = one(asked(), scarcity=planned(NOT_PLANNED, minutes=5.0))
    filled = one(asked(), scarcity=planned(3, minutes=5.0))
    assert (alone.level, filled.level, filled.planned) == (1, 3, True)
    assert filled.runner_up == 1
    assert filled.binding_rules == ()
    assert one(asked(), scarcity=planned(4, minutes=5.0)).level == 3


def test_rules_and_caps_go_after_the_plan() -> None:
    flagged = asked(replace(ACCOUNT, flags=frozenset({"hardship"})))
    assert one(flagged, scarcity=planned(3, minutes=5.0)).level == 1
    spoken = counted(asked(), "us.reg_f.interval", used=1, free_in=6)
    barred = one(spoken, scarcity=planned(3))
    assert barred.level == 1
    assert [(b.rule, b.took_away) for b in barred.binding_rules] == [
        ("us.reg_f.interval", "level:3->1")
    ]


def test_without_a_rule_the_plan_does_not_hold() -> None:
    spoken = counted(asked(), "us.reg_f.interval", used=1, free_in=6)
    (change,) = (c for c in one(spoken, scarcity=planned(1)).changes if c.kind == "rule")
    assert (change.subject, change.level) == ("us.reg_f.interval", 3)
    freed = one(spoken, scarcity=planned(1), without=frozenset({"us.reg_f.interval"}))
    assert (freed.level, freed.planned) == (3, False)


def test_a_plan_that_gives_none_is_no_matter_of_worth_or_rules() -> None:
    held_back = one(asked(), scarcity=planned(0))
    assert (held_back.level, held_back.treatment, held_back.because) == (0, "wait", "not_worth")


def test_capacity_below_the_minima_takes_them_away() -> None:
    policy = packaged_with({"stages": {"M2": {"lowest": "call", "highest": "intensive"}}})
    kept, gone = (
        one(asked(), policy, planned(NOT_PLANNED, minutes=100.0, keeps_minimum=keeps))
        for keeps in (True, False)
    )
    assert (kept.level, gone.level) == (2, 1)
    assert [level.taken_by for level in kept.levels[:2]] == ["stage_lowest"] * 2
    # A reminder uses nothing that is scarce: the lowest level gives way to it, and no further.
    assert [level.taken_by for level in gone.levels[:4]] == ["stage_lowest", None, None, None]
    assert gone.levels[gone.runner_up].allowed  # type: ignore[index]
    assert ("capacity", "level:3->1") in {(b.rule, b.took_away) for b in gone.binding_rules}


@few
@given(UNDER, SEEDS)
def test_planned_accounts_never_get_more_than_the_plan_rules_and_caps_leave(
    policy: Policy, seed: int
) -> None:
    told, scarcity = random_asked(seed, N), random_scarcity(seed, N)
    unplanned = scarcity._replace(prices=np.zeros(3), planned=np.full(N, NOT_PLANNED))
    found = levels(policy, scarcity, told)
    has = scarcity.planned != NOT_PLANNED
    assert (found <= np.where(has, scarcity.planned, 4)).all()
    unpriced = choose(policy, unplanned, told).weighed
    assert (found <= unpriced.unbarred)[has].all() or not scarcity.keeps_minimum
