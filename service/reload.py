"""From settings to the generation that is served: the bundles, the policies, the versions."""

from collections.abc import Iterator
from importlib.metadata import version
from logging import getLogger
from pathlib import Path
from typing import NamedTuple

from features.errors import InputError
from models.generation import Generation
from models.intensity.exploration import challenging
from models.score.bundle import Bundle, load
from models.score.contributions import TABLE_LIMIT
from models.score.manifest import MANIFEST, BundleError
from models.warm import warm
from service.registry import (
    CHALLENGER,
    CHAMPION,
    TRAIN_FIRST,
    ModelsError,
    Registry,
    manifest_of,
    policy_of,
)
from service.settings import Settings

_LOGGER = getLogger(__name__)


class Folders(NamedTuple):
    """Where that which is to be served lies: bundles by the name and version they are served under.

    `policy` and `challenger` are policy files or folders; None: the packaged policy, and no
    challenger.
    """

    bundles: dict[str, Path]
    policy: Path | None = None
    challenger: Path | None = None


def load_generation(settings: Settings) -> Generation:
    """The generation that the settings name, verified and warm.

    Raises ModelsError where there is no model or one must not be served, and
    features.errors.InputError for a policy file with mistakes.
    """
    limit = TABLE_LIMIT if settings.table_limit is None else settings.table_limit
    return generation_of(served_folders(settings), limit)


def generation_of(served: Folders, table_limit: int) -> Generation:
    """The generation of what lies in these folders. Raises as `load_generation`."""
    policy = policy_of(served.policy)
    if not served.bundles:
        raise ModelsError(f"no model to serve: {TRAIN_FIRST}")
    bundles = {name: _verified(folder, table_limit) for name, folder in served.bundles.items()}
    for bundle in bundles.values():
        policy.rate(bundle.currency)  # refuses a currency that the policy has no rate for
    targets = {bundle.target: bundle for bundle in bundles.values()}
    if len(targets) < len(bundles):
        raise ModelsError(f"more than one bundle for one target: {', '.join(bundles)}")
    warm(policy)
    return Generation(
        bundles=targets,
        models={bundle.target: name for name, bundle in bundles.items()},
        policy=policy,
        code=version("curescore"),
        tzdata=version("tzdata"),
        challenger=None if served.challenger is None else policy_of(served.challenger),
    )


def served_folders(settings: Settings) -> Folders:
    """Folders of what the settings name; what they leave open is the registry's, fetched.

    Where they name a folder of models, the registry is not asked for anything. Raises ModelsError
    where it does not answer, or holds something else than it says.
    """
    if settings.models is not None:
        found = dict(_from_folder(settings.models))
        return Folders(found, settings.policy, settings.challenger)
    registry = Registry(settings)
    policy = settings.policy or registry.policy(CHAMPION)
    challenger = settings.challenger or _fitting(policy, registry.policy(CHALLENGER))
    return Folders(dict(registry.bundles()), policy, challenger)


def _fitting(policy: Path | None, challenger: Path | None) -> Path | None:
    """The registry's challenger, where it goes with the policy.

    Whoever moves the champion, back too, may leave one that does not: that must not keep the
    service from its work, as one that the settings name does.
    """
    if challenger is None:
        return None
    ours, theirs = policy_of(policy), policy_of(challenger)
    try:
        challenging(ours, theirs)
    except InputError as error:
        _LOGGER.warning("the registry's challenger policy takes no part: %s", error)
        return None
    return challenger


def _from_folder(folder: Path) -> Iterator[tuple[str, Path]]:
    """Name and folder of the bundle `folder` itself, or of each bundle in it."""
    inside = sorted(path.parent for path in folder.glob(f"*/{MANIFEST}"))
    for directory in [folder] if (folder / MANIFEST).is_file() else inside:
        said = manifest_of(directory)
        yield f"{said.target}@{said.sha256[:12]}", directory


def _verified(directory: Path, table_limit: int) -> Bundle:
    try:
        return load(directory, table_limit)
    except BundleError as error:
        raise ModelsError(str(error)) from error
