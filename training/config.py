"""What a training run may be told, with its defaults and bounds."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from features.errors import InputError
from models.target import Outcome, Target
from training.settingsfile import read_settings


class BoosterConfig(BaseModel):
    """LightGBM's own settings; the names are its names."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    max_depth: int = Field(default=4, ge=3, le=6)
    num_leaves: int = Field(default=15, ge=4, le=64)
    learning_rate: float = Field(default=0.03, gt=0, le=0.3)
    min_data_in_leaf: int = Field(default=20, ge=1, le=10**6)
    lambda_l2: float = Field(default=5.0, ge=0, le=10**6)
    feature_fraction: float = Field(default=0.7, gt=0, le=1)
    bagging_fraction: float = Field(default=0.8, gt=0, le=1)
    bagging_freq: int = Field(default=1, ge=0)
    max_bin: int = Field(default=255, ge=15, le=255)


class SearchConfig(BaseModel):
    """How long to search for the booster's settings, and on how many rows; 0 trials: not at all."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    trials: int = Field(default=20, ge=0, le=1_000)
    rows: int = Field(default=10_000, ge=1_000)


class TrainingConfig(BaseModel):
    """Settings of one training run.

    A label is 1 where the target is reached within `horizon_cycles` statements; a `sustained`
    cure must last two more. Of more than `most_snapshots` labelled rows about so many are used.
    `monotone` holds the booster to the catalogue's directions. `max_trees` bounds boosting,
    which stops once the folds' log loss has not fallen for `patience` trees. `least_cures`
    is asked of the training rows, of cures and of non-cures alike.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    horizon_cycles: int = Field(default=1, ge=1, le=12)
    sustained: bool = False
    most_snapshots: int = Field(default=100_000, ge=1_000)
    seed: int = Field(default=20_050_930, ge=0, lt=2**31)
    threads: int = Field(default=1, ge=1, le=64)
    test_share: float = Field(default=0.2, gt=0, lt=1)
    cuts: int = Field(default=3, ge=1, le=3)
    groups: int = Field(default=5, ge=3, le=5)
    max_trees: int = Field(default=1_000, ge=1)
    patience: int = Field(default=50, ge=1)
    monotone: bool = True
    least_cures: int = Field(default=50, ge=2)
    implausible_auc: float = Field(default=0.9, gt=0.5, le=1)
    bootstrap_draws: int = Field(default=1_000, ge=100)
    booster: BoosterConfig = BoosterConfig()
    search: SearchConfig = SearchConfig()

    def outcome(self, target: Target) -> Outcome:
        """What a run with these settings predicts; InputError where that makes no sense."""
        if self.sustained and target != "cure":
            raise InputError(
                "sustained", f"is for cures, not for {target}", "Leave it out of the settings."
            )
        return Outcome(target, self.horizon_cycles, self.sustained)


def load_config(path: Path | None) -> TrainingConfig:
    """The settings in a TOML file; the defaults where there is none or a key is left out."""
    return read_settings(path, TrainingConfig, "docs/training.md")
