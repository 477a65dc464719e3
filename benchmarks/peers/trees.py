"""Contributions by others, measured: `python -m benchmarks.peers.trees METHOD ROWS`."""

import sys
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import lightgbm
import numpy as np

from benchmarks.lines import serve
from benchmarks.rows import Explain, Floats, Rows


def by_shap(booster: lightgbm.Booster) -> Explain:
    """shap's explainer of the paths of trees."""
    import shap

    return _values_of(shap.TreeExplainer(booster, feature_perturbation="tree_path_dependent"))


def by_fasttreeshap(booster: lightgbm.Booster, algorithm: str) -> Explain:
    """Fast TreeSHAP, version 1 or 2 (Yang, 2021), with one thread."""
    import fasttreeshap

    return _values_of(fasttreeshap.TreeExplainer(booster, algorithm=algorithm, n_jobs=1))


def _values_of(explainer: Any) -> Explain:
    def explain(features: Floats) -> Floats:
        found = explainer.shap_values(features, check_additivity=False)
        return np.asarray(found[1] if isinstance(found, list) else found)

    return explain


METHODS: dict[str, Callable[[lightgbm.Booster], Explain]] = {
    "shap": by_shap,
    "fasttreeshap v1": partial(by_fasttreeshap, algorithm="v1"),
    "fasttreeshap v2": partial(by_fasttreeshap, algorithm="v2"),
}


def main(method: str, rows: str) -> None:
    """Serve the measurements."""
    warnings.simplefilter("ignore")  # shap tells of a change of long ago, at every call
    serve(Rows(METHODS[method], np.load(rows)).actions)


if __name__ == "__main__":
    main(*sys.argv[1:])
