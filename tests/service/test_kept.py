"""What was served is found again by its digests."""

import shutil
from pathlib import Path

import pytest

from models.intensity.policy import ESTIMATE, PACKAGED, load_policy
from models.score.bundle import load
from service.served.kept import find_bundle, find_plan, find_policy, keep_bundle, keep_policy
from service.settings import Settings
from tests.policyfolders import policy_folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def test_a_bundle_is_found_in_the_cache_or_where_the_settings_name_it(
    settings: Settings, bundle_dir: Path, tmp_path: Path
) -> None:
    sha256 = load(bundle_dir).sha256
    assert find_bundle(settings, sha256) is None
    assert find_bundle(Settings(home=tmp_path, models=bundle_dir), sha256) == bundle_dir
    folder = bundle_dir.parent
    assert find_bundle(Settings(home=tmp_path, models=folder), sha256) == bundle_dir
    kept = keep_bundle(settings.cache, bundle_dir)
    assert find_bundle(settings, sha256) == kept == settings.cache / sha256
    assert load(kept).sha256 == sha256
    assert find_bundle(settings, "0" * 64) is None


def test_a_policy_is_found_with_its_estimate_only(settings: Settings, tmp_path: Path) -> None:
    source = policy_folder(tmp_path, "estimated")
    policy = load_policy(source)
    digests = (policy.sha256, policy.estimate_sha256)
    assert find_policy(settings, *digests) is None
    assert find_policy(Settings(home=tmp_path, policy=source), *digests) == source
    kept = keep_policy(settings.cache, source)
    assert find_policy(settings, *digests) == kept
    assert load_policy(kept).estimate_sha256 == policy.estimate_sha256
    assert kept.stat().st_mode & 0o077 == 0  # it may hold the key of an experiment
    assert find_policy(settings, policy.sha256, None) is None
    shutil.rmtree(kept / ESTIMATE)  # what is left is not the policy that was kept
    assert find_policy(settings, *digests) is None


def test_the_packaged_policy_is_always_found(settings: Settings) -> None:
    found = find_policy(settings, load_policy().sha256, None)
    assert found is not None
    assert (found / PACKAGED).is_file()
    assert load_policy(found).sha256 == load_policy().sha256


def test_a_policy_that_was_damaged_is_not_found_and_makes_way(settings: Settings) -> None:
    sha256 = load_policy().sha256
    kept = find_policy(settings, sha256, None)
    assert kept is not None
    for damage in (b"# another\n", None):
        (kept / PACKAGED).unlink()
        if damage is not None:
            (kept / PACKAGED).write_bytes(damage)
        found = find_policy(settings, sha256, None)
        assert found == kept
        assert load_policy(found).sha256 == sha256


def test_a_plan_is_found_by_its_run(settings: Settings) -> None:
    moment = "20250703T120000.000000Z"
    for run in ("one", "two"):
        (settings.plans / f"{moment}-{moment}-{run}").mkdir(parents=True)
    assert find_plan(settings, "two") == settings.plans / f"{moment}-{moment}-two"
    assert find_plan(settings, "wo") is None
