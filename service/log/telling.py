"""The parts of a record that are objects, from the values that are stored of them."""

from collections.abc import Iterable, Sequence
from typing import Any

from service.log.packing import INTENSITY, LEVEL, LIMIT, RULE

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
    told = dict(zip(INTENSITY, intensity, strict=True))
    changes = [_change(*change) for change in told["changes"]]
    plain: dict[str, Any] = {
        "level": told["level"],
        "name": told["name"],
        "treatment": told["treatment"],
        "because": told["because"],
        "channels": list(told["channels"]),
        "earliest_contact_at": told["earliest_contact_at"],
        "needs_approval": told["needs_approval"],
        "limits": _objects(LIMIT, told["limits"]),
        "levels": _objects(LEVEL, told["levels"]),
        "runner_up": told["runner_up"],
        "smallest_change": changes[0] if changes else None,
        "other_changes": changes[1:],
        "response_model": told["response_model"],
        "rules_of": told["rules_of"],
        "planned": told["planned"],
        "recommended": told["recommended"],
        "arm": told["arm"],
        "experiment": told["experiment"],
        "propensities": told["propensities"],
        "binding_rules": _objects(RULE, told["binding_rules"]),
    }
    if told["plan"] is not None:
        plain["plan"] = told["plan"]
    return plain


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
