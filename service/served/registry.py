"""MLflow's registry as the service reads it: what its aliases name, and the files of that."""

import logging
import os
import re
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
_DIGEST = re.compile(r"[0-9a-f]{64}")

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
        from mlflow.artifacts import download_artifacts
        from mlflow.exceptions import MlflowException

        if version.digests is None:
            raise ModelsError(f"{version.name} has no digests among its tags: register it anew")
        try:
            fetched = download_artifacts(
                artifact_uri=version.source,
                dst_path=str(into),
                tracking_uri=self._settings.tracking,
            )
        except (MlflowException, OSError) as error:
            raise ModelsError(f"{version.name} cannot be fetched: {_brief(error)}") from error
        return Path(fetched)

    def _version(self, name: str, alias: str, *tags: str) -> Version | None:
        """The registered version with the alias, if there is one; its digests are in `tags`."""
        from mlflow.exceptions import MlflowException

        try:
            version = self._client.get_model_version_by_alias(name, alias)
        except MlflowException as error:
            if error.error_code in _ABSENT:
                return None
            raise ModelsError(f"the registry does not answer: {error.error_code}") from error
        source = str(version.source) if name == POLICY else f"{version.source}/{INSIDE}"
        digests, signature = _digests(name, version, tags), version.tags.get(SIGNATURE_TAG)
        return Version(f"{name}/{version.version}", digests, source, signature)


def store_exists(settings: Settings) -> None:
    """ModelsError where a local store is not there: a client would make an empty one."""
    kind, _, path = settings.tracking.partition(":///")
    if kind == "sqlite" and not Path(path).is_file():
        raise ModelsError(f"no model to serve, there is no {path}: {TRAIN_FIRST}")


def _digests(name: str, version: Any, tags: tuple[str, ...]) -> str | None:
    """The digests that the tags tell; None where the first is missing, or one is none."""
    digests = [version.tags[tag] for tag in tags if tag in version.tags]
    sound = tags[0] in version.tags and all(_DIGEST.fullmatch(digest) for digest in digests)
    return "-".join([*([POLICY] if name == POLICY else []), *digests]) if sound else None


def _brief(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
