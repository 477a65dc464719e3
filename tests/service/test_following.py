"""Workers follow what is published, each by itself, and keep what they have where it is bad."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from features.errors import InputError
from models.intensity.policy import PACKAGED, load_policy, policy_content
from models.score.bundle import load
from service.database import upgrade
from service.served.folders import content_sha256
from service.served.following import Following
from service.served.kept import keep_bundle, keep_policy
from service.served.published import SERVED, Part, Published, What
from service.served.registry import ModelsError
from service.settings import Settings
from tests.registries import other_bundle
from tests.servers import ROOT
from tests.waits import until


@pytest.fixture(scope="module")
def second_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return other_bundle(tmp_path_factory.mktemp("bundles") / "second", 1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def publish(settings: Settings, sequence: int, bundle: Path, policy: Path | None = None) -> None:
    kept: dict[What, tuple[str, Path]] = {
        "cure": (f"cure/{sequence}", keep_bundle(settings.cache, bundle))
    }
    if policy is not None:
        kept["policy"] = (f"policy/{sequence}", keep_policy(settings.cache, policy))
    parts = {
        what: Part(name=name, folder=path.name, content=content_sha256(path))
        for what, (name, path) in kept.items()
    }
    Published(sequence=sequence, at=datetime.now(UTC), parts=parts).write(settings.cache)


def names(following: Following) -> list[str]:
    return list(following.current().models.values())


@pytest.fixture
def started() -> Iterator[Callable[[Settings], Following]]:
    """Starts followers, and ends them."""
    running: list[Following] = []

    def start(settings: Settings) -> Following:
        following = Following(settings)
        following.start()
        running.append(following)
        return following

    yield start
    for each in running:
        each.stop()


def test_two_workers_follow_one_generation(
    settings: Settings,
    bundle_dir: Path,
    second_dir: Path,
    started: Callable[[Settings], Following],
) -> None:
    publish(settings, 1, bundle_dir)
    one, two = started(settings), started(settings)
    before = one.current()
    publish(settings, 2, second_dir)
    until(lambda: names(one) == names(two) == ["cure/2"])
    assert before.models == {"cure": "cure/1"}  # whoever began with it ends with it
    assert one.current().bundles["cure"].sha256 == load(second_dir).sha256
    assert (one.status().served.sequence, one.status().reloads) == (2, 1)


def test_a_cache_that_counts_anew_is_followed(
    settings: Settings, bundle_dir: Path, second_dir: Path
) -> None:
    publish(settings, 1, bundle_dir)
    following = Following(settings)
    shutil.rmtree(settings.cache)
    publish(settings, 1, second_dir)
    following.follow_once()
    assert following.current().bundles["cure"].sha256 == load(second_dir).sha256
    following.follow_once()
    assert following.status().reloads == 1


def test_what_cannot_be_loaded_is_told_and_the_one_before_goes_on(
    settings: Settings, bundle_dir: Path, second_dir: Path
) -> None:
    publish(settings, 1, bundle_dir)
    following = Following(settings)
    publish(settings, 2, second_dir)
    folder = settings.cache / load(second_dir).sha256
    (folder / "booster.txt").write_text("tree\n")
    for _ in range(2):
        following.follow_once()
    assert names(following) == ["cure/1"]
    (told,) = following.status().refused
    assert (told.what, told.kind) == ("generation 2", "load")
    assert "booster.txt was changed" in told.why
    assert str(settings.home) not in told.why
    assert following.status().failures == 1
    shutil.rmtree(folder)
    keep_bundle(settings.cache, second_dir)  # mended
    following.follow_once()
    assert names(following) == ["cure/2"]
    assert following.status().refused == ()


def test_another_bundle_in_the_folder_is_not_served(
    settings: Settings, bundle_dir: Path, second_dir: Path
) -> None:
    publish(settings, 1, bundle_dir)
    folder = settings.cache / load(bundle_dir).sha256
    shutil.rmtree(folder)
    shutil.copytree(second_dir, folder)
    with pytest.raises(ModelsError, match="something else than was published"):
        Following(settings)


def test_a_torn_file_is_no_generation(settings: Settings, bundle_dir: Path) -> None:
    publish(settings, 1, bundle_dir)
    following = Following(settings)
    (settings.cache / SERVED).write_text("{")
    following.follow_once()
    assert names(following) == ["cure/1"]
    with pytest.raises(ModelsError, match="curescore train"):
        Following(settings)


def test_where_the_settings_name_the_models_nothing_is_followed_and_all_is_kept(
    settings: Settings, bundle_dir: Path, tmp_path: Path
) -> None:
    policy = tmp_path / "own.toml"
    policy.write_bytes(policy_content() + b"# own\n")
    following = Following(Settings(home=tmp_path, models=bundle_dir, challenger=policy))
    before = threading.active_count()
    following.start()
    assert threading.active_count() == before
    following.stop()
    assert following.status().watched is None
    assert following.status().served.sequence is None
    sha256 = load(bundle_dir).sha256
    policies = (load_policy().sha256, load_policy(policy).sha256)
    assert {path.name for path in settings.cache.iterdir()} == {
        sha256,
        *(f"policy-{each}" for each in policies),
    }
    assert load(settings.cache / sha256).sha256 == sha256
    kept = settings.cache / f"policy-{policies[1]}" / PACKAGED
    assert kept.read_bytes() == policy.read_bytes()


def test_no_start_with_another_policy_than_the_settings_name(
    settings: Settings, bundle_dir: Path, tmp_path: Path
) -> None:
    policy = tmp_path / "own.toml"
    policy.write_bytes(policy_content() + b"# own\n")
    named = Settings(home=tmp_path, policy=policy)
    publish(settings, 1, bundle_dir)
    with pytest.raises(InputError, match="CURESCORE_POLICY"):
        Following(named)
    publish(settings, 2, bundle_dir, policy)
    assert Following(named).current().policy.sha256 == load_policy(policy).sha256


def test_a_worker_imports_neither_mlflow_nor_data_frames(
    settings: Settings, bundle_dir: Path
) -> None:
    publish(settings, 1, bundle_dir)
    upgrade(settings.database)
    code = (
        "import sys; from curescore.serve import worker; worker()\n"
        "print([n for n in ('mlflow', 'pandas', 'sklearn') if sys.modules.get(n) is not None])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"CURESCORE_HOME": str(settings.home), "PATH": ""},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stdout == "[]\n", done.stderr
