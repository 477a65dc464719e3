"""The estimate: read back as written, and refused where anything of it was changed."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
from pydantic import ValidationError

from features.catalogue import BY_NAME, NAMES
from models.intensity.cells import CONTACTS, LATE_STAGES, Cell, Lines
from models.intensity.estimate import (
    BOOSTER,
    FILES,
    GOLDEN_FEATURES,
    GOLDEN_RATIOS,
    MANIFEST,
    MOST_LOG_RATIO,
    QUANTILE,
    Content,
    Estimate,
    estimated_of,
    load_estimate,
    log_ratios,
    ratios_of,
    write_estimate,
)
from models.intensity.policy import ESTIMATE, PACKAGED, load_policy, policy_content
from models.score.manifest import BundleError, digest_of, json_text, sha256_of
from models.stage import stage_numbers

FEATURES = ("dpd_last", "reach_rate_365", "partial_share_12")
EVERY_FILE = (*FILES, MANIFEST)

LINES = Lines(
    parent=(0, 1, 1, 3),
    offset=(0.1, 0.2, 0.4, 0.8),
    slope=(1.0, 0.5, 0.25, 0.0),
    centre=(0.0, 0.1, 0.2, 0.3),
    covariance=(
        (0.04, -0.01, -0.02, 0.0),
        (-0.01, 0.05, 0.0, 0.0),
        (-0.02, 0.0, 0.06, -0.03),
        (0.0, 0.0, -0.03, 0.08),
    ),
    slope_variance=(0.01, 0.02, 0.03, 0.04),
)


TRAINING = {"data_sha256": "ab" * 32, "from": "2023-02-01", "until": "2024-05-28"}


def cell(stage: Any, level: int) -> Cell:
    known = stage == "M1" or level == 1
    return Cell(
        stage=stage,
        level=level,
        estimated=known,
        why=None if known else "few_assignments",
        n=500,
        accounts=400,
        ess=300.5,
        overlap=0.9,
        effect=0.05 if known else None,
        low=-0.01 if known else None,
        high=0.11 if known else None,
    )


def rows(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    found = np.column_stack([rng.choice([0, 15, 45, 75, 120], n), rng.random((n, 2))])
    found[rng.random(n) < 0.2, 1] = np.nan
    return found


@pytest.fixture(scope="module")
def content() -> Content:
    features = rows(400)
    margin = 0.3 * np.nan_to_num(features[:, 1]) - 0.1 * features[:, 2]
    settings = {"objective": "regression", "num_threads": 1, "verbose": -1, "deterministic": True}
    booster = lightgbm.train(settings, lightgbm.Dataset(features, margin), 5)
    return Content(
        booster,
        FEATURES,
        tuple(cell(stage, level) for stage in LATE_STAGES for level in range(1, CONTACTS + 1)),
        (LINES, *(LINES.model_copy(update={"offset": (0.1 * s,) * 4}) for s in (1, 2, 3))),
        {**TRAINING, "n": 400},
        rows(20, seed=1),
    )


@pytest.fixture(scope="module")
def written(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("estimate") / "estimate"
    write_estimate(folder, content)
    return folder


@pytest.fixture
def copy(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "copy"))


def stages(own: np.ndarray) -> np.ndarray:
    """The stages of the last statements of rows, which the first feature tells."""
    return stage_numbers(own[:, 0])


def catalogue(own: np.ndarray) -> np.ndarray:
    """Rows of the whole catalogue; what the estimate does not read is not known."""
    found = np.full((len(own), len(NAMES)), np.nan)
    found[:, [NAMES.index(name) for name in FEATURES]] = own
    return found


def sealed(directory: Path, **changes: object) -> None:
    """Rewrite the manifest with changes and digests that fit, as a careful hand would."""
    fields = json.loads((directory / MANIFEST).read_text())
    fields["files"] = {name: sha256_of(directory / name) for name in FILES}
    fields |= changes
    unsigned = {name: value for name, value in fields.items() if name != "sha256"}
    (directory / MANIFEST).write_text(json_text({**unsigned, "sha256": digest_of(unsigned)}))


def test_an_estimate_is_read_back_as_written(content: Content, written: Path) -> None:
    found = load_estimate(written)
    assert found.features == FEATURES
    assert (found.cells, found.lines) == (content.cells, content.lines)
    assert found.training == content.training
    assert sorted(path.name for path in written.iterdir()) == sorted(EVERY_FILE)


def test_ratios_are_the_same_to_the_last_bit(content: Content, written: Path) -> None:
    found = load_estimate(written)
    then = np.load(written / GOLDEN_RATIOS)
    assert np.array_equal(
        np.stack(found.ratios(catalogue(content.golden), stages(content.golden))), then
    )
    margin = content.booster.predict(content.golden, raw_score=True, num_threads=1)
    logs, _ = log_ratios(LINES, np.asarray(margin))
    first = content.golden[:, 0] <= 30
    assert np.log(then[0][first, 1:]) == pytest.approx(logs[first], abs=1e-12)


def test_the_same_content_has_the_same_name(
    content: Content, written: Path, tmp_path: Path
) -> None:
    name = load_estimate(written).sha256
    assert write_estimate(tmp_path / "again", content) == name
    other = replace(content, training={**TRAINING, "n": 401})
    assert write_estimate(tmp_path / "other", other) != name
    for file in EVERY_FILE:
        assert (tmp_path / "again" / file).read_bytes() == (written / file).read_bytes()


def test_what_is_estimated_where(written: Path) -> None:
    found = load_estimate(written)
    assert found.estimated.tolist() == [
        [False] * 5,
        [False, True, True, True, True],
        *[[False, True, False, False, False]] * 3,
    ]
    assert np.array_equal(found.estimated, estimated_of(found.cells))
    assert found.why(1, 2) is None
    assert found.why(2, 2) == "few_assignments"
    assert [found.why(0, level) for level in range(1, 5)] == ["never_tried"] * 4


@pytest.mark.parametrize("name", EVERY_FILE)
def test_every_changed_byte_is_seen(copy: Path, name: str) -> None:
    sound = (copy / name).read_bytes()
    for at in {0, 1, len(sound) - 1, *range(0, len(sound), max(len(sound) // 40, 1))}:
        changed = bytearray(sound)
        changed[at] ^= 1
        (copy / name).write_bytes(changed)
        with pytest.raises(BundleError):
            load_estimate(copy)
    (copy / name).write_bytes(sound + b"\n")
    with pytest.raises(BundleError):
        load_estimate(copy)
    (copy / name).write_bytes(sound)
    load_estimate(copy)


@pytest.mark.parametrize("name", EVERY_FILE)
def test_every_file_must_be_there(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(BundleError, match=r"missing|must hold"):
        load_estimate(copy)


@pytest.mark.parametrize("name", EVERY_FILE)
def test_links_are_refused(copy: Path, tmp_path: Path, name: str) -> None:
    (copy / name).rename(tmp_path / name)
    (copy / name).symlink_to(tmp_path / name)
    with pytest.raises(BundleError, match=r"changed|missing"):
        load_estimate(copy)


def test_no_other_file_may_be_there(copy: Path) -> None:
    (copy / "notes.txt").write_text("mine")
    with pytest.raises(BundleError, match="must hold"):
        load_estimate(copy)


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_policy_never_decides_without_the_estimate_that_it_came_with(
    tmp_path: Path, kind: str
) -> None:
    (tmp_path / PACKAGED).write_bytes(policy_content())
    assert load_policy(tmp_path).estimate is None
    if kind == "file":
        (tmp_path / ESTIMATE).write_text("gone")
    else:
        (tmp_path / ESTIMATE).symlink_to(tmp_path / "nowhere")
    with pytest.raises(BundleError):
        load_policy(tmp_path)


@pytest.mark.parametrize(
    "changed",
    [{"offset": (1e308,) * 4}, {"slope_variance": (-1.0,) * 4}, {"covariance": ((-1.0,) * 4,) * 4}],
)
def test_lines_that_no_assignments_give_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Lines.model_validate({**LINES.model_dump(), **changed})


def test_no_folder_at_all(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is no estimate"):
        load_estimate(tmp_path / "nowhere")


def definitions(**changed: str) -> list[dict[str, str]]:
    return [
        {"name": name, "definition_sha256": changed.get(name, BY_NAME[name].definition_sha256)}
        for name in FEATURES
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"schema": 2}, "schema 2"),
        ({"features": definitions(dpd_last="0" * 64)}, "now computed otherwise"),
        (
            {
                "features": [
                    *definitions()[:2],
                    {"name": "unheard_of", "definition_sha256": "0" * 64},
                ]
            },
            "not in the catalogue",
        ),
        ({"features": definitions()[1:]}, "dpd_last among them"),
        ({"features": [*definitions()[:2], definitions()[1]]}, "named once each"),
        ({"features": definitions()[:2]}, "cannot be used"),
        ({"cells": []}, "cells"),
        ({"lines": []}, "lines"),
        ({"files": {}}, "must hold"),
        ({"more": 1}, "more"),
        ({"training": {}}, "data_sha256"),
        ({"training": {**TRAINING, "until": None}}, "until"),
    ],
)
def test_what_does_not_fit_is_refused(copy: Path, changes: dict[str, Any], said: str) -> None:
    sealed(copy, **changes)
    with pytest.raises(BundleError, match=said):
        load_estimate(copy)


def test_a_careful_hand_cannot_leave_out_an_interval(copy: Path) -> None:
    cells = json.loads((copy / MANIFEST).read_text())["cells"]
    cells[0]["low"] = None
    sealed(copy, cells=cells)
    with pytest.raises(BundleError, match="with its interval"):
        load_estimate(copy)


def test_other_golden_ratios_are_refused(copy: Path) -> None:
    then = np.load(copy / GOLDEN_RATIOS)
    np.save(copy / GOLDEN_RATIOS, then * (1 + 1e-12))  # another machine's logarithms
    sealed(copy)
    load_estimate(copy)
    then[0, 3, 2] *= 1 + 1e-6
    np.save(copy / GOLDEN_RATIOS, then)
    sealed(copy)
    with pytest.raises(BundleError, match="other odds ratios"):
        load_estimate(copy)


@pytest.mark.parametrize(
    ("name", "held"),
    [
        (GOLDEN_FEATURES, b"no array"),
        (GOLDEN_FEATURES, b""),
        (GOLDEN_RATIOS, b""),
        (BOOSTER, b"no booster"),
    ],
)
def test_parts_that_cannot_be_read_are_refused(copy: Path, name: str, held: bytes) -> None:
    (copy / name).write_bytes(held)
    sealed(copy)
    with pytest.raises(BundleError, match="cannot be used"):
        load_estimate(copy)


def test_nothing_is_written_over(written: Path, content: Content) -> None:
    with pytest.raises(FileExistsError, match="is not empty"):
        write_estimate(written, content)


def test_the_stage_must_be_among_the_features(content: Content, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="tells the stage"):
        write_estimate(tmp_path / "estimate", replace(content, features=FEATURES[1:]))
    assert not (tmp_path / "estimate").exists()


def test_logs_are_summed_along_the_way_from_none() -> None:
    """By hand: 3 is compared with 1, and 4 with 3."""
    logs, _ = log_ratios(LINES, np.array([0.5]))
    own = [
        0.1 + 1.0 * (0.5 * 1 - 0.0),
        0.2 + 0.5 * (0.5 * 1 - 0.1),
        0.4 + 0.25 * (0.5 * 2 - 0.2),
        0.8 + 0.0 * (0.5 * 1 - 0.3),
    ]
    assert logs[0] == pytest.approx(
        [own[0], own[0] + own[1], own[0] + own[2], own[0] + own[2] + own[3]]
    )


def test_variances_are_of_the_sum_along_the_way() -> None:
    _, variance = log_ratios(LINES, np.array([0.5]))
    of_slope = [0.5**2 * 0.01, 0.4**2 * 0.02, 0.8**2 * 0.03, 0.2**2 * 0.04]
    assert variance[0] == pytest.approx(
        [
            0.04 + of_slope[0],
            0.04 + 0.05 - 2 * 0.01 + of_slope[0] + of_slope[1],
            0.04 + 0.06 - 2 * 0.02 + of_slope[0] + of_slope[2],
            0.04 + 0.06 + 0.08 - 2 * (0.02 + 0.03) + of_slope[0] + of_slope[2] + of_slope[3],
        ]
    )


def test_bounds_lie_on_both_sides_of_the_ratio(written: Path) -> None:
    own = rows(500, seed=2)
    found = load_estimate(written).ratios(catalogue(own), stages(own))
    assert (found.odds_ratio[:, 0] == 1).all()
    assert (found.low[:, 0] == 1).all()
    assert (found.high[:, 0] == 1).all()
    assert (found.low[:, 1:] < found.odds_ratio[:, 1:]).all()
    assert (found.odds_ratio[:, 1:] < found.high[:, 1:]).all()


def test_bounds_are_of_95_percent() -> None:
    margin = np.array([0.5, -0.5])
    found = ratios_of((LINES,) * 4, margin, np.array([1, 4]))
    logs, variance = log_ratios(LINES, margin)
    half = QUANTILE * np.sqrt(variance)
    assert np.log(found.low[:, 1:]) == pytest.approx(logs - half)
    assert np.log(found.high[:, 1:]) == pytest.approx(logs + half)


def test_no_ratio_lies_beyond_what_a_policy_may_assume() -> None:
    margin = np.array([-1e6, 1e6])
    steep = LINES.model_copy(update={"slope": (1.0,) * 4})
    found = ratios_of((steep,) * 4, margin, np.array([1, 1]))
    assert np.log(np.stack(found)[:, 1, 4]).max() == pytest.approx(MOST_LOG_RATIO)
    assert np.log(np.stack(found)[:, 0, 4]).min() == pytest.approx(-MOST_LOG_RATIO)
    assert (found.low <= found.high).all()


def test_each_stage_has_its_own_lines(written: Path) -> None:
    own = np.tile([0.0, 0.5, 0.5], (5, 1))
    own[:, 0] = [0, 15, 45, 75, 120]
    ratio = load_estimate(written).ratios(catalogue(own), stages(own)).odds_ratio
    # Late since the last statement, which shows nothing past due: as in the first late stage.
    assert ratio[0].tolist() == ratio[1].tolist()
    assert len({tuple(row) for row in ratio.tolist()}) == 4


def test_features_that_are_not_known_give_ratios(written: Path) -> None:
    unknown: Estimate = load_estimate(written)
    own = np.full((5, len(FEATURES)), np.nan)
    own[:, 0] = [0, 15, 45, 75, 120]
    assert np.isfinite(np.stack(unknown.ratios(catalogue(own), stages(own)))).all()
    assert np.stack(unknown.ratios(catalogue(own[:0]), stages(own[:0]))).shape == (3, 0, 5)
    own[:, 0] = np.nan
    assert np.isfinite(np.stack(unknown.ratios(catalogue(own), stages(own)))).all()
