"""The manifest of a bundle: what it is, and the SHA-256 of each of its files.

It carries its own digest, so that no byte of it can change unnoticed.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.catalogue import BY_NAME
from models.target import Target

SCHEMA = 1
MANIFEST = "manifest.json"
BOOSTER = "booster.txt"
GOLDEN = "golden.json"
GOLDEN_FEATURES = "golden_features.npy"
GOLDEN_LOG_ODDS = "golden_log_odds.npy"
ROLL_RATE = "roll_rate.json"
ABILITY = "ability.npy"
WILLINGNESS = "willingness.npy"
FILES = (BOOSTER, GOLDEN, GOLDEN_FEATURES, GOLDEN_LOG_ODDS, ROLL_RATE, ABILITY, WILLINGNESS)

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
    """The calibration line in log-odds; it rises."""

    slope: float = Field(gt=0)
    intercept: float


class Manifest(_Part):
    """What a bundle says of itself."""

    schema_: int = Field(alias="schema")
    target: Target
    horizon_cycles: int = Field(ge=1)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    features: list[Definition] = Field(min_length=1)
    calibration: Line
    training: dict[str, Any]
    files: dict[str, str]
    sha256: str


def write_manifest(directory: Path, fields: dict[str, Any]) -> str:
    """Write the manifest of the files in the folder, and return its digest."""
    unsigned = {
        **fields,
        "schema": SCHEMA,
        "files": {name: sha256_of(directory / name) for name in FILES},
    }
    digest = _digest(unsigned)
    (directory / MANIFEST).write_text(json_text({**unsigned, "sha256": digest}))
    return digest


def read_manifest(directory: Path) -> Manifest:
    """The manifest of a folder whose files are exactly those it names, unchanged.

    Raises BundleError where one is missing, changed, a link or too many, or where a feature
    is unknown or is now computed otherwise.
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
        if path.name not in (*FILES, MANIFEST):
            raise BundleError(f"{path} does not belong to the bundle: take it out")
    _check_definitions(manifest.features)
    return manifest


def _parsed(path: Path) -> Manifest:
    if path.is_symlink() or not path.is_file():
        raise BundleError(f"{path} is missing: {path.parent} is not a bundle")
    try:
        text = path.read_text()
        document = json.loads(text)
        unsigned = {name: value for name, value in document.items() if name != "sha256"}
        whole = document["sha256"] == _digest(unsigned) and text == json_text(document)
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


def _check_definitions(features: list[Definition]) -> None:
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


def json_text(document: dict[str, Any]) -> str:
    """The document as JSON text that depends on its content alone; ValueError for NaN."""
    return json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n"


def sha256_of(path: Path) -> str:
    """SHA-256, in hexadecimal, of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _digest(unsigned: dict[str, Any]) -> str:
    return hashlib.sha256(json_text(unsigned).encode()).hexdigest()
