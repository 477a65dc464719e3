"""Levels within capacity: against a solver of linear programs, and against every choice."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from models.intensity.knapsack import Solution, least_use, solve
from models.intensity.numbers import Floats, Indices

NONE = -np.inf
USE = np.array([[0, 0, 0], [0, 0.4, 0], [20, 0, 0], [50, 1, 0], [30, 1, 0.5]])
COST = np.array([0, 0.3, 3.0, 8.0, 30.0])
NO_LIMIT = np.full(3, np.inf)
N = 3_000


def nets(n: int = N, seed: int = 1) -> Floats:
    """What levels are worth to accounts that are all different; more contact, more value."""
    rng = np.random.default_rng(seed)
    shares = np.cumsum(rng.uniform(0, 0.08, (n, 4)), axis=1)
    return np.hstack([np.zeros((n, 1)), shares * rng.lognormal(5, 1, (n, 1))]) - COST


def staged(net: Floats) -> Floats:
    """With the candidates of a stage each: most accounts may not get every level."""
    stage = np.arange(len(net)) % 5
    lowest, highest = np.array([0, 0, 1, 1, 1])[stage], np.array([1, 2, 3, 3, 4])[stage]
    level = np.arange(5)
    return np.where((level < lowest[:, None]) | (level > highest[:, None]), NONE, net)


def wanted(net: Floats) -> Floats:
    """What would be used without any limit."""
    return USE[net.argmax(axis=1)].sum(axis=0)


def alike(kinds: int) -> Floats:
    return nets(kinds)[np.arange(N) % kinds]


def alone() -> Floats:
    """Every second account has one candidate only."""
    net = staged(nets())
    chosen = np.array([np.flatnonzero(row > NONE)[0] for row in net])
    lone = np.where(np.arange(5) == chosen[:, None], net, NONE)
    return np.where(np.arange(N)[:, None] % 2 == 0, lone, net)


FREE, STAGED = nets(), staged(nets())
# Capacities are no round numbers: where accounts fill them exactly, several prices do.
PORTFOLIOS: dict[str, tuple[Floats, Floats]] = {
    "one scarce": (STAGED, np.where([True, False, False], wanted(STAGED) * 0.2003, np.inf)),
    "three scarce": (FREE, wanted(FREE) * [0.3001, 0.4003, 0.3005]),
    "three scarce, staged": (STAGED, wanted(STAGED) * [0.3001, 0.5003, 0.2005]),
    "none scarce": (FREE, wanted(FREE) * 1.01),
    "no limit": (FREE, NO_LIMIT),
    "no visits": (FREE, np.array([wanted(FREE)[0] * 0.3, np.inf, 0.0])),
    "neither letters nor visits": (FREE, np.array([wanted(FREE)[0] * 0.3, 0.0, 0.0])),
    "all alike": (alike(1), np.array([N * 12.0, N * 0.3, N * 0.1])),
    "three kinds": (alike(3), np.array([N * 12.0, N * 0.3, N * 0.1])),
    "all levels worth the same": (np.ones((N, 5)), np.array([N * 12.0, N * 0.3, N * 0.1])),
    "one candidate": (alone(), wanted(alone()) * [0.6, 0.9, 1.0]),
    "one is worth a million times as much": (
        np.vstack([FREE[:1] * 1e6, FREE[1:]]),
        wanted(FREE) * [0.3, 0.4, 0.3],
    ),
}


def linear(net: Floats, use: Floats, capacity: Floats) -> tuple[float, Floats]:
    """The optimum where accounts may be split among levels, and what one more unit is worth."""
    account, level = np.nonzero(net > NONE)
    columns = np.arange(len(account))
    limited = np.isfinite(capacity)
    found = linprog(
        -net[account, level],
        A_ub=csr_matrix(use[level][:, limited].T) if limited.any() else None,
        b_ub=capacity[limited] if limited.any() else None,
        A_eq=csr_matrix((np.ones(len(account)), (account, columns))),
        b_eq=np.ones(len(net)),
        bounds=(0, 1),
        method="highs",
    )
    assert found.status == 0
    worth = np.zeros(len(capacity))
    worth[limited] = -found.ineqlin.marginals if limited.any() else 0
    return -found.fun, worth


def counted(level: Indices, use: Floats) -> Floats:
    used = np.zeros(use.shape[1])
    for count, each in zip(np.bincount(level, minlength=len(use)), use, strict=True):
        used = used + count * each
    return used


def check_keeps_to_the_rules(found: Solution, net: Floats, use: Floats, capacity: Floats) -> None:
    chosen = net[np.arange(len(net)), found.level]
    assert (chosen > NONE).all()
    assert found.value == pytest.approx(chosen.sum(), abs=1e-9)
    assert found.used.tolist() == counted(found.level, use).tolist()
    assert (found.used <= capacity).all()
    assert (found.prices >= 0).all()
    assert found.value <= found.bound + 1e-9 * abs(found.bound)
    others = (net - use @ found.prices).argmax(axis=1) != found.level
    assert found.filled == others.sum()


@pytest.mark.parametrize("name", PORTFOLIOS)
def test_levels_are_worth_what_a_solver_finds(name: str) -> None:
    net, capacity = PORTFOLIOS[name]
    found = solve(net, USE, capacity)
    assert found.feasible
    check_keeps_to_the_rules(found, net, USE, capacity)
    optimum, _ = linear(net, USE, capacity)
    assert found.value >= optimum - 1e-3 * abs(optimum)
    assert found.bound == pytest.approx(optimum, rel=1e-6)


@pytest.mark.parametrize("name", ["one scarce", "three scarce", "three scarce, staged"])
def test_prices_are_what_one_more_unit_is_worth(name: str) -> None:
    net, capacity = PORTFOLIOS[name]
    found = solve(net, USE, capacity)
    _, worth = linear(net, USE, capacity)
    assert found.prices == pytest.approx(worth, rel=1e-4, abs=1e-9)
    assert found.filled <= 10
    assert (found.prices[found.used < 0.9 * capacity] == 0).all()


def test_what_is_not_scarce_has_no_price_and_takes_nothing() -> None:
    net, capacity = PORTFOLIOS["none scarce"]
    found = solve(net, USE, capacity)
    assert found.prices.tolist() == [0, 0, 0]
    assert found.filled == 0
    assert found.level.tolist() == net.argmax(axis=1).tolist()


def test_equal_levels_go_to_the_lowest() -> None:
    found = solve(np.ones((N, 5)), USE, np.array([N * 12.0, N * 0.3, N * 0.1]))
    assert not found.level.any()
    assert not found.prices.any()


def test_a_scarce_resource_is_priced_beside_one_that_is_not_there() -> None:
    net, capacity = PORTFOLIOS["no visits"]
    found = solve(net, USE, capacity)
    assert found.used[2] == 0
    # At the prices nobody wants the level that there are no visits for …
    assert (net[:, 4] - USE[4] @ found.prices < (net - USE @ found.prices).max(axis=1)).all()
    # … but somebody would as soon as a visit costs less.
    found.prices[2] *= 0.999
    assert ((net - USE @ found.prices).argmax(axis=1) == 4).sum() == 1


def test_what_is_scarce_is_shared_among_accounts_that_are_alike() -> None:
    # Only a mixture uses both: a third of the accounts each, and a third without.
    use = np.array([[0.0, 0], [2, 1], [1, 2]])
    net = np.tile([0.0, 10.0, 10.0], (9_000, 1))
    found = solve(net, use, np.array([9_000.0, 9_000.0]))
    assert np.bincount(found.level).tolist() == pytest.approx([3_000] * 3, abs=2)
    for part in np.split(found.level, 9):  # evenly, wherever they stand
        assert np.bincount(part).tolist() == pytest.approx([1_000 / 3] * 3, abs=20)


def test_two_accounts_make_room_for_one_that_gains_more() -> None:
    # By gain per use the first goes first; then neither of the others fits.
    use = np.array([[0.0], [6.0], [5.0]])
    net = np.array([[0.0, 7.0, NONE], [0.0, NONE, 5.0], [0.0, NONE, 5.0]])
    assert solve(net, use, np.array([10.0])).level.tolist() == [0, 2, 2]


def test_a_large_portfolio_is_solved_from_a_sample_in_any_order() -> None:
    net = staged(nets(60_000))
    capacity = wanted(net) * [0.3, 0.5, 0.2]
    found = solve(net, USE, capacity)
    check_keeps_to_the_rules(found, net, USE, capacity)
    assert found.value >= found.bound * (1 - 1e-4)
    order = np.argsort(net[:, 1], kind="stable")
    ordered = solve(net[order], USE, capacity)  # its sample is another
    assert ordered.prices == pytest.approx(found.prices, rel=1e-4)
    assert ordered.bound == pytest.approx(found.bound, rel=1e-6)
    again = solve(net, USE, capacity)
    assert again.level.tolist() == found.level.tolist()
    assert again.prices.tolist() == found.prices.tolist()


def test_a_sample_that_misleads_is_not_followed() -> None:
    # Every account of the sample is worth a thousandth of what the others are.
    net = nets(40_960)
    net[::10] *= 1e-3
    capacity = wanted(net) * 0.3
    found = solve(net, USE, capacity)
    check_keeps_to_the_rules(found, net, USE, capacity)
    assert found.value >= found.bound * (1 - 1e-4)


def test_too_little_for_the_lowest_levels_is_told() -> None:
    net = staged(nets())
    use = np.maximum.accumulate(USE)  # a higher level uses no less of anything
    needed = least_use(net, use)
    assert needed.tolist() == counted((net > NONE).argmax(axis=1), use).tolist()
    assert solve(net, use, needed).feasible
    found = solve(net, use, needed * [1, 0.999, 1])
    assert not found.feasible
    assert (found.level == -1).all()
    assert found.value == found.bound == -np.inf


def test_resources_that_only_together_are_too_little_are_found_out() -> None:
    use = np.array([[0.0, 2.0], [2.0, 0.0]])
    net = np.ones((5_000, 2))
    assert least_use(net, use).tolist() == [0, 0]
    assert not solve(net, use, np.array([4_900.0, 4_900.0])).feasible
    assert solve(net, use, np.array([5_000.0, 5_000.0])).feasible


def test_a_portfolio_without_accounts_has_levels_too() -> None:
    found = solve(np.empty((0, 5)), USE, np.array([10.0, 0.0, 10.0]))
    assert found.feasible
    assert found.used.tolist() == [0, 0, 0]


@st.composite
def small(draw: st.DrawFn, *, ladder: bool) -> tuple[Floats, Floats, Floats]:
    """Net, use and capacity; on a `ladder` a higher level uses no less of anything."""
    n, levels, resources = (draw(st.integers(1, most)) for most in (5, 4, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    use = rng.integers(0, 6, (levels, resources)).astype(np.float64)
    if ladder:
        use = np.cumsum(use, axis=0)
    net = rng.normal(0, 3, (n, levels)).round(draw(st.integers(0, 2)))
    without = rng.random((n, levels)) < 0.25
    without[np.arange(n), rng.integers(0, levels, n)] = False
    capacity = rng.integers(0, 14, resources).astype(np.float64)
    capacity[rng.random(resources) < 0.15] = np.inf
    return np.where(without, NONE, net), use, capacity


def best_of_all(net: Floats, use: Floats, capacity: Floats) -> float | None:
    """The most that any choice within capacity is worth; None where there is none."""
    candidates = [np.flatnonzero(row > NONE) for row in net]
    choices = np.array(list(itertools.product(*candidates)))
    kept = choices[(use[choices].sum(axis=1) <= capacity).all(axis=1)]
    return max(net[np.arange(len(net)), choice].sum() for choice in kept) if len(kept) else None


@settings(max_examples=300, deadline=None)
@given(st.one_of(small(ladder=True), small(ladder=False)))
def test_nothing_is_ever_used_beyond_capacity(case: tuple[Floats, Floats, Floats]) -> None:
    net, use, capacity = case
    found, best = solve(net, use, capacity), best_of_all(net, use, capacity)
    if found.feasible:
        assert best is not None
        check_keeps_to_the_rules(found, net, use, capacity)
        assert found.value <= best + 1e-9
        assert best <= found.bound + 1e-9


@settings(max_examples=200, deadline=None)
@given(small(ladder=True))
def test_on_a_ladder_whatever_can_be_done_is_found(case: tuple[Floats, Floats, Floats]) -> None:
    net, use, capacity = case
    assert solve(net, use, capacity).feasible == (best_of_all(net, use, capacity) is not None)


def test_small_portfolios_are_hardly_ever_below_the_best_choice() -> None:
    rng = np.random.default_rng(5)
    below = 0
    for _ in range(150):
        net, capacity = rng.normal(0, 3, (5, 3)), rng.integers(2, 14, 2).astype(np.float64)
        net[:, 0] = 0
        use = np.cumsum(rng.integers(0, 6, (3, 2)), axis=0) - 0.0
        use[0] = 0
        best = best_of_all(net, use, capacity)
        assert best is not None
        below += solve(net, use, capacity).value < best - 1e-9
    assert below <= 3
