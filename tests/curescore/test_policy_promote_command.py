"""`curescore policy promote` on a real registry: what passes, what does not, and who is tried."""

import json
import shutil
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, NamedTuple

import pandas as pd
import pyarrow.parquet as pq
import pytest

from models.intensity.policy import PACKAGED, load_policy, policy_content
from models.score.bundle import load
from service.bodies import examples
from service.database import upgrade
from tests import plain
from tests.nights import arguments
from tests.policyfolders import policy_folder
from tests.servers import completed_here, serving
from training.promotion.net_value import DOCUMENT
from training.registry import POLICY
from training.sources.simulate import simulate
from training.tracking import BUNDLE, Tracker

# MLflow 3.17 on SQLAlchemy 2.1: theirs to mend.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")

REASON = "the board wants it"
ORDINARY = 'M1 = { lowest = "none", highest = "call" } '
HARD = 'M1 = { lowest = "intensive", highest = "intensive" } '
TRIES = """
[exploration]
experiment = "winter"
key = "never to be told 0123456789"
share = 0.05
challenger_share = 0.1
"""


class Store(NamedTuple):
    """A home with an empty registry, tables with assignments, and a bundle."""

    home: Path
    tracker: Tracker
    data: Path
    bundle: Path

    def file(self, name: str, more: str = "", replaced: tuple[str, str] = ("", "")) -> Path:
        """The packaged policy with a line more, and a text replaced."""
        text = policy_content().decode()
        assert replaced[0] in text
        path = self.home / f"{name}.toml"
        path.write_text(f"{text.replace(*replaced)}\n# {name}\n{more}")
        return path

    def command(self, *words: str, **settings: str) -> CompletedProcess[str]:
        return completed_here({"CURESCORE_HOME": str(self.home), **settings}, *words)

    def promote(self, policy: Path, *words: str, **settings: str) -> CompletedProcess[str]:
        tables = ("--data", str(self.data), "--model", str(self.bundle))
        return self.command("policy", "promote", str(policy), *tables, *words, **settings)

    def told(self, policy: Path, *words: str) -> Any:
        done = self.promote(policy, "--json", *words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables, and the database of an empty registry: making one takes seconds."""
    folder = tmp_path_factory.mktemp("shared")
    simulate(folder / "data", 400, 12, seed=5)
    Tracker(f"sqlite:///{folder / 'mlflow.db'}").champion(POLICY)
    return folder


@pytest.fixture
def store(shared: Path, bundle_dir: Path, tmp_path: Path) -> Store:
    home = tmp_path / "home"
    home.mkdir()
    database = shutil.copy(shared / "mlflow.db", home / "mlflow.db")
    tracker = Tracker(f"sqlite:///{database}", home / "mlartifacts")
    return Store(home, tracker, shared / "data", bundle_dir)


def test_one_that_is_worth_no_less_is_registered_and_serves(store: Store) -> None:
    source = store.file("same")
    told = store.told(source)
    assert (told["champion"], told["former"], told["promoted"]) == (1, None, True)
    check, drawn, supported = told["checks"]
    assert supported["passed"]
    assert check["passed"]
    assert (drawn["figure"], drawn["passed"]) == ("sound", True)
    assert check["figure"] == told["comparison"]["policies"]["proposed"]["net_dr"]["low"]
    (move,) = told["moves"]
    assert (move["from"], move["to"], move["forced"]) == (None, 1, False)
    assert move["checks"][0]["check"] == check["check"]

    policy = load_policy(source)
    assert store.tracker.tags(POLICY, 1) == {"policy_sha256": policy.sha256, "name": policy.name}
    folder = store.tracker.folder(POLICY, 1)
    assert load_policy(folder).sha256 == policy.sha256
    assert json.loads((folder.parent / DOCUMENT).read_text()) == told["comparison"]

    again = store.promote(source)
    assert again.returncode == 0
    assert "champion of policy: version 1 (as before)" in again.stdout
    assert len(store.tracker.promotions(POLICY)) == 1


def test_one_that_is_worth_less_is_refused_until_it_is_forced(store: Store) -> None:
    store.told(store.file("same"))
    hard = store.file("hard", replaced=(ORDINARY, HARD))
    refused = store.promote(hard, "--json")
    assert refused.returncode == 1
    told = json.loads(refused.stdout)
    assert (told["champion"], told["version"], told["promoted"]) == (1, None, False)
    assert not told["checks"][0]["passed"]
    assert store.tracker.version_with(POLICY, {}) == 1
    without = store.promote(hard, "--force")
    assert without.returncode == 2
    assert "--reason" in without.stderr

    forced = store.promote(hard, "--force", "--reason", REASON)
    assert forced.returncode == 0
    assert "promoted by force" in forced.stdout
    assert "champion of policy: version 2 (version 1 before)" in forced.stdout
    move = store.tracker.promotions(POLICY)[-1]
    assert (move["reason"], move["forced"], move["checks"][0]["passed"]) == (REASON, True, False)

    back = store.command("rollback", POLICY, "--json")
    assert back.returncode == 0
    assert json.loads(back.stdout)["champion"] == 1
    nothing = store.command("rollback", POLICY)
    assert nothing.returncode == 2
    assert "curescore policy promote" in nothing.stderr


def test_assignments_that_were_not_drawn_let_nothing_pass(store: Store, tmp_path: Path) -> None:
    certain = tmp_path / "certain"
    shutil.copytree(store.data, certain)
    table = pd.read_parquet(certain / "assignments.parquet")
    for level in range(5):
        table[f"propensity_{level}"] = (table["level"] == level).astype(float)
    table.to_parquet(certain / "assignments.parquet")
    refused = store._replace(data=certain).promote(store.file("same"))
    assert refused.returncode == 1
    assert "nothing was left to chance" in refused.stdout
    assert store.tracker.champion(POLICY) is None


def test_a_champion_that_no_service_could_load_is_not_gone_back_to(store: Store) -> None:
    store.told(store.file("same"))
    store.told(store.file("other"))
    (store.tracker.folder(POLICY, 1) / PACKAGED).write_text("schema_version = 1\n")
    assert store.command("rollback", POLICY).returncode == 2
    assert store.tracker.champion(POLICY) == 2


def test_what_the_registry_has_no_more_is_registered_anew(store: Store) -> None:
    source = store.file("same")
    store.told(source)
    with (store.tracker.folder(POLICY, 1) / PACKAGED).open("a") as file:
        file.write("# changed\n")
    assert store.told(source)["champion"] == 2
    assert load_policy(store.tracker.folder(POLICY, 2)).sha256 == load_policy(source).sha256


def test_a_champion_that_cannot_be_loaded_gives_way_by_force(store: Store) -> None:
    store.told(store.file("same"))
    (store.tracker.folder(POLICY, 1) / PACKAGED).write_text("schema_version = 1\n")
    other = store.file("other")
    refused = store.promote(other)
    assert refused.returncode == 2
    assert "models:/policy/1: is champion and cannot be loaded" in refused.stderr
    assert store.told(other, "--force", "--reason", REASON)["champion"] == 2


def test_a_challenger_is_compared_and_not_judged(store: Store) -> None:
    store.told(store.file("trying", TRIES))
    hard = store.file("hard", replaced=(ORDINARY, HARD))
    tried = store.promote(hard, "--challenger", "--reason", REASON)
    assert tried.returncode == 0, tried.stderr
    move = store.tracker.promotions(POLICY)[-1]
    assert (move["action"], move["to"], move["reason"]) == ("challenge", 2, REASON)
    assert "version 2, which decides 10.0% of accounts" in tried.stdout
    assert "proposed" in tried.stdout
    assert "share" not in tried.stdout
    assert (store.tracker.champion(POLICY), store.tracker.challenger(POLICY)) == (1, 2)
    told = store.told(hard, "--force", "--reason", REASON)
    assert (told["champion"], told["version"]) == (2, 2)  # what was tried is not registered anew
    assert store.tracker.challenger(POLICY) is None


def test_who_would_try_nothing_is_told(store: Store) -> None:
    told = store.told(store.file("challenger"), "--challenger")
    assert "no share" in told["warnings"][-1]
    assert store.tracker.champion(POLICY) is None
    other = store.file("later", replaced=("valid_days = ", "valid_days = 1"))
    told = store.told(other, "--force", "--reason", REASON)
    assert "the challenger, version 1, takes no part any more" in told["warnings"][-1]
    elsewhere = store.file("elsewhere", replaced=("valid_days = ", "valid_days = 2"))
    beside = store.promote(elsewhere, "--challenger")
    assert beside.returncode == 2
    assert "valid_days of the challenger" in beside.stderr
    assert store.tracker.version_with(POLICY, {}) == 2


@pytest.mark.parametrize(("name", "said"), [("POLICY", "CURESCORE_POLICY"), ("MODELS", "folder")])
def test_settings_that_go_before_the_registry_are_told(store: Store, name: str, said: str) -> None:
    value = store.bundle if name == "MODELS" else store.file("set")
    done = store.promote(store.file("same"), **{f"CURESCORE_{name}": str(value)})
    assert done.returncode == 0
    assert "warning: CURESCORE_" in done.stdout
    assert said in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--challenger", "--force", "--reason", REASON), "needs no force"),
        (("--force", "--reason", "x" * 501), "more than 500"),
        (("--challenger",), "is the champion"),
    ],
)
def test_what_makes_no_sense_is_bad_input(store: Store, words: tuple[str, ...], said: str) -> None:
    same = store.file("same")
    store.told(same)
    done = store.promote(same, *words)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_policy_is_no_model(store: Store) -> None:
    done = store.command("promote", POLICY, "1")
    assert done.returncode == 2
    assert "curescore policy promote" in done.stderr


def test_what_was_promoted_decides_in_the_service_and_at_night(
    store: Store, tmp_path: Path
) -> None:
    shutil.copytree(store.bundle, tmp_path / "run" / BUNDLE)
    tags = {"bundle_sha256": load(store.bundle).sha256}
    store.tracker.record("cure", tmp_path / "run", {}, {}, tags)
    champion, challenger = policy_folder(tmp_path, "trying"), store.file("tried")
    with (champion / PACKAGED).open("a") as file:
        file.write(TRIES)
    store.told(champion, "--force", "--reason", REASON)
    store.told(challenger, "--challenger")
    shutil.rmtree(champion)  # the registry has its own
    own, tried = (load_policy(store.tracker.folder(POLICY, version)) for version in (1, 2))
    upgrade(f"sqlite:///{store.home / 'decisions.db'}")
    here = {"CURESCORE_HOME": str(store.home), "CURESCORE_AUTH": "off"}
    with serving(here, tmp_path / "output.txt") as server:
        body = examples.decision("USD")
        versions = plain.post(f"{server.address}/v1/decisions", json=body).json()["versions"]
        assert versions["model"] == "cure/1"
        by = {f"{each.name}@{each.sha256[:12]}": each.estimate_sha256 for each in (own, tried)}
        assert versions["estimate"] == by[versions["policy"]]
        told = plain.get(f"{server.address}/v1/policy").json()
        assert (told["sha256"], told["challenger"]["sha256"]) == (own.sha256, tried.sha256)

    out = tmp_path / "night"
    night = store.command(*arguments(store.data, out, "--as-of", "2024-01-01T00:00Z"))
    assert night.returncode == 0, night.stderr
    rows = pq.read_table(out / "decisions").to_pylist()
    assert {row["policy"]: row["estimate"] for row in rows} == by
    arms = {(row["arm"] == "challenger", row["policy"].split("@")[1]) for row in rows}
    assert arms == {(False, own.sha256[:12]), (True, tried.sha256[:12])}
