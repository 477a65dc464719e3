"""The booster: LightGBM trees, read from its text format."""

from pathlib import Path

import lightgbm


def read_booster(path: Path) -> lightgbm.Booster:
    """The booster in LightGBM's text format at `path`.

    Raises lightgbm.basic.LightGBMError where the text is not a model.
    """
    return lightgbm.Booster(model_str=path.read_text())


def booster_text(booster: lightgbm.Booster) -> str:
    """The booster in LightGBM's text format, up to its best iteration."""
    text: str = booster.model_to_string(importance_type="gain")
    return text
