"""A small but real bundle for tests: fitted, calibrated and written like any other."""

from pathlib import Path

import lightgbm
import numpy as np

from features.catalogue import BY_NAME, NAMES
from features.matrix import matrix
from features.panel import Floats, Panel, View, known_at, panel
from models.score.bundle import Content, write
from models.score.calibration import NO_OFFSETS, Calibration, last_stages
from models.score.contributions import Explainer
from models.score.standing import StandingCheck, references
from models.target import Outcome, Target
from tests.histories import random_tables
from training.reference import reference_of

ACCOUNTS = 1_500
OFFSETS = (0.0, 0.0, -0.25, -0.25, -1.5)


def content(
    currency: str = "USD",
    target: Target = "cure",
    seed: int = 0,
    features: tuple[str, ...] = NAMES,
    offsets: tuple[float, ...] = NO_OFFSETS,
    standing: StandingCheck | None = None,
) -> Content:
    """A booster of 40 trees on random histories in which lateness and payments matter.

    That of early_warning is fitted on those alone that are not late.
    """
    history = panel(*random_tables(seed, accounts=ACCOUNTS))
    as_of = np.random.default_rng(seed).uniform(19_100, 19_300, history.accounts) * 86_400
    every = matrix(history, known_at(history, np.arange(history.accounts), as_of))
    late = every[:, NAMES.index("dpd_last")] > 0
    population = every if target == "cure" else every[~late]
    used = population[:, [NAMES.index(name) for name in features]]
    booster = _booster(used, _labels(population, seed), features)
    explained = Explainer(booster).explain(used)
    line = Calibration(0.9, 0.05, offsets)
    shares = line.slope * explained.contributions
    log_odds = line.log_odds(explained.margin, last_stages(used, features))
    return Content(
        outcome=Outcome(target, 1),
        currency=currency,
        booster=booster,
        features=features,
        calibration=line,
        references=references(shares, features),
        reference=reference_of(used, log_odds, shares, features),
        standing=standing or StandingCheck(),
        roll_rate={"M1": {"pre_due": 0.5}},
        training={"n": len(used)},
        golden=_golden(seed, as_of),
    )


def _labels(every: Floats, seed: int) -> Floats:
    column = {name: every[:, j] for j, name in enumerate(NAMES)}
    tendency = (
        0.5
        - np.nan_to_num(column["dpd_last"], nan=0.0) / 45
        + np.nan_to_num(column["paid_share_mean_12"], nan=0.0)
        - np.nan_to_num(column["utilisation_last"], nan=0.5)
    )
    drawn = np.random.default_rng(seed + 1).random(len(every))
    return (drawn < 1 / (1 + np.exp(-tendency))).astype(float)


def _booster(used: Floats, label: Floats, features: tuple[str, ...]) -> lightgbm.Booster:
    return lightgbm.train(
        {
            "objective": "binary",
            "max_depth": 4,
            "num_leaves": 15,
            "seed": 1,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 1,
            "verbose": -1,
            "monotone_constraints": [BY_NAME[name].monotone for name in features],
        },
        lightgbm.Dataset(used, label, feature_name=list(features)),
        num_boost_round=40,
    )


def _golden(seed: int, as_of: Floats) -> tuple[Panel, View]:
    """The first eight histories."""
    few = panel(
        *(
            type(table)(*(values[table.account < 8] for values in table))
            if hasattr(table, "account")
            else type(table)(*(values[:8] for values in table))
            for table in random_tables(seed, accounts=ACCOUNTS)
        )
    )
    return few, known_at(few, np.arange(8), as_of[:8])


def small_bundle(
    directory: Path,
    currency: str = "USD",
    target: Target = "cure",
    offsets: tuple[float, ...] = NO_OFFSETS,
) -> Path:
    """Write the small bundle into the folder and return the folder."""
    write(directory, content(currency, target, offsets=offsets))
    return directory
