"""A worker process: reads, decides and writes one chunk after the other."""

import gc
import logging
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from curescore.nightly.as_sent import as_sent, rounded
from curescore.nightly.columns import assignment_columns, decision_columns, refused_columns
from curescore.nightly.copies import generation
from curescore.nightly.inputs import Inputs
from curescore.nightly.kept import Totals, keep, keep_inputs, kept, kept_inputs
from curescore.nightly.manifest import RunError, read_manifest
from curescore.nightly.recording import Encoded, Recorder, opened
from curescore.nightly.sharing import plan_of
from curescore.nightly.summary import ASSIGNMENTS, DECISIONS, REFUSED, part, with_later
from features.errors import InputError
from features.panel import Panel, View, known_at
from features.tables import ACCOUNTS, CONTACTS
from models.account import Account
from models.assessed import assess
from models.decide import asked_of, conclude, decide
from models.decision import Decision
from models.durable import whole_file
from models.intensity.stakes import stakes_of
from models.processes import end_with_parent
from models.refusal import Refusal, refusal
from training.accepted import accepted
from training.accounts import accounts_of
from training.chunks import ChunkReader
from training.debtors import DEBTOR_CONTACTS, debtor_rows
from training.panels import panel_of

KEPT = ".work/kept"  # assessed chunks; removed with the rest when the run is done


class ChunkError(Exception):
    """A chunk that cannot be done now."""


class Chunk(NamedTuple):
    """The accounts with `first` <= id < `after` (None: no bound), and the number of the chunk."""

    number: int
    first: str | None
    after: str | None


class Read(NamedTuple):
    """A chunk as it was read: its rows of accounts, those accepted with their panel, the rest.

    `inputs` are what those accepted are decided on, where decisions are recorded with it.
    """

    rows: int
    bad_rows: pd.DataFrame
    frame: pd.DataFrame
    accounts: list[Account]
    panel: Panel
    inputs: Inputs | None


class Worker:
    """Decides chunks by what the run's folder holds, and nothing else."""

    def __init__(self, out: Path, reader: ChunkReader, database: str | None = None) -> None:
        """`database` is the URL of the decision log, for a run that records."""
        self._out = out
        self._reader = reader
        self.run = read_manifest(out)
        self.generation = generation(out, self.run)
        self._recorder = None if database is None else Recorder(opened(database), self.run, out)

    def work(self, chunk: Chunk) -> int:
        """Read, decide and write the chunk; the number of its accounts, decided or not."""
        read = self.read(chunk)
        self.write(chunk, read, self.decide(read))
        return read.rows

    def assess(self, chunk: Chunk) -> int:
        """Read and assess the chunk, write its refusals, and keep the rest; as many as `work`."""
        read = self.read(chunk)
        view = self.view(read.panel)
        refusals = [
            refusal(self.generation, account, read.panel, view, i)
            for i, account in enumerate(read.accounts)
        ]
        sound = np.array([each is None for each in refusals], np.bool_)
        accounts = list(compress(read.accounts, sound))
        known = assess(
            self.generation, accounts, read.panel, view.take(sound), self.run.reasons, keyed=True
        )
        asked = asked_of(self.generation, accounts, known)
        stakes = stakes_of(self.generation.policy, asked)
        self._refuse(chunk, read, refusals)
        totals = Totals(read.rows, self._later(read))
        if read.inputs is not None:
            encoded = read.inputs.encoded(accounts, np.flatnonzero(sound))
            keep_inputs(self._out / KEPT, chunk.number, encoded)
        keep(self._out / KEPT, chunk.number, read.frame[sound], known, stakes, totals)
        return read.rows

    def conclude(self, chunk: Chunk) -> int:
        """Decide by the run's plan, and write, the chunk that was kept; as many as `work`."""
        if self.generation.plan is None:  # it was not made yet when this process began
            plan = plan_of(self._out)
            if plan is None:  # a shared folder may show late what another machine has written
                raise RunError(f"{self._out} does not show the run's plan here yet")
            self.generation = replace(self.generation, plan=plan)
        accounts, known, totals = kept(self._out / KEPT, chunk.number)
        decided = conclude(self.generation, accounts, known)
        if self._recorder is not None:
            inputs = kept_inputs(self._out / KEPT, chunk.number)
            self._recorder.record(chunk.number, self.generation, decided, inputs)
        self._decided(chunk, decided, totals.later)
        return totals.accounts

    def read(self, chunk: Chunk) -> Read:
        """The chunk's accounts in which nothing is wrong, and the rows that are wrong."""
        sources = self._reader.read(chunk.first, chunk.after)
        others = rounded(CONTACTS, debtor_rows(sources.pop(DEBTOR_CONTACTS)))
        tables, bad_rows = accepted(sources)
        tables = as_sent(tables, self.run.as_of)
        rows = len(sources[ACCOUNTS.name].columns)
        panel = panel_of(tables, others).panel
        inputs = None
        if self._recorder is not None:
            inputs = Inputs(tables, others, panel, self.view(panel), self.run.as_of)
        accounts = accounts_of(tables.accounts)
        return Read(rows, bad_rows, tables.accounts, accounts, panel, inputs)

    def view(self, panel: Panel) -> View:
        """What is known of every account at the run's as_of."""
        everyone = np.arange(panel.accounts, dtype=np.int64)
        return known_at(panel, everyone, np.full(panel.accounts, self.run.as_of.timestamp()))

    def decide(self, read: Read) -> list[Decision | Refusal]:
        """The outcome of each account that was accepted."""
        view = self.view(read.panel)
        return decide(self.generation, read.accounts, read.panel, view, self.run.reasons)

    def write(self, chunk: Chunk, read: Read, outcomes: Sequence[Decision | Refusal]) -> None:
        """Write what became of the chunk's accounts."""
        refusals = [None if isinstance(each, Decision) else each for each in outcomes]
        self._refuse(chunk, read, refusals)
        decided = [outcome for outcome in outcomes if isinstance(outcome, Decision)]
        if self._recorder is not None:
            self._recorder.record(chunk.number, self.generation, decided, _encoded(read, outcomes))
        self._decided(chunk, decided, self._later(read))

    def _decided(self, chunk: Chunk, decided: Sequence[Decision], later: int) -> None:
        """Write what was assigned, then the decisions: where those are, the chunk is done.

        What is to be recorded has been: a chunk that has to be decided again, as its file is not
        there, is not recorded again.
        """
        self._write(ASSIGNMENTS, chunk, assignment_columns(decided, self.run))
        self._write(DECISIONS, chunk, with_later(decision_columns(decided, self.run), later))

    def _refuse(self, chunk: Chunk, read: Read, refusals: Sequence[Refusal | None]) -> None:
        undecided = [
            (account.account_id, refused)
            for account, refused in zip(read.accounts, refusals, strict=True)
            if refused is not None
        ]
        self._write(REFUSED, chunk, refused_columns(read.bad_rows, undecided))

    def _later(self, read: Read) -> int:
        """Accounts that have statements known after as_of."""
        return int((read.panel.known_at > self.run.as_of.timestamp()).any(axis=1).sum())

    def _write(self, kind: str, chunk: Chunk, columns: pa.Table) -> None:
        with whole_file(part(self._out, kind, chunk.number)) as path:
            pq.write_table(columns, path, compression="zstd")


def _encoded(read: Read, outcomes: Sequence[Decision | Refusal]) -> Encoded:
    """Tells what those accounts were decided on that are decided."""
    at = np.flatnonzero([isinstance(outcome, Decision) for outcome in outcomes])

    def encoded(start: int, stop: int) -> list[bytes]:
        assert read.inputs is not None
        part = at[start:stop]
        return read.inputs.encoded([read.accounts[i] for i in part], part)

    return encoded


_worker: Worker | None = None


def start(out: Path, reader: ChunkReader, database: str | None) -> None:
    """Make this process a worker; it ends with its parent, however that ends.

    `database` is the URL of the decision log, for a run that records.
    """
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the run, and its workers
    begin(out, reader, database)
    collect_between_chunks()


def begin(out: Path, reader: ChunkReader, database: str | None) -> None:
    """Make this process's worker, as `start` does, where the process is none of ours."""
    global _worker
    logging.getLogger("models").setLevel(logging.ERROR)  # the parent has told the warnings
    pa.set_cpu_count(1)  # processes share the cores, not threads
    _worker = Worker(out, reader, database)


def end() -> None:
    """Let go of this process's worker, and of all that it holds."""
    global _worker
    _worker = None


def collect_between_chunks() -> None:
    """Leave looking for cycles of garbage to the end of each chunk.

    Decisions hold none: to look for some among a chunk's many takes as long as to choose levels.
    """
    gc.collect()
    gc.freeze()
    gc.disable()


def work(chunk: Chunk) -> int:
    """Let this process's worker do the chunk; ChunkError where its input cannot be read."""
    return _done(Worker.work, chunk)


def assess_chunk(chunk: Chunk) -> int:
    """Let this process's worker assess the chunk, as `work`."""
    return _done(Worker.assess, chunk)


def conclude_chunk(chunk: Chunk) -> int:
    """Let this process's worker decide the chunk that was assessed, as `work`."""
    return _done(Worker.conclude, chunk)


def _done(task: Callable[[Worker, Chunk], int], chunk: Chunk) -> int:
    assert _worker is not None
    try:
        return task(_worker, chunk)
    except (InputError, OSError, RunError) as error:
        # Their own kinds do not pass from process to process whole.
        raise ChunkError(str(error)) from None
    finally:
        gc.collect()
