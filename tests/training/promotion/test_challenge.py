"""The gate on real bundles: what it refuses, and what it lets pass."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.errors import InputError
from models.score.bundle import Content, write
from models.score.calibration import Calibration
from models.score.manifest import GOLDEN_LOG_ODDS, read_manifest, write_manifest
from tests.challengers import Portfolio, portfolio, with_changed_definition
from training.progress import silent
from training.promotion.challenge import Tables, challenge
from training.promotion.gate import Check, GateSettings, Verdict

QUICK = GateSettings(draws=100, fairness_draws=100)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Portfolio:
    return portfolio(tmp_path_factory.mktemp("challenge") / "data")


@pytest.fixture(scope="module")
def champion(trained: Portfolio, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle(tmp_path_factory.mktemp("champion"), trained.contents["good"])


def bundle(folder: Path, content: Content) -> Path:
    write(folder / "bundle", content)
    return folder / "bundle"


def judge(trained: Portfolio, challenger: Path, champion: Path | None) -> Verdict:
    return challenge(challenger, champion, Tables(trained.folder, trained.sha256), QUICK, silent)


def failed(verdict: Verdict) -> dict[str, Check]:
    return {check.check: check for check in verdict.checks if not check.passed}


def test_an_equal_one_passes(trained: Portfolio, champion: Path) -> None:
    verdict = judge(trained, champion, champion)
    assert verdict.passed, failed(verdict)
    names = [check.check for check in verdict.checks]
    assert names == [
        "feature definitions",
        "golden rows",
        "outcome",
        "currency",
        "leaks",
        "rows that cured",
        "rows that did not",
        "AUC above champion",
        "ECE",
        "calibration slope",
        "rate in M1",
        "rate in M2",
        "rate in M3",
        "rate in M4+",
        "PSI of the score",
        "fairness",
    ]


def test_the_first_one_is_judged_alone(trained: Portfolio, champion: Path) -> None:
    verdict = judge(trained, champion, None)
    assert verdict.passed
    assert not {"outcome", "AUC above champion"} & {c.check for c in verdict.checks}


def test_a_worse_one_is_refused(trained: Portfolio, champion: Path, tmp_path: Path) -> None:
    found = failed(judge(trained, bundle(tmp_path, trained.contents["worse"]), champion))
    difference = found["AUC above champion"].figure
    assert isinstance(difference, str)
    assert float(difference.split()[0]) < -0.05


def test_a_flagged_feature_is_refused(trained: Portfolio, champion: Path, tmp_path: Path) -> None:
    found = failed(judge(trained, bundle(tmp_path, trained.contents["leaked"]), champion))
    assert list(found) == ["leaks"]
    assert found["leaks"].figure == "dpd_last"


@pytest.mark.parametrize(("name", "refused"), [("two_cycles", "outcome"), ("euros", "currency")])
def test_another_outcome_or_currency_is_not_compared(
    trained: Portfolio, champion: Path, tmp_path: Path, name: str, refused: str
) -> None:
    other = bundle(tmp_path, trained.contents[name])
    ours, theirs = (other, champion) if name == "two_cycles" else (champion, other)
    found = failed(judge(trained, ours, theirs))
    assert {refused, "AUC above champion"} <= set(found)
    assert found["AUC above champion"].figure == "not comparable"


def test_a_changed_definition_is_refused_and_not_judged(
    trained: Portfolio, champion: Path, tmp_path: Path
) -> None:
    changed = with_changed_definition(tmp_path / "bundle", trained.contents["good"])
    verdict = judge(trained, changed, champion)
    assert not verdict.loads
    assert not verdict.passed
    assert verdict.rows is None
    assert "is now computed otherwise" in str(verdict.checks[-1].figure)


def test_a_champion_that_does_not_load_is_not_compared(
    trained: Portfolio, champion: Path, tmp_path: Path
) -> None:
    changed = with_changed_definition(tmp_path / "bundle", trained.contents["good"])
    verdict = judge(trained, champion, changed)
    assert verdict.loads
    assert list(failed(verdict)) == ["champion", "AUC above champion"]
    assert "is now computed otherwise" in str(failed(verdict)["champion"].figure)


def test_golden_rows_that_do_not_reproduce_are_refused(
    trained: Portfolio, champion: Path, tmp_path: Path
) -> None:
    folder = bundle(tmp_path, trained.contents["good"])
    fields = read_manifest(folder).model_dump(exclude={"schema_", "files", "sha256"})
    np.save(folder / GOLDEN_LOG_ODDS, np.load(folder / GOLDEN_LOG_ODDS) + 0.1)
    write_manifest(folder, fields)
    verdict = judge(trained, folder, champion)
    assert not verdict.loads
    assert list(failed(verdict)) == ["golden rows"]


def test_a_score_that_is_off_is_refused(trained: Portfolio, champion: Path, tmp_path: Path) -> None:
    good = trained.contents["good"]
    off = replace(good, calibration=Calibration(3.0, 2.0))
    found = failed(judge(trained, bundle(tmp_path, off), champion))
    assert {"ECE", "calibration slope", "rate in M1", "PSI of the score"} <= set(found)
    assert "AUC above champion" not in found  # the order is the same


def test_only_rows_after_the_later_cut_off_are_judged(
    trained: Portfolio, champion: Path, tmp_path: Path
) -> None:
    later = trained.contents["later"]
    newer = bundle(tmp_path, later)
    found = judge(trained, champion, None).rows
    assert found is not None
    for pair in ((champion, newer), (newer, champion)):
        rows = judge(trained, *pair).rows
        assert rows is not None
        assert rows["from"] == later.training["test_from"] > found["from"]
        assert rows["n"] < found["n"]


def test_too_few_rows_are_refused_and_not_judged(
    trained: Portfolio, champion: Path, tmp_path: Path
) -> None:
    content = trained.contents["good"]
    told = content.training | {"test_from": "2099-01-01"}
    future = bundle(tmp_path, replace(content, training=told))
    verdict = judge(trained, future, champion)
    assert set(failed(verdict)) == {"rows that cured", "rows that did not"}
    assert "ECE" not in {check.check for check in verdict.checks}


def test_other_tables_than_those_of_the_training_are_bad_input(
    trained: Portfolio, champion: Path
) -> None:
    with pytest.raises(InputError, match="--data"):
        challenge(champion, None, Tables(trained.folder, "0" * 64), QUICK, silent)
    challenge(champion, None, Tables(trained.folder), QUICK, silent)
