"""Looking at a real registry: what is new there is fetched, verified and published."""

import shutil
from pathlib import Path

import pytest

from models.score.bundle import load
from service.served.candidates import Candidate
from service.served.kept import keep_policy
from service.served.looking import Looking
from service.served.published import SERVED, Published, Refused, Watched
from tests.registries import Store, other_bundle, store_in
from training.registry import POLICY

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # mlflow's use of SQLAlchemy
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),
]


@pytest.fixture(scope="module")
def second_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return other_bundle(tmp_path_factory.mktemp("bundles") / "second", 1)


@pytest.fixture
def store(bundle_dir: Path, tmp_path: Path) -> Store:
    return store_in(tmp_path, bundle_dir)


def looking(store: Store) -> Looking:
    return Looking(store.settings, {})


def served(store: Store) -> dict[str, str]:
    """The name of each part that is published."""
    published = Published.read(store.cache)
    return {what: part.name for what, part in published.parts.items()} if published else {}


def watched(store: Store) -> Watched:
    found = Watched.read(store.cache)
    assert found is not None
    return found


def refused(store: Store) -> Refused:
    (only,) = watched(store).refused
    return only


def test_a_champion_is_published_and_followed(store: Store, second_dir: Path) -> None:
    look = looking(store).look
    first = (store.cache / SERVED).stat().st_mtime_ns
    assert look() is None
    assert (store.cache / SERVED).stat().st_mtime_ns == first  # nothing was new
    assert served(store) == {"cure": "cure/1"}
    kept = store.champion(second_dir)
    assert look() is None
    assert served(store) == {"cure": "cure/2"}
    published = Published.read(store.cache)
    assert published is not None
    assert published.sequence == 2
    assert (store.cache / load(second_dir).sha256).is_dir()
    store.tracker.rollback("cure")
    assert look() is None
    assert served(store) == {"cure": "cure/1"}
    shutil.rmtree(kept)  # it is in the cache still
    store.tracker.promote("cure", 2)
    assert look() is None
    assert served(store) == {"cure": "cure/2"}
    assert watched(store).published == 4


def test_a_corrupt_bundle_is_refused_once_and_a_good_one_is_served(
    store: Store, second_dir: Path
) -> None:
    look = looking(store).look
    look()
    store.champion(second_dir, damaged="booster.txt")
    assert look() is None
    assert served(store) == {"cure": "cure/1"}
    told = refused(store)
    assert (told.what, told.kind) == ("cure/2", "unsound")
    assert "cure/2/booster.txt was changed" in told.why
    assert str(store.home) not in told.why
    look()
    assert refused(store) == told  # since when it is, too
    assert watched(store).refusals == {"unsound": 1}
    assert not (store.cache / load(second_dir).sha256).exists()
    looking(store).look()  # another process judges anew, and counts nothing twice
    assert refused(store) == told
    assert watched(store).refusals == {"unsound": 1}
    store.champion(second_dir)
    look()
    assert served(store) == {"cure": "cure/3"}
    assert watched(store).refused == ()


def test_a_version_that_is_not_what_its_tags_say_is_refused(store: Store, second_dir: Path) -> None:
    look = looking(store).look
    look()
    store.champion(second_dir, bundle_sha256="0" * 64)
    look()
    assert (refused(store).what, refused(store).kind) == ("cure/2", "unsound")
    assert "cure/2 is not what was registered" in refused(store).why
    store.champion(second_dir, bundle_sha256="../../elsewhere")
    look()
    assert (refused(store).what, refused(store).kind) == ("cure/3", "fetch")
    assert served(store) == {"cure": "cure/1"}


def test_a_damaged_folder_is_fetched_anew(store: Store, bundle_dir: Path) -> None:
    looking(store).look()
    folder = store.cache / load(bundle_dir).sha256
    for damage in ("change", "remove"):
        if damage == "change":
            (folder / "booster.txt").write_text("tree\n")
        else:
            shutil.rmtree(folder)
        looking(store).look()
        assert load(folder).sha256 == folder.name
        published = Published.read(store.cache)
        assert published is not None
        assert published.sequence == 1  # it is the same generation
    assert [path.name for path in store.cache.glob(".*")] == []


def test_a_registry_that_is_gone_leaves_what_is_served(store: Store) -> None:
    look = looking(store).look
    look()
    before = (store.cache / SERVED).read_bytes()
    (store.home / "mlflow.db").rename(store.home / "away.db")
    assert str(look()).startswith("no model to serve, there is no")
    assert (store.cache / SERVED).read_bytes() == before
    told = watched(store)
    assert not told.answers
    assert told.problem is not None
    assert not (store.home / "mlflow.db").exists()  # no client made an empty one
    assert looking(store).look() is not None
    (store.home / "away.db").rename(store.home / "mlflow.db")
    assert look() is None
    assert watched(store).answers


def test_the_first_look_at_nothing_says_what_to_do(store: Store) -> None:
    (store.home / "mlflow.db").unlink()
    shutil.rmtree(store.cache)
    assert "curescore train" in str(looking(store).look())
    assert Published.read(store.cache) is None


def test_the_last_champion_cannot_be_taken_away(store: Store) -> None:
    look = looking(store).look
    look()
    store.tracker._client.delete_registered_model_alias("cure", "champion")
    look()
    assert served(store) == {"cure": "cure/1"}
    assert refused(store).kind == "absent"


def test_policies_are_followed_and_those_of_the_settings_go_first(store: Store) -> None:
    look = looking(store).look
    store.tracker.promote(POLICY, store.registered(store.file("first")))
    unfit = store.file("unfit", ("valid_days = ", "valid_days = 1"))
    store.tracker.challenge(POLICY, store.registered(unfit))
    look()
    assert served(store) == {"cure": "cure/1", "policy": "policy/1"}
    assert (refused(store).what, refused(store).kind) == ("policy/2", "unfit")
    assert "valid_days of the challenger" in refused(store).why
    store.tracker.challenge(POLICY, store.registered(store.file("fits")))
    look()
    assert served(store)["challenger"] == "policy/3"
    assert watched(store).refused == ()
    own = keep_policy(store.cache, store.file("own"))
    named = Candidate("CURESCORE_POLICY", own.name, own)
    Looking(store.settings, {"policy": named}).look()
    assert served(store)["policy"] == "CURESCORE_POLICY"
    store.tracker._client.delete_registered_model_alias(POLICY, "challenger")
    look()
    assert served(store) == {"cure": "cure/1", "policy": "policy/1"}
