"""What goes into the bundle of a training run, and what the bundle tells of its training."""

from importlib.metadata import version
from typing import Any

import numpy as np

from features.catalogue import NAMES
from features.matrix import matrix
from features.panel import Floats, Indices
from models.score.bundle import Content
from models.score.contributions import Explainer
from models.score.standing import StandingCheck, group_sum, references
from training.golden import golden
from training.hidden import Hidden, standing_check
from training.labels import as_at_night
from training.lineage import package_version
from training.population import Population
from training.reference import reference_of
from training.split import Split
from training.trained import Trained

EXPLAINED_ROWS = 10_000  # enough for percentiles to half a point


def content(
    population: Population,
    split: Split,
    trained: Trained,
    summary: dict[str, Any],
    hidden: Hidden | None,
) -> Content:
    """The bundle's content; `summary` is what it tells of its training.

    `hidden` is what a simulation hid of the test rows, None on data whose truth nobody knows.
    """
    found = trained.fit
    sample = drawn_rows(len(trained.rows), EXPLAINED_ROWS, trained.config.seed)
    explainer = Explainer(found.booster)
    line = found.calibration
    shares = line.slope * explainer.explain(trained.features[sample]).contributions
    return Content(
        outcome=population.outcome,
        currency=population.currency,
        booster=found.booster,
        features=NAMES,
        calibration=line,
        references=references(shares, NAMES),
        reference=_reference(population, trained, sample, shares),
        standing=_standing(population, split, explainer, hidden),
        roll_rate=trained.baselines.roll_rate,
        training=summary,
        golden=golden(population.panel, trained.rows, found.booster, trained.features),
    )


def _reference(
    population: Population, trained: Trained, sample: Indices, shares: Floats
) -> dict[str, Any]:
    """How scores, features and reasons are spread on a night of the training months."""
    line, rows = trained.fit.calibration, trained.rows
    # Scores by boosters that did not see the row: those of the one that did are too sure.
    log_odds = line.log_odds(trained.fit.margin, rows.stage)
    night = as_at_night(population.panel, rows)
    return reference_of(trained.features[night], log_odds[night], shares[night[sample]], NAMES)


def _standing(
    population: Population, split: Split, explainer: Explainer, hidden: Hidden | None
) -> StandingCheck:
    """Ability and willingness against the truth, on the test rows; not measured without one."""
    if hidden is None:
        return StandingCheck()
    rows = population.snapshots.take(split.test)
    shares = explainer.explain(matrix(population.panel, rows.view)).contributions
    ability, willingness = (group_sum(shares, NAMES, name) for name in ("ability", "willingness"))
    return standing_check(hidden, ability, willingness)


def summary(
    population: Population, split: Split, trained: Trained, guards: dict[str, Any]
) -> dict[str, Any]:
    """What the bundle tells of its training; no time of day, so that it can be made again."""
    start, end = trained.rows.period()
    return {
        "from": start.isoformat(),
        "until": end.isoformat(),
        "test_from": split.test_from.isoformat(),
        "n": len(trained.rows),
        "accounts": len(np.unique(trained.rows.account)),
        "target_rate": float(trained.rows.label.mean()),
        "label_unknown_at_test": split.dropped,
        "without_label": {
            key: count for key, count in vars(population.snapshots.left).items() if key != "total"
        },
        "trees": trained.fit.trees,
        "fold_log_loss": trained.fit.fold_log_loss,
        "search": trained.search.document() if trained.search else None,
        "guards": guards,
        "data_sha256": population.data_sha256,
        "version": package_version(),
        "tzdata": version("tzdata"),
        "settings": trained.config.model_dump(),
    }


def drawn_rows(n: int, most: int, seed: int) -> Indices:
    """Positions of at most `most` of `n` rows, drawn at random, in order."""
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, most, replace=False))
