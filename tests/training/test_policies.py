"""Policy folders: copies of them, and what tells one from another."""

from pathlib import Path

import pytest

from features.errors import InputError
from models.intensity.policy import ESTIMATE, PACKAGED, load_policy, policy_content
from tests.estimates import ByDays, with_estimate
from training.policies import copy_policy, digests


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_copy_holds_the_policy_and_its_estimate_and_nothing_else(tmp_path: Path) -> None:
    source = tmp_path / "winter"
    (source / ESTIMATE).mkdir(parents=True)
    content = {PACKAGED: b"# a policy\n", f"{ESTIMATE}/one": b"1", f"{ESTIMATE}/two": b"22"}
    for name, held in content.items():
        (source / name).write_bytes(held)
    (source / "notes.txt").write_text("of whoever made it")
    copy_policy(source, tmp_path / "whole")
    assert files(tmp_path / "whole") == content
    copy_policy(source / PACKAGED, tmp_path / "plain")  # a file has no estimate
    assert files(tmp_path / "plain") == {PACKAGED: b"# a policy\n"}
    copy_policy(None, tmp_path / "packaged")
    assert files(tmp_path / "packaged") == {PACKAGED: policy_content()}


def test_what_cannot_be_read_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        copy_policy(tmp_path / "absent.toml", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_policy_is_told_by_its_file_and_its_estimate() -> None:
    policy = load_policy()
    assert digests(policy) == {"policy_sha256": policy.sha256, "estimate_sha256": None}
    estimated = with_estimate(policy, ByDays())
    assert digests(estimated) == {"policy_sha256": policy.sha256, "estimate_sha256": "e" * 64}
