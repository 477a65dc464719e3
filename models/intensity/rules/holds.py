"""Holds: what an account is doing already that keeps it at a reminder at most."""

from models.intensity.ladder import REMIND
from models.intensity.rules.rule import Rule
from models.intensity.situation import Situation

_OWN = "curescore holds (docs/policy.md)"

PROMISE_NOT_DUE = Rule("promise_not_due", _OWN, REMIND, "own")
PLAN_KEPT = Rule("plan_kept", _OWN, REMIND, "own")
PAYMENT_IN_TRANSIT = Rule("payment_in_transit", _OWN, REMIND, "own")
HOLDS = (PROMISE_NOT_DUE, PLAN_KEPT, PAYMENT_IN_TRANSIT)


def holds(situation: Situation) -> list[Rule]:
    """The holds that an account's situation sets."""
    found = []
    if situation.promise_until is not None:
        found.append(PROMISE_NOT_DUE)
    if situation.plan_kept:
        found.append(PLAN_KEPT)
    if situation.in_transit:
        found.append(PAYMENT_IN_TRANSIT)
    return found
