"""A nightly run from start to end: begun once, then chunk by chunk until none is left."""

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from curescore.nightly.chunks import Chunks
from curescore.nightly.copies import BUNDLES, CHALLENGER, POLICY, copied, generation, keep_copies
from curescore.nightly.manifest import (
    MANIFEST,
    Manifest,
    check_unchanged,
    read_manifest,
    versions,
    write_manifest,
)
from curescore.nightly.pools import require_database, require_shared
from curescore.nightly.recording import in_log
from curescore.nightly.sharing import PLANS, plan_of, publish
from curescore.nightly.summary import ASSIGNMENTS, DECISIONS, REFUSED, SUMMARY, summarise
from curescore.nightly.terms import Terms, Told
from features.errors import InputError
from models.durable import whole_file
from models.score.contributions import TABLE_LIMIT
from service.instants import new_id
from service.served.reload import generation_of, served_folders
from service.settings import Settings
from training.arranged import arranged
from training.chunks import ChunkReader
from training.cluster import Cluster
from training.debtors import DEBTOR_CONTACTS, debtor_contacts
from training.portfolio import Portfolio, check_columns, inputs_sha256

WORK = ".work"  # arranged tables; removed when the run is done
LOCK = ".lock"


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
        if terms.cluster is not None:
            _require_same(terms, terms.cluster, settings, portfolio)
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
    # Here, where what is wrong can be told.
    current = generation(terms.out, manifest, settings.public_keys)
    if terms.record:
        # Likewise, before anything more is recorded: nothing could be taken back.
        in_log(settings.database, manifest, _decided(terms.out), done=False)
        keep_copies(terms.out, manifest, settings.cache)
    _clear(terms.out)
    told.status("arranging the tables by account")
    reader = reader_of(portfolio, manifest.as_of, terms.out / WORK)
    Chunks(terms, reader, told, settings).decide(manifest, current)
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
    ours = {BUNDLES, POLICY, CHALLENGER, LOCK, WORK}
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


def _require_same(terms: Terms, cluster: Cluster, settings: Settings, portfolio: Portfolio) -> None:
    """InputError where the cluster's workers do not see and record what this process would."""
    files = [path for files in portfolio.files.values() for path in files.paths]
    require_shared(cluster, terms.out, files)
    if terms.record:
        require_database(cluster, settings.database)


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
    current = generation_of(served, limit, settings.public_keys)
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
