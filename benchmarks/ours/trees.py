"""Contributions by us and by LightGBM, measured: `python -m benchmarks.ours.trees METHOD ROWS`."""

import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

import lightgbm
import numpy as np

from benchmarks.lines import serve
from benchmarks.measures import cpu_seconds
from benchmarks.rows import Rows
from features.panel import Floats
from models.score.booster import read_booster
from models.score.bundle import load
from models.score.contributions import Explainer

LOADS = 5


def lightgbm_itself(booster: lightgbm.Booster) -> Callable[[Floats], Floats]:
    """LightGBM's own contributions, with one thread."""

    def explain(features: Floats) -> Floats:
        found = booster.predict(features, pred_contrib=True, num_threads=1, validate_features=False)
        return cast(Floats, found)[:, :-1]

    return explain


def ours(booster: lightgbm.Booster) -> Callable[[Floats], Floats]:
    """The contributions that are served."""
    explainer = Explainer(booster)
    return lambda features: explainer.explain(features).contributions


def table_bytes(booster: str) -> int:
    """How large our tables of the booster in that file are; 0 where LightGBM explains."""
    return Explainer(read_booster(Path(booster))).table_bytes


METHODS = {"curescore": ours, "lightgbm": lightgbm_itself}


def bundle(folder: str) -> float:
    """Median seconds to load the bundle in the folder."""
    return statistics.median(cpu_seconds(lambda: load(Path(folder))) for _ in range(LOADS))


def main(method: str, rows: str) -> None:
    """Serve the measurements."""
    serve(
        Rows(METHODS[method], np.load(rows)).actions
        | {"bundle": bundle, "table_bytes": table_bytes}
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
