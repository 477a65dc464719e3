"""The chunks of a run, done by a pool of processes until none is left."""

from collections.abc import Sequence
from concurrent.futures import as_completed
from contextlib import AbstractContextManager

from curescore.nightly.kept import is_kept
from curescore.nightly.manifest import Manifest, RunError
from curescore.nightly.pools import Job, Pool, Task, on_cluster, processes
from curescore.nightly.sharing import keep_plan, make_plan
from curescore.nightly.summary import ASSIGNMENTS, DECISIONS, REFUSED, part
from curescore.nightly.terms import Terms, Told
from curescore.nightly.worker import KEPT, Chunk, ChunkError, assess_chunk, conclude_chunk, work
from models.generation import Generation
from models.intensity.capacity import Capacity
from service.settings import Settings
from training.chunks import ChunkReader


class Chunks:
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
        with self._pool(manifest.record) as pool:
            try:
                if self._terms.capacity is None:
                    self._each(pool, "accounts", work, self._undecided())
                else:
                    self._share(pool, manifest, current, self._terms.capacity)
            except ChunkError as error:
                raise RunError(f"{error}; start again to go on") from None
        if missing := self._undecided():
            raise RunError(
                f"{len(missing)} chunks that were decided are not seen in {out} yet, which other "
                "machines write too; start again to go on"
            )

    def _pool(self, record: bool) -> AbstractContextManager[Pool]:
        terms = self._terms
        job = Job(terms.out, self._reader, self._chunks, record)
        if terms.cluster is not None:
            return on_cluster(job, terms.cluster)
        return processes(job, min(terms.workers, len(self._chunks)), self._settings.database)

    def _share(
        self, pool: Pool, manifest: Manifest, current: Generation, capacity: Capacity
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
        pool: Pool,
        what: str,
        task: Task,
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
