"""A large decision log: real decisions on simulated accounts, told again with drawn conditions.

What is searched for is drawn so that it meets many decisions, few or none, alone and together.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import compress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import sqlalchemy as sa

from benchmarks.boosters import SEED, Shape, fitted, portfolio, write_bundle
from curescore.bodies import bodies, last_known, late_accounts
from features.panel import known_at
from models.decide import decide
from models.decision import Decision
from models.generation import Generation
from models.score.contributions import TABLE_LIMIT
from service.bodies.decoding import account_of, decode_decision
from service.bodies.panels import panel_of
from service.instants import microseconds, new_id
from service.log.generations import Generations
from service.log.inserts import Inserts
from service.log.kinds import kind_of
from service.log.records import Entry, entry
from service.served.reload import Folders, generation_of
from training.tables import read_tables

ACCOUNTS = 2_000  # that the real decisions are on, and the booster is fitted on
SHAPE, TREES = Shape(4, 15), 40
BUNDLE = "bundle"
TOLD = 200  # real decisions
REASONS = 5
CHUNK = 10_000
START = datetime(2024, 1, 1, tzinfo=UTC)
STEP = timedelta(seconds=60)  # between decisions

# Each value and its share: some are in most decisions, some in one of 100,000.
STAGES = {"M1": 0.6, "pre_due": 0.25, "M2": 0.1, "M3": 0.04999, "M4+": 0.00001}
TIERS = {"low": 0.7, "medium": 0.2, "high": 0.09999, "doubtful": 0.00001}
LEVELS = {1: 0.8, 0: 0.1, 2: 0.08, 3: 0.01999, 4: 0.00001}
# Of each level, and that of every third decision at a level at which people are contacted.
TREATMENTS, THIRD = ("wait", "remind", "negotiate", "negotiate", "escalate"), "offer_plan"
STATUSES = {"effective": 0.99, "proposed": 0.00999, "superseded": 0.00001}
RULES = {"us.reg_f.hours": 0.6, "us.reg_f.calls": 0.1, "plan_kept": 0.02, "deceased": 0.00001}
BUNDLES = {"a" * 64: 0.05, "b" * 64: 0.45, "c" * 64: 0.5}  # one after the other
OWN_ACCOUNT = 0.1  # the share of one account that has far more decisions than others


class Log:
    """Draws the entries of a log: decisions of `decided`, under conditions of its own."""

    def __init__(self, decided: Sequence[Entry], rows: int) -> None:
        self._decided = decided
        self._rows = rows
        self._draws = np.random.default_rng(SEED)

    def fill(self, engine: sa.Engine) -> None:
        """Insert the entries, as a nightly run would."""
        inserts = Inserts(engine)
        for begin in range(0, self._rows, CHUNK):
            with engine.begin() as connection:
                inserts.copy(connection, list(self._chunk(range(begin, begin + CHUNK))))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            sqlite = engine.dialect.name == "sqlite"
            connection.exec_driver_sql("ANALYZE" if sqlite else "VACUUM ANALYZE")

    def _chunk(self, numbers: range) -> Iterator[Entry]:
        drawn = zip(*map(self._drawn, (STAGES, TIERS, LEVELS, STATUSES)), strict=True)
        bound = self._draws.random((CHUNK, len(RULES))) < np.array(list(RULES.values()))
        own = self._draws.random(CHUNK) < OWN_ACCOUNT
        for i, (stage, tier, level, status) in zip(numbers, drawn, strict=True):
            at = START + i * STEP
            rules = tuple(compress(RULES, bound[i - numbers.start]))
            yield self._decided[i % len(self._decided)]._replace(
                decision_id=new_id(at),
                account_id="many" if own[i - numbers.start] else f"account-{i % 100_000}",
                as_of=microseconds(at),
                decided_at=microseconds(at),
                stage=stage,
                tier=tier,
                level=level,
                status=status,
                kind=kind_of(
                    stage, tier, level, status, self._bundle(i), self._treatment(i, level)
                ),
                rules=rules,
            )

    def _drawn(self, shares: dict[Any, float]) -> list[Any]:
        values, share = list(shares), list(shares.values())
        return [values[j] for j in self._draws.choice(len(values), CHUNK, p=share)]

    def _treatment(self, number: int, level: int) -> str:
        return THIRD if level and number % 3 == 0 else TREATMENTS[level]

    def _bundle(self, number: int) -> str:
        ends = np.cumsum(list(BUNDLES.values())) * self._rows
        return list(BUNDLES)[int(np.searchsorted(ends, number, side="right"))]


def decided(folder: Path, engine: sa.Engine) -> list[Entry]:
    """Real decisions with REASONS reasons, whose generation is in the database."""
    drawn = portfolio(folder / "fitted", ACCOUNTS)
    write_bundle(drawn, fitted(drawn, SHAPE, TREES), folder / BUNDLE)
    generation = served(folder)
    number = Generations(engine).id_of(generation)
    return list(_entries(folder / "fitted", generation, number))[:TOLD]


def served(folder: Path) -> Generation:
    """The generation of those decisions, once they have been made there."""
    return generation_of(Folders({"cure/1": folder / BUNDLE}), TABLE_LIMIT)


def _entries(folder: Path, generation: Generation, number: int) -> Iterator[Entry]:
    tables = read_tables(folder)
    as_of = last_known(tables) + timedelta(days=1)
    for body in bodies(tables, late_accounts(tables), as_of):
        read = decode_decision(msgspec.json.encode(body), as_of)
        panel = panel_of([read.body])
        view = known_at(panel, np.zeros(1, np.int64), np.array([as_of.timestamp()]))
        (made,) = decide(generation, [account_of(read)], panel, view, REASONS)
        if isinstance(made, Decision):
            decided_at = as_of
            yield entry(made, read.inputs, decided_at=decided_at, actor="bench", generation=number)[
                0
            ]
