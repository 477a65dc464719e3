"""What is to be signed, or to be gone back to: a version that a service could load."""

from pathlib import Path

from features.errors import InputError
from models.intensity.policy import load_policy
from training.assessment import load_bundle
from training.policies import digests
from training.registry import POLICY
from training.tracking import Tracker


def loadable(tracker: Tracker, name: str, version: int) -> Path:
    """The folder of a version; InputError or BundleError where no service could load it."""
    tags = tracker.tags(name, version)
    if name == POLICY:
        folder = tracker.folder(POLICY, version)
        known = digests(load_policy(folder))
    else:
        folder = tracker.bundle(f"models:/{name}/{version}")
        known = {"bundle_sha256": load_bundle(folder).sha256}
    if any(tags.get(tag, digest) != digest for tag, digest in known.items()):
        remedy = "Register it anew: what its tags say is not in its folder."
        raise InputError(f"{name} version {version}", "is not what was registered", remedy)
    return folder
