"""The policies that are compared: what each would have given, and how that was found."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from features.errors import InputError
from features.panel import Flags, Floats
from models.intensity.estimate import Estimate, estimated_of
from models.intensity.policy import Policy
from models.intensity.response import assumed
from training.offpolicy.estimators import Given
from training.offpolicy.policies import Situations, leaves, plain_levels
from training.progress import Progress

if TYPE_CHECKING:
    from training.response.learner import Learned

# What is always compared: what it is called, and what it is.
ALWAYS: dict[str, tuple[str, str]] = {
    "done": ("what was done", "The levels as they were assigned."),
    "nothing": ("no contact", "Nobody is contacted. Everything else is measured from here."),
    "call_everyone": (
        "call everyone",
        "Everybody is called, where stage and rules leave that; else the highest level below it.",
    ),
    "thresholds": (
        "thresholds on probability",
        "Low risk is left alone, medium risk reminded, high risk called, doubtful accounts called "
        "hard, as far as stage and rules leave it.",
    ),
    "assumed": ("ours, assumed effects", "The policy with the effects that its file assumes."),
    "estimated": (
        "ours, estimated effects",
        "The policy with the effects estimated from these assignments, for each account by an "
        "estimate made without it.",
    ),
}


class Source(NamedTuple):
    """The assignments that policies are judged on: their digest and days, as YYYY-MM-DD."""

    data_sha256: str
    start: str
    end: str


class Candidate(NamedTuple):
    """A policy that is compared: its levels, what it is called and is, and the policy of a file.

    `refitted`: its estimate was made from these very assignments, so that each account got one
    made without it.
    """

    given: Given
    label: str
    told: str
    policy: Policy | None = None
    refitted: bool = False


def check_names(named: Mapping[str, Policy]) -> None:
    """InputError for a name that is always compared."""
    for name in named:
        if name in ALWAYS:
            raise InputError(
                "policies",
                "one has the name of a policy that is always compared",
                f"Rename its file or folder: {', '.join(ALWAYS)} are taken.",
                name,
            )


def candidates(
    policy: Policy,
    named: Mapping[str, Policy],
    given: Situations,
    features: Floats,
    learned: "Learned",
    source: Source,
    progress: Progress,
) -> dict[str, Candidate]:
    """Every policy that is compared, by its name; `features` [n × catalogue] are of the rows."""
    total = len(ALWAYS) + len(named)
    nothing_known = assumed(len(features))
    left = leaves(policy, given, nothing_known, None)
    progress("weighing levels", 1, total)
    own = leaves(policy, given, learned.ratios, estimated_of(learned.cells)).weighed.level
    progress("weighing levels", 2, total)
    levels = {"done": given.rows.level, **plain_levels(left)}
    levels |= {"assumed": left.weighed.level, "estimated": own}
    found = {
        name: Candidate(Given(levels[name], as_done=name == "done"), *words)
        for name, words in ALWAYS.items()
    }
    for k, (name, other) in enumerate(named.items()):
        progress("weighing levels", len(ALWAYS) + k, total)
        found[name] = _of_file(name, other, given, features, learned, source)
    return found


def _of_file(
    name: str,
    policy: Policy,
    given: Situations,
    features: Floats,
    learned: "Learned",
    source: Source,
) -> Candidate:
    estimate = policy.estimate
    if estimate is None:
        level = leaves(policy, given, assumed(len(features)), None).weighed.level
        return Candidate(Given(level), name, "A policy with the effects that it assumes.", policy)
    level = leaves(
        policy, given, estimate.ratios(features, given.rows.stage), estimate.estimated
    ).weighed.level
    if made_from(estimate, source) != "same":
        return Candidate(Given(level), name, "A policy with the effects of its estimate.", policy)
    again = leaves(policy, given, learned.ratios, estimated_of(learned.cells)).weighed.level
    level = np.where(_made_from_rows(estimate, given.rows.day), again, level)
    told = (
        "A policy with an estimate that was made from some of these assignments. Those it is "
        "judged on by one made in the same way, for each account without it; others by itself."
    )
    return Candidate(Given(level), f"{name} (re-estimated)", told, policy, refitted=True)


def _made_from_rows(estimate: Estimate, day: Floats) -> Flags:
    """Which assignments, by the days of their statements, the estimate was made from."""
    first, last = (
        np.datetime64(estimate.training[name]).astype(np.int64) for name in ("from", "until")
    )
    inside: Flags = (day >= first) & (day <= last)
    return inside


def made_from(estimate: Estimate, source: Source) -> str:
    """Whether an estimate was made from the assignments: "same", "overlapping", or "others".

    Overlapping: from other tables, but of days that are among these.
    """
    trained: dict[str, Any] = estimate.training
    if trained["from"] > source.end or trained["until"] < source.start:
        return "others"
    return "same" if trained["data_sha256"] == source.data_sha256 else "overlapping"
