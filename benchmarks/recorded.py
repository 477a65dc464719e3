"""The nightly run without and with its decisions in the decision log, all accounts' decided."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import sqlalchemy as sa

from benchmarks.boosters import Shape, fitted, portfolio, write_bundle
from benchmarks.databases import private_server
from benchmarks.measures import spread
from benchmarks.report import Table, times
from models.target import Outcome
from service.database import upgrade

WITHOUT = "without --record"
BOTH = "both"  # the folder of bundles of both targets
EARLY_WARNING = Outcome("early_warning", horizon_cycles=1)

Run = Callable[[str | None], float]  # seconds of a run that records there, None: not at all
Recorded = tuple[float, float | None]  # seconds of a run, and bytes of each decision it recorded


def write_both(folder: Path, accounts: int, shape: Shape, trees: int) -> None:
    """Write bundles of both targets, so that accounts that are not late are decided too."""
    for name, outcome in (("cure", None), ("early_warning", EARLY_WARNING)):
        where = folder / f"fitted for {name}"
        drawn = portfolio(where, accounts, *([outcome] if outcome else []))
        write_bundle(drawn, fitted(drawn, shape, trees), folder / BOTH / name)


def recorded_runs(folder: Path, run: Run) -> Iterator[tuple[str, Recorded]]:
    """A run of each kind, one after the other: where it recorded, and what it took."""
    yield WITHOUT, (run(None), None)
    path = folder / "decisions.db"
    for old in folder.glob(f"{path.name}*"):
        old.unlink()
    yield "in SQLite", _into(f"sqlite:///{path}", run)
    with private_server() as server:
        if not isinstance(server, str):
            yield "in PostgreSQL", _into(server.new(), run)


def _into(database: str, run: Run) -> Recorded:
    upgrade(database)
    seconds = run(database)
    engine = sa.create_engine(database)
    with engine.connect() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM decisions").scalar_one()
        size = connection.exec_driver_sql(_SIZES[engine.dialect.name]).scalar_one()
    engine.dispose()
    return seconds, size / count


_SIZES = {  # with indexes
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
    "postgresql": "SELECT pg_total_relation_size('decisions') "
    "+ pg_total_relation_size('decision_rules')",
}


def recorded_table(accounts: int, runs: Mapping[str, Sequence[Recorded]]) -> Table:
    """What recording takes, beside the run that does not."""
    seconds = {where: [each for each, _ in found] for where, found in runs.items()}
    sizes = {where: found[-1][1] for where, found in runs.items()}
    rows = [
        (
            where,
            f"{spread(each)}",
            times(each, seconds[WITHOUT]),
            "" if sizes[where] is None else f"{sizes[where]:,.0f}",
        )
        for where, each in seconds.items()
    ]
    title = f"{accounts:,} accounts, with bundles of both targets; recorded in the decision log:"
    return Table(("recorded", "seconds", "times as long", "bytes a decision"), rows, title)
