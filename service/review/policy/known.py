"""What the registry tells of the policy in force."""

from typing import Any, NamedTuple

from models.intensity.policy import Policy
from service.api.common import Parts
from service.review.known_model import Document, document
from service.served.evidence import POLICY, PROPOSED, VALUE, Registered, RegisteredVersion


class KnownPolicy(NamedTuple):
    """The registered policies, and which of them is in force; None: none of them, or not known.

    `value` is the comparison that was made when the version was registered.
    """

    registered: Registered | None
    version: RegisteredVersion | None
    value: Document | None


def known_policy(parts: Parts, policy: Policy) -> KnownPolicy:
    """What is known of the policy in force."""
    evidence = parts.evidence.now()
    registered = None if evidence is None else evidence.models.get(POLICY)
    if registered is None:
        return KnownPolicy(None, None, None)
    champion = registered.version(registered.champion)
    # The champion first: several versions may have the same file, each with its own estimate.
    for version in filter(None, (champion, *registered.versions)):
        value = document(parts, version, VALUE)
        if version.sha256 == policy.sha256 and _is_judged(value, policy):
            return KnownPolicy(registered, version, value)
    return KnownPolicy(registered, None, None)


def _is_judged(value: Document | None, policy: Policy) -> bool:
    """Whether a comparison, where there is one, is of this policy with this estimate."""
    if value is None:
        return True
    told: Any = value
    for name in ("policies", PROPOSED, "file"):
        told = told.get(name) if isinstance(told, dict) else None
    if not isinstance(told, dict):
        return False
    return (told.get("sha256"), told.get("estimate_sha256")) == (
        policy.sha256,
        policy.estimate_sha256,
    )
