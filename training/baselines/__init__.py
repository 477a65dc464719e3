"""What a booster must beat, on the same rows: one file per baseline."""

from training.baselines.fitted import Baselines, fit_baselines

__all__ = ["Baselines", "fit_baselines"]
