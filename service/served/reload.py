"""From settings to the generation that is served: the bundles, the policies, the versions."""

from collections.abc import Iterator, Mapping
from importlib.metadata import version
from logging import getLogger
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

from features.errors import InputError
from models.generation import Generation
from models.intensity.exploration import challenging
from models.intensity.policy import Policy, load_policy
from models.score.bundle import Bundle, load
from models.score.contributions import TABLE_LIMIT
from models.score.manifest import MANIFEST, BundleError, Manifest, read_manifest
from models.target import TARGETS, Target
from models.warm import rehearse, warm
from service.served.folders import adopt
from service.served.kept import keep_bundle, keep_policy, policy_folder
from service.served.registry import TRAIN_FIRST, ModelsError, Registry, Version
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
    return generation_of(served_folders(settings), table_limit_of(settings))


def keep(cache: Path, served: Folders) -> None:
    """Copy what has been verified, the packaged policy too, into the cache for later replays."""
    for folder in served.bundles.values():
        keep_bundle(cache, folder)
    keep_policy(cache, served.policy)
    if served.challenger is not None:
        keep_policy(cache, served.challenger)


def table_limit_of(settings: Settings) -> int:
    """Bytes that a booster's tables may take."""
    return TABLE_LIMIT if settings.table_limit is None else settings.table_limit


def generation_of(served: Folders, table_limit: int) -> Generation:
    """The generation of what lies in these folders. Raises as `load_generation`."""
    policy = policy_of(served.policy)
    bundles = {name: bundle_of(folder, table_limit) for name, folder in served.bundles.items()}
    challenger = None if served.challenger is None else policy_of(served.challenger)
    return assembled(bundles, policy, challenger)


def assembled(
    bundles: Mapping[str, Bundle], policy: Policy, challenger: Policy | None
) -> Generation:
    """The generation of bundles, by name and version, and policies, made warm.

    Raises ModelsError or features.errors.InputError where they do not go together.
    """
    if not bundles:
        raise ModelsError(f"no model to serve: {TRAIN_FIRST}")
    for bundle in bundles.values():
        policy.rate(bundle.currency)  # refuses a currency that the policy has no rate for
    targets = {bundle.target: bundle for bundle in bundles.values()}
    if len(targets) < len(bundles):
        raise ModelsError(f"more than one bundle for one target: {', '.join(bundles)}")
    generation = Generation(
        bundles=targets,
        models={bundle.target: name for name, bundle in bundles.items()},
        policy=policy,
        code=version("curescore"),
        tzdata=version("tzdata"),
        challenger=challenger,
    )
    warm(policy)
    rehearse(generation)
    return generation


def served_folders(settings: Settings) -> Folders:
    """Folders of what the settings name; what they leave open is the registry's, fetched.

    Where they name a folder of models, the registry is not asked for anything. Raises ModelsError
    where it does not answer, or holds something else than it says.
    """
    if settings.models is not None:
        found = dict(_from_folder(settings.models))
        return Folders(found, settings.policy, settings.challenger)
    registry = Registry(settings)
    named = registry.named()

    def policy(what: Literal["policy", "challenger"]) -> Path | None:
        return _policy(registry, named[what], settings.cache) if what in named else None

    first = settings.policy or policy("policy")
    second = settings.challenger or _fitting(first, policy("challenger"))
    bundles = {
        named[target].name: _bundle(registry, named[target], target, settings.cache)
        for target in TARGETS
        if target in named
    }
    return Folders(bundles, first, second)


def bundle_of(directory: Path, table_limit: int) -> Bundle:
    """The verified bundle in a folder; ModelsError where it must not be served."""
    try:
        return load(directory, table_limit)
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


def _bundle(registry: Registry, named: Version, target: Target, cache: Path) -> Path:
    folder = _fetched(registry, named, cache)
    said = manifest_of(folder)
    if (said.target, said.sha256) != (target, named.digests):
        raise ModelsError(f"{named.name} is not the bundle that was registered: train anew")
    return folder


def _policy(registry: Registry, named: Version, cache: Path) -> Path:
    folder = _fetched(registry, named, cache)
    policy = policy_of(folder)
    if policy_folder(policy.sha256, policy.estimate_sha256) != named.digests:
        raise ModelsError(
            f"{named.name} is not what was registered: take {folder} away, and "
            "where that does not help register it anew with `curescore policy promote`"
        )
    return folder


def _fetched(registry: Registry, named: Version, cache: Path) -> Path:
    """The folder of a version in the cache; fetched where it is not there yet."""
    cache.mkdir(parents=True, exist_ok=True)
    cached = cache / (named.digests or "")
    if named.digests is not None and cached.is_dir():
        return cached
    with TemporaryDirectory(dir=cache) as fresh:
        return adopt(registry.download(named, Path(fresh)), cached)


def _fitting(policy: Path | None, challenger: Path | None) -> Path | None:
    """The registry's challenger, where it goes with the policy.

    Whoever moves the champion, back too, may leave one that does not: that must not keep a run
    from its work, as one that the settings name does.
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


def manifest_of(directory: Path) -> Manifest:
    """The manifest of a bundle; ModelsError where it must not be served."""
    try:
        return read_manifest(directory)
    except BundleError as error:
        raise ModelsError(str(error)) from error
