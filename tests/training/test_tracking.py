"""The registry, on a real MLflow database: aliases, going back, and what is stored."""

import getpass
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from features.errors import InputError
from models.score.bundle import Content, write
from models.score.manifest import read_manifest
from tests.bundles import content
from training.promotions import Grounds
from training.tracking import BUNDLE, MODEL, Tracker, flat, home, tracking_uri

Files = Callable[[str], Path]

# MLflow 3.17 on SQLAlchemy 2.1: theirs to mend.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")


@pytest.fixture(scope="session")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    """One database for all these tests: making one takes seconds."""
    root = tmp_path_factory.mktemp("mlflow")
    return Tracker(f"sqlite:///{root / 'new' / 'mlflow.db'}", root / "mlartifacts")


@pytest.fixture(scope="session")
def plain() -> Content:
    return content()


@pytest.fixture
def files(plain: Content, tmp_path: Path) -> Files:
    """Makes the folder of a run: a bundle, which tells its name, and a plot."""

    def made(name: str) -> Path:
        folder = tmp_path / name
        write(folder / BUNDLE, replace(plain, training={"name": name}))
        (folder / "plots").mkdir()
        (folder / "plots" / "roc.png").write_bytes(b"a picture")
        (folder / "evaluation.json").write_text("{}")
        return folder

    return made


def record(tracker: Tracker, name: str, folder: Path) -> int:
    metrics = {"auc": 0.7, "ks": None}
    return tracker.record(name, folder, {"seed": 1}, metrics, {"bundle_sha256": "sha"}).version


def test_the_first_version_is_champion_and_the_next_challenges(
    tracker: Tracker, files: Files
) -> None:
    made = [tracker.record("first", files(name), {}, {}, {}) for name in ("a", "b")]
    assert [(m.version, m.alias) for m in made] == [(1, "champion"), (2, "challenger")]
    assert tracker.champion("first") == 1
    for reference, name in (
        ("models:/first@champion", "a"),
        ("models:/first@challenger", "b"),
        ("models:/first/2", "b"),
    ):
        assert read_manifest(tracker.bundle(reference)).training == {"name": name}


def test_the_first_version_is_withheld_where_something_speaks_against_it(
    tracker: Tracker, files: Files
) -> None:
    why = "a feature is implausibly strong alone"
    made = tracker.record("withheld", files("a"), {}, {}, {}, withheld=why)
    assert (made.alias, made.withheld) == ("challenger", why)
    assert tracker.champion("withheld") is None
    assert tracker.tags("withheld", 1) == {"withheld": why}
    assert tracker.promotions("withheld") == []


def test_every_move_of_the_champion_is_recorded(tracker: Tracker, files: Files) -> None:
    for name in ("a", "b"):
        record(tracker, "moves", files(name))
    check = {"check": "ECE", "figure": 0.05, "bound": "<= 0.0350", "passed": False}
    tracker.promote("moves", 2, Grounds("the audit asked for it", forced=True, checks=[check]))
    tracker.promote("moves", 2)  # champion already: no move
    tracker.rollback("moves", Grounds("it was worse"))
    first, forced, back = tracker.promotions("moves")
    assert (first["action"], first["from"], first["to"]) == ("first", None, 1)
    assert (forced["action"], forced["from"], forced["to"]) == ("promote", 1, 2)
    assert (forced["reason"], forced["forced"]) == ("the audit asked for it", True)
    assert forced["checks"] == [check]
    assert (back["action"], back["from"], back["to"]) == ("rollback", 2, 1)
    assert (back["reason"], back["forced"]) == ("it was worse", False)
    assert {move["who"] for move in (first, forced, back)} == {getpass.getuser()}
    moments = [datetime.fromisoformat(move["at"]) for move in (first, forced, back)]
    assert moments == sorted(moments)
    assert moments[0].utcoffset() == timedelta(0)
    assert tracker.promotions("nobody") == []


def test_promotion_is_undone_step_by_step(tracker: Tracker, files: Files) -> None:
    for name in ("a", "b", "c"):
        record(tracker, "stack", files(name))
    assert tracker.promote("stack", 2) == 1
    assert tracker.promote("stack", 3) == 2
    assert tracker.promote("stack", 3) == 3  # champion already: nothing to undo
    assert tracker.rollback("stack") == 2
    assert tracker.champion("stack") == 2
    assert tracker.rollback("stack") == 1
    with pytest.raises(InputError, match="no former champion"):
        tracker.rollback("stack")
    assert tracker.champion("stack") == 1


def test_a_promoted_challenger_no_longer_challenges(tracker: Tracker, files: Files) -> None:
    for name in ("a", "b"):
        record(tracker, "moved", files(name))
    tracker.promote("moved", 2)
    with pytest.raises(InputError, match="moved@challenger"):
        tracker.bundle("models:/moved@challenger")


@pytest.mark.parametrize(
    "reference",
    [
        "models:/nobody@champion",
        "models:/nobody/1",
        "models:/known@best",
        "models:/known/9",
        "models:/known/x",
        "models:/known",
    ],
)
def test_what_is_not_registered_is_bad_input(
    tracker: Tracker, files: Files, reference: str
) -> None:
    if tracker.champion("known") is None:
        record(tracker, "known", files("a"))
    with pytest.raises(InputError, match="there is no such"):
        tracker.bundle(reference)


def test_only_a_registered_version_is_promoted(tracker: Tracker) -> None:
    with pytest.raises(InputError, match="no such version"):
        tracker.promote("nobody", 1)
    with pytest.raises(InputError, match="no such model") as refused:
        tracker.rollback("nobody")
    assert "promote" not in str(refused.value)


def test_a_run_keeps_settings_measures_and_files(tracker: Tracker, files: Files) -> None:
    record(tracker, "kept", files("a"))
    from mlflow import MlflowClient

    client = MlflowClient(tracker.uri)
    version = client.get_model_version("kept", "1")
    run = client.get_run(version.run_id)
    assert run.data.params == {"seed": "1"}
    assert run.data.metrics == {"auc": 0.7}
    assert version.tags == {"bundle_sha256": "sha"}
    assert run.info.status == "FINISHED"
    kept = [file.path for file in client.list_artifacts(version.run_id)]
    assert kept == ["evaluation.json", MODEL, "plots"]
    source = Path(version.source.removeprefix("file://"))
    assert (source / "MLmodel").is_file()
    assert not [*source.rglob("*.pkl")]
    assert not Path("mlruns").exists()


def test_nothing_is_printed(
    tracker: Tracker, files: Files, capfd: pytest.CaptureFixture[str]
) -> None:
    record(tracker, "quiet", files("a"))
    printed = capfd.readouterr()
    assert printed.out == ""
    assert printed.err == ""


def test_nested_measures_become_flat_names() -> None:
    nested = {
        "auc": 0.7,
        "auc_ci": (0.6, 0.8),
        "ks": None,
        "from": "2005-07-31",
        "by_stage": {"M4+": {"n": 3}},
    }
    assert flat(nested) == {
        "auc": 0.7,
        "auc_ci.low": 0.6,
        "auc_ci.high": 0.8,
        "by_stage.M4_plus.n": 3.0,
    }


def test_state_lives_under_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CURESCORE_TRACKING_URI", raising=False)
    monkeypatch.setenv("CURESCORE_HOME", str(tmp_path))
    assert home() == tmp_path
    assert tracking_uri() == f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.setenv("CURESCORE_TRACKING_URI", "http://mlflow.example:5000")
    assert tracking_uri() == "http://mlflow.example:5000"


def test_a_champion_that_was_moved_meanwhile_is_not_replaced(
    tracker: Tracker, files: Files
) -> None:
    for version in "abc":
        record(tracker, "race", files(version))
    tracker.promote("race", 3, judged_against=1)
    with pytest.raises(InputError, match="was version 1 and is now 3"):
        tracker.promote("race", 2, judged_against=1)
    assert tracker.champion("race") == 3
    tracker.promote("race", 2, judged_against=3)


def test_rollback_passes_over_nothing_and_needs_the_version(tracker: Tracker, files: Files) -> None:
    for version in "abc":
        record(tracker, "gone", files(version))
    tracker.promote("gone", 2)
    tracker.promote("gone", 3)
    moves = len(tracker.promotions("gone"))
    tracker._client.delete_model_version("gone", "2")
    with pytest.raises(InputError, match="no such version"):
        tracker.rollback("gone")
    assert tracker.champion("gone") == 3
    assert len(tracker.promotions("gone")) == moves
