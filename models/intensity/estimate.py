"""The estimate: what contact changes, as assignments showed it, in formats that run no code.

A folder of LightGBM's text, JSON and .npy files. The booster's margin is by how much each level
more moves an account's log-odds of the target; in each stage lines (models.intensity.cells.Lines)
set it right for each level, so that the mean effect of a level is what assignments show.
"""

import json
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from tokenize import TokenError
from typing import Any, Self

import lightgbm
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from features.catalogue import BY_NAME, NAMES
from models.intensity.cells import CONTACTS, LATE_STAGES, Cell, Lines
from models.intensity.ladder import LEVELS
from models.intensity.response import Ratios
from models.score.booster import BoosterError, booster_text, read_booster
from models.score.calibration import STAGE_FEATURE
from models.score.contributions import Explainer
from models.score.manifest import (
    RESTORE,
    BundleError,
    Definition,
    check_definitions,
    digest_of,
    json_text,
    sha256_of,
)
from models.stage import STAGES, stage_numbers

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]

SCHEMA = 1
MANIFEST, BOOSTER = "estimate.json", "booster.txt"
GOLDEN_FEATURES, GOLDEN_RATIOS = "golden_features.npy", "golden_ratios.npy"
FILES = (BOOSTER, GOLDEN_FEATURES, GOLDEN_RATIOS)
GOLDEN_TOLERANCE = 1e-9  # another machine's logarithms may differ in the last digits
QUANTILE = 1.959963984540054  # of the normal distribution at 0.975: intervals are of 95%
MOST_LOG_RATIO = float(np.log(20.0))  # as for the odds ratios of a policy file


# What a part that somebody has tampered with may lead to, .npy headers among them.
_UNUSABLE = (
    *(BoosterError, ValueError, KeyError, TypeError, IndexError, EOFError, OSError),
    *(MemoryError, OverflowError, TokenError),
)


class Training(BaseModel):
    """Of what an estimate tells of its making the part that is asked of it; dates of statements."""

    model_config = ConfigDict(extra="allow", frozen=True)

    data_sha256: str
    from_: date = Field(alias="from")
    until: date


class Manifest(BaseModel):
    """What an estimate says of itself; `cells` and `lines` are of the late stages, M1 first."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    schema_: int = Field(alias="schema")
    features: tuple[Definition, ...]
    cells: tuple[Cell, ...] = Field(
        min_length=len(LATE_STAGES) * CONTACTS, max_length=len(LATE_STAGES) * CONTACTS
    )
    lines: tuple[Lines, ...] = Field(min_length=len(LATE_STAGES), max_length=len(LATE_STAGES))
    training: dict[str, Any]
    files: dict[str, str]
    sha256: str

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        expected = [(stage, level) for stage in LATE_STAGES for level in LEVELS[1:]]
        if [(cell.stage, cell.level) for cell in self.cells] != expected:
            raise ValueError("cells are of each late stage and level, M1 and level 1 first")
        names = [feature.name for feature in self.features]
        if len(set(names)) < len(names) or STAGE_FEATURE not in names:
            raise ValueError(f"features are named once each, {STAGE_FEATURE} among them")
        Training.model_validate(self.training)
        return self


@dataclass(frozen=True)
class Content:
    """What goes into an estimate; `golden` [m × k] are rows of its features."""

    booster: lightgbm.Booster
    features: tuple[str, ...]
    cells: tuple[Cell, ...]
    lines: tuple[Lines, ...]
    training: dict[str, Any]
    golden: Floats


@dataclass(frozen=True)
class Estimate:
    """A verified estimate; `sha256` names it for good, `training` tells rows, dates and data."""

    sha256: str
    features: tuple[str, ...]
    cells: tuple[Cell, ...]
    lines: tuple[Lines, ...]
    training: dict[str, Any]
    explainer: Explainer

    @cached_property
    def estimated(self) -> Flags:
        """Whether the effect of a level is estimated, [5 stages × 5 levels]."""
        return estimated_of(self.cells)

    def why(self, stage: int, level: int) -> str | None:
        """Why the effect of a level above none is assumed in a stage; None: it is not."""
        if stage == 0:
            return "never_tried"  # nobody is contacted at random before being late
        return self.cells[(stage - 1) * CONTACTS + level - 1].why

    @cached_property
    def columns(self) -> NDArray[np.int64]:
        """Positions of its features in the catalogue's matrix."""
        return np.array([NAMES.index(name) for name in self.features], dtype=np.int64)

    def ratios(self, features: Floats, stage: Indices) -> Ratios:
        """The odds ratios of accounts in these stages by the catalogue's features [n × all]."""
        return self._ratios(features[:, self.columns], stage)

    def golden(self, own: Floats) -> Floats:
        """The odds ratios and bounds of golden rows [m × own features], [3 × m × 5]."""
        stage = stage_numbers(own[:, self.features.index(STAGE_FEATURE)])
        return np.stack(self._ratios(own, stage))

    def _ratios(self, own: Floats, stage: Indices) -> Ratios:
        return ratios_of(self.lines, self.explainer.explain(own).margin, stage)


def estimated_of(cells: tuple[Cell, ...]) -> Flags:
    """Whether the effect of a level is estimated, [5 stages × 5 levels]: never that of none."""
    found = np.zeros((len(STAGES), len(LEVELS)), np.bool_)
    for cell in cells:
        found[STAGES.index(cell.stage), cell.level] = cell.estimated
    return found


def ratios_of(lines: tuple[Lines, ...], margin: Floats, stage: NDArray[np.int64]) -> Ratios:
    """The odds ratios of accounts in these stages, by the booster's margins [n].

    Of the stages' names the first is left out: accounts in it are not late, and are taken for M1.
    """
    logs, variance = np.zeros((2, len(stage), len(LEVELS)))
    for s, line in enumerate(lines):
        rows = np.flatnonzero(np.maximum(stage, 1) - 1 == s)
        logs[rows, 1:], variance[rows, 1:] = log_ratios(line, margin[rows])
    half = QUANTILE * np.sqrt(variance)
    every = (logs, logs - half, logs + half)
    return Ratios(*(np.exp(np.clip(each, -MOST_LOG_RATIO, MOST_LOG_RATIO)) for each in every))


def log_ratios(line: Lines, margin: Floats) -> tuple[Floats, Floats]:
    """Logarithms of the odds ratios [n × 4 levels above none] in a stage, and their variances.

    Of a sum along the way from none the variance is that of its offsets, which depend on one
    another, and that of each slope, as far as the account is from the centre.
    """
    between = np.array(LEVELS[1:]) - np.array(line.parent)
    away = margin[:, None] * between - np.array(line.centre)
    own = np.array(line.offset) + np.array(line.slope) * away
    of_slope = away**2 * np.array(line.slope_variance)
    covariance = np.array(line.covariance)
    logs, variance = np.empty((2, len(margin), CONTACTS))
    for k, path in enumerate(line.paths):
        logs[:, k] = own[:, path].sum(axis=1)
        of_offsets = max(float(covariance[np.ix_(path, path)].sum()), 0.0)
        variance[:, k] = of_offsets + of_slope[:, path].sum(axis=1)
    return logs, variance


def write_estimate(directory: Path, content: Content) -> str:
    """Write the estimate into a folder that is empty or new, and return its SHA-256.

    The same content gives the same digest. Raises FileExistsError where files are in the way, and
    ValueError where the stage is not among the features.
    """
    if STAGE_FEATURE not in content.features:
        raise ValueError(f"{STAGE_FEATURE} is not among the features: it tells the stage")
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise FileExistsError(f"{directory} is not empty: name a new folder for the estimate")
    text = booster_text(content.booster)
    (directory / BOOSTER).write_text(text)
    # What is served is the text as read back, so that is what must reproduce.
    explainer = Explainer(read_booster(directory / BOOSTER))
    made = Estimate("", content.features, content.cells, content.lines, {}, explainer)
    np.save(directory / GOLDEN_FEATURES, content.golden)
    np.save(directory / GOLDEN_RATIOS, made.golden(content.golden))
    unsigned = {
        "schema": SCHEMA,
        "features": [
            {"name": name, "definition_sha256": BY_NAME[name].definition_sha256}
            for name in content.features
        ],
        "cells": [cell.model_dump(mode="json") for cell in content.cells],
        "lines": [line.model_dump(mode="json") for line in content.lines],
        "training": content.training,
        "files": {name: sha256_of(directory / name) for name in FILES},
    }
    digest = digest_of(unsigned)
    (directory / MANIFEST).write_text(json_text({**unsigned, "sha256": digest}))
    return digest


def load_estimate(directory: Path) -> Estimate:
    """Read and verify the estimate in `directory`.

    Raises BundleError where a file is missing, changed or unsound, a feature is unknown or is now
    computed otherwise, or a golden row does not give the odds ratios that it did.
    """
    manifest = _manifest(directory)
    try:
        estimate = Estimate(
            manifest.sha256,
            tuple(feature.name for feature in manifest.features),
            manifest.cells,
            manifest.lines,
            manifest.training,
            Explainer(read_booster(directory / BOOSTER)),
        )
        golden = np.load(directory / GOLDEN_FEATURES, allow_pickle=False)
        then = np.load(directory / GOLDEN_RATIOS, allow_pickle=False)
        if golden.shape[1] != len(estimate.features):
            raise ValueError(f"{golden.shape[1]} features, of which {len(estimate.features)} named")
        now = estimate.golden(golden)
    except _UNUSABLE as error:
        raise BundleError(f"{directory} holds a part that cannot be used: {error}") from error
    if (
        not len(golden)
        or then.shape != now.shape
        or not np.allclose(now, then, rtol=GOLDEN_TOLERANCE, atol=0)
    ):
        raise BundleError(
            f"the golden rows of {directory} give other odds ratios than when it was made: "
            "serve with the version that made it, or estimate anew"
        )
    return estimate


def _manifest(directory: Path) -> Manifest:
    path = directory / MANIFEST
    if path.is_symlink() or not path.is_file():
        raise BundleError(f"{path} is missing: {directory} is no estimate")
    try:
        text = path.read_text()
        document = json.loads(text)
        unsigned = {name: value for name, value in document.items() if name != "sha256"}
        if document["sha256"] != digest_of(unsigned) or text != json_text(document):
            raise BundleError(f"{path} was changed: {RESTORE}")
        manifest = Manifest.model_validate(document)
    except ValidationError as failure:
        first = failure.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise BundleError(f"{path}, {field}: {first['msg']}: {RESTORE}") from None
    except (ValueError, KeyError, AttributeError, RecursionError):
        raise BundleError(f"{path} is not a manifest: {RESTORE}") from None
    if manifest.schema_ != SCHEMA:
        raise BundleError(f"{path} has schema {manifest.schema_}, not {SCHEMA}: estimate anew")
    held = {path.name for path in directory.iterdir()}
    if set(manifest.files) != set(FILES) or held != {*FILES, MANIFEST}:
        raise BundleError(f"{directory} must hold {', '.join(FILES)} and {MANIFEST}: {RESTORE}")
    for name, digest in manifest.files.items():
        if (directory / name).is_symlink() or sha256_of(directory / name) != digest:
            raise BundleError(f"{directory / name} was changed: {RESTORE}")
    check_definitions(manifest.features)
    return manifest
