"""The bundle: what training makes and the service loads, in formats that run no code.

A folder of LightGBM's text, JSON and .npy files; loading refuses whatever does not match to
the last byte, and whatever does not score as it did when the bundle was made.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from features.catalogue import BY_NAME, NAMES
from features.matrix import matrix
from features.panel import Panel, View
from models.score import manifest as files
from models.score.booster import BoosterError, booster_text, read_booster
from models.score.calibration import Calibration, last_stages
from models.score.contributions import TABLE_LIMIT, Explainer
from models.score.golden import golden_rows, golden_text
from models.score.manifest import (
    RESTORE,
    BundleError,
    check_stage_feature,
    json_text,
    read_manifest,
    write_manifest,
)
from models.score.reference import check_reference
from models.score.standing import STEPS, References, StandingCheck
from models.score.trees import read_trees
from models.target import Outcome, Target

# Another machine's compiler may order a sum otherwise; a changed definition moves far more.
GOLDEN_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Content:
    """What goes into a bundle.

    `features` names the booster's columns in order; `references` are quantiles for ability and
    willingness and `standing` tells how these were validated; `reference` is what later scores
    are compared with (models.score.reference); `golden` are histories without ids; `roll_rate`
    is the baseline's table and `training` tells rows, dates and data hash.
    """

    outcome: Outcome
    currency: str
    booster: lightgbm.Booster
    features: tuple[str, ...]
    calibration: Calibration
    references: References
    reference: dict[str, Any]
    standing: StandingCheck
    roll_rate: dict[str, Any]
    training: dict[str, Any]
    golden: tuple[Panel, View]


@dataclass(frozen=True)
class Bundle:
    """A verified bundle; `sha256` names it for good, `explainer` is the booster's."""

    sha256: str
    outcome: Outcome
    currency: str
    features: tuple[str, ...]
    booster: lightgbm.Booster
    explainer: Explainer
    calibration: Calibration
    references: References
    reference: dict[str, Any]
    standing: StandingCheck
    roll_rate: dict[str, Any]
    training: dict[str, Any]

    @property
    def target(self) -> Target:
        """What accounts it scores, and the probability of what."""
        return self.outcome.target

    @cached_property
    def standing_valid(self) -> bool:
        """Whether treatments may use ability and willingness; not unless it was measured."""
        return self.standing.valid

    @cached_property
    def base_log_odds(self) -> float:
        """The calibrated log-odds of the average account, before any contribution."""
        return self.calibration.slope * self.explainer.base + self.calibration.intercept

    @cached_property
    def columns(self) -> NDArray[np.int64]:
        """Positions of the bundle's features in the catalogue's matrix."""
        return np.array([NAMES.index(name) for name in self.features], dtype=np.int64)


def write(directory: Path, content: Content) -> str:
    """Write the bundle into a folder that is empty or new, and return its SHA-256.

    The same content gives the same digest. Raises FileExistsError where files are in the way,
    BoosterError where the booster is of a kind that is not explained, and BundleError or
    ValueError where calibration or reference do not go with the features.
    """
    text = booster_text(content.booster)
    read_trees(text)  # refuses what is not explained, before anything is written
    check_stage_feature(content.calibration, content.features)
    check_reference(content.reference, content.features)
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise FileExistsError(f"{directory} is not empty: name a new folder for the bundle")
    panel, view = content.golden
    golden = matrix(panel, view)[:, [NAMES.index(name) for name in content.features]]
    (directory / files.BOOSTER).write_text(text)
    (directory / files.GOLDEN).write_text(golden_text(panel, view))
    (directory / files.ROLL_RATE).write_text(json_text(content.roll_rate))
    (directory / files.REFERENCE).write_text(json_text(content.reference))
    np.save(directory / files.ABILITY, content.references.ability)
    np.save(directory / files.WILLINGNESS, content.references.willingness)
    np.save(directory / files.GOLDEN_FEATURES, golden)
    # What is served is the text as read back, so that is what must reproduce.
    explainer = Explainer(read_booster(directory / files.BOOSTER))
    margin, stage = explainer.explain(golden).margin, last_stages(golden, content.features)
    np.save(directory / files.GOLDEN_LOG_ODDS, content.calibration.log_odds(margin, stage))
    return write_manifest(directory, _told(content))


def _told(content: Content) -> dict[str, Any]:
    """What the manifest tells of the content."""
    line = content.calibration
    return {
        "target": content.outcome.target,
        "horizon_cycles": content.outcome.horizon_cycles,
        "sustained": content.outcome.sustained,
        "currency": content.currency,
        "features": [
            {"name": name, "definition_sha256": BY_NAME[name].definition_sha256}
            for name in content.features
        ],
        "calibration": {
            "slope": line.slope,
            "intercept": line.intercept,
            "stage_offsets": list(line.stage_offsets),
        },
        "standing": content.standing.model_dump(),
        "training": content.training,
    }


def load(directory: Path, table_limit: int = TABLE_LIMIT) -> Bundle:
    """Read and verify the bundle in `directory`.

    `table_limit` bounds, in bytes, the tables that its explanations are looked up in. Raises
    BundleError where a file is missing, changed or unsound, a feature is unknown or is now
    computed otherwise, or a golden row does not score as it did.
    """
    manifest = read_manifest(directory)
    names = tuple(feature.name for feature in manifest.features)
    try:
        booster = read_booster(directory / files.BOOSTER)
        bundle = Bundle(
            sha256=manifest.sha256,
            outcome=manifest.outcome,
            currency=manifest.currency,
            features=names,
            booster=booster,
            explainer=Explainer(booster, table_limit),
            calibration=manifest.calibration.calibration(),
            references=References(
                ability=_reference(directory / files.ABILITY),
                willingness=_reference(directory / files.WILLINGNESS),
            ),
            reference=json.loads((directory / files.REFERENCE).read_text()),
            standing=manifest.standing,
            roll_rate=json.loads((directory / files.ROLL_RATE).read_text()),
            training=manifest.training,
        )
        if tuple(bundle.booster.feature_name()) != names:
            raise BundleError(f"the booster in {directory} reads other features: {RESTORE}")
        check_reference(bundle.reference, names)
        _check_golden(directory, bundle)
    except (BoosterError, ValueError, KeyError, TypeError, IndexError, EOFError) as error:
        raise BundleError(f"{directory} holds a part that cannot be used: {error}") from error
    return bundle


def _reference(path: Path) -> NDArray[np.float64]:
    values: NDArray[np.float64] = np.load(path, allow_pickle=False)
    sound = values.dtype == np.float64 and values.shape == (STEPS + 1,)
    if not (sound and np.isfinite(values).all() and (np.diff(values) >= 0).all()):
        raise BundleError(f"{path} holds no quantiles: {RESTORE}")
    return values


def _check_golden(directory: Path, bundle: Bundle) -> None:
    panel, view = golden_rows((directory / files.GOLDEN).read_text())
    features = matrix(panel, view)[:, bundle.columns]
    margin, stage = (
        bundle.explainer.explain(features).margin,
        last_stages(features, bundle.features),
    )
    total = bundle.calibration.log_odds(margin, stage)
    told = ((files.GOLDEN_FEATURES, "features", features), (files.GOLDEN_LOG_ODDS, "scores", total))
    for name, what, now in told:
        then = np.load(directory / name, allow_pickle=False)
        if then.shape != now.shape or not np.allclose(
            now, then, rtol=GOLDEN_TOLERANCE, atol=GOLDEN_TOLERANCE, equal_nan=True
        ):
            raise BundleError(
                f"the golden rows give other {what} than when the bundle was made: "
                "serve with the version that trained it, or train anew"
            )
