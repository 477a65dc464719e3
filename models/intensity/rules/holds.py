"""Holds: what an account is doing already that keeps it at a reminder at most."""

from models.intensity.ladder import REMIND
from models.intensity.rules.rule import Cap


def _hold(name: str) -> Cap:
    return Cap(
        id=name,
        citation="curescore holds (docs/policy.md)",
        confidence="own",
        holds_for="every account, in every jurisdiction and stage",
        cap=REMIND,
    )


PROMISE_NOT_DUE = _hold("promise_not_due")
PLAN_KEPT = _hold("plan_kept")
PAYMENT_IN_TRANSIT = _hold("payment_in_transit")
HOLDS = (PROMISE_NOT_DUE, PLAN_KEPT, PAYMENT_IN_TRANSIT)


def holds(promise: bool, plan_kept: bool, in_transit: bool) -> list[Cap]:
    """The holds set by a promise that still holds, a plan being kept, a payment in transit."""
    found = []
    if promise:
        found.append(PROMISE_NOT_DUE)
    if plan_kept:
        found.append(PLAN_KEPT)
    if in_transit:
        found.append(PAYMENT_IN_TRANSIT)
    return found
