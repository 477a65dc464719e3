"""A simulated portfolio, written as tables chunk by chunk.

What is simulated, and which response laws there are, is told in the package `simulated`.
The same arguments give the same bytes: every chunk of CHUNK accounts has its own seed.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import InputError
from features.tables import TABLES
from training.arrow import arrow_schema
from training.folder import whole_folder
from training.sources.simulated import holders, rows, truth
from training.sources.simulated.chunk import draw_chunk, live
from training.sources.simulated.cycles import Cycles, cycles_of
from training.sources.simulated.laws import LAWS

CHUNK = 10_000  # accounts simulated at a time: what bounds the memory
MOST_ACCOUNTS = 10_000_000
MOST_MONTHS = 240
ID_DIGITS = 8

Progress = Callable[[int], None]


class Simulated(NamedTuple):
    """What was written: rows per table, and accounts late at the end, without those ended."""

    rows: dict[str, int]
    late: int


def simulate(
    directory: Path,
    accounts: int,
    months: int,
    seed: int,
    law: str = "reminder",
    currency: str = "USD",
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> Simulated:
    """Write a portfolio's tables, and `truth.parquet`, as the folder `directory`.

    It appears when it is whole. `progress` is called with the number of accounts of each chunk
    done. Raises InputError for arguments out of range, and where the folder holds tables
    already, unless `force`.
    """
    _check(accounts, months, seed, law, currency)
    portfolio = Portfolio(months, law, currency, cycles_of(months))
    written = dict.fromkeys(_schemas(), 0)
    late = 0
    with whole_folder(directory, force=force) as folder, ExitStack() as stack:
        writers = {
            name: stack.enter_context(pq.ParquetWriter(folder / f"{name}.parquet", schema))
            for name, schema in _schemas().items()
        }
        for number, (first, n) in enumerate(_chunks(accounts)):
            rng = np.random.default_rng([seed, number])
            tables, late_here = _chunk_tables(rng, first, n, portfolio)
            late += late_here
            for name, table in tables.items():
                writers[name].write_table(table.cast(writers[name].schema))
                written[name] += table.num_rows
            if progress is not None:
                progress(n)
    return Simulated(written, late)


class Portfolio(NamedTuple):
    """What all chunks have in common."""

    months: int
    law: str
    currency: str
    calendar: Cycles


def _schemas() -> dict[str, pa.Schema]:
    schemas = {name: arrow_schema(table.columns) for name, table in TABLES.items()}
    return schemas | {truth.NAME: arrow_schema(truth.COLUMNS)}


def _chunks(accounts: int) -> Iterator[tuple[int, int]]:
    for first in range(0, accounts, CHUNK):
        yield first, min(CHUNK, accounts - first)


def _chunk_tables(
    rng: np.random.Generator, first: int, n: int, portfolio: Portfolio
) -> tuple[dict[str, pa.Table], int]:
    """The chunk's tables, and how many of its accounts are late."""
    chunk = draw_chunk(rng, n, portfolio.months)
    cycles = live(rng, chunk, portfolio.months, LAWS[portfolio.law])
    ids = pa.array([f"a{number:0{ID_DIGITS}d}" for number in range(first, first + n)])
    lost = rows.lost_statements(rng, cycles)
    lived = rows.Lived(first, ids, chunk, cycles, portfolio.calendar, lost)
    tables = {
        "accounts": holders.accounts(lived, rng, portfolio.currency),
        "statements": rows.statements(lived),
        "payments": rows.payments(lived),
        "contacts": rows.contacts(lived),
        "assignments": rows.assignments(lived, rng),
        "segments": holders.segments(lived, rng),
        truth.NAME: rows.truth(lived),
    }
    late = (chunk.debts.months_late > 0) & ~chunk.debts.ended
    return tables, int(late.sum())


def _check(accounts: int, months: int, seed: int, law: str, currency: str) -> None:
    ranges = (
        ("accounts", accounts, 1, MOST_ACCOUNTS),
        ("months", months, 2, MOST_MONTHS),
        ("seed", seed, 0, 2**63 - 1),
    )
    for name, value, low, high in ranges:
        if not low <= value <= high:
            raise InputError(name, "is out of range", f"Give {low} to {high}", value)
    if law not in LAWS:
        raise InputError("law", "is not known", f"Give one of {', '.join(LAWS)}", law)
    if len(currency) != 3 or not (currency.isascii() and currency.isalpha() and currency.isupper()):
        raise InputError("currency", "is not an ISO 4217 code", "Give one such as USD", currency)
