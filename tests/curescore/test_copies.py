"""A run's own copies of the policies: with them it goes on, and with no others."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from curescore.nightly.copies import CHALLENGER, POLICY, copied, generation
from curescore.nightly.manifest import Manifest, RunError, read_manifest, write_manifest
from models.intensity.policy import ESTIMATE, PACKAGED, policy_content
from models.score.contributions import TABLE_LIMIT
from service.served.reload import Folders, generation_of
from tests.policyfolders import policy_folder

NOW = datetime(2025, 1, 5, tzinfo=UTC)


def begun(out: Path, served: Folders) -> Manifest:
    out.mkdir()
    (out / CHALLENGER).mkdir()  # of a beginning that was cut off
    (out / CHALLENGER / "odd").touch()
    told = copied(out, served, generation_of(served, TABLE_LIMIT))
    manifest = Manifest(
        run_id=uuid4(),
        decided_at=NOW,
        as_of=NOW,
        reasons=5,
        chunk=10,
        table_limit=TABLE_LIMIT,
        versions={},
        inputs={},
        **told,
    )
    write_manifest(out, manifest)
    return read_manifest(out)


@pytest.fixture
def served(bundle_dir: Path, tmp_path: Path) -> Folders:
    """A policy file, and a challenger that comes with an estimate."""
    own = tmp_path / "own.toml"
    own.write_bytes(policy_content())
    return Folders({"cure/7": bundle_dir}, own, policy_folder(tmp_path, "tried"))


def test_a_run_decides_by_what_was_served_when_it_began(served: Folders, tmp_path: Path) -> None:
    out = tmp_path / "night"
    run = begun(out, served)
    began = generation_of(served, TABLE_LIMIT)
    assert began.challenger is not None
    assert (run.policy, run.policy_sha256) == (began.policy.name, began.policy.sha256)
    assert run.challenger is not None
    assert run.challenger.sha256 == began.challenger.sha256
    assert run.estimate_sha256 is None
    assert run.challenger.estimate_sha256 == began.challenger.estimate_sha256 is not None
    assert served.challenger is not None
    assert served.policy is not None
    shutil.rmtree(served.challenger)
    served.policy.unlink()
    current = generation(out, run)
    assert current.challenger is not None
    assert current.models == {"cure": "cure/7"}
    assert current.policy.sha256 == began.policy.sha256
    assert current.challenger.sha256 == began.challenger.sha256
    assert current.challenger.estimate_sha256 == began.challenger.estimate_sha256


def test_no_challenger_is_left_of_a_beginning_that_was_cut_off(
    served: Folders, tmp_path: Path
) -> None:
    out = tmp_path / "night"
    run = begun(out, served._replace(challenger=None))
    assert run.challenger is None
    assert not (out / CHALLENGER).exists()
    assert generation(out, run).challenger is None


@pytest.mark.parametrize("name", [POLICY, CHALLENGER])
def test_a_policy_that_was_changed_in_the_run_is_refused(
    served: Folders, tmp_path: Path, name: str
) -> None:
    out = tmp_path / "night"
    run = begun(out, served)
    with (out / name / PACKAGED).open("a") as file:
        file.write("# changed\n")
    with pytest.raises(RunError, match="was changed: name a new folder"):
        generation(out, run)


def test_an_estimate_that_was_taken_out_of_the_run_is_missed(
    served: Folders, tmp_path: Path
) -> None:
    out = tmp_path / "night"
    run = begun(out, served)
    shutil.rmtree(out / CHALLENGER / ESTIMATE)
    with pytest.raises(RunError, match="was changed: name a new folder"):
        generation(out, run)
