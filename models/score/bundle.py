"""The bundle: what training makes and the service loads, in formats that run no code.

A folder of LightGBM's text, JSON and .npy files. The manifest names each with its SHA-256 and
carries its own digest; loading refuses whatever does not match to the last byte.
"""

import hashlib
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
from models.score.booster import booster_text, read_booster
from models.score.calibration import Calibration, log_odds
from models.score.contributions import contributions
from models.score.golden import golden_rows, golden_text
from models.score.standing import References

SCHEMA = 1
MANIFEST = "manifest.json"
# Another machine's compiler may order a sum otherwise; a changed definition moves far more.
GOLDEN_TOLERANCE = 1e-9


class BundleError(Exception):
    """A bundle that must not be served: which part is wrong, and how to mend it."""


@dataclass(frozen=True)
class Content:
    """What goes into a bundle.

    `features` names the booster's columns in order; `golden` are histories without ids;
    `roll_rate` is the baseline's table and `training` tells rows, dates and data hash.
    """

    target: str
    horizon_cycles: int
    currency: str
    booster: lightgbm.Booster
    features: tuple[str, ...]
    calibration: Calibration
    references: References
    roll_rate: dict[str, Any]
    training: dict[str, Any]
    golden: tuple[Panel, View]


@dataclass(frozen=True)
class Bundle:
    """A verified bundle; `sha256` names it for good."""

    sha256: str
    target: str
    horizon_cycles: int
    currency: str
    features: tuple[str, ...]
    booster: lightgbm.Booster
    calibration: Calibration
    references: References
    roll_rate: dict[str, Any]
    training: dict[str, Any]

    @cached_property
    def columns(self) -> NDArray[np.int64]:
        """Positions of the bundle's features in the catalogue's matrix."""
        return np.array([NAMES.index(name) for name in self.features], dtype=np.int64)


def write(directory: Path, content: Content) -> str:
    """Write the bundle into a folder that is empty or new, and return its SHA-256.

    The same content gives the same digest. Raises FileExistsError where files are in the way.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise FileExistsError(f"{directory} is not empty: name a new folder for the bundle")
    panel, view = content.golden
    columns = [NAMES.index(name) for name in content.features]
    golden = matrix(panel, view)[:, columns]
    (directory / "booster.txt").write_text(booster_text(content.booster))
    (directory / "golden.json").write_text(golden_text(panel, view))
    _write_json(directory / "roll_rate.json", content.roll_rate)
    np.save(directory / "ability.npy", content.references.ability)
    np.save(directory / "willingness.npy", content.references.willingness)
    np.save(directory / "golden_features.npy", golden)
    # What is served is the text as read back, so that is what must reproduce.
    np.save(
        directory / "golden_log_odds.npy",
        _log_odds(read_booster(directory / "booster.txt"), content.calibration, golden),
    )
    manifest = {
        "schema": SCHEMA,
        "target": content.target,
        "horizon_cycles": content.horizon_cycles,
        "currency": content.currency,
        "features": [
            {"name": name, "definition_sha256": BY_NAME[name].definition_sha256}
            for name in content.features
        ],
        "calibration": {
            "slope": content.calibration.slope,
            "intercept": content.calibration.intercept,
        },
        "training": content.training,
        "files": {file.name: _sha256(file) for file in sorted(directory.iterdir())},
    }
    digest = _digest(manifest)
    _write_json(directory / MANIFEST, {**manifest, "sha256": digest})
    return digest


def load(directory: Path) -> Bundle:
    """Read and verify the bundle in `directory`.

    Raises BundleError where a file is missing or changed, a feature is unknown or is now
    computed otherwise, or a golden row does not score as it did.
    """
    manifest = _manifest(directory)
    for name, digest in manifest["files"].items():
        path = directory / name
        if not path.is_file() or path.parent != directory:
            raise BundleError(f"{path} is missing: restore the bundle or train anew")
        if _sha256(path) != digest:
            raise BundleError(f"{path} was changed: restore the bundle or train anew")
    _check_definitions(manifest["features"])
    bundle = Bundle(
        sha256=manifest["sha256"],
        target=manifest["target"],
        horizon_cycles=manifest["horizon_cycles"],
        currency=manifest["currency"],
        features=tuple(feature["name"] for feature in manifest["features"]),
        booster=read_booster(directory / "booster.txt"),
        calibration=Calibration(**manifest["calibration"]),
        references=References(
            ability=np.load(directory / "ability.npy", allow_pickle=False),
            willingness=np.load(directory / "willingness.npy", allow_pickle=False),
        ),
        roll_rate=json.loads((directory / "roll_rate.json").read_text()),
        training=manifest["training"],
    )
    _check_golden(directory, bundle)
    return bundle


def _manifest(directory: Path) -> dict[str, Any]:
    path = directory / MANIFEST
    try:
        text = path.read_text()
        manifest: dict[str, Any] = json.loads(text)
        unsigned = {name: value for name, value in manifest.items() if name != "sha256"}
        digest = manifest["sha256"]
    except FileNotFoundError:
        raise BundleError(f"{path} is missing: {directory} is not a bundle") from None
    except (ValueError, KeyError, AttributeError):
        raise BundleError(f"{path} is not a manifest: restore the bundle or train anew") from None
    if digest != _digest(unsigned) or text != _json(manifest):
        raise BundleError(f"{path} was changed: restore the bundle or train anew")
    if manifest["schema"] != SCHEMA:
        raise BundleError(
            f"{path} has schema {manifest['schema']}, this version reads {SCHEMA}: train anew"
        )
    return manifest


def _check_definitions(features: list[dict[str, str]]) -> None:
    for feature in features:
        known = BY_NAME.get(feature["name"])
        if known is None:
            raise BundleError(
                f"feature {feature['name']} is not in the catalogue: "
                "serve with the version that trained it, or train anew"
            )
        if known.definition_sha256 != feature["definition_sha256"]:
            raise BundleError(
                f"feature {feature['name']} is now computed otherwise: give the new computation "
                "a new name, or train anew"
            )


def _check_golden(directory: Path, bundle: Bundle) -> None:
    panel, view = golden_rows((directory / "golden.json").read_text())
    features = matrix(panel, view)[:, bundle.columns]
    total = _log_odds(bundle.booster, bundle.calibration, features)
    for name, now in (("golden_features", features), ("golden_log_odds", total)):
        then = np.load(directory / f"{name}.npy", allow_pickle=False)
        if then.shape != now.shape or not np.allclose(
            now, then, rtol=GOLDEN_TOLERANCE, atol=GOLDEN_TOLERANCE, equal_nan=True
        ):
            raise BundleError(
                f"the golden rows give other {name.removeprefix('golden_')} than when the bundle "
                "was made: serve with the version that trained it, or train anew"
            )


def _log_odds(
    booster: lightgbm.Booster, line: Calibration, features: NDArray[np.float64]
) -> NDArray[np.float64]:
    shares, base = contributions(booster, features)
    return log_odds(line.slope * base + line.intercept, line.slope * shares)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n"


def _digest(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(_json(manifest).encode()).hexdigest()


def _write_json(path: Path, document: dict[str, Any]) -> None:
    path.write_text(_json(document))
