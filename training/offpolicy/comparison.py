"""The comparison: what each policy would have been worth on the assignments of a portfolio."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.clock import date_of
from features.errors import InputError
from features.matrix import matrix
from features.panel import Floats
from models.intensity.cells import Cell
from models.intensity.ladder import LEVEL_NAMES
from models.intensity.policy import Policy
from models.score.bundle import Bundle
from models.stage import STAGES
from training.assessment import require_currency
from training.assigned import Assigned, assigned
from training.boosting import margins
from training.lineage import data_sha256
from training.offpolicy.candidates import Candidate, Source, candidates, check_names
from training.offpolicy.cautions import NOTES, cautions
from training.offpolicy.estimators import PER, rewards
from training.offpolicy.figures import Figure, Rows, figures
from training.offpolicy.policies import situations
from training.panels import panel_of
from training.population import Window
from training.progress import Progress, silent
from training.response.learner import learn
from training.tables import Tables

DRAWS = 1_000


@dataclass(frozen=True)
class Comparison:
    """What policies are worth beside each other, on the same assignments.

    `document` is ready for JSON:

    - `policies`: name → figures. `net_dr` and `net_snips` are the net value of 1,000 assignments
      (accounts and cycles) over that of no contact, in the policy's unit, each as
      {"value", "low", "high"} with bounds of 95%, None where not defined; `by_stage` has the same
      figures for each stage; `minus` → name of another policy → {"value", "low", "high"}: by how
      much `net_dr` is above the other's, on the same draws of accounts.
      Always there: `done`, `nothing`, `call_everyone`, `thresholds`, `assumed`, `estimated`.
    - `cells`: stage × level, whether its effect is estimated, and why not; `doubt`: what speaks
      against all of the assignments, {"why", "seen"}, or None.
    - `rows`: assignments used, and left out by reason. `warnings`: sentences for people.
    """

    document: dict[str, Any]

    def figure(self, name: str, figure: str = "net_dr") -> Figure:
        """One figure of one policy: {"value", "low", "high"}."""
        found: Figure = self.document["policies"][name][figure]
        return found


def compare(
    tables: Tables,
    bundle: Bundle,
    policy: Policy,
    named: Mapping[str, Policy],
    window: Window,
    seed: int,
    progress: Progress = silent,
) -> Comparison:
    """Compare `named` policies, each by its name, with those that are always compared.

    `policy` gives to all of them what a cure is worth, what contact costs and which levels there
    are, and is itself judged as `assumed` and `estimated`; to see it as it is served, put it in
    `named` too. `window` is of the statements before the assignments. Raises InputError where
    nothing can be compared: no assignments, none in the window, another currency, a name taken.
    """
    check_names(named)
    currency = _currency(tables, bundle, [policy, *named.values()])
    progress("arranging histories")
    panel, _ = panel_of(tables)
    every = assigned(tables, panel, bundle.outcome)
    rows = every.between(window.start, window.end)
    progress("computing features")
    features = matrix(panel, rows.view)
    learned = learn(features, rows, seed, progress)
    source = Source(data_sha256(tables), _day(rows.day.min()), _day(rows.day.max()))
    given = situations(tables, panel, rows, _log_odds(bundle, features, rows))
    found = candidates(policy, named, given, features, learned, source, progress)
    progress("drawing accounts")
    valued = figures(
        {name: each.given for name, each in found.items()},
        Rows(rows.account, rows.stage),
        rewards(policy, rows, policy.rate(currency), learned.outcome),
        DRAWS,
        seed,
    )
    document = {
        **_judged_by(policy, bundle, currency),
        **source._asdict(),
        "seed": seed,
        "draws": DRAWS,
        "rows": _rows(rows, len(every) - len(rows)),
        "policies": {name: _told(found[name]) | part for name, part in valued.items()},
        "cells": [_cell(cell) for cell in learned.cells],
        "doubt": None if learned.doubt is None else learned.doubt._asdict(),
        "notes": list(NOTES),
    }
    document["warnings"] = cautions(document, policy, found, bundle, source)
    return Comparison(document)


def _currency(tables: Tables, bundle: Bundle, policies: Sequence[Policy]) -> str:
    """The tables' one currency; InputError where model or policies are not for it."""
    if bundle.target != "cure":
        raise InputError(
            "model",
            "predicts who stays current, and only late accounts have assignments",
            "Name a model of cures, such as models:/cure@champion.",
            bundle.target,
        )
    currency = str(tables.accounts["currency"].iloc[0])  # one folder holds one currency
    require_currency(bundle, currency)
    for policy in policies:
        policy.rate(currency)
    return currency


def _judged_by(policy: Policy, bundle: Bundle, currency: str) -> dict[str, Any]:
    """What gives the figures their meaning."""
    return {
        "currency": currency,
        "unit_in_currency": policy.rate(currency),
        "per_assignments": PER,
        "policy": _policy(policy),
        "bundle_sha256": bundle.sha256,
        "horizon_cycles": bundle.outcome.horizon_cycles,
        "sustained": bundle.outcome.sustained,
    }


def _log_odds(bundle: Bundle, features: Floats, rows: Assigned) -> Floats:
    margin = margins(bundle.booster, features[:, bundle.columns], threads=1)
    return bundle.calibration.log_odds(margin, rows.stage)


def _rows(rows: Assigned, outside: int) -> dict[str, Any]:
    counted = np.bincount(rows.stage, minlength=len(STAGES)).tolist()
    return {
        "used": len(rows),
        "accounts": len(np.unique(rows.account)),
        "overridden": int(rows.overridden.sum()),
        "by_stage": {stage: n for stage, n in zip(STAGES, counted, strict=True) if n},
        "left_out": {**rows.left_out._asdict(), "outside_window": outside},
    }


def _told(candidate: Candidate) -> dict[str, Any]:
    policy = candidate.policy
    return {
        "label": candidate.label,
        "told": candidate.told,
        "file": None if policy is None else _policy(policy),
        "refitted": candidate.refitted,
    }


def _policy(policy: Policy) -> dict[str, str | None]:
    return {
        "name": policy.name,
        "sha256": policy.sha256,
        "estimate_sha256": policy.estimate_sha256,
    }


def _cell(cell: Cell) -> dict[str, Any]:
    """A cell with the name of its level."""
    return cell.model_dump() | {"level": LEVEL_NAMES[cell.level]}


def _day(day: float) -> str:
    return date_of(day).isoformat()
