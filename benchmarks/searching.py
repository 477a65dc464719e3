"""Searching a large decision log: every condition and every pair, on pages near and deep."""

import time
from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from benchmarks.databases import Database, private_server
from benchmarks.features import Say
from benchmarks.million import BUNDLES, START, STEP, Log, decided
from benchmarks.report import Table, Topic
from service.database import connect, upgrade
from service.instants import first_id
from service.log.decisions import DecisionLog, Query

LIMIT = 50
# Values that meet many decisions, few, and none.
VALUES: dict[str, list[Any]] = {
    "account_id": ["many", "account-7", "nobody"],
    "stage": ["M1", "M4+"],
    "tier": ["low", "doubtful"],
    "level": [1, 4],
    "status": ["effective", "superseded"],
    "rule": ["us.reg_f.hours", "deceased", "none"],
    "model": [*reversed(BUNDLES), "0" * 64],
}


PLANNED: list[dict[str, Any]] = [
    {},
    *({name: VALUES[name][0]} for name in ("account_id", "stage", "model", "rule")),
]


class Searched(NamedTuple):
    """What was found of one database: the searches, slowest first, and the plans of some."""

    slow: list["Slow"]
    plans: list[tuple[str, str]]


class Slow(NamedTuple):
    """A search: its milliseconds, and what was asked for."""

    milliseconds: float
    asked: str


def measure(folder: Path, rows: int, rounds: int, say: Say) -> Topic:
    """Fill a log in each database, and search it; the shortest of the rounds counts."""
    found = {"SQLite": _measured(folder, f"sqlite:///{folder / 'log.db'}", rows, rounds, say)}
    with private_server() as server:
        if isinstance(server, Database):
            found["PostgreSQL"] = _measured(folder, server.new(), rows, rounds, say)
        else:
            say(f"no PostgreSQL: {server}")
    return _topic(rows, found)


def _measured(folder: Path, url: str, rows: int, rounds: int, say: Say) -> Searched:
    upgrade(url)
    engine = connect(url)
    say(f"filling {engine.dialect.name} with {rows:,} decisions")
    Log(decided(folder / engine.dialect.name, engine), rows).fill(engine)
    say("searching")
    log = DecisionLog(engine)
    slow = sorted((_timed(log, *asked, rounds) for asked in _asked(rows)), reverse=True)
    plans = [(_told(conditions), _plan(engine, log, conditions)) for conditions in PLANNED]
    engine.dispose()
    return Searched(slow, plans)


def _plan(engine: sa.Engine, log: DecisionLog, conditions: dict[str, Any]) -> str:
    """How the database says that it finds what a search asks for, before it reads the records."""
    asked: list[tuple[str, Any]] = []

    def note(_1: Any, _2: Any, statement: str, parameters: Any, *_3: Any) -> None:
        asked.append((statement, parameters))

    sa.event.listen(engine, "before_cursor_execute", note)
    log.search(Query(**conditions), LIMIT)
    sa.event.remove(engine, "before_cursor_execute", note)
    sqlite = engine.dialect.name == "sqlite"
    words = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN (COSTS OFF) "
    found: dict[str, None] = {}
    with engine.connect() as connection:
        for statement, parameters in asked[:-1]:
            for row in connection.exec_driver_sql(words + statement, parameters):
                line = str(row[-1]).strip().removeprefix("->").strip()
                if line.startswith(("SEARCH", "SCAN decision", "Seq Scan")) or " Scan " in line:
                    found[line.partition(" on ")[0]] = None
    return "; ".join(found)


def _asked(rows: int) -> Iterator[tuple[dict[str, Any], UUID | None]]:
    """Conditions, each alone and each pair, and before which id: the newest, older, the oldest."""
    half, end = START + rows // 2 * STEP, START + rows * STEP
    values = VALUES | {"decided_from": [half, end], "decided_until": [half, START + STEP]}
    alone: list[dict[str, Any]] = [{}, *({name: one} for name in values for one in values[name])]
    pairs = [
        {one: first, other: second}
        for one, other in combinations(values, 2)
        for first, second in product(values[one], values[other])
    ]
    return product([*alone, *pairs], (None, first_id(half), first_id(START + rows // 200 * STEP)))


def _timed(log: DecisionLog, conditions: dict[str, Any], before: UUID | None, rounds: int) -> Slow:
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        log.search(Query(**conditions), LIMIT, before)
        seconds.append(time.perf_counter() - start)
    return Slow(min(seconds) * 1e3, f"{_told(conditions)}{', deep' if before else ''}")


def _told(conditions: dict[str, Any]) -> str:
    return ", ".join(f"{name} {str(value)[:16]}" for name, value in conditions.items()) or "all"


def _topic(rows: int, found: dict[str, Searched]) -> Topic:
    notes = [
        f"{rows:,} decisions; a page of {LIMIT}, unpacked: all, by each condition and by each pair "
        "that meets many, few or none, newest, in the middle and at the end. Milliseconds."
    ]
    summary = [
        (
            name,
            f"{len(slow):,}",
            f"{median(each.milliseconds for each in slow):.1f}",
            f"{slow[0].milliseconds:.1f}",
            slow[0].asked,
        )
        for name, (slow, _) in found.items()
    ]
    tables = [Table(("database", "searches", "median", "slowest", "which"), summary)]
    tables += [
        Table(("condition", "plan"), searched.plans, f"Plans of {name}:")
        for name, searched in found.items()
    ]
    figures = {
        name: [(round(each.milliseconds, 2), each.asked) for each in searched.slow[:20]]
        for name, searched in found.items()
    }
    return Topic("Searching the decision log", notes, tables, figures)
