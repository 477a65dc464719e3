"""What the choice among the boosters of a search cost in AUC, and what it saved in explaining."""

from time import perf_counter
from typing import Any

import numpy as np

from features.catalogue import CATALOGUE
from features.panel import Floats
from models.score.bundle import Bundle
from models.score.contributions import Explainer
from training.boosting import boosted, dataset, parameters
from training.contents import drawn_rows
from training.trained import Trained

TIMED_ROWS, TIMINGS = 200, 5  # of explaining one row at a time


def search_document(trained: Trained, bundle: Bundle) -> dict[str, Any] | None:
    """The search with what explaining one row takes here, which the bundle must not depend on."""
    found = trained.search
    if found is None:
        return None
    sample = trained.features[drawn_rows(len(trained.rows), TIMED_ROWS, seed=0)]
    document = found.document()
    chosen = best = _microseconds(bundle.explainer, sample)
    if found.best.settings != found.chosen.settings:
        given = parameters(found.best.applied(trained.config), CATALOGUE)
        data = dataset(trained.features, trained.rows.label, CATALOGUE, given)
        best = _microseconds(Explainer(boosted(given, data, found.best.trees)), sample)
    document["chosen"]["microseconds"] = chosen
    document["best"]["microseconds"] = best
    return document


def _microseconds(explainer: Explainer, rows: Floats) -> float:
    """Time to explain one row, asked for one at a time; the median of some rounds."""
    rounds = []
    for _ in range(TIMINGS):
        start = perf_counter()
        for i in range(len(rows)):
            explainer.explain(rows[i : i + 1])
        rounds.append((perf_counter() - start) / len(rows) * 1e6)
    return float(np.median(rounds))
