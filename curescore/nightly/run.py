"""A nightly run from start to end: begun once, then chunk by chunk until none is left."""

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from curescore.nightly.copies import BUNDLES, CHALLENGER, POLICY, copied, generation, keep_copies
from curescore.nightly.kept import is_kept
from curescore.nightly.manifest import (
    MANIFEST,
    Manifest,
    RunError,
    check_unchanged,
    read_manifest,
    versions,
    write_manifest,
)
from curescore.nightly.recording import in_log
from curescore.nightly.sharing import PLANS, keep_plan, make_plan, plan_of, publish
from curescore.nightly.summary import ASSIGNMENTS, DECISIONS, REFUSED, SUMMARY, part, summarise
from curescore.nightly.worker import (
    KEPT,
    Chunk,
    ChunkError,
    assess_chunk,
    conclude_chunk,
    start,
    work,
)
from features.errors import InputError
from models.durable import whole_file
from models.generation import Generation
from models.intensity.capacity import Capacity
from models.score.contributions import TABLE_LIMIT
from service.instants import new_id
from service.served.reload import generation_of, served_folders
from service.settings import Settings
from training.arranged import arranged
from training.chunks import ChunkReader
from training.debtors import DEBTOR_CONTACTS, debtor_contacts
from training.portfolio import Portfolio, check_columns, inputs_sha256

WORK = ".work"  # arranged tables; removed when the run is done
LOCK = ".lock"


class Told(NamedTuple):
    """Who is told of the run: what is being prepared; what is done to accounts, how many before
    and in all; and of those done.
    """

    status: Callable[[str], None]
    begin: Callable[[str, int, int], None]
    done: Callable[[int], None]


class Terms(NamedTuple):
    """What a run is asked to do.

    `as_of` None is the moment at which it begins; `reasons` None keeps every one; `chunk` is
    the number of accounts done together, which bounds the memory of a worker; `capacity` None
    does not look at it; `publish` lets the service use the plan that follows from it; `record`
    puts the decisions into the service's decision log too.
    """

    data: Path
    out: Path
    as_of: datetime | None
    reasons: int | None
    chunk: int
    workers: int
    capacity: Capacity | None = None
    publish: bool = True
    record: bool = False

    @property
    def per_day(self) -> dict[str, float | None] | None:
        """The capacity as the run's manifest tells it."""
        return None if self.capacity is None else self.capacity.per_day.model_dump()


def run(terms: Terms, settings: Settings, told: Told) -> dict[str, Any]:
    """Begin a run, or go on with the one in `terms.out`, to its end; its summary.

    Raises InputError for tables that cannot be read, and for a folder that holds something
    else or a run on other terms; RunError where it cannot go on now.
    """
    told.status("reading the tables' files")
    portfolio = check_columns(terms.data)
    inputs = inputs_sha256(portfolio)
    _check_folder(terms.out)
    terms.out.mkdir(parents=True, exist_ok=True)
    with _alone(terms.out):
        if not (terms.out / MANIFEST).exists():
            told.status("copying the models and the policy")
            _begin(terms, settings, inputs)
        manifest = read_manifest(terms.out)
        check_unchanged(
            manifest,
            terms.as_of,
            terms.reasons,
            terms.chunk,
            terms.per_day,
            terms.record,
            inputs,
        )
        if not (terms.out / SUMMARY).exists():
            summary = _done(terms, settings, told, portfolio, manifest)
            with whole_file(terms.out / SUMMARY) as path:  # last: it says that the run is done
                path.write_text(json.dumps(summary, indent=1) + "\n")
        shutil.rmtree(terms.out / WORK, ignore_errors=True)
        if terms.capacity is not None and terms.publish:
            publish(terms.out, settings.plans)
    return dict(json.loads((terms.out / SUMMARY).read_text()))


def _done(
    terms: Terms, settings: Settings, told: Told, portfolio: Portfolio, manifest: Manifest
) -> dict[str, Any]:
    """Do what is left of the run; its summary."""
    current = generation(terms.out, manifest)  # here, where what is wrong can be told
    if terms.record:
        # Likewise, before anything more is recorded: nothing could be taken back.
        in_log(settings.database, manifest, _decided(terms.out), done=False)
        keep_copies(terms.out, manifest, settings.cache)
    _clear(terms.out)
    told.status("arranging the tables by account")
    reader = reader_of(portfolio, manifest.as_of, terms.out / WORK)
    _Chunks(terms, reader, told, settings).decide(manifest, current)
    plan = plan_of(terms.out)
    summary = summarise(
        terms.out,
        reader.accounts,
        current.policy.numbers.use,
        None if plan is None else plan.terms,
    )
    if not terms.record:
        return summary | {"recorded": None}
    log = in_log(settings.database, manifest, summary["decided"], done=True)
    return summary | {"recorded": log}


def _decided(out: Path) -> int:
    """The decisions of the chunks that are done."""
    return sum(pq.read_metadata(path).num_rows for path in (out / DECISIONS).glob("*.parquet"))


def _check_folder(out: Path) -> None:
    """Refuse a folder that holds other things than a run, or the beginning of one."""
    if not out.exists() or (out / MANIFEST).is_file():
        return
    held = sorted(path.name for path in out.iterdir()) if out.is_dir() else [out.name]
    ours = {BUNDLES, POLICY, CHALLENGER, LOCK}
    others = [name for name in held if name not in ours and not name.startswith(f".{MANIFEST}.")]
    if others:
        remedy = "Name a folder that does not exist yet, or that of a run to go on with"
        raise InputError(str(out), "holds something else than a run", remedy, ", ".join(others[:3]))


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Keep other processes from working on the same run; the lock ends with the process."""
    with (out / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            remedy = "Wait for it to end, or name another folder"
            raise InputError(str(out), "is being written by another run", remedy) from None
        yield


def _begin(terms: Terms, settings: Settings, inputs: dict[str, str]) -> None:
    """Copy models and policies into the run's folder, then write the manifest, which begins it."""
    decided_at = datetime.now(UTC)
    as_of = terms.as_of or decided_at
    if as_of > decided_at:
        raise InputError(
            "--as-of", "lies in the future", "Give an instant that has come", str(as_of)
        )
    limit = TABLE_LIMIT if settings.table_limit is None else settings.table_limit
    served = served_folders(settings)
    current = generation_of(served, limit)
    manifest = Manifest(
        run_id=new_id(decided_at),
        decided_at=decided_at,
        as_of=as_of,
        reasons=terms.reasons,
        chunk=terms.chunk,
        capacity=terms.per_day,
        record=terms.record,
        table_limit=limit,
        **copied(terms.out, served, current),
        versions=versions(),
        inputs=inputs,
    )
    write_manifest(terms.out, manifest)


def _clear(out: Path) -> None:
    """Take away what processes that were killed had begun to write."""
    for folder in (out, *(out / name for name in (DECISIONS, REFUSED, ASSIGNMENTS, PLANS))):
        for path in folder.glob(".*"):
            if path.name in (LOCK, WORK):
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def reader_of(portfolio: Portfolio, as_of: datetime, work: Path) -> ChunkReader:
    """Reads the tables, and of all that share a debtor the contacts on the debtor's others."""
    tables = arranged(portfolio, work)
    return ChunkReader({**tables, DEBTOR_CONTACTS: debtor_contacts(tables, as_of, work)})


class _Chunks:
    """The chunks of a run, which processes of their own work on."""

    def __init__(self, terms: Terms, reader: ChunkReader, told: Told, settings: Settings) -> None:
        self._terms, self._reader, self._told = terms, reader, told
        self._settings = settings
        self._chunks = chunks_of(reader.bounds(terms.chunk))

    def decide(self, manifest: Manifest, current: Generation) -> None:
        """Decide every chunk that has no decisions yet, all by one plan where capacity counts."""
        out = self._terms.out
        for kind in (DECISIONS, REFUSED, ASSIGNMENTS, KEPT):
            (out / kind).mkdir(exist_ok=True, parents=True)
        pool = ProcessPoolExecutor(
            min(self._terms.workers, len(self._chunks)),
            mp_context=get_context("spawn"),  # a fork would copy what threads have locked
            initializer=start,
            initargs=(out, self._reader, self._settings.database if manifest.record else None),
        )
        try:
            if self._terms.capacity is None:
                self._each(pool, "accounts", work, self._undecided())
            else:
                self._share(pool, manifest, current, self._terms.capacity)
        except BrokenProcessPool:
            raise RunError(
                "a worker process ended, as it does where memory runs out; start again to go on, "
                "with fewer --workers"
            ) from None
        except ChunkError as error:
            raise RunError(f"{error}; start again to go on") from None
        finally:
            pool.shutdown(cancel_futures=True)

    def _share(
        self, pool: ProcessPoolExecutor, manifest: Manifest, current: Generation, capacity: Capacity
    ) -> None:
        """Assess every chunk, share the capacity out among all accounts, then decide each."""
        out = self._terms.out
        unshared = self._chunks if current.plan is None else self._undecided()
        waiting = [chunk for chunk in unshared if not is_kept(out / KEPT, chunk.number)]
        self._each(pool, "assessing", assess_chunk, waiting)
        if current.plan is None:
            self._told.status("sharing out the capacity")
            make_plan(out, out / KEPT, len(self._chunks), manifest, current, capacity)
        if manifest.record:
            keep_plan(out, self._settings.cache)  # before there is a decision to be replayed
        self._each(pool, "deciding", conclude_chunk, self._undecided())

    def _undecided(self) -> list[Chunk]:
        out = self._terms.out
        return [each for each in self._chunks if not part(out, DECISIONS, each.number).exists()]

    def _each(
        self,
        pool: ProcessPoolExecutor,
        what: str,
        task: Callable[[Chunk], int],
        waiting: Sequence[Chunk],
    ) -> None:
        """Let the pool's workers do the chunks that wait."""
        accounts, size = self._reader.accounts, self._terms.chunk
        self._told.begin(what, max(accounts - size * len(waiting), 0), accounts)
        for future in as_completed([pool.submit(task, chunk) for chunk in waiting]):
            self._told.done(future.result())


def chunks_of(bounds: Sequence[str]) -> list[Chunk]:
    """Chunks that begin at these account ids; the first and the last have no outer bound."""
    edges = [None, *bounds[1:], None]
    return [Chunk(k, edges[k], edges[k + 1]) for k in range(len(edges) - 1)]
