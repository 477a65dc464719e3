"""The test of a bundle: rows of later months, judged beside baselines and the champion."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from features.panel import Floats
from models.score.bundle import Bundle
from models.score.scores import score_matrix
from training.assessment import judged, log_odds
from training.computing import Computing
from training.contents import drawn_rows
from training.evaluate import Judged, by_seen, measures
from training.labels import Snapshots, as_at_night
from training.population import Population
from training.progress import Progress
from training.promotion.champion import Champion
from training.promotion.gate import CHAMPION_SCORE
from training.reference import stability
from training.split import Split
from training.trained import Trained

COMPARED_ROWS = 20_000  # of the test rows, for the spread of features and reasons


@dataclass(frozen=True)
class Tested:
    """The test rows with their features [rows × NAMES], judged."""

    rows: Snapshots
    features: Floats
    judged: Judged


def tested(
    bundle: Bundle,
    population: Population,
    split: Split,
    trained: Trained,
    champion: Champion | None,
    computing: Computing,
    progress: Progress,
) -> Tested:
    """Judge the bundle on the test rows beside the baselines, and the champion where there is one.

    The champion may have trained on some of these rows, which flatters it.
    """
    rows = population.snapshots.take(split.test)
    features = computing.matrix(population.panel, rows.view, progress)
    others = trained.baselines.scores(features, rows)
    if champion and champion.bundle:
        others[CHAMPION_SCORE] = log_odds(champion.bundle, features, rows)
    return Tested(rows, features, judged(bundle, features, rows, others))


def test_document(found: Tested, split: Split, trained: Trained) -> dict[str, Any]:
    """Measures on the test rows, and for seen and unseen accounts apart."""
    draws, seed = trained.config.bootstrap_draws, trained.config.seed
    start, end = found.rows.period()
    return {
        "from": start.isoformat(),
        "until": end.isoformat(),
        **measures(found.judged, draws, seed),
        **by_seen(found.judged, split.seen, draws, seed),
    }


def stability_document(
    bundle: Bundle, population: Population, found: Tested, seed: int
) -> dict[str, Any]:
    """How far the test rows lie from those that trained: score, features, reasons."""
    night = np.flatnonzero(as_at_night(population.panel, found.rows))
    drawn = night[drawn_rows(len(night), COMPARED_ROWS, seed)]
    features = found.features[drawn][:, bundle.columns]
    scores = score_matrix(bundle, features)
    return stability(
        bundle.reference,
        features,
        scores.log_odds,
        scores.contributions,
        bundle.features,
        bundle.training["n"],
    )
