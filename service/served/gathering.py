"""Gathering what the registry tells of its models, and documents of their runs, into the cache.

The pages read it there (service.served.evidence). Only the process that watches the registry does
this, beside its looks, which never wait for it.
"""

import logging
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from models.signature import TAG as SIGNATURE_TAG
from models.target import TARGETS
from service.served.evidence import (
    FOLDER,
    POLICY,
    PROPOSED,
    Evidence,
    Registered,
    RegisteredVersion,
    documents_of,
    is_run_id,
    parsed,
)
from service.served.moves import promotions
from service.served.published import Published
from service.served.registry import (
    CHALLENGER,
    CHAMPION,
    DIGEST,
    DIGEST_TAG,
    ESTIMATE_TAG,
    POLICY_TAG,
    Made,
    Model,
    ModelsError,
    Registry,
    Run,
)
from service.settings import Settings

EVERY_SECONDS = 30.0
VERSIONS = 20  # of a registered model: the newest, beside those that an alias names
LARGEST = 5 * 2**20  # bytes of a document
_SHOWN = 400  # characters of a text of the registry
_FETCHED = ".fetched-"
_LOGGER = logging.getLogger(__name__)


class _About(NamedTuple):
    """What a document of a run has to be about: a version, by the digests among its tags."""

    name: str
    run_id: str
    sha256: str | None
    estimate_sha256: str | None


class Gathering:
    """Gathers what the registry tells, and writes it where it is new.

    What cannot be had leaves what was gathered before; it is logged once, and a document that is
    refused is not fetched again.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings, self._cache = settings, settings.cache
        self._folder = self._cache / FOLDER
        for left in self._folder.glob(f"{_FETCHED}*"):  # by a process that was killed
            shutil.rmtree(left, ignore_errors=True)
        self._registry: Registry | None = None
        self._runs: dict[str, Run | None] = {}
        self._settled: dict[_About, tuple[str, ...]] = {}  # documents at hand: there are no more
        self._problems: dict[str, str] = {}
        self._wanted = threading.Event()

    def start(self) -> None:
        """Gather from now on, in a thread of its own."""
        threading.Thread(target=self._keep_gathering, name="gathering", daemon=True).start()

    def soon(self) -> None:
        """Gather without waiting for the next time: the registry tells something new."""
        self._wanted.set()

    def gather(self) -> None:
        """Gather once."""
        what = "what the registry tells of its models"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._tell(self._found())
            self._problems.pop(what, None)
        except Exception as error:  # noqa: BLE001 (whatever it is, the pages keep what they have)
            self._note(what, str(error) or type(error).__name__)

    def _keep_gathering(self) -> None:
        while True:
            self.gather()
            self._wanted.wait(EVERY_SECONDS)
            self._wanted.clear()

    def _found(self) -> dict[str, Registered]:
        if self._registry is None:
            self._registry = Registry(self._settings)
        found: dict[str, Registered] = {}
        for name in (*TARGETS, POLICY):
            model = self._registry.model(name, VERSIONS)
            if model is not None:
                found[name] = self._registered(self._registry, name, model)
        return found

    def _registered(self, registry: Registry, name: str, model: Model) -> Registered:
        looked_at = {model.aliases.get(alias) for alias in (CHAMPION, CHALLENGER)}
        published = Published.read(self._cache)  # a champion that is refused is not what is served
        served = {part.name for part in published.parts.values()} if published else set()
        return Registered(
            champion=model.aliases.get(CHAMPION),
            challenger=model.aliases.get(CHALLENGER),
            versions=tuple(
                self._version(
                    registry,
                    name,
                    made,
                    documents=made.number in looked_at or f"{name}/{made.number}" in served,
                )
                for made in model.versions
            ),
            promotions=promotions(model.tags),
        )

    def _version(
        self, registry: Registry, name: str, made: Made, *, documents: bool
    ) -> RegisteredVersion:
        about = _about(name, made)
        withheld = made.tags.get("withheld")
        return RegisteredVersion(
            version=made.number,
            run_id=about.run_id if about else None,
            run_link=self._link(registry, about.run_id) if about else None,
            registered_at=datetime.fromtimestamp(made.created / 1_000, UTC),
            sha256=_digest(made, POLICY_TAG if name == POLICY else DIGEST_TAG),
            withheld=withheld and withheld[:_SHOWN],
            signed=SIGNATURE_TAG in made.tags,
            documents=self._documents(registry, about) if about and documents else (),
        )

    def _link(self, registry: Registry, run_id: str) -> str | None:
        """The address of a run for people, where the registry is a server."""
        server = _server(self._settings.tracking)
        run = self._run(registry, run_id) if server else None
        return f"{server}/#/experiments/{run.experiment}/runs/{run_id}" if run else None

    def _run(self, registry: Registry, run_id: str) -> Run | None:
        if run_id not in self._runs:
            self._runs[run_id] = registry.run(run_id)
        return self._runs[run_id]

    def _documents(self, registry: Registry, about: _About) -> tuple[str, ...]:
        """The documents of a run that are in the cache, where those that were not are fetched."""
        settled, folder = self._settled.get(about), self._folder / about.run_id
        if settled is not None and all((folder / name).is_file() for name in settled):
            return settled
        what = f"the documents of {about.name} of run {about.run_id}"
        try:
            for name in self._missing(registry, about):
                self._fetch(registry, about, name)
            self._problems.pop(what, None)
            self._settled[about] = self._held(about)
        except ModelsError as error:
            self._note(what, str(error))
        return self._held(about)

    def _held(self, about: _About) -> tuple[str, ...]:
        folder = self._folder / about.run_id
        return tuple(n for n in documents_of(about.name) if _wrong(folder / n, about) is None)

    def _missing(self, registry: Registry, about: _About) -> list[str]:
        """The documents that the run has and the cache has not; those too large are left out."""
        held = self._held(about)
        run = self._run(registry, about.run_id) if held != documents_of(about.name) else None
        sizes = {} if run is None else registry.sizes(run)
        for name in documents_of(about.name):
            if sizes.get(name, 0) > LARGEST:
                self._refuse(name, about, "is too large")
        return [
            name
            for name in documents_of(about.name)
            if name not in held and name in sizes and sizes[name] <= LARGEST
        ]

    def _fetch(self, registry: Registry, about: _About, name: str) -> None:
        run = self._run(registry, about.run_id)
        assert run is not None  # it has the document
        with TemporaryDirectory(dir=self._folder, prefix=_FETCHED) as fresh:
            fetched = registry.fetch(run, name, Path(fresh))
            wrong = _wrong(fetched, about)
            if wrong is not None:
                self._refuse(name, about, wrong)
                return
            folder = self._folder / about.run_id
            folder.mkdir(exist_ok=True)
            fetched.replace(folder / name)

    def _refuse(self, name: str, about: _About, why: str) -> None:
        _LOGGER.warning("%s of %s of run %s is refused: it %s", name, about.name, about.run_id, why)

    def _tell(self, found: dict[str, Registered]) -> None:
        """Write what was found, where it is new, and leave no more files than it names."""
        told = Evidence.read(self._cache)
        if told is None or told.models != found:
            Evidence(at=datetime.now(UTC), models=found).write(self._cache)
        named = {
            version.run_id
            for model in found.values()
            for version in model.versions
            if version.documents
        }
        for folder in self._folder.iterdir():
            if folder.name not in named:
                shutil.rmtree(folder, ignore_errors=True)

    def _note(self, what: str, why: str) -> None:
        """Log it, where it is not as it was."""
        if self._problems.get(what) != why:
            self._problems[what] = why
            _LOGGER.warning("%s stays as it was: %s", what, why)


def _about(name: str, made: Made) -> _About | None:
    """What documents of the version's run have to be about; None where it has no run."""
    if made.run_id is None or not is_run_id(made.run_id):
        return None
    if name == POLICY:
        return _About(name, made.run_id, _digest(made, POLICY_TAG), _digest(made, ESTIMATE_TAG))
    return _About(name, made.run_id, _digest(made, DIGEST_TAG), None)


def _digest(made: Made, tag: str) -> str | None:
    digest = made.tags.get(tag, "")
    return digest if DIGEST.fullmatch(digest) else None


def _wrong(path: Path, about: _About) -> str | None:
    """What is wrong with a document; None where nothing is."""
    try:
        if path.stat().st_size > LARGEST:
            return "is too large"
        found = parsed(path.read_bytes())
    except OSError:
        return "cannot be read"
    if found is None:
        return "is no JSON object"
    if about.name == POLICY:
        file = _inside(found, "policies", PROPOSED, "file")
        told = (_inside(file, "sha256"), _inside(file, "estimate_sha256"))
    else:
        told = (_inside(found, "bundle_sha256"), None)
    same = about.sha256 is not None and told == (about.sha256, about.estimate_sha256)
    return None if same else "is about something else"


def _inside(document: Any, *keys: str) -> Any:
    """What a document has under these keys; None where it has not."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _server(tracking: str) -> str | None:
    """The registry's address without user and password, where it is a server."""
    parts = urlsplit(tracking)
    if parts.scheme not in ("http", "https"):
        return None
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
