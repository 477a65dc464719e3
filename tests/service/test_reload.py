import shutil
from pathlib import Path

import pytest

from features.errors import InputError
from models.score.bundle import load
from service.served.registry import ModelsError
from service.served.reload import load_generation
from service.settings import Settings, SettingsError, load_settings
from tests.bundles import small_bundle
from training.tracking import Tracker


@pytest.fixture(scope="session")
def early_warning_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_bundle(tmp_path_factory.mktemp("bundles") / "early", target="early_warning")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CURESCORE_{name.upper()}", raising=False)


def test_a_folder_that_is_a_bundle_is_served(bundle_dir: Path) -> None:
    generation = load_generation(Settings(models=bundle_dir))
    sha256 = load(bundle_dir).sha256
    assert generation.models == {"cure": f"cure@{sha256[:12]}"}
    assert generation.bundles["cure"].sha256 == sha256
    assert generation.policy.sha256
    assert generation.tzdata


def test_a_folder_of_bundles_is_served_one_for_each_target(
    bundle_dir: Path, early_warning_dir: Path, tmp_path: Path
) -> None:
    shutil.copytree(bundle_dir, tmp_path / "one")
    shutil.copytree(early_warning_dir, tmp_path / "two")
    (tmp_path / "notes").mkdir()
    assert set(load_generation(Settings(models=tmp_path)).bundles) == {"cure", "early_warning"}


def test_two_bundles_for_one_target_are_refused(bundle_dir: Path, tmp_path: Path) -> None:
    shutil.copytree(bundle_dir, tmp_path / "one")
    small_bundle(tmp_path / "two", currency="EUR")
    with pytest.raises(ModelsError, match="more than one bundle for one target"):
        load_generation(Settings(models=tmp_path))


def test_a_folder_without_a_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelsError, match="curescore train"):
        load_generation(Settings(models=tmp_path))


def test_a_bundle_with_a_changed_byte_is_refused(bundle_dir: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(bundle_dir, tmp_path / "copy"))
    (copy / "booster.txt").write_bytes((copy / "booster.txt").read_bytes() + b"\n")
    with pytest.raises(ModelsError, match=r"booster\.txt was changed"):
        load_generation(Settings(models=copy))


def test_a_policy_with_mistakes_is_refused(bundle_dir: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("schema_version = 1\n")
    with pytest.raises(InputError):
        load_generation(Settings(models=bundle_dir, policy=policy))


def registered(
    tracker: Tracker, bundle: Path, sha256: str, folder: Path, name: str = "cure"
) -> None:
    shutil.copytree(bundle, folder / "bundle")
    tracker.record(name, folder, {}, {}, {"bundle_sha256": sha256})


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # mlflow's use of SQLAlchemy
def test_champions_are_fetched_verified_and_kept(
    bundle_dir: Path, early_warning_dir: Path, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    with pytest.raises(ModelsError, match="curescore train"):
        load_generation(settings)
    tracker = Tracker(settings.tracking, tmp_path / "artifacts")
    with pytest.raises(ModelsError, match="curescore train"):
        load_generation(settings)
    sha256 = load(bundle_dir).sha256
    registered(tracker, bundle_dir, sha256, tmp_path / "first")
    assert load_generation(settings).models == {"cure": "cure/1"}
    assert [path.name for path in settings.cache.iterdir()] == [sha256]

    early = load(early_warning_dir).sha256
    registered(tracker, early_warning_dir, early, tmp_path / "early", "early_warning")
    served = {"cure": "cure/1", "early_warning": "early_warning/1"}
    assert load_generation(settings).models == served
    assert {path.name for path in settings.cache.iterdir()} == {sha256, early}

    # From the cache now: the registry's own copy is not needed any more.
    shutil.rmtree(tmp_path / "artifacts")
    generation = load_generation(settings)
    assert generation.models == served
    assert {target: b.sha256 for target, b in generation.bundles.items()} == {
        "cure": sha256,
        "early_warning": early,
    }

    registered(tracker, small_bundle(tmp_path / "euro", "EUR"), "0" * 64, tmp_path / "second")
    tracker.promote("cure", 2)
    with pytest.raises(ModelsError, match="cure/2 is not the bundle that was registered"):
        load_generation(settings)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("AUTH", "none", "'keys' or 'off'"),
        ("DATABASE_URL", "postgres://user:secret@host/name", "postgres is not supported"),
        ("DATABASE_URL", "nonsense secret", "is not a database URL"),
        ("DATABASE_URL", "sqlite://", "keeps nothing"),
        ("MODELS", "/no/such/folder", "there is no such folder"),
        ("POLICY", "/no/such/file", "there is no such file or policy folder"),
        ("CHALLENGER", "/no/such/file", "there is no such file or policy folder"),
        ("BODY_LIMIT", "1", "greater than or equal"),
    ],
)
def test_a_wrong_setting_is_told_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(f"CURESCORE_{name}", value)
    with pytest.raises(SettingsError, match=told) as failure:
        load_settings()
    assert f"CURESCORE_{name}" in str(failure.value)
    assert "secret" not in str(failure.value)


def test_all_state_lies_at_home_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CURESCORE_HOME", str(tmp_path))
    settings = load_settings()
    assert settings.database == f"sqlite:///{tmp_path}/decisions.db"
    assert settings.tracking == f"sqlite:///{tmp_path}/mlflow.db"
    assert settings.auth == "keys"
