"""What a reader of a comparison has to be told before believing it."""

from collections.abc import Iterator, Mapping
from typing import Any

from models.intensity.policy import Policy
from models.score.bundle import Bundle
from training.offpolicy.candidates import Candidate, Source, made_from

NOTES = (
    "Flags (hardship, dispute and the like) and repayment plans are those of today's accounts "
    "table, for the tables keep no history of them.",
    "Nobody is drawn at random and no capacity is scarce: each policy gives what it recommends.",
    "What counts is the level assigned, also where a person then chose another one.",
)
# By why the assignments as a whole are doubted.
_DOUBTS = {
    "not_randomised": "Levels were not drawn at random ({seen}): values rest on the outcome model, "
    "and nothing here can check it.",
    "wrong_propensities": "The propensities in the table are wrong ({seen}): so is every value "
    "that is weighed by them.",
}
_FEW = 100.0  # effective rows below which an interval says little
_MUCH = 0.01  # share without support that is told of


def cautions(
    document: Mapping[str, Any],
    policy: Policy,
    compared: Mapping[str, Candidate],
    bundle: Bundle,
    source: Source,
) -> list[str]:
    """The warnings, as sentences; `document` is that of the comparison so far."""
    return [
        *_of_log(document),
        *_of_training(bundle, source),
        *(
            sentence
            for name, each in compared.items()
            for sentence in _of_policy(name, each, document["policies"][name], policy, source)
        ),
    ]


def _of_log(document: Mapping[str, Any]) -> Iterator[str]:
    doubt = document["doubt"]
    if doubt is not None:
        yield _DOUBTS[doubt["why"]].format(seen=doubt["seen"])
    if document["horizon_cycles"] > 1:
        yield (
            f"A cure counts within {document['horizon_cycles']} cycles, so that one cure can be "
            "counted for several assignments of an account: values are too high."
        )
    if not any(cell["estimated"] for cell in document["cells"]):
        yield "No effect could be estimated: `estimated` is the same as `assumed`."


def _of_training(bundle: Bundle, source: Source) -> Iterator[str]:
    until = bundle.training.get("until")
    if until is not None and until >= source.start:
        yield (
            f"The score was trained on statements until {until}. As far as they are of these "
            "accounts, policies that go by it may look better here than they are; --from leaves "
            "out assignments of that time."
        )


def _of_policy(
    name: str, candidate: Candidate, part: Mapping[str, Any], judge: Policy, source: Source
) -> Iterator[str]:
    if part["unsupported_share"] >= _MUCH:
        yield (
            f"{name}: {part['unsupported_share']:.0%} of its levels could not have been assigned "
            "(propensity 0). For these the outcome model alone speaks, and nothing checks it."
        )
    if 0 < part["effective_size"] < _FEW:
        yield (
            f"{name}: what was assigned agrees with it so seldom that it is worth "
            f"{part['effective_size']:.0f} assignments; its intervals say little."
        )
    policy = candidate.policy
    if policy is None:
        return
    if (policy.value, policy.ladder) != (judge.value, judge.ladder):
        yield (
            f"{name}: its values or costs are not those of policy {judge.name}, by which all are "
            "judged here."
        )
    if policy.estimate is not None and made_from(policy.estimate, source) == "overlapping":
        yield (
            f"{name}: its estimate was made from other tables with assignments of the same days. "
            "If these are among them, it looks better here than it is."
        )
