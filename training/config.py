"""What a training run may be told, with its defaults and bounds."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.errors import InputError


class BoosterConfig(BaseModel):
    """LightGBM's own settings; the names are its names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_depth: int = Field(default=4, ge=3, le=6)
    num_leaves: int = Field(default=15, ge=4, le=64)
    learning_rate: float = Field(default=0.03, gt=0, le=0.3)
    min_data_in_leaf: int = Field(default=20, ge=1)
    lambda_l2: float = Field(default=5.0, ge=0)
    feature_fraction: float = Field(default=0.7, gt=0, le=1)
    bagging_fraction: float = Field(default=0.8, gt=0, le=1)
    bagging_freq: int = Field(default=1, ge=0)
    max_bin: int = Field(default=255, ge=15, le=255)


class TrainingConfig(BaseModel):
    """Settings of one training run.

    `monotone` holds the booster to the catalogue's directions. `max_trees` bounds boosting,
    which stops once the folds' log loss has not fallen for `patience` trees. `least_cures`
    is asked of the training rows, of cures and of non-cures alike.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    horizon_cycles: int = Field(default=1, ge=1, le=12)
    seed: int = Field(default=20_050_930, ge=0, lt=2**31)
    threads: int = Field(default=1, ge=1, le=64)
    test_share: float = Field(default=0.2, gt=0, lt=1)
    cuts: int = Field(default=3, ge=1, le=3)
    groups: int = Field(default=5, ge=3, le=5)
    max_trees: int = Field(default=1_000, ge=1)
    patience: int = Field(default=50, ge=1)
    monotone: bool = True
    least_cures: int = Field(default=50, ge=2)
    bootstrap_draws: int = Field(default=1_000, ge=100)
    booster: BoosterConfig = BoosterConfig()


def load_config(path: Path | None) -> TrainingConfig:
    """The settings in a TOML file; the defaults where there is none or a key is left out."""
    if path is None:
        return TrainingConfig()
    try:
        return TrainingConfig.model_validate(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError as error:
        raise InputError(str(path), "there is no such file", "Name a TOML file.") from error
    except OSError as error:
        raise InputError(
            str(path), f"cannot be read: {error.strerror}", "Name a TOML file."
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(str(path), "is not UTF-8", "Save the file as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(path), f"not TOML: {error}", "Mend the file.") from error
    except ValidationError as error:
        raise _refusal(path, error.errors()[0]) from error


def _refusal(path: Path, first: Any) -> InputError:
    key = ".".join(str(part) for part in first["loc"])
    remedy = "Keys and bounds are in docs/training.md."
    return InputError(f"{path}: {key}", first["msg"], remedy, first["input"])
