"""Logs from which no effect may be estimated, made of a sound one: what the gate says of each."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.truths import Recorded, recorded
from benchmarks.worth import MONTHS, Say
from features.panel import Flags
from models.intensity.ladder import CALL, LEVELS
from training.assigned import Assigned
from training.progress import silent
from training.response.learner import learn

SEED = 501


def judged(folder: Path, accounts: int, law: str, say: Say) -> dict[str, Any]:
    """For the sound log and each bad one, its rows, its doubt and its cells."""
    say("drawing a sound log")
    log = recorded(folder / "sound", accounts, MONTHS, SEED, law)
    return {name: _judged(log, name, kept, rows, say) for name, (kept, rows) in _made(log).items()}


def _made(log: Recorded) -> dict[str, tuple[Flags, Assigned]]:
    """Which rows of the sound log each one has, and these with the propensities that it claims."""
    rows = log.rows
    every = np.ones(len(rows), np.bool_)
    certain = (rows.level[:, None] == np.array(LEVELS)).astype(np.float64)
    uniform = np.full_like(rows.propensity, 1 / len(LEVELS))
    without = rows.level != CALL
    left = np.where(np.array(LEVELS) == CALL, 0.0, rows.propensity[without])
    return {
        "as it was drawn": (every, rows),
        "nothing left to chance (every propensity 1)": (every, replace(rows, propensity=certain)),
        "level call never given": (
            without,
            replace(rows.take(without), propensity=left / left.sum(axis=1, keepdims=True)),
        ),
        "wrong propensities (all levels alike)": (every, replace(rows, propensity=uniform)),
    }


def _judged(log: Recorded, name: str, kept: Flags, rows: Assigned, say: Say) -> dict[str, Any]:
    say(f"{name}: {len(rows):,} assignments")
    learned = learn(log.features[kept], rows, SEED, silent)
    return {
        "assignments": len(rows),
        "doubt": None if learned.doubt is None else learned.doubt._asdict(),
        "cells": [cell.model_dump() for cell in learned.cells],
    }
