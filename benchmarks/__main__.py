"""Prints what features cost: `python -m benchmarks`. Run it on an idle machine."""

import time

import numpy as np

from features.clock import DAY_SECONDS
from features.matrix import matrix
from features.panel import Fixed, Panel, Statements, View, known_at, panel

ACCOUNTS = 50_000
MONTHS = 24
ROUNDS = 5
FIRST_DAY = 19_000.0  # January 2022
CYCLE = 30.0


def history(accounts: int, months: int) -> tuple[Panel, View]:
    """Drawn statements of so many accounts, and the view of them after the last one."""
    rng = np.random.default_rng(1)
    n = accounts * months
    day = np.tile(FIRST_DAY + CYCLE * np.arange(months), accounts)
    statements = Statements(
        account=np.repeat(np.arange(accounts), months),
        day=day,
        known_at=(day + 1) * DAY_SECONDS,
        balance=rng.uniform(0, 10_000, n),
        amount_due=rng.uniform(10, 500, n),
        amount_paid=rng.uniform(0, 500, n),
        days_past_due=CYCLE * rng.integers(0, 5, n),
        credit_limit=np.full(n, 10_000.0),
        status=np.zeros(n),
    )
    none, nobody = np.zeros(accounts, bool), np.zeros(accounts)
    drawn = panel(Fixed(np.full(accounts, FIRST_DAY), nobody, nobody, none, none), statements)
    as_of = np.full(accounts, (day[-1] + 2) * DAY_SECONDS)
    return drawn, known_at(drawn, np.arange(accounts), as_of)


def best(accounts: int, rounds: int) -> tuple[float, int]:
    """Seconds of the fastest of so many rounds, and the number of features."""
    drawn, view = history(accounts, MONTHS)
    matrix(drawn, view)
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        count = matrix(drawn, view).shape[1]
        seconds.append(time.perf_counter() - start)
    return min(seconds), count


def main() -> None:
    """Print accounts per second for many accounts, and microseconds for one alone."""
    many, count = best(ACCOUNTS, ROUNDS)
    print(f"{count} features over {MONTHS} months, one thread, best of {ROUNDS} rounds")
    print(f"  {ACCOUNTS:,} accounts  {ACCOUNTS / many:>10,.0f} accounts/s")
    one, _ = best(1, 200 * ROUNDS)
    print(f"  1 account        {one * 1e6:>10.1f} µs")


if __name__ == "__main__":
    main()
