"""Which policy and challenger are served: those the settings name, else those of the registry."""

import logging
import shutil
from pathlib import Path

import pytest

from features.errors import InputError
from models.intensity.policy import ESTIMATE, PACKAGED, load_policy
from service.served.registry import ModelsError
from service.served.reload import load_generation, served_folders
from service.settings import Settings
from tests.policyfolders import policy_folder
from tests.registries import Store, store_in
from training.policies import copy_policy
from training.registry import POLICY

# MLflow 3.17 on SQLAlchemy 2.1: theirs to mend.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def store(bundle_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CURESCORE_{name.upper()}", raising=False)
    return store_in(tmp_path, bundle_dir, published=False)


def test_the_registry_s_champion_is_served_fetched_and_kept(store: Store) -> None:
    packaged = load_policy().sha256
    assert load_generation(store.settings).policy.sha256 == packaged
    source = store.file("first")
    store.tracker.promote(POLICY, store.registered(source))
    sha256 = load_policy(source).sha256
    generation = load_generation(store.settings)
    assert (generation.policy.sha256, generation.challenger) == (sha256, None)
    cached = store.settings.cache / f"{POLICY}-{sha256}"
    assert served_folders(store.settings).policy == cached

    shutil.rmtree(store.home / "artifacts")  # from the cache now
    assert load_generation(store.settings).policy.sha256 == sha256
    with (cached / PACKAGED).open("a") as file:
        file.write("# changed\n")
    with pytest.raises(ModelsError, match=r"policy/1 is not what was registered: take .*cache"):
        load_generation(store.settings)


def test_what_the_settings_name_goes_before_the_registry(store: Store, tmp_path: Path) -> None:
    for alias, name in ((store.tracker.promote, "first"), (store.tracker.challenge, "second")):
        alias(POLICY, store.registered(store.file(name)))
    generation = load_generation(store.settings)
    assert generation.challenger is not None
    assert generation.challenger.sha256 == load_policy(store.file("second")).sha256
    folder = tmp_path / "third"
    copy_policy(store.file("third"), folder)
    named = Settings(home=store.home, policy=folder, challenger=store.file("fourth"))
    served = load_generation(named)
    assert served.challenger is not None
    assert served.policy.sha256 == load_policy(folder).sha256
    assert served.challenger.sha256 == load_policy(store.file("fourth")).sha256
    assert set(served.models.values()) == {"cure/1"}


def test_an_estimate_is_fetched_with_its_policy(store: Store, tmp_path: Path) -> None:
    source = policy_folder(tmp_path, "estimated")
    policy = load_policy(source)
    assert policy.estimate_sha256 is not None
    store.tracker.promote(POLICY, store.registered(source))
    assert load_generation(store.settings).policy.estimate_sha256 == policy.estimate_sha256
    cached = served_folders(store.settings).policy
    assert cached is not None
    assert cached.name == f"{POLICY}-{policy.sha256}-{policy.estimate_sha256}"
    shutil.rmtree(cached / ESTIMATE)  # then it would be taken for the same policy without
    with pytest.raises(ModelsError, match="policy/1 is not what was registered"):
        load_generation(store.settings)


def test_where_the_models_are_a_folder_the_registry_is_not_asked(
    store: Store, bundle_dir: Path
) -> None:
    nowhere = Settings(
        home=store.home,
        models=bundle_dir,
        tracking_uri="sqlite:////nowhere/mlflow.db",
        challenger=store.file("tried"),
    )
    generation = load_generation(nowhere)
    assert generation.policy.sha256 == load_policy().sha256
    assert generation.challenger is not None
    assert not store.settings.cache.exists()


def test_a_challenger_that_does_not_go_with_the_policy(
    store: Store, bundle_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = store.file("other", ("valid_days = ", "valid_days = 1"))
    store.tracker.challenge(POLICY, store.registered(other))
    assert load_generation(store.settings).challenger is None
    (told,) = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert "valid_days of the challenger" in told.getMessage()
    with pytest.raises(InputError, match="valid_days of the challenger"):
        load_generation(Settings(models=bundle_dir, challenger=other))


def test_a_version_that_is_not_what_it_says_is_refused(store: Store) -> None:
    version = store.registered(store.file("one"), policy_sha256="0" * 64)
    store.tracker.promote(POLICY, version)
    with pytest.raises(ModelsError, match="policy/1 is not what was registered"):
        load_generation(store.settings)
