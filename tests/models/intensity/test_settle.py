"""What is told of a level: its parts agree, over any policy, and each boundary is walked."""

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.clock import date_of, day_number
from features.tables import REASONS
from models.decision import Intensity
from models.intensity.asked import Asked
from models.intensity.choose import choose
from models.intensity.ladder import LEVEL_NAMES
from models.intensity.policy import Policy, load_policy
from models.intensity.rules.bars import BARRING
from models.intensity.rules.book import COUNTED, Applicable, applicable
from models.intensity.rules.holds import HOLDS
from models.intensity.rules.protections import PROTECTIONS
from models.stage import STAGES, stage_of
from models.target import target_of
from tests.asking import ACCOUNT, asked, counted, plenty, random_asked, random_scarcity
from tests.policies import DOCUMENT, packaged_with, policies

N = 20
DEFAULT = load_policy()
SEEDS = st.integers(0, 2**32 - 1)
UNDER = st.one_of(st.just(DEFAULT), policies())
few = settings(
    max_examples=settings().max_examples // 5, suppress_health_check=[HealthCheck.too_slow]
)
CAPS = {rule.id: rule.cap for rule in (*PROTECTIONS.values(), *HOLDS)}
CONTACT_RULES = {rule.id for rule in BARRING}


def one(told: Asked, policy: Policy = DEFAULT) -> Intensity:
    (found,) = choose(policy, plenty(1), told).intensities
    return found


def took(found: Intensity, what: str) -> list[tuple[str, str]]:
    """The rules that took something away that begins so, and what."""
    binding = [(rule.rule, rule.took_away) for rule in found.binding_rules]
    return [(rule, away) for rule, away in binding if away.startswith(what)]


@lru_cache
def in_force(jurisdiction: str, today: float, advisory_binds: bool) -> Applicable:
    return applicable(jurisdiction, date_of(today), advisory_binds)


def bounds_of(policy: Policy, told: Asked, i: int, keeps_minimum: bool) -> tuple[int, int]:
    stage = STAGES.index(stage_of(told.accounts[i].days_past_due))
    lowest = int(policy.numbers.lowest[stage])
    while not keeps_minimum and policy.numbers.use[lowest].any():
        lowest -= 1
    return lowest, int(policy.numbers.highest[stage])


# --- Levels


@few
@given(UNDER, SEEDS)
def test_the_five_levels_are_told_as_they_were_weighed(policy: Policy, seed: int) -> None:
    told, scarcity = random_asked(seed, N), random_scarcity(seed, N)
    for i, found in enumerate(choose(policy, scarcity, told).intensities):
        account = told.accounts[i]
        assert found.name == LEVEL_NAMES[found.level]
        assert [each.level for each in found.levels] == [0, 1, 2, 3, 4]
        target = target_of(account.days_past_due)
        worth = policy.value.cure if target == "cure" else policy.value.early_warning
        amount = account.balance if worth.of == "balance" else account.past_due_amount
        worth_of_all, rate = worth.margin * max(amount, 0), policy.rate(account.currency)
        none = found.levels[0]
        assert none.value == none.cost == none.price == none.net == 0
        for each in found.levels:
            assert 0 <= each.probability <= 1
            gained = (each.probability - none.probability) * worth_of_all
            assert each.value == pytest.approx(gained, rel=1e-6, abs=1e-9 * worth_of_all)
            assert each.cost == policy.numbers.cost[each.level] * rate
            price = policy.numbers.use[each.level] @ scarcity.prices * rate
            assert each.price == pytest.approx(price, rel=1e-12)
            assert each.net == each.value - each.cost - each.price


def expected_taker(
    level: int, found: Intensity, bounds: tuple[int, int], caps: list[str], barred: str | None
) -> str | None:
    lowest, highest = bounds
    if level == found.level:
        return None
    if level > highest:
        return "stage_highest"
    if barred is not None:
        return barred
    if caps and level > CAPS[caps[0]]:
        return caps[0]
    return "stage_lowest" if level < lowest else None


def caps_of(told: Asked, i: int) -> list[str]:
    """The protections and holds of an account, strictest first, then by name."""
    account, facts = told.accounts[i], told.facts
    found = list(account.flags)
    if account.plan is not None and account.plan.kept:
        found.append("plan_kept")
    if not np.isnan(facts.promise_ends[i]):
        found.append("promise_not_due")
    if account.past_due_amount > 0 and facts.received[i] >= account.past_due_amount:
        found.append("payment_in_transit")
    return sorted(found, key=lambda rule: (CAPS[rule], rule))


def barring(policy: Policy, told: Asked, i: int, level: int) -> set[str]:
    """The contact rules that take a level of the account."""
    if level == 0:
        return set()
    account, today = told.accounts[i], told.facts.today[i]
    main, per_week = next(iter(policy.rungs[level].contacts_per_week.items()))
    rules = in_force(account.jurisdiction, today, policy.advisory_rules == "apply")
    found = set()
    for k, rule in enumerate(COUNTED):
        closed = told.counts.free_day[i, k] >= today + policy.valid_days
        planned = per_week * rule.days / 7 > rule.most * (1 + 1e-12)
        over = rule.of_attempts and rule.days >= 7 and planned
        if rules.binding[k] and main in rule.blocks and (closed or over):
            found.add(rule.id)
    if main == "call" and told.facts.unreached[i] >= policy.treatment.unreachable_dials:
        found.add("unreachable")
    return found


@few
@given(UNDER, SEEDS)
def test_each_level_names_what_took_it(policy: Policy, seed: int) -> None:
    told, scarcity = random_asked(seed, N), random_scarcity(seed, N)
    chosen = choose(policy, scarcity, told)
    for i, found in enumerate(chosen.intensities):
        bounds = bounds_of(policy, told, i, scarcity.keeps_minimum)
        caps, best = caps_of(told, i), int(chosen.weighed.unbarred[i])
        for level, each in enumerate(found.levels):
            assert each.allowed == (each.taken_by is None)
            # What takes the best level takes those above it too.
            rules = barring(policy, told, i, level) or (
                barring(policy, told, i, best) if level > best else set()
            )
            barred = each.taken_by if each.taken_by in rules else min(rules, default=None)
            assert each.taken_by == expected_taker(level, found, bounds, caps, barred)
        assert found.levels[found.level].allowed


@few
@given(UNDER, SEEDS)
def test_the_runner_up_is_the_best_of_the_others_that_are_allowed(
    policy: Policy, seed: int
) -> None:
    told, scarcity = random_asked(seed, N), random_scarcity(seed, N)
    for i, found in enumerate(choose(policy, scarcity, told).intensities):
        lowest, _ = bounds_of(policy, told, i, scarcity.keeps_minimum)
        others = [
            each
            for each in found.levels
            if each.allowed and each.level >= lowest and each.level != found.level
        ]
        best = max(others, key=lambda each: (each.net, -each.level), default=None)
        assert found.runner_up == (None if best is None else best.level)


# --- Binding rules


@few
@given(UNDER, SEEDS)
def test_binding_rules_tell_the_way_from_the_level_that_was_worth_it(
    policy: Policy, seed: int
) -> None:
    told, scarcity = random_asked(seed, N), random_scarcity(seed, N)
    chosen = choose(policy, scarcity, told)
    for i, found in enumerate(chosen.intensities):
        unbarred, unflagged = (
            int(x[i]) for x in (chosen.weighed.unbarred, chosen.weighed.unflagged)
        )
        caps = [rule for rule in caps_of(told, i) if CAPS[rule] < unflagged]
        away = took(found, "level:")
        assert away[: len(caps)] == [(rule, f"level:{unflagged}->{CAPS[rule]}") for rule in caps]
        within = min([unflagged, *(CAPS[rule] for rule in caps)])
        reached = {unflagged, found.level}
        for rule, text in away[len(caps) :]:
            start, end = (int(level) for level in text.removeprefix("level:").split("->"))
            assert end < start
            if rule == "capacity":
                assert end == unflagged
                continue
            assert rule in barring(policy, told, i, start)
            assert end in reached
            assert start <= (unbarred if end == unflagged and start > unflagged else within)
        # Every step down is told.
        if found.level < within:
            assert any(rule in CONTACT_RULES for rule, _ in away)
        if unflagged < unbarred:
            assert any(text == f"level:{unbarred}->{unflagged}" for _, text in away)
        assert (found.level == unbarred) or away


def test_binding_rules_stand_strictest_first() -> None:
    account = replace(ACCOUNT, flags=frozenset({"vulnerable", "dispute", "deceased"}))
    found = one(asked(account, promise_ends=2e9, received=9_999.0))
    assert took(found, "level:") == [
        ("deceased", "level:3->0"),
        ("dispute", "level:3->0"),
        ("payment_in_transit", "level:3->1"),
        ("promise_not_due", "level:3->1"),
        ("vulnerable", "level:3->1"),
    ]
    assert found.treatment == "wait"
    assert {level.taken_by for level in found.levels[1:4]} == {"deceased"}


def test_a_rule_that_takes_nothing_away_does_not_bind() -> None:
    cheap = asked(replace(ACCOUNT, past_due_amount=10.0, flags=frozenset({"hardship"})))
    found = one(cheap)
    assert (found.level, found.binding_rules) == (1, ())
    # … but what it asks for is done all the same.
    assert found.treatment == "hardship_review"


def test_a_contact_rule_below_a_cap_is_told_too() -> None:
    late = replace(ACCOUNT, days_past_due=120, jurisdiction="US-MA")
    texted = counted(asked(late, promise_ends=2e9), "us_ma.cmr.calls_and_texts", 2, 5)
    found = one(texted)
    assert took(found, "level:") == [
        ("promise_not_due", "level:4->1"),
        ("us_ma.cmr.calls_and_texts", "level:1->0"),
    ]
    assert (found.level, found.treatment, found.because) == (0, "wait", "barred")
    rules = {change.subject: change.level for change in found.changes if change.kind == "rule"}
    assert rules == {"promise_not_due": 4, "us_ma.cmr.calls_and_texts": 1}


def test_unreachable_takes_calls_and_asks_for_a_trace() -> None:
    dials = DEFAULT.treatment.unreachable_dials
    reached, unreached = (one(asked(unreached=n)) for n in (dials - 1, dials))
    assert took(reached, "level:") == []
    assert took(unreached, "level:") == [("unreachable", "level:3->1")]
    assert (unreached.treatment, unreached.because) == ("trace", "unreachable")
    assert [level.taken_by for level in unreached.levels[2:4]] == ["unreachable"] * 2
    # Where it takes but a channel, there is another way.
    written = one(asked(replace(ACCOUNT, days_past_due=120), unreached=dials))
    assert (written.level, written.treatment) == (4, "escalate")
    assert took(written, "channel:call") == [("unreachable", "channel:call")]


def test_a_rule_takes_the_level_only_while_it_closes_for_as_long_as_a_decision_is_valid() -> None:
    rule, valid = "us.reg_f.interval", DEFAULT.valid_days
    later, longer = (one(counted(asked(), rule, 1, days)) for days in (valid - 1, valid))
    assert took(longer, "level:") == [(rule, "level:3->1")]
    assert (later.level, took(later, "level:")) == (3, [])
    assert (rule, f"time:{later.earliest_contact_at}") in took(later, "time:")


def test_more_contacts_a_week_than_a_rule_allows_take_the_level() -> None:
    for calls, barred in ((7, False), (7.01, True)):
        policy = packaged_with({"ladder": {"intensive": {"contacts_per_week": {"call": calls}}}})
        dear = asked(replace(ACCOUNT, past_due_amount=90_000.0, balance=90_000.0))
        found = one(dear, policy)
        assert (found.level, took(found, "level:")) == (
            (2, [("us.reg_f.calls", "level:3->2")]) if barred else (3, [])
        )


# --- Channels and time


def barred_at(policy: Policy, told: Asked, i: int, channel: str, at: datetime) -> set[str]:
    """The rules by which the channel may not be used at that instant."""
    account, today = told.accounts[i], told.facts.today[i]
    local = at.astimezone(ZoneInfo(account.timezone))
    day, hour = day_number(local.date()), local.hour + local.minute / 60
    rules = in_force(account.jurisdiction, today, policy.advisory_rules == "apply")
    found = {
        rule.id
        for k, rule in enumerate(COUNTED)
        if rules.binding[k] and channel in rule.blocks and told.counts.free_day[i, k] > day
    }
    for rule in rules.binding_hours:
        if channel in rule.channels and not rule.start <= hour < rule.end:
            found.add(rule.id)
    if channel == "call" and told.facts.unreached[i] >= policy.treatment.unreachable_dials:
        found.add("unreachable")
    if channel == "visit" and not told.facts.visit_agreed[i]:
        found.add("visit_appointment")
    return found


@few
@given(UNDER, SEEDS)
def test_no_channel_is_barred_at_the_earliest_instant(policy: Policy, seed: int) -> None:
    told, scarcity = random_asked(seed, N), random_scarcity(seed, N)
    for i, found in enumerate(choose(policy, scarcity, told).intensities):
        planned = policy.rungs[found.level].channels
        assert (found.level == 0) == (found.earliest_contact_at is None) == (not found.channels)
        if found.earliest_contact_at is None:
            continue
        at = datetime.fromisoformat(found.earliest_contact_at)
        as_of = datetime.fromtimestamp(told.as_of[i], UTC)
        assert as_of <= at < as_of + timedelta(days=policy.valid_days)
        assert at.utcoffset() == at.astimezone(ZoneInfo(told.accounts[i].timezone)).utcoffset()
        assert found.channels == tuple(c for c in planned if c in found.channels)
        assert found.channels[0] == planned[0]
        for channel in found.channels:
            assert barred_at(policy, told, i, channel, at) == set()
        away = {text.removeprefix("channel:"): rule for rule, text in took(found, "channel:")}
        assert set(away) == set(planned) - set(found.channels)
        for channel, rule in away.items():
            assert rule in barred_at(policy, told, i, channel, at)


@few
@given(UNDER, SEEDS)
def test_what_delays_is_named_and_nothing_sooner_would_do(policy: Policy, seed: int) -> None:
    told, scarcity = random_asked(seed, N), random_scarcity(seed, N)
    for i, found in enumerate(choose(policy, scarcity, told).intensities):
        if found.earliest_contact_at is None:
            continue
        at = datetime.fromisoformat(found.earliest_contact_at)
        as_of = datetime.fromtimestamp(told.as_of[i], UTC)
        times = took(found, "time:")
        assert bool(times) == (at > as_of)
        assert {text for _, text in times} <= {f"time:{found.earliest_contact_at}"}
        planned = policy.rungs[found.level].channels
        before = as_of
        while before < at:
            barred = barred_at(policy, told, i, planned[0], before)
            hours = {rule for c in planned for rule in barred_at(policy, told, i, c, before)}
            assert barred | {rule for rule in hours if rule.endswith("hours")}
            before += timedelta(minutes=17)


EARLY = datetime(2026, 11, 23, 8, tzinfo=UTC)  # 03:00 at ACCOUNT's place


@pytest.mark.parametrize(
    ("utc", "local", "rules"),
    [
        ("2026-11-23T12:59:59", "2026-11-23T08:00:00-05:00", ["us.reg_f.hours"]),
        ("2026-11-23T13:00:00", "2026-11-23T08:00:00-05:00", []),
        ("2026-11-24T01:59:59", "2026-11-23T20:59:59-05:00", []),
        ("2026-11-24T02:00:00", "2026-11-24T08:00:00-05:00", ["us.reg_f.hours"]),
        ("2026-11-01T03:00:00", "2026-11-01T08:00:00-05:00", ["us.reg_f.hours"]),  # clocks change
        ("2026-03-08T03:00:00", "2026-03-08T08:00:00-04:00", ["us.reg_f.hours"]),
    ],
)
def test_the_earliest_instant_is_in_the_debtors_hours(
    utc: str, local: str, rules: list[str]
) -> None:
    found = one(asked(as_of=datetime.fromisoformat(f"{utc}+00:00")))
    assert found.earliest_contact_at == local
    assert took(found, "time:") == [(rule, f"time:{local}") for rule in rules]


def test_a_level_whose_main_channel_has_no_hours_waits_for_those_of_the_others() -> None:
    late = replace(ACCOUNT, days_past_due=120)
    found = one(asked(late, EARLY))
    assert found.channels == ("letter", "call", "agency", "legal")
    assert found.earliest_contact_at == "2026-11-23T08:00:00-05:00"
    content = deepcopy(DOCUMENT)
    content["ladder"]["escalate"] |= {
        "contacts_per_week": {"letter": 1.0},
        "use_per_week": {"letters": 1.0},
    }
    alone = one(asked(late, EARLY), Policy.model_validate(content))
    assert (alone.level, alone.channels) == (4, ("letter",))
    assert alone.earliest_contact_at == "2026-11-23T03:00:00-05:00"
    assert took(alone, "time:") == []


def test_a_count_and_the_hours_may_both_delay() -> None:
    spoken = counted(asked(), "us.reg_f.interval", used=1, free_in=1)
    found = one(spoken)
    at = "2026-11-24T08:00:00-05:00"
    assert (found.level, found.earliest_contact_at) == (3, at)
    assert took(found, "time:") == [
        ("us.reg_f.interval", f"time:{at}"),
        ("us.reg_f.hours", f"time:{at}"),
    ]


def test_the_strictest_hours_hold_where_no_rules_are_known() -> None:
    abroad = replace(ACCOUNT, jurisdiction="FR", timezone="Europe/Paris")
    evening = datetime(2026, 11, 23, 18, tzinfo=UTC)  # 19:00 there
    found = one(asked(abroad, evening))
    assert found.rules_of == "strictest"
    assert found.earliest_contact_at == "2026-11-24T08:00:00+01:00"
    assert [rule for rule, _ in took(found, "time:")] == ["in.rbi.hours"]


def test_a_channel_that_a_rule_closes_is_taken_away() -> None:
    late = replace(ACCOUNT, days_past_due=120, jurisdiction="US-MA")
    found = one(counted(asked(late, visit_agreed=True), "us_ma.cmr.visits", 1, 20))
    assert found.channels == ("letter", "call", "agency", "legal")
    assert took(found, "channel:") == [("us_ma.cmr.visits", "channel:visit")]


@pytest.mark.parametrize(("free_in", "closed"), [(0, False), (1, True)])
def test_a_channel_is_closed_until_its_day(free_in: int, closed: bool) -> None:
    late = replace(ACCOUNT, days_past_due=120)
    told = counted(asked(late), "us.reg_f.interval", used=1, free_in=free_in)
    assert ("call" not in one(told).channels) == closed
    assert took(one(told), "channel:call") == (
        [("us.reg_f.interval", "channel:call")] if closed else []
    )


def test_a_visit_needs_an_agreed_appointment() -> None:
    late = replace(ACCOUNT, days_past_due=120)
    without, agreed = (one(asked(late, visit_agreed=agreed)) for agreed in (False, True))
    assert without.channels == ("letter", "call", "agency", "legal")
    assert took(without, "channel:") == [("visit_appointment", "channel:visit")]
    assert agreed.channels == ("letter", "call", "visit", "agency", "legal")
    assert agreed.binding_rules == ()


# --- Limits


@few
@given(UNDER, SEEDS)
def test_every_rule_that_counts_is_told_with_its_use(policy: Policy, seed: int) -> None:
    told = random_asked(seed, N)
    for i, found in enumerate(choose(policy, plenty(N), told).intensities):
        rules = in_force(told.accounts[i].jurisdiction, told.facts.today[i], True)
        assert found.rules_of == rules.rules_of
        assert [
            (each.rule, each.used, each.max, each.counter, each.per) for each in found.limits
        ] == [
            (rule.id, told.counts.used[i, k], rule.most, rule.counter, rule.per)
            for k, rule in enumerate(COUNTED)
            if k in rules.told
        ]


def test_advisory_rules_that_are_only_told_take_nothing_away() -> None:
    spoken = counted(asked(), "us.reg_f.interval", used=1, free_in=6)
    binds, tells = (
        one(spoken, packaged_with({"advisory_rules": how})) for how in ("apply", "tell")
    )
    assert (binds.level, tells.level) == (1, 3)
    assert binds.limits == tells.limits
    assert [(each.rule, each.used, each.max, each.window) for each in tells.limits] == [
        ("us.reg_f.calls", 0, 7, "7 days"),
        ("us.reg_f.interval", 1, 1, "7 days"),
    ]
    calls = one(asked(replace(ACCOUNT, jurisdiction="CN", timezone="Asia/Shanghai")))
    assert {each.window for each in calls.limits} == {"1 day"}


# --- Treatment


@few
@given(UNDER, SEEDS)
def test_treatments_go_with_levels_and_protections(policy: Policy, seed: int) -> None:
    told = random_asked(seed, N)
    for i, found in enumerate(choose(policy, plenty(N), told).intensities):
        flags = told.accounts[i].flags
        if any(PROTECTIONS[flag].cap == 0 for flag in flags):
            assert (found.level, found.treatment, found.because) == (0, "wait", "protected")
        elif flags:
            assert found.treatment == "hardship_review"
        elif found.because == "not_worth":
            assert not {rule for rule, text in took(found, "level:")} & CONTACT_RULES
        elif found.because == "barred":
            assert {rule for rule, text in took(found, "level:")} & CONTACT_RULES
        if found.treatment == "wait":
            assert found.level == 0
        assert found.plan is None or found.treatment in ("offer_plan", "hardship_review")


def test_the_debtors_reason_ability_and_will_reach_the_treatment() -> None:
    short = one(asked(stated=float(REASONS.index("cash_flow")), paid_month=300.0))
    assert (short.treatment, short.because) == ("offer_plan", "shortage_stated")
    assert short.plan == {"months": 10, "instalment": 300.0}
    for valid, because in ((True, "low_willingness"), (False, "level")):
        assert one(asked(willingness=10.0, standing_valid=valid)).because == because
    assert one(asked(ability=10.0, willingness=10.0)).because == "low_both"
