"""Estimating: assignments in, a verified estimate of what contact changes out, in MLflow."""

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from features.clock import date_of
from features.errors import InputError
from features.matrix import matrix
from features.panel import Floats
from models.intensity.estimate import Content, load_estimate, write_estimate
from models.intensity.policy import ESTIMATE, load_policy
from training.assigned import Assigned, assigned
from training.labels import CURE
from training.lineage import code_version, data_sha256
from training.panels import panel_of
from training.policies import ESTIMATE_TAG, copy_files, copy_policy
from training.population import Window
from training.progress import Progress
from training.response.learner import EFFECT_FEATURES, Learned, effect_columns, learn
from training.tables import read_tables
from training.tracking import Tracker

GOLDEN_ROWS = 50


@dataclass(frozen=True)
class Estimated:
    """A registered estimate: its version, its digest, and the run's document, ready for JSON."""

    version: int
    sha256: str
    document: dict[str, Any]


def estimate_response(
    directory: Path,
    window: Window,
    policy: Path | None,
    out: Path,
    seed: int,
    tracker: Tracker,
    progress: Progress,
) -> Estimated:
    """Estimate what contact changes from the assignments in a folder of tables, and register it.

    `out`, a new folder, becomes the policy folder of `policy` (None: the packaged one) with the
    estimate. The same tables, window and seed give the same estimate, byte for byte. Raises
    InputError where there is nothing to estimate from; where the log is doubted, every cell stays
    assumed.
    """
    if out.exists():
        raise InputError(str(out), "is there already", "Name a new folder for policy and estimate.")
    load_policy(policy)  # refuses one with mistakes before the minutes of estimating
    progress("reading tables")
    tables = read_tables(directory)
    panel, _ = panel_of(tables)
    every = assigned(tables, panel, CURE)
    rows = every.between(window.start, window.end)
    features = matrix(panel, rows.view)
    learned = learn(features, rows, seed, progress)
    told = {"data_sha256": data_sha256(tables), "seed": seed, **_told(every, rows, learned)}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        progress("writing and verifying the estimate")
        sha256 = write_estimate(root / ESTIMATE, _content(features, learned, told))
        load_estimate(root / ESTIMATE)
        cells = [cell.model_dump(mode="json") for cell in learned.cells]
        document = {"estimate_sha256": sha256, **told, "cells": cells}
        (root / "estimate.json").write_text(json.dumps(document, indent=1, sort_keys=True))
        progress("recording the run")
        version = tracker.record_folder(
            ESTIMATE,
            root,
            {name: told[name] for name in ("from", "until", "n", "accounts", "seed")},
            {"estimated_cells": sum(cell.estimated for cell in learned.cells)},
            {
                ESTIMATE_TAG: sha256,
                "data_sha256": told["data_sha256"],
                "data_folder": str(directory.resolve()),
                "code": code_version(),
            },
        )
        copy_policy(policy, out)
        shutil.rmtree(out / ESTIMATE, ignore_errors=True)  # an estimate that the policy had before
        copy_files(root / ESTIMATE, out / ESTIMATE)
    return Estimated(version, sha256, document)


def _told(every: Assigned, rows: Assigned, learned: Learned) -> dict[str, Any]:
    """What the estimate tells of its making; `from` and `until` are statement dates."""
    return {
        "from": date_of(rows.day.min()).isoformat(),
        "until": date_of(rows.day.max()).isoformat(),
        "n": len(rows),
        "accounts": len(np.unique(rows.account)),
        "overridden": int(rows.overridden.sum()),
        "left_out": {**rows.left_out._asdict(), "outside_window": len(every) - len(rows)},
        "rounds": learned.rounds,
        "doubt": None if learned.doubt is None else learned.doubt._asdict(),
    }


def _content(features: Floats, learned: Learned, told: dict[str, Any]) -> Content:
    own = features[:, effect_columns()]
    golden = own[np.linspace(0, len(own) - 1, GOLDEN_ROWS).astype(np.int64)]
    return Content(learned.booster, EFFECT_FEATURES, learned.cells, learned.lines, told, golden)
