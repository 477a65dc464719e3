"""What decided before: the generations and bundles that were kept, for what is recorded."""

from collections.abc import Callable
from functools import lru_cache
from threading import Lock
from uuid import UUID

import sqlalchemy as sa

from models.generation import Generation
from models.score.bundle import Bundle
from models.target import Target
from service.log.generations import Generations, document_of
from service.log.records import Record
from service.replay.making import NO_TABLES, Kept, bundle_kept, generation_of, kept_of
from service.settings import Settings

LOADED = 2  # generations that stay loaded beside the current one, and so many bundles


class Past:
    """What decided, for decisions in the database of `engine`. Threads may share it.

    What is found is verified as it is loaded, and the latest few stay loaded. Beside what
    `kept_of` raises, both raise ReplayError where it is not here any more; ModelsError, PlanError
    or InputError where it is and cannot be used.
    """

    def __init__(
        self, engine: sa.Engine, settings: Settings, current: Callable[[], Generation]
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._current = current
        self._generations = Generations(engine)
        self._loading = Lock()
        self._generation = lru_cache(LOADED)(self._load_generation)
        self._bundle = lru_cache(LOADED)(self._load_bundle)

    def kept(self, decision_id: UUID) -> Kept | None:
        """What the log holds of a decision; None where there is none. Raises ReplayError."""
        return kept_of(self._engine, decision_id)

    def of(self, kept: Kept) -> Generation:
        """What decided: the current generation, or one that is found by its digests."""
        current = self._current()
        if document_of(current) == kept.document:
            return current
        with self._loading:
            return self._generation(kept.row.generation, kept.row.target)

    def bundle_of(self, record: Record) -> Bundle:
        """The bundle that scored, whatever else decided; its explanations are not fast."""
        target: Target = record["score"]["target"]
        name, sha256 = record["versions"]["model"], record["versions"]["bundle_sha256"]
        served = self._current().bundles.get(target)
        if served is not None and served.sha256 == sha256:
            return served
        with self._loading:
            return self._bundle(target, name, sha256)

    def _load_generation(self, number: int, target: Target) -> Generation:
        return generation_of(self._generations.document(number), target, self._settings)

    def _load_bundle(self, target: Target, name: str, sha256: str) -> Bundle:
        return bundle_kept(target, name, sha256, NO_TABLES, self._settings)
