import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from features.catalogue import BY_NAME, NAMES
from models.score import bundle as bundles
from models.score.bundle import BundleError, load, write
from models.score.calibration import Calibration
from tests.bundles import content

FILES = (
    "ability.npy",
    "booster.txt",
    "golden.json",
    "golden_features.npy",
    "golden_log_odds.npy",
    "manifest.json",
    "roll_rate.json",
    "willingness.npy",
)


@pytest.fixture
def copy(bundle_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle_dir, tmp_path / "copy"))


def sealed(directory: Path, **changes: object) -> None:
    """Rewrite the manifest with changes and digests that fit, as a careful hand would."""
    manifest = json.loads((directory / "manifest.json").read_text())
    del manifest["sha256"]
    manifest.update(changes)
    manifest["files"] = {
        name: bundles._sha256(directory / name) for name in FILES if name != "manifest.json"
    }
    bundles._write_json(
        directory / "manifest.json", {**manifest, "sha256": bundles._digest(manifest)}
    )


def test_a_bundle_is_read_back_as_written(bundle_dir: Path) -> None:
    bundle = load(bundle_dir)
    assert tuple(sorted(path.name for path in bundle_dir.iterdir())) == FILES
    assert (bundle.target, bundle.horizon_cycles, bundle.currency) == ("cure", 1, "USD")
    assert bundle.calibration == Calibration(0.9, 0.05)
    assert bundle.training == {"rows": 1_500}


def test_the_same_content_gives_the_same_digest(bundle_dir: Path, tmp_path: Path) -> None:
    assert write(tmp_path / "again", content()) == load(bundle_dir).sha256
    assert write(tmp_path / "other", content(currency="EUR")) != load(bundle_dir).sha256


@pytest.mark.parametrize("name", FILES)
def test_one_flipped_bit_anywhere_is_refused(name: str, copy: Path) -> None:
    path = copy / name
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    for position in {0, len(whole) - 1, *rng.integers(0, len(whole), 20).tolist()}:
        flipped = bytearray(whole)
        flipped[position] ^= 1 << int(rng.integers(0, 8))
        path.write_bytes(bytes(flipped))
        with pytest.raises(BundleError, match=name):
            load(copy)
    path.write_bytes(whole)
    load(copy)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused(name: str, copy: Path) -> None:
    (copy / name).unlink()
    with pytest.raises(BundleError, match=f"{name} is missing"):
        load(copy)


def test_a_feature_that_is_computed_otherwise_is_refused(copy: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["features"][3]["definition_sha256"] = "0" * 64
    sealed(copy, features=manifest["features"])
    name = manifest["features"][3]["name"]
    with pytest.raises(BundleError, match=f"{name} is now computed otherwise"):
        load(copy)


def test_a_feature_that_left_the_catalogue_is_refused(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(BY_NAME, "dpd_last")
    with pytest.raises(BundleError, match="dpd_last is not in the catalogue"):
        load(copy)


def test_a_feature_more_in_the_catalogue_hurts_nobody(tmp_path: Path) -> None:
    few = content(features=("late_streak", "dpd_last", "balance_last"))
    write(tmp_path / "few", few)
    bundle = load(tmp_path / "few")
    assert [NAMES[column] for column in bundle.columns] == list(few.features)


@pytest.mark.parametrize("name", ["golden_features", "golden_log_odds"])
def test_a_golden_row_that_does_not_reproduce_is_refused(name: str, copy: Path) -> None:
    golden = np.load(copy / f"{name}.npy")
    golden.flat[np.flatnonzero(~np.isnan(golden))[0]] += 1e-6
    np.save(copy / f"{name}.npy", golden)
    sealed(copy)
    with pytest.raises(BundleError, match="golden rows"):
        load(copy)


def test_another_calibration_line_breaks_the_golden_rows(copy: Path) -> None:
    sealed(copy, calibration={"slope": 0.9, "intercept": 0.051})
    with pytest.raises(BundleError, match="golden rows"):
        load(copy)


def test_a_bundle_of_another_schema_is_refused(copy: Path) -> None:
    sealed(copy, schema=bundles.SCHEMA + 1)
    with pytest.raises(BundleError, match="schema"):
        load(copy)


def test_a_file_outside_the_folder_is_never_read(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    manifest = json.loads((copy / "manifest.json").read_text())
    del manifest["sha256"]
    manifest["files"]["../secret.txt"] = bundles._sha256(tmp_path / "secret.txt")
    bundles._write_json(copy / "manifest.json", {**manifest, "sha256": bundles._digest(manifest)})
    with pytest.raises(BundleError, match=r"secret\.txt"):
        load(copy)


def test_writing_over_files_is_refused(bundle_dir: Path) -> None:
    with pytest.raises(FileExistsError, match="not empty"):
        write(bundle_dir, content())


@pytest.mark.parametrize("slope", [0.0, -1.0, float("nan"), float("inf")])
def test_a_line_that_does_not_rise_is_refused(slope: float) -> None:
    with pytest.raises(ValueError, match="rising line"):
        Calibration(slope, 0.0)
