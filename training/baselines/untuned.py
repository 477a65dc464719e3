"""LightGBM as it comes: what choosing settings must be worth."""

import lightgbm

from features.panel import Floats, Indices
from training.config import TrainingConfig

UNTUNED_TREES = 80


def untuned_booster(
    features: Floats, label: Indices, names: tuple[str, ...], config: TrainingConfig
) -> lightgbm.Booster:
    """LightGBM as it comes, with 80 trees, on the same rows and features."""
    parameters = {
        "objective": "binary",
        "verbosity": -1,
        "seed": config.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": config.threads,
    }
    data = lightgbm.Dataset(features, label, feature_name=list(names), params=parameters)
    return lightgbm.train(parameters, data, num_boost_round=UNTUNED_TREES)
