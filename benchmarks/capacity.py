"""Levels of a whole portfolio within capacity, beside the linear program that HiGHS solves."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from benchmarks.measures import cpu_seconds, ratio, spread
from benchmarks.report import Table, Topic
from models.intensity.knapsack import Solution, solve
from models.intensity.numbers import Floats
from models.intensity.policy import load_policy
from models.intensity.response import assumed
from models.intensity.value import Cases, weigh

SMALLER = (10_000, 100_000)
ALIKE = 1_000  # kinds of accounts where many are alike
SHARES = np.array([0.4, 0.5, 0.3])  # of what would be used without a limit
TOLERANCE = 1e-3  # of the optimum

Say = Callable[[str], None]


@dataclass(frozen=True)
class Found:
    """What came of one portfolio; `optimum` and `their_seconds` only where HiGHS solved it."""

    accounts: int
    kinds: int
    seconds: list[float]
    value: float
    bound: float
    beyond: int  # resources used beyond their capacity
    filled: int
    optimum: float | None
    their_seconds: float | None


def measure(largest: int, solved: int, rounds: int, say: Say) -> Topic:
    """Solve portfolios of up to `largest` accounts, and those of up to `solved` by HiGHS too."""
    sizes = [*(size for size in SMALLER if size < largest), largest]
    cases = [(size, kinds) for size in sizes for kinds in (size, ALIKE)]
    warm = portfolio(1_000, 1_000)
    solve(*warm)
    solve(*portfolio(60_000, ALIKE))  # from a sample
    found = [_measured(n, kinds, rounds, n <= solved, say) for n, kinds in cases]
    note = (
        f"{len(SHARES)} resources, 5 levels, the packaged policy; capacity for "
        f"{', '.join(f'{share:.0%}' for share in SHARES)} of the use without a limit. One thread, "
        f"{rounds} rounds of ours, one of HiGHS (scipy.optimize.linprog, accounts may be split)."
    )
    headings = (
        "accounts",
        "of so many kinds",
        "seconds",
        "value, % of the optimum",
        "beyond capacity",
        "other than the best at the prices",
        "HiGHS, seconds",
        "times ours",
    )
    figures = {"portfolios": [asdict(each) for each in found]}
    return Topic("Capacity", [note], [Table(headings, [_row(each) for each in found])], figures)


def portfolio(n: int, kinds: int) -> tuple[Floats, Floats, Floats]:
    """Net and use of levels and the capacity, of random accounts as the policy weighs them."""
    numbers = load_policy().numbers
    rng = np.random.default_rng(1)
    late = rng.random(kinds) < 0.7
    days = np.where(late, np.ceil(rng.gamma(1.2, 30, kinds)), 0.0)
    past_due = np.where(late, rng.lognormal(5.5, 1.1, kinds), 0.0).round(2)
    balance = (past_due * rng.uniform(1, 12, kinds) + rng.lognormal(6, 1, kinds)).round(2)
    odds = rng.normal(np.where(late, 1.5 - days / 30, 2.5), 1.0)
    cases = Cases(
        log_odds=odds,
        days_past_due=days,
        past_due=past_due,
        balance=balance,
        rate=np.ones(kinds),
        received=np.zeros(kinds),
        cap=np.full(kinds, 4),
        free=np.ones((kinds, 5), np.bool_),
        odds_ratio=assumed(kinds).odds_ratio,
    )
    weighed = weigh(numbers, np.zeros(3), cases)
    level = np.arange(5)
    lowest, highest = numbers.lowest[weighed.stage], numbers.highest[weighed.stage]
    barred = (level < lowest[:, None]) | (level > highest[:, None])
    each = np.where(barred, -np.inf, weighed.value - weighed.cost)
    net = each[rng.permutation(n) % kinds] if kinds < n else each
    return net, numbers.use, numbers.use[net.argmax(axis=1)].sum(axis=0) * SHARES


def _measured(n: int, kinds: int, rounds: int, compare: bool, say: Say) -> Found:
    say(f"{n:,} accounts of {kinds:,} kinds")
    net, use, capacity = portfolio(n, kinds)
    results: list[Solution] = []
    seconds = [
        cpu_seconds(lambda: results.append(solve(net, use, capacity))) for _ in range(rounds)
    ]
    found = results[0]
    optimum = their_seconds = None
    if compare:
        say("the same by HiGHS")
        optima: list[float] = []
        their_seconds = cpu_seconds(lambda: optima.append(linear(net, use, capacity)))
        optimum = optima[0]
    best = found.bound if optimum is None else optimum
    assert found.feasible
    assert abs(found.value - best) <= TOLERANCE * abs(best), "not within the tolerance"
    return Found(
        accounts=n,
        kinds=kinds,
        seconds=seconds,
        value=found.value,
        bound=found.bound,
        # Counted anew, and added up in another order than the solution does.
        beyond=int((np.bincount(found.level, minlength=5) @ use > capacity * (1 + 1e-12)).sum()),
        filled=found.filled,
        optimum=optimum,
        their_seconds=their_seconds,
    )


def linear(net: Floats, use: Floats, capacity: Floats) -> float:
    """The optimum of the linear program, in which accounts may be split among levels."""
    account, level = np.nonzero(net > -np.inf)
    found = linprog(
        -net[account, level],
        A_ub=csr_matrix(use[level].T),
        b_ub=capacity,
        A_eq=csr_matrix((np.ones(len(account)), (account, np.arange(len(account))))),
        b_eq=np.ones(len(net)),
        bounds=(0, 1),
        method="highs",
    )
    assert found.status == 0, found.message
    return float(-found.fun)


def _row(found: Found) -> tuple[str, ...]:
    best, mark = (found.bound, " of the bound") if found.optimum is None else (found.optimum, "")
    theirs = found.their_seconds
    return (
        f"{found.accounts:,}",
        f"{found.kinds:,}",
        str(spread(found.seconds)),
        f"{100 * found.value / best:.4f}{mark}",
        str(found.beyond),
        f"{found.filled:,}",
        "–" if theirs is None else f"{theirs:,.1f}",
        "–" if theirs is None else str(ratio([theirs] * len(found.seconds), found.seconds)),
    )
