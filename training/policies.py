"""Policy folders: copied whole, and named by the digests of what is in them."""

import shutil
from pathlib import Path

from models.durable import whole_file
from models.intensity.policy import ESTIMATE, PACKAGED, Policy, policy_content

_MODE = 0o700  # the file may hold the key of an experiment
POLICY_TAG, ESTIMATE_TAG = "policy_sha256", "estimate_sha256"


def copy_policy(source: Path | None, folder: Path) -> None:
    """Make the policy folder `folder`, new, of a policy file or folder; None: the packaged one.

    Each file appears whole. Raises InputError for a policy file that cannot be read.
    """
    content = policy_content(source)
    folder.mkdir(parents=True, mode=_MODE)
    with whole_file(folder / PACKAGED) as path:
        path.write_bytes(content)
    if source is not None and (source / ESTIMATE).is_dir():
        copy_files(source / ESTIMATE, folder / ESTIMATE)


def copy_files(source: Path, folder: Path) -> None:
    """Copy the files of a folder that holds no others into `folder`, new; each appears whole."""
    folder.mkdir(parents=True)
    for file in source.iterdir():
        with whole_file(folder / file.name) as path:
            shutil.copyfile(file, path)


def digests(policy: Policy) -> dict[str, str | None]:
    """What tells a policy from any other, as tags of its version; None: it has no such tag."""
    return {POLICY_TAG: policy.sha256, ESTIMATE_TAG: policy.estimate_sha256}
