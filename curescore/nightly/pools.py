"""Pools of processes that work on a run's chunks: of this machine, or of a cluster.

What a cluster's workers read and write are the folders that this process reads and writes, under
the same paths; no row of a table, and no secret, goes through the scheduler.
"""

import asyncio
import gc
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import sqlalchemy as sa

from curescore.nightly import worker
from curescore.nightly.manifest import RunError
from curescore.nightly.worker import Chunk, ChunkError
from features.errors import InputError
from models.score.manifest import BundleError
from service.database import DatabaseError
from service.settings import SettingsError, load_settings
from training.chunks import ChunkReader
from training.cluster import OPTION, Cluster, host

SEEN = ".work/seen"  # what every worker must see in the run's folder

Task = Callable[[Chunk], int]


@dataclass(frozen=True, repr=False)  # Dask logs what a task that failed was given
class Job:
    """What there is to do: the run's folder, the reader of its tables, and its chunks.

    `record`: decisions go to the decision log too.
    """

    out: Path
    reader: ChunkReader
    chunks: Sequence[Chunk]
    record: bool


class Pool(Protocol):
    """Processes that do what they are given."""

    def submit(self, task: Task, chunk: Chunk, /) -> Future[int]:
        """Let one of them do the chunk."""


@contextmanager
def processes(job: Job, workers: int, database: str) -> Iterator[Pool]:
    """So many processes here, which end with the block; `database` is the URL of the log."""
    pool = ProcessPoolExecutor(
        workers,
        mp_context=get_context("spawn"),  # a fork would copy what threads have locked
        initializer=worker.start,
        initargs=(job.out, job.reader, database if job.record else None),
    )
    try:
        yield pool
    except BrokenProcessPool:
        raise RunError(
            "a worker process ended, as it does where memory runs out; start again to go on, "
            "with fewer --workers"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def on_cluster(job: Job, cluster: Cluster) -> Iterator[Pool]:
    """The workers of a cluster, which have ended what they do when the block is left.

    A chunk whose worker ends is done again by another.
    """
    from distributed import KilledWorker

    cluster.on_each(_ended)  # what a run that was killed had given them
    pool = _ClusterPool(cluster, job)
    try:
        yield pool
    except KilledWorker:
        raise RunError(
            "workers of the cluster ended one after the other while they did the same chunk, as "
            "they do where memory runs out; start again to go on, with more memory for each"
        ) from None
    except CancelledError:
        raise RunError(f"the cluster at {cluster.address} is gone; start again to go on") from None
    finally:
        pool.end()


class _ClusterPool:
    def __init__(self, cluster: Cluster, job: Job) -> None:
        self._cluster = cluster
        self._executor = cluster.client.get_executor(pure=False)
        # As a task's result it goes to each worker once, and comes again where it was lost.
        self._job = cluster.client.submit(_given, job, pure=False)
        self._run = uuid4().hex

    def submit(self, task: Task, chunk: Chunk, /) -> Future[int]:
        done: Future[int] = self._executor.submit(_there, self._run, self._job, task, chunk.number)
        return done

    def end(self) -> None:
        with suppress(OSError):  # it is gone, and with it what it did
            self._executor.shutdown(wait=False)
            self._cluster.on_each(_ended)


def require_shared(cluster: Cluster, out: Path, files: Iterable[Path]) -> None:
    """InputError where a worker does not see the run's folder, or the tables' files as they are."""
    drawn, path = uuid4().hex, out / SEEN
    path.parent.mkdir(exist_ok=True)
    path.write_text(drawn)
    sizes = {file: file.stat().st_size for file in files}
    for where, unseen in sorted(cluster.on_each(_unseen, path, drawn, sizes).items()):
        if unseen is not None:
            raise InputError(
                OPTION,
                f"has a worker ({where}) that does not see the same {unseen}",
                "Keep --data and --out in folders that all machines share, under the same paths",
            )


def require_database(cluster: Cluster, database: str) -> None:
    """InputError where a worker, by its own environment, would record elsewhere than `database`."""
    here, url = _shown(database), sa.make_url(database)
    for where, theirs in sorted(cluster.on_each(_database).items()):
        if theirs != here:
            raise InputError(
                "--record",
                f"goes to {here}, but to {theirs} on worker {where}",
                "Start the workers with the same CURESCORE_DATABASE_URL in their environment",
            )
    if url.get_backend_name() == "sqlite" and {*cluster.on_each(host).values()} != {host()}:
        raise InputError(
            "--record",
            "goes to SQLite, which processes of several machines cannot write",
            "Use PostgreSQL, or record without --dask",
        )


# What workers of a cluster run.

_working = threading.Lock()
_run: str | None = None  # the run that this process's worker is of


def _given(job: Job) -> Job:
    return job


def _there(run: str, job: Job, task: Task, chunk: int) -> int:
    """Let this process's worker do the chunk, after it has been made for the run."""
    global _run
    with _working:
        if _run != run:
            _begin(job)
            _run = run
        gc.disable()  # the task looks for garbage at its end
        try:
            return task(job.chunks[chunk])
        finally:
            gc.enable()


def _begin(job: Job) -> None:
    try:
        worker.begin(job.out, job.reader, load_settings().database if job.record else None)
    except (InputError, RunError, OSError, BundleError, DatabaseError, SettingsError) as error:
        # Their own kinds do not pass from process to process whole.
        raise ChunkError(str(error)) from None


async def _ended() -> None:
    """Wait until this process works on no chunk any more, and forget what it worked with."""
    global _run
    while _working.locked():
        await asyncio.sleep(0.05)
    worker.end()
    _run = None


def _unseen(path: Path, drawn: str, sizes: dict[Path, int]) -> str | None:
    """What is not the same seen from here; None: nothing."""
    try:
        if path.read_text() != drawn:
            return str(path)
    except OSError:
        return str(path)
    for file, size in sizes.items():
        if not file.is_file() or file.stat().st_size != size:
            return str(file)
    return None


def _database() -> str:
    """The decision log by this process's environment, without its password."""
    try:
        return _shown(load_settings().database)
    except SettingsError as error:
        return str(error)


def _shown(database: str) -> str:
    return sa.make_url(database).render_as_string(hide_password=True)
