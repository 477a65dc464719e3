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

from curescore.nightly.manifest import (
    MANIFEST,
    Manifest,
    RunError,
    Served,
    check_unchanged,
    read_manifest,
    versions,
    write_manifest,
)
from curescore.nightly.summary import DECISIONS, REFUSED, SUMMARY, part, summarise
from curescore.nightly.worker import POLICY, Chunk, ChunkError, generation, start, work
from features.errors import InputError
from models.intensity.policy import policy_content
from models.score.contributions import TABLE_LIMIT
from service.records import new_id
from service.reload import generation_of, served_folders
from service.settings import Settings
from training.arranged import arranged
from training.chunks import ChunkReader
from training.durable import whole_file
from training.portfolio import check_columns, inputs_sha256

BUNDLES = "bundles"
WORK = ".work"  # arranged tables; removed when the run is done
LOCK = ".lock"


class Told(NamedTuple):
    """Who is told of the run: what is being prepared, accounts done before and in all, and done."""

    status: Callable[[str], None]
    begin: Callable[[int, int], None]
    done: Callable[[int], None]


class Terms(NamedTuple):
    """What a run is asked to do.

    `as_of` None is the moment at which it begins; `reasons` None keeps every one; `chunk` is
    the number of accounts done together, which bounds the memory of a worker.
    """

    data: Path
    out: Path
    as_of: datetime | None
    reasons: int | None
    chunk: int
    workers: int


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
            told.status("copying the models")
            _begin(terms, settings, inputs)
        manifest = read_manifest(terms.out)
        check_unchanged(manifest, terms.as_of, terms.reasons, terms.chunk, inputs)
        if not (terms.out / SUMMARY).exists():
            generation(terms.out, manifest)  # here, where what is wrong with it can be told
            told.status("arranging the tables by account")
            reader = ChunkReader(arranged(portfolio, terms.out / WORK))
            _decide(terms, reader, told)
            _end(terms.out, reader.accounts)
    return dict(json.loads((terms.out / SUMMARY).read_text()))


def _check_folder(out: Path) -> None:
    """Refuse a folder that holds other things than a run, or the beginning of one."""
    if not out.exists() or (out / MANIFEST).is_file():
        return
    held = sorted(path.name for path in out.iterdir()) if out.is_dir() else [out.name]
    ours = {BUNDLES, POLICY, LOCK}
    others = [name for name in held if name not in ours and not name.startswith(f".{MANIFEST}")]
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
    """Copy models and policy into the run's folder, then write the manifest, which begins it."""
    decided_at = datetime.now(UTC)
    as_of = terms.as_of or decided_at
    if as_of > decided_at:
        raise InputError(
            "--as-of", "lies in the future", "Give an instant that has come", str(as_of)
        )
    limit = TABLE_LIMIT if settings.table_limit is None else settings.table_limit
    folders = served_folders(settings)
    policy = policy_content(settings.policy)
    current = generation_of(folders, settings.policy, limit)
    shutil.rmtree(terms.out / BUNDLES, ignore_errors=True)
    models = []
    for target, bundle in current.bundles.items():
        name, folder = current.models[target], f"{BUNDLES}/{target}"
        _copy(folders[name], terms.out / folder)
        models.append(Served(name=name, folder=folder, bundle_sha256=bundle.sha256))
    with whole_file(terms.out / POLICY) as path:
        path.write_bytes(policy)
    manifest = Manifest(
        run_id=new_id(decided_at),
        decided_at=decided_at,
        as_of=as_of,
        reasons=terms.reasons,
        chunk=terms.chunk,
        table_limit=limit,
        models=tuple(models),
        policy=current.policy.name,
        policy_sha256=current.policy.sha256,
        versions=versions(),
        inputs=inputs,
    )
    write_manifest(terms.out, manifest)


def _copy(bundle: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    for file in bundle.iterdir():
        with whole_file(folder / file.name) as path:
            shutil.copyfile(file, path)


def _decide(terms: Terms, reader: ChunkReader, told: Told) -> None:
    """Let workers do every chunk that has no decisions yet."""
    for kind in (DECISIONS, REFUSED):
        (terms.out / kind).mkdir(exist_ok=True)
    chunks = chunks_of(reader.bounds(terms.chunk))
    waiting = [chunk for chunk in chunks if not part(terms.out, DECISIONS, chunk.number).exists()]
    told.begin(max(reader.accounts - terms.chunk * len(waiting), 0), reader.accounts)
    if not waiting:
        return
    pool = ProcessPoolExecutor(
        min(terms.workers, len(waiting)),
        mp_context=get_context("spawn"),  # a fork would copy what threads have locked
        initializer=start,
        initargs=(terms.out, reader),
    )
    try:
        for future in as_completed([pool.submit(work, chunk) for chunk in waiting]):
            told.done(future.result())
    except BrokenProcessPool:
        raise RunError(
            "a worker process ended, as it does where memory runs out; start again to go on, "
            "with fewer --workers"
        ) from None
    except ChunkError as error:
        raise RunError(f"{error}; start again to go on") from None
    finally:
        pool.shutdown(cancel_futures=True)


def chunks_of(bounds: Sequence[str]) -> list[Chunk]:
    """Chunks that begin at these account ids; the first and the last have no outer bound."""
    edges = [None, *bounds[1:], None]
    return [Chunk(k, edges[k], edges[k + 1]) for k in range(len(edges) - 1)]


def _end(out: Path, accounts: int) -> None:
    """Write the summary, which says that the run is done."""
    with whole_file(out / SUMMARY) as path:
        path.write_text(json.dumps(summarise(out, accounts), indent=1) + "\n")
    shutil.rmtree(out / WORK, ignore_errors=True)
