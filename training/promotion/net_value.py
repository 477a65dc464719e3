"""A policy judged beside the current one, by what both are worth, and registered."""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from features.errors import InputError
from models.intensity.policy import Policy, load_policy
from models.score.manifest import BundleError
from training.offpolicy.comparison import Comparison
from training.policies import copy_policy, digests
from training.promotion.gate import Check, Verdict
from training.registry import POLICY
from training.tracking import Tracker

CURRENT, PROPOSED = "current", "proposed"  # their names in the comparison
FIGURE = "net_dr"
MOST_UNSUPPORTED = 0.1  # of a policy's levels: for these the outcome model alone speaks
DOCUMENT = "policy_value.json"  # of the comparison, among the files of the run


def net_value_verdict(comparison: Comparison) -> Verdict:
    """Whether the proposed policy is worth no less than the current one.

    It is where the lower bound (95%) of its net value is not below that of the current one: what
    either is sure to be worth, so that one that is better but less certain has to be forced. No
    such figure means anything on assignments that were not drawn as they say, nor for a policy
    whose levels could not have been assigned.
    """
    low, least = (comparison.figure(name, FIGURE)["low"] for name in (PROPOSED, CURRENT))
    if low is None or least is None:
        check = Check("net value, lower bound", low, "defined for both", passed=False)
    else:
        check = Check("net value, lower bound", low, f">= {least:.4f}", low >= least)
    doubt = comparison.document["doubt"]
    drawn = Check(
        "assignments",
        "sound" if doubt is None else doubt["why"],
        "drawn by the propensities recorded",
        doubt is None,
    )
    told = comparison.document["policies"][PROPOSED]
    unsupported = told["unsupported_share"]
    supported = Check(
        "levels that could not have been assigned",
        unsupported,
        f"<= {MOST_UNSUPPORTED}",
        unsupported <= MOST_UNSUPPORTED,
    )
    return Verdict((check, drawn, supported), comparison.document["rows"], loads=True)


def registered(tracker: Tracker, source: Path, policy: Policy, comparison: Comparison) -> int:
    """The version of the policy in a file or folder, which is registered where it was not yet.

    Its run in MLflow holds the policy folder and the comparison. Raises InputError where the
    source has changed since the policy was loaded from it.
    """
    known = digests(policy)
    version = tracker.version_with(POLICY, known)
    if version is not None and _is_kept(tracker, version, known):
        return version
    tags = {name: digest for name, digest in known.items() if digest is not None}
    metrics = {name: {FIGURE: comparison.figure(name, FIGURE)} for name in (CURRENT, PROPOSED)}
    with TemporaryDirectory() as made:
        folder = Path(made) / POLICY
        copy_policy(source, folder)
        if digests(load_policy(folder)) != known:
            raise InputError(str(source), "was changed meanwhile", "Give the command again.")
        (Path(made) / DOCUMENT).write_text(json.dumps(comparison.document, indent=1) + "\n")
        return tracker.record_folder(POLICY, Path(made), {}, metrics, {**tags, "name": policy.name})


def _is_kept(tracker: Tracker, version: int, known: Mapping[str, str | None]) -> bool:
    """Whether the registry still has what it says, so that a service would take it."""
    try:
        return digests(load_policy(tracker.folder(POLICY, version))) == known
    except (InputError, BundleError, OSError):
        return False
