"""What has been served is kept in the cache under its digests: a replay finds it there.

Nothing here deletes what is sound. A bundle's folder is named by its SHA-256, a policy's by
`policy-`, that of its file and, where it came with an estimate, that of the estimate.
"""

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

from features.errors import InputError
from models.intensity.plan import newest_first
from models.intensity.policy import ESTIMATE, PACKAGED, policy_content
from models.score.manifest import MANIFEST
from service.served.folders import adopt, keep
from service.served.registry import POLICY
from service.settings import Settings

_ESTIMATE_MANIFEST = "estimate.json"
_OWN = 0o700  # a policy may hold the key of an experiment


def find_bundle(settings: Settings, sha256: str) -> Path | None:
    """The folder of the bundle with this digest; None where it was not kept.

    What is found has to be verified by loading it (models.score.bundle.load).
    """
    candidates = [settings.cache / sha256]
    if settings.models is not None:
        candidates += [settings.models, *sorted(settings.models.iterdir())]
    return next((path for path in candidates if digest_of_bundle(path) == sha256), None)


def find_policy(settings: Settings, sha256: str, estimate_sha256: str | None) -> Path | None:
    """The policy file or folder with these digests (None: without estimate), the packaged one too.

    None where it was not kept. An estimate has to be verified by loading it.
    """
    wanted = (sha256, estimate_sha256)
    cached = settings.cache / policy_folder(*wanted)
    named = [path for path in (settings.policy, settings.challenger) if path is not None]
    for path in (cached, *named):
        if _holds(path, wanted):
            return path
    if digests_of_policy(None) == wanted:
        return keep_policy(settings.cache, None)
    return None


def find_plan(settings: Settings, run_id: str) -> Path | None:
    """The folder of the plan of this nightly run; None where it was taken away."""
    kept = settings.cache / plan_folder(run_id)
    if kept.is_dir():
        return kept
    return next((p for p in newest_first(settings.plans) if p.name.endswith(f"Z-{run_id}")), None)


def keep_bundle(cache: Path, folder: Path) -> Path:
    """Copy a bundle, which has been verified, into the cache where it is not there yet."""
    digest = digest_of_bundle(folder)
    assert digest is not None
    return keep(folder, cache / digest)


def keep_policy(cache: Path, path: Path | None) -> Path:
    """Copy a policy file or folder, None: the packaged one, into the cache, as a folder.

    One that is there but damaged makes way. Raises features.errors.InputError for a file that
    cannot be read.
    """
    digests = digests_of_policy(path)
    target = cache / policy_folder(*digests)
    if _holds(target, digests):
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".keeping-") as folder:
        if target.is_dir():
            target.rename(Path(folder) / "damaged")
        fresh = Path(folder) / POLICY
        fresh.mkdir(mode=_OWN)
        (fresh / PACKAGED).write_bytes(policy_content(path))
        if path is not None and (path / ESTIMATE).is_dir():
            shutil.copytree(path / ESTIMATE, fresh / ESTIMATE)
        return adopt(fresh, target)


def digest_of_bundle(folder: Path) -> str | None:
    """The SHA-256 that a bundle says it has, unverified; None where it is none."""
    return _said(folder / MANIFEST)


def digests_of_policy(path: Path | None) -> tuple[str, str | None]:
    """SHA-256 of a policy, and the one that its estimate says it has, unverified."""
    sha256 = hashlib.sha256(policy_content(path)).hexdigest()
    if path is None or not os.path.lexists(path / ESTIMATE):
        return sha256, None
    return sha256, _said(path / ESTIMATE / _ESTIMATE_MANIFEST)


def is_packaged(folder: Path) -> bool:
    """Whether a policy folder holds the policy that comes with the code, and nothing more."""
    return not os.path.lexists(folder / ESTIMATE) and _holds(folder, digests_of_policy(None))


def _holds(path: Path, digests: tuple[str, str | None]) -> bool:
    """Whether there is a policy with these digests."""
    try:
        return path.exists() and digests_of_policy(path) == digests
    except InputError:
        return False


def policy_folder(sha256: str, estimate_sha256: str | None) -> str:
    """The name of a policy's folder in the cache."""
    return "-".join(filter(None, (POLICY, sha256, estimate_sha256)))


def plan_folder(run_id: str) -> str:
    """The name in the cache of the folder of a plan by which recorded decisions were made."""
    return f"plan-{run_id}"


def _said(manifest: Path) -> str | None:
    try:
        said = json.loads(manifest.read_bytes())["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return said if isinstance(said, str) else None
