"""MLflow's registry as the service reads it: what it names, fetched into the cache by digest."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from models.intensity.policy import Policy, load_policy
from models.score.manifest import BundleError, Manifest, read_manifest
from models.target import TARGETS
from service.settings import Settings

CHAMPION = "champion"
CHALLENGER = "challenger"
DIGEST_TAG = "bundle_sha256"
POLICY = "policy"  # registered model whose versions are policy folders
POLICY_TAG, ESTIMATE_TAG = "policy_sha256", "estimate_sha256"  # the second where it has one
INSIDE = "artifacts/bundle"  # where the model folder of a registered version has its bundle
TRAIN_FIRST = "train one with `curescore train --data DIR`, or set CURESCORE_MODELS to a folder"
_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


class ModelsError(Exception):
    """Models, or a policy of the registry, that cannot be served: what is wrong, and a remedy."""


class Registry:
    """The registry that the settings name, read only.

    Raises ModelsError where it is not there; each method where it does not answer, or holds
    something else than it says.
    """

    def __init__(self, settings: Settings) -> None:
        logging.getLogger("alembic").setLevel(logging.WARNING)  # mlflow's own tables, not news here
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
        os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
        from mlflow import MlflowClient

        _local_store_exists(settings)
        self._client = MlflowClient(tracking_uri=settings.tracking, registry_uri=settings.tracking)
        self._settings = settings

    def bundles(self) -> Iterator[tuple[str, Path]]:
        """Name and version, and folder, of each target's champion."""
        for target in TARGETS:
            champion = self._version(target, CHAMPION)
            if champion is not None:
                name = f"{target}/{champion.version}"
                digest = _tag(champion, DIGEST_TAG)
                folder = self._fetched(f"{champion.source}/{INSIDE}", digest)
                said = manifest_of(folder)
                if (said.target, said.sha256) != (target, digest):
                    raise ModelsError(f"{name} is not the bundle that was registered: train anew")
                yield name, folder

    def policy(self, alias: str) -> Path | None:
        """The policy folder with the alias; None where there is none.

        Raises features.errors.InputError for a policy with mistakes.
        """
        version = self._version(POLICY, alias)
        if version is None:
            return None
        digests = (_tag(version, POLICY_TAG), version.tags.get(ESTIMATE_TAG))
        folder = self._fetched(version.source, "-".join(filter(None, (POLICY, *digests))))
        if _digests(folder) != digests:
            raise ModelsError(
                f"{POLICY}/{version.version} is not what was registered: take {folder} away, and "
                "where that does not help register it anew with `curescore policy promote`"
            )
        return folder

    def _version(self, name: str, alias: str) -> Any:
        """The registered version with the alias, or None."""
        from mlflow.exceptions import MlflowException

        try:
            return self._client.get_model_version_by_alias(name, alias)
        except MlflowException as error:
            if error.error_code in _ABSENT:
                return None
            raise ModelsError(f"the registry does not answer: {error.error_code}") from error

    def _fetched(self, source: str, name: str) -> Path:
        """The folder of that name in the cache; fetched where it is not there yet."""
        from mlflow.artifacts import download_artifacts

        cache = self._settings.cache
        cached = cache / name
        if cached.is_dir():
            return cached
        cache.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=cache) as fresh:
            fetched = download_artifacts(
                artifact_uri=source, dst_path=fresh, tracking_uri=self._settings.tracking
            )
            try:
                Path(fetched).rename(cached)  # whole or not at all
            except OSError:  # another worker was first
                if not cached.is_dir():
                    raise
        return cached


def manifest_of(directory: Path) -> Manifest:
    """The manifest of a bundle; ModelsError where it must not be served."""
    try:
        return read_manifest(directory)
    except BundleError as error:
        raise ModelsError(str(error)) from error


def policy_of(path: Path | None) -> Policy:
    """The policy in a file or folder, None: the packaged one.

    Raises ModelsError for an estimate that must not be used, features.errors.InputError for a
    policy with mistakes.
    """
    try:
        return load_policy(path)
    except BundleError as error:
        raise ModelsError(str(error)) from error


def _digests(folder: Path) -> tuple[str, str | None]:
    """SHA-256 of the policy in a folder and, where it came with one, of its estimate."""
    policy = policy_of(folder)
    return policy.sha256, policy.estimate_sha256


def _local_store_exists(settings: Settings) -> None:
    """ModelsError where a local store is not there yet: a client would make an empty one."""
    kind, _, path = settings.tracking.partition(":///")
    if kind == "sqlite" and not Path(path).is_file():
        raise ModelsError(f"no model to serve, there is no {path}: {TRAIN_FIRST}")


def _tag(version: Any, name: str) -> str:
    """A tag of a registered version, by which what is fetched is verified."""
    if name not in version.tags:
        raise ModelsError(f"{version.name}/{version.version} has no tag {name}: register it anew")
    return str(version.tags[name])
