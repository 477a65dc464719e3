"""Boosters of several depths, fitted on the late accounts of a simulated portfolio."""

from dataclasses import dataclass
from pathlib import Path

import lightgbm
import numpy as np

from features.catalogue import NAMES
from features.matrix import matrix
from features.panel import Floats
from models.score.booster import booster_text
from models.score.bundle import Content, write
from models.score.calibration import Calibration
from models.score.contributions import Explainer
from models.score.standing import StandingCheck, references
from models.target import Outcome
from training.baselines.roll_rate import roll_rate_table
from training.boosting import margins
from training.config import BoosterConfig
from training.golden import golden
from training.labels import CURE
from training.population import Population, Window, read_population
from training.reference import reference_of
from training.sources.simulate import simulate

MONTHS = 24
SEED = 1


@dataclass(frozen=True)
class Shape:
    """How large trees may grow; a depth of -1 is no limit."""

    depth: int
    leaves: int

    def __str__(self) -> str:
        depth = f"depth {self.depth}" if self.depth > 0 else "no limit of depth"
        return f"{depth}, {self.leaves} leaves"


@dataclass(frozen=True)
class Portfolio:
    """Labelled snapshots of the outcome's accounts, and the whole catalogue of each [n × k]."""

    population: Population
    features: Floats
    outcome: Outcome

    def sample(self, rows: int) -> Floats:
        """So many of the snapshots' features, drawn at random."""
        n = min(rows, len(self.features))
        return self.features[np.random.default_rng(SEED).permutation(len(self.features))[:n]]


def portfolio(folder: Path, accounts: int, outcome: Outcome = CURE) -> Portfolio:
    """Simulate so many accounts into the folder, and compute the features of the outcome's."""
    simulate(folder, accounts, MONTHS, SEED)
    population = read_population(folder, outcome, SEED, Window())
    return Portfolio(population, matrix(population.panel, population.snapshots.view), outcome)


def fitted(drawn: Portfolio, shape: Shape, trees: int) -> lightgbm.Booster:
    """So many trees, with the settings of training but for their shape."""
    settings = BoosterConfig(max_depth=4).model_dump() | {
        "max_depth": shape.depth,
        "num_leaves": shape.leaves,
        "objective": "binary",
        "seed": SEED,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,  # its threads wait by spinning: on a busy machine that takes minutes
        "verbosity": -1,
    }
    label = drawn.population.snapshots.label
    data = lightgbm.Dataset(drawn.features, label, feature_name=list(NAMES))
    return lightgbm.train(settings, data, num_boost_round=trees)


def grown(booster: lightgbm.Booster) -> str:
    """How large the trees became."""
    leaves = [tree["num_leaves"] for tree in booster.dump_model()["tree_info"]]
    return f"{len(leaves)} trees of {np.mean(leaves):.0f} leaves on average"


def write_booster(booster: lightgbm.Booster, path: Path) -> None:
    """Write the booster in LightGBM's text format."""
    path.write_text(booster_text(booster))


def write_bundle(drawn: Portfolio, booster: lightgbm.Booster, folder: Path) -> None:
    """Write a bundle of the booster, as training would."""
    population, rows = drawn.population, drawn.population.snapshots
    shares = Explainer(booster).explain(drawn.sample(1_000)).contributions
    margin = margins(booster, drawn.features, threads=1)
    write(
        folder,
        Content(
            outcome=drawn.outcome,
            currency=population.currency,
            booster=booster,
            features=NAMES,
            calibration=Calibration(1.0, 0.0),
            references=references(shares, NAMES),
            reference=reference_of(drawn.features, margin, shares, NAMES),
            standing=StandingCheck(),
            roll_rate=roll_rate_table(rows.label, rows.stage, rows.previous_stage),
            training={"n": len(rows)},
            golden=golden(population.panel, rows, booster, drawn.features),
        ),
    )
