"""MLflow's registry as the service reads it: what its aliases name, and the files of that."""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from models.signature import TAG as SIGNATURE_TAG
from models.target import TARGETS
from service.served.published import What
from service.settings import Settings

CHAMPION = "champion"
CHALLENGER = "challenger"
DIGEST_TAG = "bundle_sha256"
POLICY = "policy"  # registered model whose versions are policy folders
POLICY_TAG, ESTIMATE_TAG = "policy_sha256", "estimate_sha256"  # the second where it has one
INSIDE = "artifacts/bundle"  # where the model folder of a registered version has its bundle
TRAIN_FIRST = "train one with `curescore train --data DIR`, or set CURESCORE_MODELS to a folder"
_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
DIGEST = re.compile(r"[0-9a-f]{64}")

# Its own defaults keep a look waiting for minutes where a server is gone.
_PATIENCE = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "5", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}


class ModelsError(Exception):
    """Models, or a policy of the registry, that cannot be served: what is wrong, and a remedy."""


class UnsignedError(ModelsError):
    """Models or a policy whose signature is not what the settings ask for."""


class Version(NamedTuple):
    """A registered version: its name, its digests, and the address of its files.

    `digests` names its folder in the cache; None where its tags do not tell them. `signature` is
    the text of its signature, if it has one.
    """

    name: str
    digests: str | None
    source: str
    signature: str | None = None


class Made(NamedTuple):
    """A registered version as its run made it; `created` in milliseconds since 1970."""

    number: int
    run_id: str | None
    created: int
    tags: dict[str, str]


class Model(NamedTuple):
    """A registered model: version numbers by alias, its tags, and versions, newest first."""

    aliases: dict[str, int]
    tags: dict[str, str]
    versions: list[Made]


class Run(NamedTuple):
    """A run: the experiment that it belongs to, and the address of its files."""

    experiment: str
    files: str


class Registry:
    """The registry that the settings name, read only.

    Raises ModelsError where it is not there; each method where it does not answer.
    """

    def __init__(self, settings: Settings) -> None:
        logging.getLogger("alembic").setLevel(logging.WARNING)  # mlflow's own tables, not news here
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
        os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
        for name, value in _PATIENCE.items():
            os.environ.setdefault(name, value)
        from mlflow import MlflowClient

        self._settings = settings
        store_exists(settings)
        self._client = MlflowClient(tracking_uri=settings.tracking, registry_uri=settings.tracking)

    def named(self) -> dict[What, Version]:
        """What the aliases name: each target's champion, the policy's champion and challenger."""
        store_exists(self._settings)
        found: dict[What, Version | None] = {
            target: self._version(target, CHAMPION, DIGEST_TAG) for target in TARGETS
        }
        found["policy"] = self._version(POLICY, CHAMPION, POLICY_TAG, ESTIMATE_TAG)
        found["challenger"] = self._version(POLICY, CHALLENGER, POLICY_TAG, ESTIMATE_TAG)
        return {what: version for what, version in found.items() if version is not None}

    def download(self, version: Version, into: Path) -> Path:
        """Fetch the files of a version into a folder within `into`; ModelsError where it fails."""
        if version.digests is None:
            raise ModelsError(f"{version.name} has no digests among its tags: register it anew")
        return self._fetched(version.name, version.source, into)

    def model(self, name: str, newest: int) -> Model | None:
        """The registered model with so many of its versions, and those with an alias, if any."""
        from mlflow.exceptions import MlflowException

        store_exists(self._settings)
        try:
            known = self._client.get_registered_model(name)
            found = self._client.search_model_versions(
                f"name = '{name}'", max_results=newest, order_by=["version_number DESC"]
            )
            aliases = {alias: int(number) for alias, number in known.aliases.items()}
            made = {each.number: each for each in map(_made, found)}
            for number in set(aliases.values()) - made.keys():
                made[number] = _made(self._client.get_model_version(name, str(number)))
        except MlflowException as error:
            if error.error_code in _ABSENT:
                return None
            raise _no_answer(error) from error
        versions = sorted(made.values(), key=lambda each: -each.number)
        return Model(aliases, dict(known.tags), versions)

    def run(self, run_id: str) -> Run | None:
        """The run of that id; None where there is none any more."""
        from mlflow.exceptions import MlflowException

        try:
            info = self._client.get_run(run_id).info
        except MlflowException as error:
            if error.error_code in _ABSENT:
                return None
            raise _no_answer(error) from error
        return Run(str(info.experiment_id), str(info.artifact_uri))

    def sizes(self, run: Run) -> dict[str, int]:
        """The sizes of a run's files that lie in no folder, by their names."""
        from mlflow.artifacts import list_artifacts

        with _fetching("the files of a run"):
            found = list_artifacts(artifact_uri=run.files, tracking_uri=self._settings.tracking)
        if not found:  # a folder that is away looks so
            raise ModelsError("the files of a run cannot be fetched: there are none")
        files = (each for each in found if not each.is_dir)
        return {each.path.rpartition("/")[2]: int(each.file_size or 0) for each in files}

    def fetch(self, run: Run, name: str, into: Path) -> Path:
        """Fetch a file of a run into a folder; ModelsError where it fails."""
        return self._fetched(name, f"{run.files}/{name}", into)

    def _fetched(self, what: str, source: str, into: Path) -> Path:
        from mlflow.artifacts import download_artifacts

        with _fetching(what):
            fetched = download_artifacts(
                artifact_uri=source, dst_path=str(into), tracking_uri=self._settings.tracking
            )
        return Path(fetched)

    def _version(self, name: str, alias: str, *tags: str) -> Version | None:
        """The registered version with the alias, if there is one; its digests are in `tags`."""
        from mlflow.exceptions import MlflowException

        try:
            version = self._client.get_model_version_by_alias(name, alias)
        except MlflowException as error:
            if error.error_code in _ABSENT:
                return None
            raise _no_answer(error) from error
        source = str(version.source) if name == POLICY else f"{version.source}/{INSIDE}"
        digests, signature = _digests(name, version, tags), version.tags.get(SIGNATURE_TAG)
        return Version(f"{name}/{version.version}", digests, source, signature)


def store_exists(settings: Settings) -> None:
    """ModelsError where a local store is not there: a client would make an empty one."""
    kind, _, path = settings.tracking.partition(":///")
    if kind == "sqlite" and not Path(path).is_file():
        raise ModelsError(f"no model to serve, there is no {path}: {TRAIN_FIRST}")


@contextmanager
def _fetching(what: str) -> Iterator[None]:
    """ModelsError where files do not come."""
    try:
        yield
    except Exception as error:  # each kind of store has errors of its own
        raise ModelsError(f"{what} cannot be fetched: {_brief(error)}") from error


def _no_answer(error: Any) -> ModelsError:
    return ModelsError(f"the registry does not answer: {error.error_code}")


def _made(version: Any) -> Made:
    created = int(version.creation_timestamp)
    return Made(int(version.version), version.run_id or None, created, dict(version.tags))


def _digests(name: str, version: Any, tags: tuple[str, ...]) -> str | None:
    """The digests that the tags tell; None where the first is missing, or one is none."""
    digests = [version.tags[tag] for tag in tags if tag in version.tags]
    sound = tags[0] in version.tags and all(DIGEST.fullmatch(digest) for digest in digests)
    return "-".join([*([POLICY] if name == POLICY else []), *digests]) if sound else None


def _brief(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
