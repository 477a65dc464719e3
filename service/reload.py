"""From settings to the generation that is served: the bundles, the policy, the versions."""

import logging
import os
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from models.generation import Generation
from models.intensity.policy import load_policy
from models.score.bundle import Bundle, load
from models.score.contributions import TABLE_LIMIT
from models.score.manifest import MANIFEST, BundleError, Manifest, read_manifest
from models.target import TARGETS
from models.warm import warm
from service.settings import Settings

ALIAS = "champion"
DIGEST_TAG = "bundle_sha256"
INSIDE = "artifacts/bundle"  # where the model folder of a registered version has its bundle
TRAIN_FIRST = "train one with `curescore train --data DIR`, or set CURESCORE_MODELS to a folder"
_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


class ModelsError(Exception):
    """Models that cannot be served: what is wrong, and how to mend it."""


def load_generation(settings: Settings) -> Generation:
    """The generation that the settings name, verified and warm.

    Raises ModelsError where there is no model or one must not be served, and
    features.errors.InputError for a policy file with mistakes.
    """
    limit = TABLE_LIMIT if settings.table_limit is None else settings.table_limit
    return generation_of(served_folders(settings), settings.policy, limit)


def generation_of(served: Mapping[str, Path], policy: Path | None, table_limit: int) -> Generation:
    """The generation of these bundle folders, by the name and version they are served under.

    `policy` is a file (None: the one that comes with the package). Raises as `load_generation`.
    """
    checked = load_policy(policy)
    if not served:
        raise ModelsError(f"no model to serve: {TRAIN_FIRST}")
    bundles = {name: _verified(folder, table_limit) for name, folder in served.items()}
    for bundle in bundles.values():
        checked.rate(bundle.currency)  # refuses a currency that the policy has no rate for
    targets = {bundle.target: bundle for bundle in bundles.values()}
    if len(targets) < len(bundles):
        raise ModelsError(f"more than one bundle for one target: {', '.join(bundles)}")
    warm(checked)
    return Generation(
        bundles=targets,
        models={bundle.target: name for name, bundle in bundles.items()},
        policy=checked,
        code=version("curescore"),
        tzdata=version("tzdata"),
    )


def served_folders(settings: Settings) -> dict[str, Path]:
    """Folder of each bundle to serve, by name and version; those of the registry are fetched.

    Raises ModelsError where the registry does not answer, or holds another bundle than it says.
    """
    return dict(_from_folder(settings.models) if settings.models else _from_registry(settings))


def _from_folder(folder: Path) -> Iterator[tuple[str, Path]]:
    """Name and folder of the bundle `folder` itself, or of each bundle in it."""
    inside = sorted(path.parent for path in folder.glob(f"*/{MANIFEST}"))
    for directory in [folder] if (folder / MANIFEST).is_file() else inside:
        said = _manifest(directory)
        yield f"{said.target}@{said.sha256[:12]}", directory


def _from_registry(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Name and version, and folder, of each target's champion."""
    logging.getLogger("alembic").setLevel(logging.WARNING)  # mlflow's own tables, not news here
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    from mlflow import MlflowClient

    _local_store_exists(settings)
    client = MlflowClient(tracking_uri=settings.tracking, registry_uri=settings.tracking)
    for target in TARGETS:
        champion = _champion(client, target)
        if champion is not None:
            name, folder = f"{target}/{champion.version}", _fetched(settings, champion)
            said = _manifest(folder)
            if (said.target, said.sha256) != (target, champion.tags[DIGEST_TAG]):
                raise ModelsError(f"{name} is not the bundle that was registered: train anew")
            yield name, folder


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
            artifact_uri=f"{champion.source}/{INSIDE}",
            dst_path=fresh,
            tracking_uri=settings.tracking,
        )
        try:
            Path(fetched).rename(cached)  # whole or not at all
        except OSError:  # another worker was first
            if not cached.is_dir():
                raise
    return cached


def _manifest(directory: Path) -> Manifest:
    try:
        return read_manifest(directory)
    except BundleError as error:
        raise ModelsError(str(error)) from error


def _verified(directory: Path, table_limit: int) -> Bundle:
    try:
        return load(directory, table_limit)
    except BundleError as error:
        raise ModelsError(str(error)) from error
