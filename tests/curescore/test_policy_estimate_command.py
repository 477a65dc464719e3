"""`curescore policy estimate` on a real registry: assignments in, a policy with estimate out."""

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, NamedTuple

import pandas as pd
import pytest

from models.intensity.policy import load_policy, policy_content
from tests.policies import PACKAGED
from tests.servers import completed_here
from training.policies import copy_policy, digests
from training.registry import POLICY
from training.sources.simulate import simulate
from training.tracking import Tracker

# MLflow 3.17 on SQLAlchemy 2.1: theirs to mend.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")


class Place(NamedTuple):
    """A home, tables with assignments, and what was estimated from them first."""

    home: Path
    data: Path
    told: dict[str, Any]
    folder: Path

    @property
    def tracker(self) -> Tracker:
        return Tracker(f"sqlite:///{self.home / 'mlflow.db'}", self.home / "mlartifacts")

    def estimate(self, *words: str) -> CompletedProcess[str]:
        return estimate(self.home, *words)


def estimate(home: Path, *words: str) -> CompletedProcess[str]:
    return completed_here({"CURESCORE_HOME": str(home)}, "policy", "estimate", *words)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    home = tmp_path_factory.mktemp("home")
    simulate(home / "data", 5_000, 18, seed=4)
    folder = home / "autumn"
    done = estimate(home, "--data", str(home / "data"), "--out", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    return Place(home, home / "data", json.loads(done.stdout), folder)


def test_a_policy_with_its_estimate_is_made_and_registered(place: Place) -> None:
    told, policy = place.told, load_policy(place.folder)
    assert policy.estimate is not None
    assert policy.sha256 == load_policy().sha256
    assert policy.estimate_sha256 == told["estimate_sha256"]
    assert [cell.model_dump(mode="json") for cell in policy.estimate.cells] == told["cells"]
    assert any(cell["estimated"] for cell in told["cells"])
    assert told["n"] + sum(told["left_out"].values()) == len(
        pd.read_parquet(place.data / "assignments.parquet")
    )
    tags = place.tracker.tags("estimate", told["version"])
    assert tags["estimate_sha256"] == told["estimate_sha256"]
    assert tags["data_sha256"] == told["data_sha256"]
    kept = place.tracker.folder("estimate", told["version"])
    names = sorted(path.name for path in kept.iterdir())
    assert names == sorted(path.name for path in (place.folder / "estimate").iterdir())
    for name in names:
        assert (kept / name).read_bytes() == (place.folder / "estimate" / name).read_bytes()


def test_what_is_there_already_stays_as_it_is(place: Place) -> None:
    before = sorted(path.name for path in place.folder.rglob("*"))
    done = place.estimate("--data", str(place.data), "--out", str(place.folder))
    assert done.returncode == 2
    assert "is there already" in done.stderr
    assert sorted(path.name for path in place.folder.rglob("*")) == before


def test_a_window_that_shows_nothing_is_said_to(place: Place, tmp_path: Path) -> None:
    window = ("--from", place.told["until"], "--until", place.told["from"])
    done = place.estimate("--data", str(place.data), "--out", str(tmp_path / "none"), *window)
    assert done.returncode == 2
    assert "--from: is after --until" in done.stderr
    assert not (tmp_path / "none").exists()

    few = ("--from", "2024-04-01", "--until", place.told["until"])
    done = place.estimate("--data", str(place.data), "--out", str(tmp_path / "few"), *few)
    assert done.returncode == 0, done.stderr
    assert "no effect could be estimated" in done.stdout
    cells = [line for line in done.stdout.splitlines() if line.startswith("M")]
    assert len(cells) == 16
    assert all(line.rstrip().endswith(("few assignments", "never tried")) for line in cells)
    assert "outside window" in done.stdout


def test_the_policy_that_is_served_gets_the_estimate(place: Place, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(PACKAGED.replace(b'name = "default"', b'name = "own"'))
    made = tmp_path / "run"
    copy_policy(tmp_path / "own.toml", made / POLICY)
    own = load_policy(tmp_path / "own.toml")
    tags = {name: value for name, value in digests(own).items() if value}
    tracker = place.tracker
    tracker.promote(POLICY, tracker.record_folder(POLICY, made, {}, {}, {**tags, "name": "own"}))
    few = ("--from", "2024-04-01")
    done = place.estimate("--data", str(place.data), "--out", str(tmp_path / "new"), *few)
    assert done.returncode == 0, done.stderr
    assert policy_content(tmp_path / "new") == policy_content(tmp_path / "own.toml")
