"""From settings to the generation that is served: the bundles, the policies, the versions."""

from collections.abc import Collection, Iterator, Mapping
from importlib.metadata import version
from logging import getLogger
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Literal, NamedTuple

from features.errors import InputError
from models.generation import Generation
from models.intensity.exploration import challenging
from models.intensity.policy import Policy, load_policy
from models.score.bundle import Bundle, load
from models.score.contributions import TABLE_LIMIT
from models.score.manifest import MANIFEST, BundleError, Manifest, read_manifest
from models.signature import PublicKeys, SignatureError
from models.signed import CHALLENGER, POLICY, check_signed, signature_beside
from models.target import TARGETS, Target
from models.warm import rehearse, warm
from service.served.folders import adopt
from service.served.kept import keep_bundle, keep_policy, policy_folder
from service.served.published import What
from service.served.registry import TRAIN_FIRST, ModelsError, Registry, UnsignedError, Version
from service.settings import Settings

_LOGGER = getLogger(__name__)


class Folders(NamedTuple):
    """Where that which is to be served lies: bundles by the name and version they are served under.

    `policy` and `challenger` are policy files or folders; None: the packaged policy, and no
    challenger. `signatures` are the texts of those that do not lie beside what they sign.
    """

    bundles: dict[str, Path]
    policy: Path | None = None
    challenger: Path | None = None
    signatures: Mapping[Path, str] = MappingProxyType({})

    def signature(self, path: Path) -> str | None:
        """The text of the signature of one of them; None where it has none."""
        return self.signatures.get(path) or signature_beside(path)


def load_generation(settings: Settings) -> Generation:
    """The generation that the settings name, verified and warm.

    Raises ModelsError where there is no model or one must not be served, and
    features.errors.InputError for a policy file with mistakes.
    """
    served = served_folders(settings)
    return generation_of(served, table_limit_of(settings), settings.public_keys)


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


def generation_of(served: Folders, table_limit: int, keys: PublicKeys | None = None) -> Generation:
    """The generation of what lies in these folders. Raises as `load_generation`.

    With `keys` all of it, but the packaged policy, must be signed by one of them; UnsignedError.
    """
    for what, path in _policies(served.policy, served.challenger).items():
        require_signed(str(path), path, signed_names(what), keys, served.signature(path))
    bundles = {}
    for name, folder in served.bundles.items():
        target = require_signed(name, folder, TARGETS, keys, served.signature(folder))
        bundles[name] = bundle_of(folder, table_limit)
        _check_target(name, bundles[name].target, target)
    policy = policy_of(served.policy)
    challenger = None if served.challenger is None else policy_of(served.challenger)
    return assembled(bundles, policy, challenger)


def signed_names(what: What) -> tuple[str, ...]:
    """The names under one of which a part of a generation has to be signed."""
    return (POLICY, CHALLENGER) if what == "challenger" else (what,)


def require_signed(
    label: str,
    path: Path,
    names: Collection[str],
    keys: PublicKeys | None,
    text: str | None = None,
) -> str | None:
    """The name, of those allowed, under which one of the keys signed it; None: none are asked for.

    `text` is the signature, None: the one beside it. Nothing else is parsed. Raises UnsignedError,
    which calls it by the label.
    """
    if keys is None:
        return None
    try:
        return check_signed(path, names, keys, text)
    except SignatureError as error:
        raise UnsignedError(f"{label} {error}") from error


def require_named_signed(settings: Settings) -> None:
    """UnsignedError where a policy that the settings name is not signed, and they ask for that."""
    for what, path in _policies(settings.policy, settings.challenger).items():
        label = f"CURESCORE_{what.upper()}"
        require_signed(label, path, signed_names(what), settings.public_keys)


def _policies(policy: Path | None, challenger: Path | None) -> dict[What, Path]:
    """The policies that are not packaged, by what they are."""
    named: dict[What, Path | None] = {"policy": policy, "challenger": challenger}
    return {what: path for what, path in named.items() if path is not None}


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
    keys = settings.public_keys
    require_named_signed(settings)
    if settings.models is not None:
        found = dict(_from_folder(settings.models, keys))
        return Folders(found, settings.policy, settings.challenger)
    registry = Registry(settings)
    named = registry.named()
    signatures: dict[Path, str] = {}

    def fetched(what: What) -> Path:
        version = named[what]
        folder = _fetched(registry, version, settings.cache)
        require_signed(version.name, folder, signed_names(what), keys, version.signature)
        if version.signature is not None:
            signatures[folder] = version.signature
        return folder

    def policy(what: Literal["policy", "challenger"]) -> Path | None:
        return _policy(named[what], fetched(what)) if what in named else None

    first = settings.policy or policy("policy")
    second = settings.challenger or _fitting(first, policy("challenger"))
    bundles = {
        named[target].name: _bundle(named[target], target, fetched(target))
        for target in TARGETS
        if target in named
    }
    return Folders(bundles, first, second, signatures)


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


def _bundle(named: Version, target: Target, folder: Path) -> Path:
    said = manifest_of(folder)
    if (said.target, said.sha256) != (target, named.digests):
        raise ModelsError(f"{named.name} is not the bundle that was registered: train anew")
    return folder


def _policy(named: Version, folder: Path) -> Path:
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


def _check_target(name: str, target: Target, signed: str | None) -> None:
    if signed not in (None, target):
        raise UnsignedError(f"{name} is a model of {target}, and signed as {signed}: sign it anew")


def _from_folder(folder: Path, keys: PublicKeys | None) -> Iterator[tuple[str, Path]]:
    """Name and folder of the bundle `folder` itself, or of each bundle in it."""
    inside = sorted(path.parent for path in folder.glob(f"*/{MANIFEST}"))
    for directory in [folder] if (folder / MANIFEST).is_file() else inside:
        target = require_signed(str(directory), directory, TARGETS, keys)
        said = manifest_of(directory)
        _check_target(str(directory), said.target, target)
        yield f"{said.target}@{said.sha256[:12]}", directory


def manifest_of(directory: Path) -> Manifest:
    """The manifest of a bundle; ModelsError where it must not be served."""
    try:
        return read_manifest(directory)
    except BundleError as error:
        raise ModelsError(str(error)) from error
