"""Following: the worker serves what is published, and swaps it between requests.

A request keeps the generation that it began with; what replaces it is loaded, verified and has
decided once before it is seen.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from features.errors import InputError
from models.generation import Generation
from models.intensity.policy import Policy
from service.served.kept import digests_of_policy, policy_folder
from service.served.published import SERVED, Kind, Published, Refused, Watched, What
from service.served.registry import TRAIN_FIRST, ModelsError, UnsignedError
from service.served.reload import (
    Folders,
    generation_of,
    keep,
    require_named_signed,
    served_folders,
    table_limit_of,
)
from service.settings import Settings

POLL_SECONDS = 0.5
RETRY_SECONDS = 5.0  # after what is published could not be loaded
_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Served:
    """What this process serves: `sequence` is None where the settings name the models."""

    generation: Generation
    sequence: int | None
    since: datetime


@dataclass(frozen=True, slots=True)
class ModelsStatus:
    """What is served, what of the registry is not and why, and how the registry was found.

    `watched` is None where nothing is watched; `reloads` and `failures` count, in this process,
    generations that took the place of another, and those that could not.
    """

    served: Served
    watched: Watched | None
    refused: tuple[Refused, ...]
    reloads: int
    failures: int


class Following:
    """The generation to decide with, which follows what is published where that is watched."""

    def __init__(self, settings: Settings) -> None:
        """Load what is to be served.

        Raises ModelsError or features.errors.InputError where there is nothing, it must not be
        served, or it is not what the settings name.
        """
        self._settings = settings
        self._keys = settings.public_keys
        self._cache = settings.cache
        self._failed: Refused | None = None
        self._reloads = self._failures = 0
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._seen = _changed(self._cache / SERVED)
        self._published: Published | None = None  # what is served, where it was published
        self._served = self._first()

    def current(self) -> Generation:
        """The generation in force."""
        return self._served.generation

    def status(self) -> ModelsStatus:
        """What is served and what is not, as of now."""
        watched = None
        if self._served.sequence is not None:
            watched = Watched.read(self._cache) or Watched()
        refused = () if watched is None else watched.refused
        own = () if self._failed is None else (self._failed,)
        return ModelsStatus(self._served, watched, (*own, *refused), self._reloads, self._failures)

    def start(self) -> None:
        """Follow what is published from now on, in a thread of its own."""
        if self._served.sequence is not None:
            self._thread = threading.Thread(target=self._follow, name="following", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Follow no longer."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()

    def follow_once(self) -> None:
        """Serve what is published, where that is another and can be loaded."""
        published = Published.read(self._cache)
        # By all that it says: a cache that was lost begins to count anew.
        if published is None or published == self._published:
            return
        started = time.monotonic()
        try:
            generation = self._load(published)
        except (ModelsError, InputError, OSError) as error:
            kind: Kind = "signature" if isinstance(error, UnsignedError) else "load"
            self._fail(f"generation {published.sequence}", str(error), kind)
            return
        self._served = Served(generation, published.sequence, datetime.now(UTC))
        self._published = published
        self._reloads += 1
        self._failed = None
        _LOGGER.info(
            "generation %d is served: %s; loaded in %.2f s",
            published.sequence,
            ", ".join(part.name for part in published.parts.values()),
            time.monotonic() - started,
        )

    def _first(self) -> Served:
        now = datetime.now(UTC)
        if self._settings.models is not None:
            folders = served_folders(self._settings)
            generation = generation_of(folders, table_limit_of(self._settings), self._keys)
            keep(self._cache, folders)
            return Served(generation, None, now)
        published = Published.read(self._cache)
        if published is None:
            refused = (Watched.read(self._cache) or Watched()).refused
            why = "; ".join(each.why for each in refused)
            raise ModelsError(f"no model to serve: {why or TRAIN_FIRST}")
        self._check(published)
        self._published = published
        return Served(self._load(published), published.sequence, now)

    def _check(self, published: Published) -> None:
        """Refuse to start with another policy than the settings name; say what is wrong with it."""
        require_named_signed(self._settings)
        watched = Watched.read(self._cache) or Watched()
        named: dict[What, Path | None] = {
            "policy": self._settings.policy,
            "challenger": self._settings.challenger,
        }
        for what, path in named.items():
            part = published.parts.get(what)
            if path is None or (
                part is not None and part.folder == policy_folder(*digests_of_policy(path))
            ):
                continue
            name = f"CURESCORE_{what.upper()}"
            why = next((each.why for each in watched.refused if each.what == name), "see the log")
            raise InputError(name, f"cannot be served: {why}", "Mend it, or unset it.", str(path))

    def _load(self, published: Published) -> Generation:
        """The published generation; ModelsError where its folders hold another."""
        folders = {what: self._cache / part.folder for what, part in published.parts.items()}
        bundles = {
            part.name: folders[what]
            for what, part in published.parts.items()
            if what in ("cure", "early_warning")
        }
        signatures = {
            folders[what]: part.signature
            for what, part in published.parts.items()
            if part.signature is not None
        }
        served = Folders(bundles, folders.get("policy"), folders.get("challenger"), signatures)
        generation = generation_of(served, table_limit_of(self._settings), self._keys)
        keep(self._cache, served)  # the packaged policy
        found: dict[What, str] = {
            target: bundle.sha256 for target, bundle in generation.bundles.items()
        }
        policies: dict[What, Policy | None] = {
            "policy": generation.policy,
            "challenger": generation.challenger,
        }
        for what, policy in policies.items():
            if what in published.parts and policy is not None:
                found[what] = policy_folder(policy.sha256, policy.estimate_sha256)
        if found != {what: part.folder for what, part in published.parts.items()}:
            raise ModelsError("the cache holds something else than was published")
        return generation

    def _fail(self, what: str, why: str, kind: Kind = "load") -> None:
        shown = why.replace(f"{self._cache}/", "")
        if self._failed is None or self._failed.what != what:
            self._failed = Refused(what=what, kind=kind, why=shown, since=datetime.now(UTC))
            self._failures += 1
            _LOGGER.error("%s cannot be loaded, the one before goes on: %s", what, shown)

    def _follow(self) -> None:
        tried = time.monotonic()
        while not self._ending.wait(POLL_SECONDS):
            changed = _changed(self._cache / SERVED)
            again = self._failed is not None and time.monotonic() - tried > RETRY_SECONDS
            if changed == self._seen and not again:
                continue
            self._seen, tried = changed, time.monotonic()
            try:
                self.follow_once()
            except Exception as error:  # noqa: BLE001 (whatever it is, the one before goes on)
                self._fail("what is published", f"{type(error).__name__}: {error}")


def unwatched(current: Callable[[], Generation]) -> Callable[[], ModelsStatus]:
    """The status of a generation that is handed in and followed by nobody."""
    since = datetime.now(UTC)
    return lambda: ModelsStatus(Served(current(), None, since), None, (), 0, 0)


def _changed(path: Path) -> tuple[int, int] | None:
    """What tells a file from the one that took its place; None: there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
