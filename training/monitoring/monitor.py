"""Monitoring: decisions against the training population, and against what came of them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from features.errors import InputError
from models.score.bundle import Bundle
from training.monitoring.decided import Decided, batches, of_bundle
from training.monitoring.realised import Predictions, realised
from training.panels import panel_of
from training.progress import Progress, silent
from training.reference import Counted
from training.tables import read_tables

CUT = (
    "not computed: decisions hold only some of their reasons. Score with `--reasons all` to have it"
)


class Bounds(BaseModel):
    """Bounds on drift (PSI) and on calibration, in whose groups both must be broken.

    `deviation` is in binomial standard deviations, `difference` in probability.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    score_psi: float = Field(default=0.25, gt=0)
    feature_psi: float = Field(default=0.25, gt=0)
    reasons_psi: float = Field(default=0.25, gt=0)
    deviation: float = Field(default=3.0, gt=0)
    difference: float = Field(default=0.05, ge=0, lt=1)


def monitor(
    decisions: Path,
    bundle: Bundle,
    outcomes: Path | None,
    bounds: Bounds,
    progress: Progress = silent,
) -> dict[str, Any]:
    """The report on decisions of a bundle, ready for JSON.

    `outcomes` is a folder of tables that reach beyond the decisions (None: not yet known).
    Raises InputError where the bundle made none of the decisions, or files cannot be used.
    """
    progress("comparing decisions with the training population")
    counted = Counted(bundle.reference, bundle.training["n"])
    kept, others = _count(decisions, bundle, counted)
    if not counted.rows:
        raise InputError(
            str(decisions),
            f"holds no decision of bundle {bundle.sha256[:12]}, but {others} of others",
            "Name the bundle that made them with --model, or other decisions with --data",
        )
    compared = None
    if outcomes is not None:
        progress("reading what became of the accounts")
        panel, account_ids = panel_of(read_tables(outcomes))
        compared = realised(kept, panel, account_ids.tolist(), bundle.outcome)
    report = {
        "bundle_sha256": bundle.sha256,
        "target": bundle.outcome.target,
        "horizon_cycles": bundle.outcome.horizon_cycles,
        "sustained": bundle.outcome.sustained,
        "decisions": {
            "compared": counted.rows,
            "other_bundles": others,
            "from": _instant(kept.at.min()),
            "until": _instant(kept.at.max()),
        },
        "bounds": bounds.model_dump(),
        "drift": counted.drift(),
        "features_left_out": CUT if counted.features is None else None,
        "used_features": list(used_features(bundle)),
        "score": _score(bundle, counted),
        "reasons": _reasons(bundle, counted),
        "moved": counted.moved(),
        "outcomes": compared,
    }
    return {**report, "broken": list(_broken(report, bounds))}


def _count(folder: Path, bundle: Bundle, counted: Counted) -> tuple[Predictions, int]:
    """Count the bundle's decisions; its predictions, and how many decisions are of others."""
    parts: list[Decided] = []
    others = 0
    for batch in batches(folder):
        part = of_bundle(batch, bundle.sha256, bundle.features)
        others += len(batch) - len(part.at)
        columns = None
        if part.features is not None:
            columns = {name: part.features[:, j] for j, name in enumerate(bundle.features)}
        counted.add(part.log_odds, part.largest, columns)
        parts.append(part._replace(features=None))
    together = [
        np.concatenate([getattr(part, name) for part in parts]) for name in Predictions._fields
    ]
    return Predictions(*together), others


def _score(bundle: Bundle, counted: Counted) -> dict[str, Any]:
    """Where scores lie: inner edges in log-odds, shares in training and now."""
    histogram = bundle.reference["score"]
    shares = {"training": histogram["shares"], "now": counted.score_shares()}
    return {"edges": histogram["edges"], **shares}


def _reasons(bundle: Bundle, counted: Counted) -> dict[str, dict[str, float]]:
    """For each feature that is the largest reason of a decision, its share in training and now."""
    return {
        name: {"training": bundle.reference["reasons"].get(name, 0.0), "now": share}
        for name, share in counted.reason_shares().items()
    }


def _broken(report: dict[str, Any], bounds: Bounds) -> Iterator[dict[str, Any]]:
    """Each bound that is broken, outcomes first: its name, of what, the value and the bound.

    A PSI must also be above what chance gives so few rows, and a feature one that the booster
    splits by: of what it does not use, drift changes no score.
    """
    for of, group in groups(report["outcomes"]):
        deviates = group["deviation"] is not None and abs(group["deviation"]) > bounds.deviation
        if deviates and abs(group["difference"]) > bounds.difference:
            difference = {"value": group["difference"], "most": bounds.difference}
            yield {"bound": "difference", "of": of, **difference}
    drift = report["drift"]
    limits = drift["chance_limit"]
    told = [
        ("score_psi", "score", drift["score_psi"], limits["score"]),
        ("reasons_psi", "reasons", drift["reasons_psi"], limits["reasons"]),
        *(
            ("feature_psi", name, value, limits["features"][name])
            for name, value in sorted(drift["features"].items(), key=lambda item: -item[1])
            if name in report["used_features"]
        ),
    ]
    for bound, of, value, limit in told:
        most = getattr(bounds, bound)
        if value is not None and value > most and value > (limit or 0.0):
            yield {"bound": bound, "of": of, "value": value, "most": most}


def used_features(bundle: Bundle) -> Iterator[str]:
    """The features that the booster splits by, in the bundle's order."""
    splits = bundle.booster.feature_importance("split")
    yield from (name for name, n in zip(bundle.features, splits, strict=True) if n > 0)


def groups(outcomes: dict[str, Any] | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """The groups in which outcomes are compared, all first, by names such as `stage M1`."""
    if outcomes is not None:
        yield "overall", outcomes["overall"]
        for part in ("stage", "tier"):
            for name, group in outcomes[f"by_{part}"].items():
                yield f"{part} {name}", group


def _instant(at: float) -> str:
    return datetime.fromtimestamp(float(at), UTC).isoformat()
