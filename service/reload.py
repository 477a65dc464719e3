"""From settings to the generation that is served: the bundles, the policy, the versions."""

import logging
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from models.decide import Generation
from models.intensity.policy import load_policy
from models.score.bundle import Bundle, load
from models.score.manifest import MANIFEST, BundleError
from models.score.warm import warm
from models.target import TARGETS
from service.settings import Settings

ALIAS = "champion"
DIGEST_TAG = "bundle_sha256"
TRAIN_FIRST = "train one with `curescore train --data DIR`, or set CURESCORE_MODELS to a folder"
_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


class ModelsError(Exception):
    """Models that cannot be served: what is wrong, and how to mend it."""


def load_generation(settings: Settings) -> Generation:
    """The generation that the settings name, verified and warm.

    Raises ModelsError where there is no model or one must not be served, and
    features.errors.InputError for a policy file with mistakes.
    """
    policy = load_policy(settings.policy)
    served = dict(_from_folder(settings.models) if settings.models else _from_registry(settings))
    if not served:
        raise ModelsError(f"no model to serve: {TRAIN_FIRST}")
    bundles = {bundle.target: bundle for bundle in served.values()}
    if len(bundles) < len(served):
        raise ModelsError(f"more than one bundle for one target: {', '.join(served)}")
    warm()
    return Generation(
        bundles=bundles,
        models={bundle.target: name for name, bundle in served.items()},
        policy=policy,
        code=version("curescore"),
        tzdata=version("tzdata"),
    )


def _from_folder(folder: Path) -> Iterator[tuple[str, Bundle]]:
    """Name and bundle of the folder itself, or of each folder in it that is a bundle."""
    inside = sorted(path.parent for path in folder.glob(f"*/{MANIFEST}"))
    for directory in [folder] if (folder / MANIFEST).is_file() else inside:
        bundle = _verified(directory)
        yield f"{bundle.target}@{bundle.sha256[:12]}", bundle


def _from_registry(settings: Settings) -> Iterator[tuple[str, Bundle]]:
    """Name and version, and bundle, of each target's champion."""
    logging.getLogger("alembic").setLevel(logging.WARNING)  # mlflow's own tables, not news here
    from mlflow import MlflowClient

    _local_store_exists(settings)
    client = MlflowClient(tracking_uri=settings.tracking, registry_uri=settings.tracking)
    for target in TARGETS:
        champion = _champion(client, target)
        if champion is not None:
            name = f"{target}/{champion.version}"
            bundle = _verified(_fetched(settings, champion))
            if (bundle.target, bundle.sha256) != (target, champion.tags[DIGEST_TAG]):
                raise ModelsError(f"{name} is not the bundle that was registered: train anew")
            yield name, bundle


def _local_store_exists(settings: Settings) -> None:
    """ModelsError where a local store is not there yet: a client would make an empty one."""
    kind, _, path = settings.tracking.partition(":///")
    if kind == "sqlite" and not Path(path).is_file():
        raise ModelsError(f"no model to serve, there is no {path}: {TRAIN_FIRST}")


def _champion(client: Any, name: str) -> Any:
    """The registered version with the alias, or None."""
    from mlflow.exceptions import MlflowException

    try:
        champion = client.get_model_version_by_alias(name, ALIAS)
    except MlflowException as error:
        if error.error_code in _ABSENT:
            return None
        raise ModelsError(f"the registry does not answer: {error.error_code}") from error
    if DIGEST_TAG not in champion.tags:
        raise ModelsError(f"{name}/{champion.version} has no tag {DIGEST_TAG}: train anew")
    return champion


def _fetched(settings: Settings, champion: Any) -> Path:
    """The bundle's folder in the cache, under its digest; fetched where it is not there yet."""
    from mlflow.artifacts import download_artifacts

    cached: Path = settings.cache / champion.tags[DIGEST_TAG]
    if cached.is_dir():
        return cached
    settings.cache.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=settings.cache) as fresh:
        fetched = download_artifacts(
            artifact_uri=champion.source, dst_path=fresh, tracking_uri=settings.tracking
        )
        try:
            Path(fetched).rename(cached)  # whole or not at all
        except OSError:  # another worker was first
            if not cached.is_dir():
                raise
    return cached


def _verified(directory: Path) -> Bundle:
    try:
        return load(directory)
    except BundleError as error:
        raise ModelsError(str(error)) from error
