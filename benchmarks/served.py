"""What was found of the servers, as tables."""

import os
from collections.abc import Callable
from typing import Any

from benchmarks.found import (
    OURS,
    PEER,
    Figures,
    Found,
    Pick,
    beside,
    flush,
    less_flush,
    many,
    memory,
    ones,
    ready,
    workers,
)
from benchmarks.measures import Spread
from benchmarks.report import Table, Topic
from benchmarks.servers import IMAGE, MLSERVER


def topic(found: Found) -> Topic:
    """Everything, first what is to be reached."""
    tables = [
        _bounds(found),
        _alone(found),
        _together(found),
        _many(found),
        _beside(found),
        _processes(found),
    ]
    if found.with_workers:
        tables.append(_workers(found))
    figures = {"trivial": found.trivial, "rounds": found.rounds}
    return Topic("The service", [*_notes(found), *_caveats(found)], tables, figures)


def _notes(found: Found) -> list[str]:
    payments, contacts = found.events
    return [
        "One worker on one core, the load on another; who is not measured does not run. Ours "
        "takes the months of an account as they are (24 statements; *with events* also "
        f"{payments:.0f} payments and {contacts:.0f} contacts), computes the features, scores, "
        "explains, chooses the level, and answers when the decision is on the disk (SQLite, "
        "`synchronous=FULL`); without keys, as the peers. They take the features of the same "
        "accounts ready-made and answer with the probability alone, which is compared first. "
        f"The booster: {found.grown}. MLServer predicts in the process that answers, with "
        "`debug` off. mlflow serves a model without a signature, by which it would check every "
        "column, and is asked with data frames (`dataframe_split`) and with tensors (`inputs`).",
        f"{len(found.rounds)} rounds, {found.seconds:g} s a measurement: the median of the rounds "
        "(least–greatest), ratios within a round; every latency is kept. A flush, 4 KB appended "
        f"and `fdatasync`, takes {found.milliseconds(flush)} ms on this disk. {_load(found)}",
    ]


def _load(found: Found) -> str:
    reached = ", ".join(
        f"{each['per_second']:,.0f} over {count}" for count, each in found.trivial.items()
    )
    return f"Of a server that does nothing the load gets {reached} connections, answers a second."


def _caveats(found: Found) -> list[str]:
    notes = list(found.missing)
    if len(os.sched_getaffinity(0)) == 1:
        notes.append("There is one core only: the load takes its part of it.")
    if not IMAGE.exists():
        notes.append("Ours runs with all that development has, as build/serving is not there.")
    if not MLSERVER.exists():
        notes.append("MLServer is not compared, as build/mlserver is not there.")
    summaries = _summaries(found.rounds)
    wrong = [each["error"] for each in summaries if each["errors"]]
    count = sum(each["errors"] for each in summaries)
    total = sum(each["answered"] for each in summaries)
    first = f", the first: {wrong[0]!r}" if wrong else ""
    return [*notes, f"{count:,} of {total:,} answers were not 200{first}."]


def _summaries(found: Any) -> list[Figures]:
    """Every measurement inside."""
    if isinstance(found, dict) and "errors" in found:
        return [found]
    inside = found.values() if isinstance(found, dict) else found
    return [each for part in inside if isinstance(part, dict | list) for each in _summaries(part)]


def _bounds(found: Found) -> Table:
    """What is to be reached, and what is."""
    rows: list[tuple[str, str, str]] = []

    def add(what: str, reached: Spread, bound: str) -> None:
        rows.append((what, str(reached), bound))

    if PEER in found.names:
        alone = found.ratio(ones(PEER, 1, "p50"), less_flush())
        add(f"p50 over 1 connection: {PEER}'s / ours less a flush", alone, "≥ 1")
    for count in found.several:
        rate = ones(OURS, count, "per_second")
        for name in found.peers:
            least = "≥ 1.5" if name == PEER else "≥ 5"
            reached = found.ratio(rate, ones(name, count, "per_second"))
            add(f"requests/s over {count} connections: ours / {name}", reached, least)
        steady = found.ratio(ones(OURS, count, "p99"), ones(OURS, count, "p50"))
        add(f"p99 / p50 over {count} connections", steady, "≤ 5")
    add(f"{found.accounts:,} accounts, p50, ms", found.milliseconds(many(OURS)), "≤ 250")
    add("single ones beside them, p99, ms", found.milliseconds(beside(0, "p99")), "≤ 50")
    if found.with_workers:
        add("two workers, times one, on a core each", found.scaled(), "≥ 1.7")
    add("ready after, s", found.spread(ready(OURS)), "≤ 3")
    add("memory of a worker, PSS MB", found.spread(memory(OURS, "pss")), "≤ 300")
    return Table(("to be reached", "reached", "bound"), rows)


def _rows(found: Found) -> list[tuple[str, str, str]]:
    """Label, server and kind of each row: ours twice."""
    ours = [(OURS, OURS, "ones"), (f"{OURS}, with events", OURS, "eventful")]
    return ours + [(name, name, "ones") for name in found.peers]


def _alone(found: Found) -> Table:
    rows = []
    for label, name, kind in _rows(found):
        p50, p99 = (ones(name, 1, figure, kind) for figure in ("p50", "p99"))
        compared = less_flush(kind) if name == OURS else p50
        rows.append(
            (
                label,
                str(found.milliseconds(p50)),
                str(found.milliseconds(p99)),
                str(found.milliseconds(compared)) if name == OURS else "–",
                str(found.ratio(compared, less_flush())) if label != OURS else "1",
            )
        )
    headings = ("one account, 1 connection", "p50, ms", "p99, ms", "p50 less a flush, ms")
    return Table((*headings, "times ours, less a flush"), rows)


def _together(found: Found) -> Table:
    rows = [
        _together_row(found, count, label, name, kind)
        for count in found.several
        for label, name, kind in _rows(found)
    ]
    headings = ("one account, connections", "requests/s", "p50, ms", "p99, ms", "p99 / p50")
    return Table((*headings, "requests per CPU second", "ours, times theirs"), rows)


def _together_row(found: Found, count: int, label: str, name: str, kind: str) -> tuple[str, ...]:
    rate = ones(name, count, "per_second", kind)
    p50, p99 = (ones(name, count, figure, kind) for figure in ("p50", "p99"))
    ours = found.ratio(ones(OURS, count, "per_second"), rate)
    return (
        f"{label}, {count}",
        str(found.spread(rate)),
        str(found.milliseconds(p50)),
        str(found.milliseconds(p99)),
        str(found.ratio(p99, p50)),
        _per_cpu_second(found.spread(ones(name, count, "cpu", kind))),
        str(ours) if label != OURS else "1",
    )


def _per_cpu_second(cpu: Spread) -> str:
    return f"{1 / cpu.median:,.0f}"


def _many(found: Found) -> Table:
    rows = [
        (
            name,
            str(found.milliseconds(many(name))),
            f"{found.accounts / found.spread(many(name)).median:,.0f}",
            str(found.ratio(many(name), many(OURS))) if name != OURS else "1",
        )
        for name in found.names
    ]
    return Table((f"{found.accounts:,} accounts", "p50, ms", "accounts/s", "times ours"), rows)


def _beside(found: Found) -> Table:
    what: dict[str, Callable[[str], Pick]] = {
        "one account, nothing beside it": lambda figure: ones(OURS, 1, figure),
        f"one account, beside batches of {found.accounts:,}": lambda figure: beside(0, figure),
        "the batches": lambda figure: beside(1, figure),
    }
    rows = [
        (label, *(str(found.milliseconds(pick(figure))) for figure in ("p50", "p99", "most")))
        for label, pick in what.items()
    ]
    return Table((f"{OURS}, 1 connection each", "p50, ms", "p99, ms", "most, ms"), rows)


def _processes(found: Found) -> Table:
    rows = [
        (
            name,
            str(found.spread(ready(name))),
            *(str(found.spread(memory(name, figure))) for figure in ("pss", "rss", "all")),
        )
        for name in found.names
    ]
    headings = ("memory after the load", "ready after, s", "largest process, PSS MB", "RSS MB")
    return Table((*headings, "all processes, PSS MB"), rows)


def _workers(found: Found) -> Table:
    rows = [
        (
            f"{count} worker{'s' if count > 1 else ''}",
            str(found.spread(workers(count, "per_second"))),
            str(found.milliseconds(workers(count, "p50"))),
            str(found.milliseconds(workers(count, "p99"))),
            str(found.spread(workers(count, "cores"))),
            _per_cpu_second(found.spread(workers(count, "cpu"))),
            str(found.spread(workers(count, "memory"))),
        )
        for count in (1, 2)
    ]
    as_it_is = found.ratio(workers(2, "per_second"), workers(1, "per_second"))
    headings = ("PostgreSQL", "requests/s", "p50, ms", "p99, ms", "cores used by them")
    return Table(
        (*headings, "requests per CPU second", "all processes, PSS MB"),
        rows,
        f"Two workers share {len(os.sched_getaffinity(0))} cores with PostgreSQL and the load, "
        f"one has a core to itself: {as_it_is} times the requests. By what they answer per CPU "
        f"second, on a core each they would answer {found.scaled()} times as many as one.",
    )
