"""The parts of a record that are objects, from the values that are stored of them."""

from collections.abc import Iterable, Sequence
from typing import Any

from service.log.packing import LIMIT, RULE

_SUBJECTS = {"amount": "field", "price": "resource"}  # what a change's subject is called


def score_told(target: str, stage: str, tier: str, score: Sequence[Any]) -> dict[str, Any]:
    """The score of a record; `score` holds the values of packing.SCORE."""
    probability, log_odds, base, horizon, ability, willingness, sustained, valid = score
    return {
        "target": target,
        "probability": probability,
        "log_odds": log_odds,
        "base_log_odds": base,
        "horizon_cycles": horizon,
        "stage": stage,
        "tier": tier,
        "ability": ability,
        "willingness": willingness,
        "sustained": sustained,
        "standing_valid": valid,
    }


def intensity_told(intensity: Sequence[Any]) -> dict[str, Any]:
    """The intensity of a record; `intensity` holds the values of packing.INTENSITY."""
    (
        level,
        name,
        treatment,
        because,
        channels,
        needs_approval,
        levels,
        binding_rules,
        limits,
        earliest_contact_at,
        runner_up,
        changes,
        response_model,
        rules_of,
        planned,
        recommended,
        arm,
        experiment,
        propensities,
        plan,
    ) = intensity
    altering = [_change(*change) for change in changes]
    plain: dict[str, Any] = {
        "level": level,
        "name": name,
        "treatment": treatment,
        "because": because,
        "channels": list(channels),
        "earliest_contact_at": earliest_contact_at,
        "needs_approval": needs_approval,
        "limits": _objects(LIMIT, limits),
        "levels": [_level(*each) for each in levels],
        "runner_up": runner_up,
        "smallest_change": altering[0] if altering else None,
        "other_changes": altering[1:],
        "response_model": response_model,
        "rules_of": rules_of,
        "planned": planned,
        "recommended": recommended,
        "arm": arm,
        "experiment": experiment,
        "propensities": propensities,
        "binding_rules": _objects(RULE, binding_rules),
    }
    if plan is not None:
        plain["plan"] = plan
    return plain


def _level(
    level: int,
    probability: float,
    value: float,
    cost: float,
    price: float,
    net: float,
    allowed: bool,
    taken_by: str | None,
    estimated: bool,
    effect_low: float | None,
    effect_high: float | None,
    assumed_because: str | None,
) -> dict[str, Any]:
    """A level of packing.LEVEL; there are several to each decision, and zip takes twice as long."""
    return {
        "level": level,
        "probability": probability,
        "value": value,
        "cost": cost,
        "price": price,
        "net": net,
        "allowed": allowed,
        "taken_by": taken_by,
        "estimated": estimated,
        "effect_low": effect_low,
        "effect_high": effect_high,
        "assumed_because": assumed_because,
    }


def _objects(names: tuple[str, ...], rows: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in rows]


def _change(
    kind: str, subject: str | None, was: float | None, to: float | None, level: int
) -> dict[str, Any]:
    """The change with fields of its kind, so that a field holds numbers of one kind only."""
    if kind == "rule":
        return {"kind": kind, "rule": subject, "level": level}
    assert was is not None
    assert to is not None
    if kind == "days":
        was, to = int(was), int(to)
    plain: dict[str, Any] = {"kind": kind}
    if kind in _SUBJECTS:
        plain[_SUBJECTS[kind]] = subject
    return plain | {f"was_{kind}": was, f"to_{kind}": to, "level": level}
