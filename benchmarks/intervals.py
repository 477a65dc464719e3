"""Many small logs: how often intervals hold the truth, and how often an effect is claimed."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.truths import (
    Drawn,
    bound,
    drawn,
    in_cures,
    levels,
    per_thousand,
    recorded,
    true_net,
)
from benchmarks.worth import MONTHS, Known, Say, settings, told
from features.panel import Floats
from models.intensity.policy import Policy
from models.intensity.response import assumed
from training.progress import silent
from training.response.learner import learn

SMALL_MONTHS = 12  # of the logs whose intervals are judged
WHOLE = 401  # seed of the population
FIRST = 1_000  # seed of the first small log
AIM = 0.25  # of the oracle's gain: what the half-width of an interval should be at most
OWN = "estimated"  # its levels come from the log itself, so that its true value is that log's own
NET, CURES = "net", "cures"


def covered(
    folder: Path, law: str, logs: int, accounts: int, whole: int, known: Known, say: Say
) -> dict[str, Any]:
    """For each setting, measure and policy: how often the intervals of logs hold the true value.

    The true value is that of the population, of `whole` accounts, and of `estimated` its own.
    """
    say(f"{law}: drawing the population")
    population = drawn(folder / "whole", whole, SMALL_MONTHS, WHOLE, law, known.score)
    chosen = settings()
    sizes, seen = [], []
    for number in range(logs):
        say(f"{law}: small log {number + 1} of {logs}")
        with TemporaryDirectory(dir=folder) as name:
            seed = FIRST + number
            log = drawn(Path(name) / "log", accounts, SMALL_MONTHS, seed, law, known.score)
        learned = learn(log.features, log.rows, seed, silent)
        sizes.append(len(log.rows))
        effects = known.best.effects(log.features)
        seen.append({key: told(each, log, effects, learned) for key, each in chosen.items()})
    assignments = float(np.median(sizes))
    effects = known.best.effects(population.features)
    found = {
        key: _judged(each, population, effects, [one[key] for one in seen], assignments)
        for key, each in chosen.items()
    }
    return {"law": law, "logs": logs, "accounts": accounts, "assignments": assignments} | found


def _judged(
    policy: Policy,
    whole: Drawn,
    effects: Floats,
    seen: Sequence[dict[str, Any]],
    assignments: float,
) -> dict[str, Any]:
    nothing_known = assumed(len(whole.rows))
    cells = np.zeros_like(policy.numbers.estimated)
    given = levels(policy, whole, effects, nothing_known, cells)
    found: dict[str, Any] = {}
    for measure, rewarded in (
        (NET, whole.rewards(policy)),
        (CURES, in_cures(whole.rewards(policy))),
    ):
        gain = per_thousand(true_net(given["oracle"], rewarded))
        least = bound(given["oracle"], rewarded)
        found[measure] = {
            "gain": gain,
            "bound": least.of_one / float(np.sqrt(assignments)),
            "rows_for_aim": least.rows_for(AIM * gain),
            "policies": {
                name: _of_policy(
                    name, measure, seen, None if name == OWN else true_net(each, rewarded)
                )
                for name, each in given.items()
                if name != "nothing"
            },
        }
    return found


def _of_policy(
    name: str, measure: str, seen: Sequence[dict[str, Any]], net: Floats | None
) -> dict[str, Any]:
    parts = [one[name] if measure == NET else one[name][CURES] for one in seen]
    figure = "net_dr" if measure == NET else "dr"
    true = [part["true"] if net is None else per_thousand(net) for part in parts]
    value, low, high = (
        np.array([part[figure][key] for part in parts]) for key in ("value", "low", "high")
    )
    within = (low <= true) & (true <= high)
    return {
        "true": float(np.mean(true)),
        "mean": float(value.mean()),
        "within": int(within.sum()),
        "half_width": float(np.median((high - low) / 2)),
        "raw": np.column_stack([true, value, low, high]).tolist(),
    }


def claimed(folder: Path, logs: int, accounts: int, say: Say) -> dict[str, Any]:
    """Under a law by which contact does nothing: cells whose interval leaves 0 out, by log."""
    found = []
    for number in range(logs):
        say(f"none: log {number + 1} of {logs}")
        with TemporaryDirectory(dir=folder) as name:
            log = recorded(Path(name) / "log", accounts, MONTHS, FIRST + number, "none")
        learned = learn(log.features, log.rows, FIRST + number, silent)
        known = [cell for cell in learned.cells if cell.estimated]
        found.append(
            {
                "assignments": len(log.rows),
                "doubt": None if learned.doubt is None else learned.doubt._asdict(),
                "estimated": [(cell.stage, cell.level) for cell in known],
                "claimed": [
                    (cell.stage, cell.level, cell.low, cell.high)
                    for cell in known
                    if (cell.low or 0.0) > 0 or (cell.high or 0.0) < 0
                ],
            }
        )
    return {"accounts": accounts, "logs": found}
