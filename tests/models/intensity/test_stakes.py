"""Sharing out scarce resources: never over capacity, and what is planned is what is chosen."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.tables import FLAGS
from models.intensity.asked import NOT_PLANNED, Asked, Scarcity
from models.intensity.choose import choose
from models.intensity.numbers import Floats
from models.intensity.policy import Policy, load_policy
from models.intensity.response import Ratios, assumed
from models.intensity.stakes import Shared, Stakes, lasting, share, stakes_of
from tests.asking import ACCOUNT, asked, counted, no_counts, plenty, random_asked
from tests.estimates import ByDays, with_estimate
from tests.policies import packaged_with, policies

POLICY = load_policy()
USE = POLICY.numbers.use
SEEDS = st.integers(0, 2**32 - 1)
PARTS = st.one_of(st.just(0.0), st.floats(0.01, 1.1))
NO_LIMIT = np.full(3, np.inf)
ROUNDING = 1 + 1e-12  # of sums
few = settings(
    max_examples=settings().max_examples // 5, suppress_health_check=[HealthCheck.too_slow]
)


def portfolio(seed: int, n: int = 150) -> Asked:
    return random_asked(seed, n)


def wanted(policy: Policy, told: Asked) -> Floats:
    """What is used where nothing is scarce."""
    chosen = choose(policy, plenty(len(told.accounts)), told)
    return policy.numbers.use[chosen.weighed.level].sum(axis=0)


def chosen_use(policy: Policy, told: Asked, shared: Shared) -> tuple[Floats, list[int]]:
    """Use [3] of one cycle and levels, chosen with what was shared out as the plan."""
    scarcity = Scarcity(shared.prices, shared.keeps_minimum, shared.level)
    levels = [each.level for each in choose(policy, scarcity, told).intensities]
    return policy.numbers.use[levels].sum(axis=0), levels


@few
@given(st.one_of(st.just(POLICY), policies()), SEEDS, st.tuples(*[PARTS] * 3))
def test_capacity_is_kept_and_what_is_planned_is_chosen(
    policy: Policy, seed: int, part: tuple[float, ...]
) -> None:
    told = portfolio(seed, 60)
    capacity = wanted(policy, told) * part
    shared = share(stakes_of(policy, told), policy.numbers.use, capacity)
    use, levels = chosen_use(policy, told, shared)
    assert (shared.use <= capacity * ROUNDING).all()
    assert (use <= shared.use * ROUNDING).all()
    caps = stakes_of(policy, told).capped
    within = np.where(caps == NOT_PLANNED, shared.level, np.minimum(shared.level, caps))
    assert np.array_equal(np.array(levels), within)
    assert shared.value <= shared.bound + 1e-9 * abs(shared.bound)
    assert (shared.prices >= 0).all()


def test_scarce_capacity_is_used() -> None:
    told = portfolio(2, 1_000)
    full = wanted(POLICY, told)
    capacity = np.array([full[0] / 2, np.inf, np.inf])
    shared = share(stakes_of(POLICY, told), USE, capacity)
    use, _ = chosen_use(POLICY, told, shared)
    assert shared.keeps_minimum
    assert shared.prices[0] > 0
    assert (use <= capacity * ROUNDING).all()
    assert use[0] > 0.95 * capacity[0]
    assert shared.value >= 0.999 * shared.bound


def test_plenty_has_no_price_and_moves_nobody() -> None:
    told = portfolio(3)
    shared = share(stakes_of(POLICY, told), USE, NO_LIMIT)
    _, levels = chosen_use(POLICY, told, shared)
    alone = choose(POLICY, plenty(len(told.accounts)), told)
    assert not shared.prices.any()
    assert shared.filled == 0
    assert levels == alone.weighed.level.tolist()


def test_accounts_that_are_all_alike_share_the_capacity() -> None:
    """At any price they all want the same, so prices alone would leave capacity unused."""
    n = 100
    told = alike(n)
    minutes = USE[3, 0]
    shared = share(stakes_of(POLICY, told), USE, np.array([minutes * n / 2, np.inf, np.inf]))
    use, levels = chosen_use(POLICY, told, shared)
    assert use[0] <= minutes * n / 2
    assert use[0] > 0.98 * minutes * n / 2
    assert levels == shared.level.tolist()
    assert len(set(levels)) > 1
    at_prices = Scarcity(shared.prices, True, np.full(n, NOT_PLANNED))
    assert len(set(choose(POLICY, at_prices, told).weighed.level.tolist())) == 1


def alike(n: int) -> Asked:
    one = asked()
    return one._replace(
        accounts=list(one.accounts) * n,
        facts=type(one.facts)._make(np.repeat(values, n) for values in one.facts),
        counts=no_counts(np.repeat(one.facts.today, n)),
        ratios=assumed(n),
        **{
            name: np.repeat(getattr(one, name), n)
            for name in ("as_of", "log_odds", "ability", "willingness", "standing_valid")
        },
    )


def flagged(n: int, capped: int, flag: str = "hardship") -> Asked:
    """Accounts alike, so many of them with the flag."""
    told = alike(n)
    accounts = [replace(ACCOUNT, flags=frozenset({flag})) for _ in range(capped)]
    return told._replace(accounts=[*accounts, *told.accounts[capped:]])


# Reminders that use letters, so that accounts with a cap use something.
LETTERS = packaged_with(
    {
        "ladder": {
            "remind": {
                "contacts_per_week": {"sms": 0.5, "letter": 0.5},
                "use_per_week": {"letters": 0.5},
            }
        }
    }
)


def test_what_the_capped_leave_goes_to_the_others_and_nobody_capped_rises() -> None:
    use, letters = LETTERS.numbers.use, LETTERS.numbers.use[1, 1]
    capacity = np.array([np.inf, 5 * letters, np.inf])
    before, after = (flagged(100, capped=capped, flag="deceased") for capped in (0, 40))
    chosen = []
    for told in (before, after):
        shared = share(stakes_of(LETTERS, told), use, capacity)
        used, levels = chosen_use(LETTERS, told, shared)
        assert (used <= capacity * ROUNDING).all()
        assert shared.use[1] == pytest.approx(used[1])
        chosen.append(np.array(levels))
    was, now = chosen
    assert (now[:40] <= was[:40]).all()
    assert (now[40:] >= was[40:]).all()
    assert now[40:].sum() > was[40:].sum()


@few
@given(SEEDS, st.floats(0.05, 1), st.sampled_from(FLAGS))
def test_a_flag_never_raises_a_level_through_the_plan(seed: int, part: float, flag: str) -> None:
    told = portfolio(seed, 40)
    capacity = wanted(POLICY, told) * part
    first = told.accounts[0]
    held = replace(first, flags=first.flags | {flag})
    both = (told, told._replace(accounts=[held, *told.accounts[1:]]))
    before, after = (
        chosen_use(POLICY, each, share(stakes_of(POLICY, each), USE, capacity))[1][0]
        for each in both
    )
    assert after <= before


def test_a_flag_does_not_bring_back_the_lowest_level_that_capacity_took() -> None:
    policy = packaged_with({"stages": {"M2": {"lowest": "call", "highest": "intensive"}}})
    capacity = np.array([0.1, np.inf, np.inf])
    for capped in (0, 1):
        told = flagged(1, capped)
        shared = share(stakes_of(policy, told), USE, capacity)
        assert not shared.keeps_minimum
        assert chosen_use(policy, told, shared)[1] == [1]  # a reminder uses nothing


def test_what_there_is_none_of_no_later_account_gets_either() -> None:
    none = np.array([0.0, 0.0, np.inf])
    shared = share(stakes_of(POLICY, portfolio(3, 50)), USE, none)
    prices = lasting(shared.prices, none)
    assert (prices[:2] >= 1e6).all()
    assert prices[2] == shared.prices[2]
    rich = asked(replace(ACCOUNT, past_due_amount=20_000.0, balance=50_000.0))
    later = Scarcity(prices, True, np.array([NOT_PLANNED]))
    assert choose(POLICY, plenty(1), rich).intensities[0].level == 3
    assert choose(POLICY, later, rich).intensities[0].level == 1


def test_what_there_is_none_of_is_used_by_nobody() -> None:
    stakes = stakes_of(LETTERS, flagged(10, capped=4, flag="deceased"))
    assert stakes.capped.tolist() == [0] * 4 + [NOT_PLANNED] * 6
    shared = share(stakes, LETTERS.numbers.use, np.array([np.inf, 0.0, np.inf]))
    assert not shared.use[1]


def test_where_capacity_is_less_than_the_minima_these_do_not_hold() -> None:
    policy = packaged_with({"stages": {"M2": {"lowest": "call", "highest": "intensive"}}})
    told, minutes = alike(100), USE[2, 0]
    enough, less = (
        share(stakes_of(policy, told), USE, np.array([room * minutes, np.inf, np.inf]))
        for room in (100, 99)
    )
    assert (enough.keeps_minimum, less.keeps_minimum) == (True, False)
    assert enough.level.tolist() == [2] * 100
    use, levels = chosen_use(policy, told, less)
    assert use[0] <= 99 * minutes
    assert use[0] > 0.95 * 99 * minutes
    assert min(levels) == 1  # a reminder uses nothing


def test_stakes_are_what_rules_leave_up_to_what_would_be_chosen_without_them() -> None:
    given_one = stakes_of(POLICY, asked())
    assert np.isfinite(given_one.net[0]).tolist() == [True, True, True, True, False]
    assert (given_one.lowest.tolist(), given_one.capped.tolist()) == ([1], [NOT_PLANNED])
    spoken = counted(asked(), "us.reg_f.interval", used=1, free_in=6)
    assert np.isfinite(stakes_of(POLICY, spoken).net[0]).tolist() == [True, True, *[False] * 3]
    level = choose(POLICY, plenty(1), asked()).intensities[0].levels[2]
    assert given_one.net[0, 2] == level.net
    yen = replace(ACCOUNT, currency="JPY", balance=15_000 * 150.0, past_due_amount=3_000 * 150.0)
    assert stakes_of(POLICY, asked(yen)).net[0, 2] == pytest.approx(level.net)


@pytest.mark.parametrize(
    ("known", "capped"),
    [({"promise_ends": 2e9}, 1), ({"received": 3_000.0}, 1), ({"received": 2_999.0}, NOT_PLANNED)],
)
def test_holds_cap(known: dict[str, float], capped: int) -> None:
    assert stakes_of(POLICY, asked(**known)).capped.tolist() == [capped]


def test_the_capped_are_counted_at_the_highest_level_that_rules_leave_them() -> None:
    held = asked(replace(ACCOUNT, jurisdiction="US-MA"), promise_ends=2e9)
    texted = counted(held, "us_ma.cmr.calls_and_texts", used=2, free_in=5)
    assert stakes_of(POLICY, texted).capped.tolist() == [0]


def test_nobody_shares_nothing() -> None:
    nothing = Stakes(np.empty((0, 5)), np.empty(0, np.int64), np.empty(0, np.int64))
    shared = share(nothing, USE, np.zeros(3))
    assert (shared.level.tolist(), shared.use.tolist(), shared.value) == ([], [0.0] * 3, 0.0)


def test_no_accounts_have_no_stakes() -> None:
    nobody = random_asked(1, 0)
    assert [len(part) for part in stakes_of(POLICY, nobody)] == [0, 0, 0]


def test_stakes_are_of_the_accounts_own_estimated_effects() -> None:
    policy = with_estimate(POLICY, ByDays())
    told = alike(2)
    own = np.array([[1.0, 1.0, 1.0, 1.0, 1.0], [1.0, 1.5, 2.0, 3.0, 3.0]])
    net = stakes_of(policy, told._replace(ratios=Ratios(own, own, own))).net
    cost = policy.numbers.cost
    assert net[0, :2].tolist() == [0.0, -cost[1]]
    assert (net[1, 1:4] > -cost[1:4]).all()
    assert net[1].argmax() == 3
