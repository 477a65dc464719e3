"""The manifest of a bundle: what it is, and the SHA-256 of each of its files.

It carries its own digest, so that no byte of it can change unnoticed.
"""

import hashlib
import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from features.catalogue import BY_NAME
from models.score.calibration import STAGE_FEATURE, Calibration
from models.score.standing import StandingCheck
from models.target import Outcome, Target

SCHEMA = 2
MANIFEST = "manifest.json"
SIGNATURE = "signature.json"  # beside it, where the bundle was signed (models.signed)
BOOSTER = "booster.txt"
GOLDEN = "golden.json"
GOLDEN_FEATURES = "golden_features.npy"
GOLDEN_LOG_ODDS = "golden_log_odds.npy"
ROLL_RATE = "roll_rate.json"
ABILITY = "ability.npy"
WILLINGNESS = "willingness.npy"
REFERENCE = "reference.json"
FILES = (
    BOOSTER,
    GOLDEN,
    GOLDEN_FEATURES,
    GOLDEN_LOG_ODDS,
    ROLL_RATE,
    ABILITY,
    WILLINGNESS,
    REFERENCE,
)

RESTORE = "restore the bundle or train anew"


class BundleError(Exception):
    """A bundle that must not be served: which part is wrong, and how to mend it."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Definition(_Part):
    """A feature that the booster reads, and the digest of how it is computed."""

    name: str
    definition_sha256: str


class Line(_Part):
    """The calibration: a rising line in log-odds, and an offset for each stage."""

    slope: float
    intercept: float
    stage_offsets: list[float]

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        self.calibration()
        return self

    def calibration(self) -> Calibration:
        """What it stands for; ValueError where that cannot be."""
        return Calibration(self.slope, self.intercept, tuple(self.stage_offsets))


class Manifest(_Part):
    """What a bundle says of itself."""

    schema_: int = Field(alias="schema")
    target: Target
    horizon_cycles: int = Field(ge=1)
    sustained: bool
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    features: list[Definition] = Field(min_length=1)
    calibration: Line
    standing: StandingCheck
    training: dict[str, Any]
    files: dict[str, str]
    sha256: str

    @field_validator("sustained")
    @classmethod
    def _is_of_a_cure(cls, sustained: bool, info: ValidationInfo) -> bool:
        if sustained and info.data.get("target") != "cure":
            raise ValueError("only a cure can be sustained")
        return sustained

    @property
    def outcome(self) -> Outcome:
        """What is predicted."""
        return Outcome(self.target, self.horizon_cycles, self.sustained)


def write_manifest(directory: Path, fields: dict[str, Any]) -> str:
    """Write the manifest of the files in the folder, and return its digest."""
    unsigned = {
        **fields,
        "schema": SCHEMA,
        "files": {name: sha256_of(directory / name) for name in FILES},
    }
    digest = digest_of(unsigned)
    (directory / MANIFEST).write_text(json_text({**unsigned, "sha256": digest}))
    return digest


def read_manifest(directory: Path) -> Manifest:
    """The manifest of a folder whose files are exactly those it names, unchanged.

    Raises BundleError where one is missing, changed, a link or too many, where a feature is
    unknown or is now computed otherwise, or where the one that stage offsets need is absent.
    """
    manifest = _parsed(directory / MANIFEST)
    if set(manifest.files) != set(FILES):
        raise BundleError(f"{directory / MANIFEST} must name {', '.join(FILES)}: {RESTORE}")
    for name, digest in manifest.files.items():
        path = directory / name
        if path.is_symlink() or not path.is_file():
            raise BundleError(f"{path} is missing or no plain file: {RESTORE}")
        if sha256_of(path) != digest:
            raise BundleError(f"{path} was changed: {RESTORE}")
    for path in directory.iterdir():
        if path.name not in (*FILES, MANIFEST, SIGNATURE):
            raise BundleError(f"{path} does not belong to the bundle: take it out")
    check_definitions(manifest.features)
    names = [feature.name for feature in manifest.features]
    check_stage_feature(manifest.calibration.calibration(), names)
    return manifest


def _parsed(path: Path) -> Manifest:
    if path.is_symlink() or not path.is_file():
        raise BundleError(f"{path} is missing: {path.parent} is not a bundle")
    try:
        text = path.read_text()
        document = json.loads(text)
        unsigned = {name: value for name, value in document.items() if name != "sha256"}
        whole = document["sha256"] == digest_of(unsigned) and text == json_text(document)
    except (ValueError, KeyError, AttributeError, RecursionError):
        raise BundleError(f"{path} is not a manifest: {RESTORE}") from None
    if not whole:
        raise BundleError(f"{path} was changed: {RESTORE}")
    if document.get("schema") != SCHEMA:
        raise BundleError(
            f"{path} has schema {document.get('schema')!r:.20}, this version reads {SCHEMA}: "
            "train anew"
        )
    try:
        return Manifest.model_validate(document)
    except ValidationError as failure:
        first = failure.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise BundleError(f"{path}, {field}: {first['msg']}: {RESTORE}") from None


def check_definitions(features: Sequence[Definition]) -> None:
    """BundleError where a feature is unknown, or is now computed otherwise."""
    for feature in features:
        known = BY_NAME.get(feature.name)
        if known is None:
            raise BundleError(
                f"feature {feature.name:.80} is not in the catalogue: "
                "serve with the version that trained it, or train anew"
            )
        if known.definition_sha256 != feature.definition_sha256:
            raise BundleError(
                f"feature {feature.name} is now computed otherwise: give the new computation "
                "a new name, or train anew"
            )


def check_stage_feature(calibration: Calibration, features: Collection[str]) -> None:
    """BundleError where the calibration needs a stage that the features do not tell."""
    if calibration.by_stage and STAGE_FEATURE not in features:
        raise BundleError(
            f"the calibration has stage offsets, but {STAGE_FEATURE} is not among the features: "
            "train with it, or without offsets"
        )


def json_text(document: dict[str, Any]) -> str:
    """The document as JSON text that depends on its content alone; ValueError for NaN."""
    return json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n"


def sha256_of(path: Path) -> str:
    """SHA-256, in hexadecimal, of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest_of(unsigned: dict[str, Any]) -> str:
    """SHA-256, in hexadecimal, of a document without its own digest."""
    return hashlib.sha256(json_text(unsigned).encode()).hexdigest()
