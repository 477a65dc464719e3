import hashlib
import json
import shutil
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest

from features.catalogue import BY_NAME, NAMES
from models.score.booster import BoosterError
from models.score.bundle import load, write
from models.score.calibration import Calibration
from models.score.manifest import FILES, MANIFEST, SCHEMA, BundleError, json_text, sha256_of
from models.score.standing import STEPS, Agreement, StandingCheck
from models.target import Outcome
from tests.bundles import OFFSETS, content

EVERY_FILE = tuple(sorted((*FILES, MANIFEST)))


@pytest.fixture
def copy(bundle_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle_dir, tmp_path / "copy"))


def sealed(directory: Path, **changes: object) -> None:
    """Rewrite the manifest with changes and digests that fit, as a careful hand would."""
    fields = json.loads((directory / MANIFEST).read_text())
    fields["files"] = {name: sha256_of(directory / name) for name in FILES}
    fields |= changes
    unsigned = {name: value for name, value in fields.items() if name != "sha256"}
    digest = hashlib.sha256(json_text(unsigned).encode()).hexdigest()
    (directory / MANIFEST).write_text(json_text({**unsigned, "sha256": digest}))


def test_a_bundle_is_read_back_as_written(bundle_dir: Path) -> None:
    bundle = load(bundle_dir)
    assert tuple(sorted(path.name for path in bundle_dir.iterdir())) == EVERY_FILE
    assert (bundle.outcome, bundle.currency) == (Outcome("cure", 1), "USD")
    assert bundle.calibration == Calibration(0.9, 0.05)
    assert bundle.standing == StandingCheck()
    assert not bundle.standing_valid
    assert bundle.training == {"n": 1_500}


def test_what_is_not_the_default_is_read_back_too(tmp_path: Path) -> None:
    standing = StandingCheck(
        measured=True,
        n=500,
        ability=Agreement(own=0.5, other=0.1),
        willingness=Agreement(own=0.6, other=-0.2),
    )
    made = content(offsets=OFFSETS, standing=standing)
    lasting = Outcome("cure", horizon_cycles=2, sustained=True)
    write(tmp_path / "bundle", replace(made, outcome=lasting))
    bundle = load(tmp_path / "bundle")
    assert bundle.outcome == lasting
    assert bundle.calibration == Calibration(0.9, 0.05, OFFSETS)
    assert bundle.standing == standing
    assert bundle.standing_valid
    assert bundle.reference == made.reference


def test_the_same_content_gives_the_same_digest(bundle_dir: Path, tmp_path: Path) -> None:
    assert write(tmp_path / "again", content()) == load(bundle_dir).sha256
    assert write(tmp_path / "other", content(currency="EUR")) != load(bundle_dir).sha256


@pytest.mark.parametrize("name", EVERY_FILE)
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


@pytest.mark.parametrize("name", EVERY_FILE)
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
    sealed(copy, calibration={"slope": 0.9, "intercept": 0.051, "stage_offsets": [0.0] * 5})
    with pytest.raises(BundleError, match="golden rows"):
        load(copy)


def test_other_stage_offsets_break_the_golden_rows(copy: Path) -> None:
    sealed(copy, calibration={"slope": 0.9, "intercept": 0.05, "stage_offsets": list(OFFSETS)})
    with pytest.raises(BundleError, match="golden rows"):
        load(copy)


def test_stage_offsets_need_the_feature_that_tells_the_stage(tmp_path: Path) -> None:
    few = ("late_streak", "balance_last")
    with pytest.raises(BundleError, match="dpd_last is not among the features"):
        write(tmp_path / "never", content(features=few, offsets=OFFSETS))
    assert not (tmp_path / "never").exists()
    write(tmp_path / "few", content(features=few))
    load(tmp_path / "few")
    sealed(
        tmp_path / "few",
        calibration={"slope": 0.9, "intercept": 0.05, "stage_offsets": list(OFFSETS)},
    )
    with pytest.raises(BundleError, match="dpd_last is not among the features"):
        load(tmp_path / "few")


@pytest.mark.parametrize("schema", [SCHEMA - 1, SCHEMA + 1])
def test_a_bundle_of_another_schema_is_refused(schema: int, copy: Path) -> None:
    sealed(copy, schema=schema)
    with pytest.raises(BundleError, match=f"has schema {schema}, this version reads {SCHEMA}"):
        load(copy)


def test_a_file_outside_the_folder_is_never_read(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    files = {name: sha256_of(copy / name) for name in FILES}
    sealed(copy, files=files | {"../secret.txt": sha256_of(tmp_path / "secret.txt")})
    with pytest.raises(BundleError, match="must name"):
        load(copy)


@pytest.mark.parametrize("files", [{}, {"booster.txt": "0" * 64}, {"booster.txt": 1}, []])
def test_a_manifest_that_leaves_files_out_is_refused(files: object, copy: Path) -> None:
    sealed(copy, files=files)
    with pytest.raises(BundleError, match=r"manifest\.json"):
        load(copy)


def test_a_link_and_a_file_too_many_are_refused(copy: Path, tmp_path: Path) -> None:
    (copy / "extra.bin").write_bytes(b"1")
    with pytest.raises(BundleError, match=r"extra\.bin does not belong"):
        load(copy)
    (copy / "extra.bin").unlink()
    (copy / "ability.npy").rename(tmp_path / "ability.npy")
    (copy / "ability.npy").symlink_to(tmp_path / "ability.npy")
    with pytest.raises(BundleError, match="no plain file"):
        load(copy)


@pytest.mark.parametrize(
    "changes",
    [
        {"target": "zz"},
        {"target": None},
        {"horizon_cycles": 0},
        {"horizon_cycles": "1"},
        {"currency": "dollars"},
        {"features": []},
        {"features": [{"name": "dpd_last"}]},
        {"sustained": 1},
        {"sustained": True, "target": "early_warning"},
        {"calibration": {"slope": 1.0, "intercept": 0.0}},
        {"calibration": {"slope": -1.0, "intercept": 0.0, "stage_offsets": [0.0] * 5}},
        {"calibration": {"slope": "1", "intercept": 0.0, "stage_offsets": [0.0] * 5}},
        {"calibration": {"slope": 1.0, "intercept": 0.0, "stage_offsets": [0, 0, 0, -1, 0]}},
        {"standing": {"measured": True, "n": "9"}},
        {"standing": {"measured": False, "n": -1, "ability": {}, "willingness": {}}},
        {"standing": {"ability": {"own": 1.1, "other": 0.0}}},
        {"training": None},
        {"more": 1},
    ],
    ids=str,
)
def test_a_manifest_that_does_not_make_sense_is_refused(
    changes: dict[str, object], copy: Path
) -> None:
    sealed(copy, **changes)
    with pytest.raises(BundleError, match=next(iter(changes))):
        load(copy)


@pytest.mark.parametrize(
    "field", ["target", "sustained", "calibration", "standing", "files", "schema", "training"]
)
def test_a_manifest_without_a_field_is_refused(field: str, copy: Path) -> None:
    fields = json.loads((copy / MANIFEST).read_text())
    unsigned = {name: value for name, value in fields.items() if name not in ("sha256", field)}
    digest = hashlib.sha256(json_text(unsigned).encode()).hexdigest()
    (copy / MANIFEST).write_text(json_text({**unsigned, "sha256": digest}))
    with pytest.raises(BundleError, match=field):
        load(copy)


@pytest.mark.parametrize(
    "values",
    [
        np.empty(0),
        np.zeros((STEPS + 1, 2)),
        np.full(STEPS + 1, np.nan),
        np.arange(STEPS + 1, 0, -1.0),
        np.zeros(STEPS + 1, np.float32),
        np.full(STEPS + 1, "text"),
    ],
    ids=["empty", "plane", "nan", "falling", "float32", "text"],
)
def test_references_that_are_no_quantiles_are_refused(values: np.ndarray, copy: Path) -> None:
    np.save(copy / "ability.npy", values)
    sealed(copy)
    with pytest.raises(BundleError, match="no quantiles"):
        load(copy)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [b"", b"garbage\xff\x00", b"{}", b"tree\nversion=v4\n"])
def test_a_part_of_another_kind_is_refused(name: str, content: bytes, copy: Path) -> None:
    if (name, content) == ("roll_rate.json", b"{}"):
        return  # a table without entries is a table
    (copy / name).write_bytes(content)
    sealed(copy)
    with pytest.raises(BundleError):
        load(copy)


@pytest.mark.parametrize("keep", [0.1, 0.3, 0.5, 0.7, 0.9, 0.95])
def test_a_cut_booster_is_refused_before_it_ends_the_process(keep: float, copy: Path) -> None:
    text = (copy / "booster.txt").read_text()
    (copy / "booster.txt").write_text(text[: int(len(text) * keep)])
    sealed(copy)
    with pytest.raises(BundleError, match=r"booster\.txt"):
        load(copy)


def test_a_booster_of_other_features_is_refused(copy: Path, tmp_path: Path) -> None:
    write(tmp_path / "few", content(features=("late_streak", "dpd_last", "balance_last")))
    shutil.copy(tmp_path / "few" / "booster.txt", copy / "booster.txt")
    sealed(copy)
    with pytest.raises(BundleError, match="other features"):
        load(copy)


def test_writing_over_files_is_refused(bundle_dir: Path) -> None:
    with pytest.raises(FileExistsError, match="not empty"):
        write(bundle_dir, content())


def altered(reference: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """The reference with another value at a dotted path."""
    changed = deepcopy(reference)
    *way, last = path.split(".")
    part = changed
    for name in way:
        part = part[name]
    part[last] = value
    return changed


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("score.edges", [0.0, 0.0], "do not rise"),
        ("score.shares", [1.0], "one share more"),
        ("features.dpd_last", {"edges": [], "shares": [0.99], "missing": 0.0}, "add up to 1"),
        ("features.dpd_last", {"edges": [1.0], "shares": [1.5, -0.5], "missing": 0.0}, "add up"),
        ("features.dpd_last.missing", 1.5, r"dpd_last\.missing"),
        ("features", {}, "not one of the bundle's features"),
        ("reasons", {"zz": 1.0}, "no features of the bundle"),
        ("reasons", {"dpd_last": 0.5}, "add up to 1"),
        ("more", 1, "more"),
    ],
)
def test_a_reference_that_is_not_sound_is_refused(
    path: str, value: object, told: str, copy: Path, tmp_path: Path
) -> None:
    whole = content()
    changed = altered(whole.reference, path, value)
    (copy / "reference.json").write_text(json_text(changed))
    sealed(copy)
    with pytest.raises(BundleError, match=told):
        load(copy)
    with pytest.raises(ValueError, match=told):
        write(tmp_path / "new", replace(whole, reference=changed))
    assert not (tmp_path / "new").exists()


def test_a_booster_that_splits_by_categories_is_refused_by_the_feature_s_name(tmp_path) -> None:
    rng = np.random.default_rng(0)
    whole = content()
    used = rng.normal(size=(400, len(whole.features)))
    column = whole.features.index("is_credit_card")
    used[:, column] = rng.integers(0, 4, 400)
    data = lightgbm.Dataset(
        used,
        (used[:, column] > 1).astype(float),
        feature_name=list(whole.features),
        categorical_feature=["is_credit_card"],
    )
    booster = lightgbm.train({"objective": "binary", "num_threads": 1, "verbose": -1}, data, 3)
    with pytest.raises(BoosterError, match=r"by categories.*is_credit_card"):
        write(tmp_path / "bundle", replace(whole, booster=booster))
    assert not (tmp_path / "bundle").exists()
