"""A worker process: reads, decides and writes one chunk after the other."""

import logging
import os
import signal
import threading
from collections.abc import Sequence
from multiprocessing import connection, parent_process
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from curescore.nightly.columns import decision_columns, refused_columns
from curescore.nightly.manifest import Manifest, read_manifest
from curescore.nightly.summary import DECISIONS, REFUSED, part, with_later
from features.errors import InputError
from features.panel import Panel, View, known_at
from features.tables import ACCOUNTS
from models.account import Account
from models.decide import Generation, Refusal, decide
from models.decision import Decision
from service.reload import generation_of
from training.accepted import accepted
from training.accounts import accounts_of
from training.chunks import ChunkReader
from training.durable import whole_file
from training.panels import panel_of

POLICY = "policy.toml"


class ChunkError(Exception):
    """A chunk that cannot be done now."""


class Chunk(NamedTuple):
    """The accounts with `first` <= id < `after` (None: no bound), and the number of the chunk."""

    number: int
    first: str | None
    after: str | None


class Read(NamedTuple):
    """A chunk as it was read: its rows of accounts, those accepted with their panel, the rest."""

    rows: int
    bad_rows: pd.DataFrame
    accounts: list[Account]
    panel: Panel


class Worker:
    """Decides chunks by what the run's folder holds, and nothing else."""

    def __init__(self, out: Path, reader: ChunkReader) -> None:
        self._out = out
        self._reader = reader
        self.run = read_manifest(out)
        self.generation = generation(out, self.run)

    def work(self, chunk: Chunk) -> int:
        """Read, decide and write the chunk; the number of its accounts, decided or not."""
        read = self.read(chunk)
        self.write(chunk, read, self.decide(read))
        return read.rows

    def read(self, chunk: Chunk) -> Read:
        """The chunk's accounts in which nothing is wrong, and the rows that are wrong."""
        sources = self._reader.read(chunk.first, chunk.after)
        tables, bad_rows = accepted(sources)
        rows = len(sources[ACCOUNTS.name].columns)
        return Read(rows, bad_rows, accounts_of(tables.accounts), panel_of(tables).panel)

    def view(self, panel: Panel) -> View:
        """What is known of every account at the run's as_of."""
        everyone = np.arange(panel.accounts, dtype=np.int64)
        return known_at(panel, everyone, np.full(panel.accounts, self.run.as_of.timestamp()))

    def decide(self, read: Read) -> list[Decision | Refusal]:
        """The outcome of each account that was accepted."""
        view = self.view(read.panel)
        return decide(self.generation, read.accounts, read.panel, view, self.run.reasons)

    def write(self, chunk: Chunk, read: Read, outcomes: Sequence[Decision | Refusal]) -> None:
        """Write the chunk's refusals, then its decisions: where those are, it is done."""
        undecided = [
            (account.account_id, outcome)
            for account, outcome in zip(read.accounts, outcomes, strict=True)
            if isinstance(outcome, Refusal)
        ]
        decided = [outcome for outcome in outcomes if isinstance(outcome, Decision)]
        self._write(REFUSED, chunk, refused_columns(read.bad_rows, undecided))
        later = (read.panel.known_at > self.run.as_of.timestamp()).any(axis=1)
        columns = decision_columns(decided, self.run)
        self._write(DECISIONS, chunk, with_later(columns, int(later.sum())))

    def _write(self, kind: str, chunk: Chunk, columns: pa.Table) -> None:
        with whole_file(part(self._out, kind, chunk.number)) as path:
            pq.write_table(columns, path, compression="zstd")


def generation(out: Path, run: Manifest) -> Generation:
    """The generation of the run's own bundles and policy, as they were copied when it began."""
    folders = {served.name: out / served.folder for served in run.models}
    return generation_of(folders, out / POLICY, run.table_limit)


_worker: Worker | None = None


def start(out: Path, reader: ChunkReader) -> None:
    """Make this process a worker; it ends with its parent, however that ends."""
    global _worker
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the run, and its workers
    logging.getLogger("models").setLevel(logging.ERROR)  # the parent has told the warnings
    pa.set_cpu_count(1)  # processes share the cores, not threads
    _worker = Worker(out, reader)


def work(chunk: Chunk) -> int:
    """Let this process's worker do the chunk; ChunkError where its input cannot be read."""
    assert _worker is not None
    try:
        return _worker.work(chunk)
    except (InputError, OSError) as error:
        # Their own kinds do not pass from process to process whole.
        raise ChunkError(str(error)) from None


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)
