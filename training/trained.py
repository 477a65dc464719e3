"""What is fitted on the training rows: the booster, its calibration, and what it must beat."""

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from features.catalogue import CATALOGUE, NAMES
from features.panel import Floats
from training.baselines import Baselines, fit_baselines
from training.computing import Computing
from training.config import TrainingConfig
from training.fit import Fit, fit, require_both_outcomes
from training.labels import Snapshots
from training.population import Population
from training.progress import Progress
from training.search import Search, search
from training.split import Split


@dataclass(frozen=True)
class Trained:
    """What was fitted on `rows`, whose `features` [rows × NAMES] these are.

    `config` are the run's settings with those of the booster that the search chose; `search` is
    None where there was none.
    """

    rows: Snapshots
    features: Floats
    fit: Fit
    baselines: Baselines
    config: TrainingConfig
    search: Search | None


def train_on(
    population: Population,
    split: Split,
    config: TrainingConfig,
    studies: Path | None,
    progress: Progress,
    computing: Computing,
) -> Trained:
    """Fit everything on the training rows; `studies` is the file that keeps searches."""
    rows = population.snapshots.take(split.train)
    require_both_outcomes(rows.label, config.least_cures)
    progress(f"computing {len(NAMES)} features of {len(rows):,} training snapshots")
    features = computing.matrix(population.panel, rows.view, progress)
    found = None
    if config.search.trials:
        name = _study_name(population, rows, config)
        found = search(features, rows, CATALOGUE, config, studies, name, progress)
    chosen = found.chosen.applied(config) if found else config
    return Trained(
        rows=rows,
        features=features,
        fit=fit(features, rows, CATALOGUE, chosen, progress, computing.learn),
        baselines=fit_baselines(features, rows, NAMES, config, progress),
        config=chosen,
        search=found,
    )


def _study_name(population: Population, rows: Snapshots, config: TrainingConfig) -> str:
    """Names the search that would be the same: data, rows, features, settings and LightGBM."""
    settings = config.model_dump(exclude={"search": {"trials"}, "bootstrap_draws": True})
    start, end = rows.period()
    told = {
        "data": population.data_sha256,
        "outcome": str(population.outcome),
        "rows": [len(rows), start.isoformat(), end.isoformat()],
        "features": [feature.definition_sha256 for feature in CATALOGUE],
        "settings": settings,
        "lightgbm": version("lightgbm"),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
