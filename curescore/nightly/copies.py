"""The run's own copies: the models, the policy and the challenger that it decides with."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from curescore.nightly.manifest import Challenging, Manifest, RunError, Served
from curescore.nightly.sharing import plan_of
from models.generation import Generation
from models.signature import PublicKeys
from models.signed import signature_file
from service.served.kept import is_packaged, keep_bundle, keep_policy
from service.served.reload import Folders, generation_of
from training.policies import copy_files, copy_policy

BUNDLES, POLICY, CHALLENGER = "bundles", "policy", "challenger"  # folders of the run


def copied(out: Path, served: Folders, current: Generation) -> dict[str, Any]:
    """Copy what the generation was loaded from into the run; what its manifest says of it."""
    for name in (BUNDLES, POLICY, CHALLENGER):
        shutil.rmtree(out / name, ignore_errors=True)  # of a beginning that was cut off
    models = []
    for target, bundle in current.bundles.items():
        name, folder = current.models[target], f"{BUNDLES}/{target}"
        copy_files(served.bundles[name], out / folder)
        _sign(served, served.bundles[name], out / folder)
        models.append(Served(name=name, folder=folder, bundle_sha256=bundle.sha256))
    copy_policy(served.policy, out / POLICY)
    if served.policy is not None:
        _sign(served, served.policy, out / POLICY)
    if served.challenger is not None:
        copy_policy(served.challenger, out / CHALLENGER)
        _sign(served, served.challenger, out / CHALLENGER)
    return {"models": tuple(models), **_policies(current)}


def keep_copies(out: Path, run: Manifest, cache: Path) -> None:
    """Keep the run's copies where replays of its decisions find them, by their digests."""
    for served in run.models:
        keep_bundle(cache, out / served.folder)
    keep_policy(cache, out / POLICY)
    if run.challenger is not None:
        keep_policy(cache, out / CHALLENGER)


def generation(out: Path, run: Manifest, keys: PublicKeys | None = None) -> Generation:
    """The generation of the run's own copies and, where it has been made, plan.

    With `keys` they must still be what one of them signed. Raises RunError where a policy is not
    the one that the run began with.
    """
    bundles = {served.name: out / served.folder for served in run.models}
    challenger = None if run.challenger is None else out / CHALLENGER
    served = Folders(bundles, out / POLICY, challenger)
    if keys is not None and is_packaged(out / POLICY):
        served = served._replace(policy=None)  # code, which nobody signs
    current = generation_of(served, run.table_limit, keys)
    if any(getattr(run, name) != now for name, now in _policies(current).items()):
        raise RunError(f"a policy in {out} was changed: name a new folder for the run")
    return replace(current, plan=plan_of(out))


def _sign(served: Folders, source: Path, copy: Path) -> None:
    """Put beside a copy the signature that came with what was copied, if any did."""
    text = served.signature(source)
    if text is not None:
        signature_file(copy).write_text(text)


def _policies(current: Generation) -> dict[str, Any]:
    """What a manifest says of the policies."""
    policy, challenger = current.policy, current.challenger
    return {
        "policy": policy.name,
        "policy_sha256": policy.sha256,
        "estimate_sha256": policy.estimate_sha256,
        "challenger": None
        if challenger is None
        else Challenging(
            name=challenger.name,
            sha256=challenger.sha256,
            estimate_sha256=challenger.estimate_sha256,
        ),
    }
