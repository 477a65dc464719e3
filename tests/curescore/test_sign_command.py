"""`curescore sign`, and promotions that sign, on a real registry."""

import json
import shutil
from pathlib import Path
from subprocess import CompletedProcess
from typing import NamedTuple

import pytest

from models.score.bundle import write
from models.signature import TAG, Signature, SigningKey, make_keys, read_public_keys
from models.signed import check_signed, signature_beside
from tests.challengers import Portfolio, portfolio
from tests.policyfolders import policy_folder
from tests.servers import completed_here
from training.registry import POLICY
from training.tracking import BUNDLE, Tracker

# MLflow 3.17 on SQLAlchemy 2.1: theirs to mend.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")


class Store(NamedTuple):
    """A home with a registry, the portfolio its models were trained on, and a pair of keys."""

    home: Path
    portfolio: Portfolio
    private: Path
    public: Path

    @property
    def key(self) -> SigningKey:
        return SigningKey.load(self.private)

    def tracker(self, key: SigningKey | None = None) -> Tracker:
        return Tracker(f"sqlite:///{self.home / 'mlflow.db'}", self.home / "mlartifacts", key)

    def record(self, name: str, content: str, key: SigningKey | None = None) -> int:
        """Register the bundle of that content; returns its version."""
        folder = self.home / "runs" / f"{name}-{len(list(self.home.glob('runs/*')))}"
        write(folder / BUNDLE, self.portfolio.contents[content])
        tags = {"data_folder": str(self.portfolio.folder), "data_sha256": self.portfolio.sha256}
        return self.tracker(key).record(name, folder, {}, {}, tags).version

    def signed_by(self, name: str, version: int) -> str | None:
        """The key whose signature of the version holds; None where it has no signature."""
        tracker = self.tracker()
        text = tracker.tags(name, version).get(TAG)
        if text is None:
            return None
        folder = (
            tracker.folder(name, version)
            if name == POLICY
            else tracker.bundle(f"models:/{name}/{version}")
        )
        assert check_signed(folder, [name], read_public_keys(self.public), text) == name
        return Signature.read(text).key

    def command(self, *words: str, **settings: str) -> CompletedProcess[str]:
        quick = ("--gate", str(self.home / "gate.toml")) if words[0] == "promote" else ()
        return completed_here({"CURESCORE_HOME": str(self.home), **settings}, *words, *quick)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    home = tmp_path_factory.mktemp("home")
    (home / "gate.toml").write_text("draws = 100\nfairness_draws = 100\n")
    private, public, _ = make_keys(home / "keys")
    return Store(home, portfolio(home / "data"), private, public)


def test_keygen_makes_two_files_once(store: Store, tmp_path: Path) -> None:
    done = store.command("sign", "keygen", "--out", str(tmp_path / "keys"), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert SigningKey.load(Path(told["private"])).key == told["key"]
    assert len(read_public_keys(Path(told["public"]))) == 1
    again = store.command("sign", "keygen", "--out", str(tmp_path / "keys"))
    assert again.returncode == 2
    assert "is there already" in again.stderr


def test_a_bundle_or_policy_is_signed_as_what_it_is_if_it_loads(
    store: Store, bundle_dir: Path, tmp_path: Path
) -> None:
    keys = read_public_keys(store.public)
    folder = Path(shutil.copytree(bundle_dir, tmp_path / "bundle"))
    estimated = policy_folder(tmp_path, "estimated")
    file = Path(shutil.copy(estimated / "policy.toml", tmp_path / "winter.toml"))
    for path, name in ((folder, "cure"), (estimated, POLICY), (file, POLICY)):
        done = store.command("sign", "bundle", str(path), "--key", str(store.private))
        assert done.returncode == 0, done.stderr
        assert f"as {name} by key {store.key.key}" in done.stdout
        assert check_signed(path, [name], keys) == name
    (folder / "signature.json").unlink()
    (folder / "booster.txt").write_text("no booster")
    done = store.command("sign", "bundle", str(folder), CURESCORE_SIGNING_KEY=str(store.private))
    assert done.returncode == 1
    assert "booster.txt was changed" in done.stderr
    assert signature_beside(folder) is None
    without = store.command("sign", "bundle", str(estimated))
    assert without.returncode == 2
    assert "CURESCORE_SIGNING_KEY is not set" in without.stderr


def test_a_promotion_signs_what_passed_and_nothing_else(store: Store) -> None:
    for content in ("good", "worse", "good"):
        store.record("cure", content)
    key = ("--sign-with", str(store.private))
    refused = store.command("promote", "cure", "2", *key)
    assert refused.returncode == 1
    assert store.signed_by("cure", 2) is None
    passed = store.command("promote", "cure", "3", *key, "--json")
    assert passed.returncode == 0, passed.stderr
    assert store.signed_by("cure", 3) == store.key.key
    sign, move = json.loads(passed.stdout)["moves"][-2:]
    assert (sign["action"], sign["to"], sign["signed_by"]) == ("sign", 3, store.key.key)
    assert (move["action"], move["to"], move["signed_by"]) == ("promote", 3, store.key.key)
    again = store.command("promote", "cure", "3", *key)
    assert again.returncode == 2
    assert "is champion already" in again.stderr

    back = store.command("rollback", "cure", "--json")
    assert json.loads(back.stdout)["moves"][-1]["signed_by"] is None
    done = store.command("sign", "version", "cure", "1", "--key", str(store.private))
    assert done.returncode == 0, done.stderr
    assert store.signed_by("cure", 1) == store.key.key
    assert store.tracker().champion("cure") == 1
    assert store.tracker().promotions("cure")[-1]["action"] == "sign"


def test_a_version_that_does_not_load_is_not_signed(store: Store) -> None:
    number = store.record("broken", "good")
    (store.tracker().bundle(f"models:/broken/{number}") / "golden.json").write_text("{}")
    done = store.command("sign", "version", "broken", str(number), "--key", str(store.private))
    assert done.returncode == 2
    assert "golden.json was changed" in done.stderr
    assert store.signed_by("broken", number) is None
    absent = store.command("sign", "version", "broken", "9", "--key", str(store.private))
    assert absent.returncode == 2
    assert "there is no such version" in absent.stderr


def test_the_first_champion_is_signed_and_no_challenger(store: Store) -> None:
    assert store.record("first", "good", store.key) == 1
    assert store.record("first", "good", store.key) == 2
    assert store.signed_by("first", 1) == store.key.key
    assert store.signed_by("first", 2) is None
    (move,) = store.tracker().promotions("first")
    assert (move["action"], move["signed_by"]) == ("first", store.key.key)


def test_a_policy_is_signed_as_it_is_promoted(
    store: Store, bundle_dir: Path, tmp_path: Path
) -> None:
    source = policy_folder(tmp_path, "estimated")
    tables = ("--data", str(store.portfolio.folder), "--model", str(bundle_dir))
    words = ("policy", "promote", str(source), *tables, "--force", "--reason", "to try")
    done = store.command(*words, "--json", CURESCORE_SIGNING_KEY=str(store.private))
    assert done.returncode == 0, done.stderr
    assert store.signed_by(POLICY, 1) == store.key.key
    assert json.loads(done.stdout)["moves"][-1]["signed_by"] == store.key.key
    other = tmp_path / "other.toml"
    other.write_text(f"{(source / 'policy.toml').read_text()}# other\n")
    tried = ("policy", "promote", str(other), *tables, "--challenger")
    done = store.command(*tried, CURESCORE_SIGNING_KEY=str(store.private))
    assert done.returncode == 0, done.stderr
    assert Signature.read(store.tracker().tags(POLICY, 2)[TAG]).name == "challenger"
    again = store.command(*words, "--sign-with", str(store.private))
    assert again.returncode == 2
    assert "`curescore sign version policy 1" in again.stderr
