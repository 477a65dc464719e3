"""The untuned booster."""

import numpy as np

from features.catalogue import NAMES
from training.baselines.untuned import UNTUNED_TREES, untuned_booster
from training.config import TrainingConfig


def test_the_untuned_booster_is_lightgbm_as_it_comes() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(3_000, len(NAMES)))
    label = (rng.random(3_000) < 0.5).astype(np.int64)
    booster = untuned_booster(features, label, NAMES, TrainingConfig())
    assert booster.num_trees() == UNTUNED_TREES
    assert max(t["num_leaves"] for t in booster.dump_model()["tree_info"]) == 31
    assert booster.feature_name() == list(NAMES)
