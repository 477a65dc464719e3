"""A small but real bundle for tests: fitted, calibrated and written like any other."""

from pathlib import Path

import lightgbm
import numpy as np

from features.catalogue import BY_NAME, NAMES
from features.matrix import matrix
from features.panel import known_at, panel
from models.score.bundle import Content, write
from models.score.calibration import Calibration
from models.score.contributions import Explainer
from models.score.standing import references
from tests.histories import random_tables


def content(
    currency: str = "USD",
    target: str = "cure",
    seed: int = 0,
    features: tuple[str, ...] = NAMES,
) -> Content:
    """A booster of 40 trees on random histories in which lateness and payments matter."""
    history = panel(*random_tables(seed, accounts=1_500))
    as_of = np.random.default_rng(seed).uniform(19_100, 19_300, history.accounts) * 86_400
    view = known_at(history, np.arange(history.accounts), as_of)
    every = matrix(history, view)
    column = {name: every[:, j] for j, name in enumerate(NAMES)}
    tendency = (
        0.5
        - np.nan_to_num(column["dpd_last"], nan=0.0) / 45
        + np.nan_to_num(column["paid_share_mean_12"], nan=0.0)
        - np.nan_to_num(column["utilisation_last"], nan=0.5)
    )
    drawn = np.random.default_rng(seed + 1).random(len(every))
    label = (drawn < 1 / (1 + np.exp(-tendency))).astype(float)
    used = np.column_stack([column[name] for name in features])
    booster = lightgbm.train(
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
    shares = Explainer(booster).explain(used).contributions
    few = np.arange(8)
    small = panel(
        *(
            type(table)(*(values[table.account < 8] for values in table))
            if hasattr(table, "account")
            else type(table)(*(values[:8] for values in table))
            for table in random_tables(seed, accounts=1_500)
        )
    )
    line = Calibration(0.9, 0.05)
    return Content(
        target=target,
        horizon_cycles=1,
        currency=currency,
        booster=booster,
        features=features,
        calibration=line,
        references=references(line.slope * shares, features),
        roll_rate={"M1": {"pre_due": 0.5}},
        training={"rows": len(used)},
        golden=(small, known_at(small, few, as_of[:8])),
    )


def small_bundle(directory: Path, currency: str = "USD", target: str = "cure") -> Path:
    """Write the small bundle into the folder and return the folder."""
    write(directory, content(currency, target))
    return directory
