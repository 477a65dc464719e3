"""The registry, on a real MLflow database: aliases, going back, and what is stored."""

from pathlib import Path

import pytest

from features.errors import InputError
from training.tracking import BUNDLE, Tracker, flat, home, tracking_uri

# MLflow 3.17 on SQLAlchemy 2.1: theirs to mend.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")


@pytest.fixture(scope="session")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    """One database for all these tests: making one takes seconds."""
    root = tmp_path_factory.mktemp("mlflow")
    return Tracker(f"sqlite:///{root / 'new' / 'mlflow.db'}", root / "mlartifacts")


def files(folder: Path, text: str) -> Path:
    (folder / BUNDLE).mkdir(parents=True)
    (folder / BUNDLE / "manifest.json").write_text(text)
    return folder


def record(tracker: Tracker, name: str, folder: Path, text: str = "{}") -> int:
    made = tracker.record(
        name, files(folder, text), {"seed": 1}, {"auc": 0.7, "ks": None}, {"bundle_sha256": text}
    )
    return made.version


def test_the_first_version_is_champion_and_the_next_challenges(
    tracker: Tracker, tmp_path: Path
) -> None:
    made = [
        tracker.record("first", files(tmp_path / name, name), {}, {}, {}) for name in ("a", "b")
    ]
    assert [(m.version, m.alias) for m in made] == [(1, "champion"), (2, "challenger")]
    assert tracker.champion("first") == 1
    for reference, text in (
        ("models:/first@champion", "a"),
        ("models:/first@challenger", "b"),
        ("models:/first/2", "b"),
    ):
        assert (tracker.bundle(reference) / "manifest.json").read_text() == text


def test_promotion_is_undone_step_by_step(tracker: Tracker, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        record(tracker, "stack", tmp_path / name)
    assert tracker.promote("stack", 2) == 1
    assert tracker.promote("stack", 3) == 2
    assert tracker.promote("stack", 3) == 3  # champion already: nothing to undo
    assert tracker.rollback("stack") == 2
    assert tracker.champion("stack") == 2
    assert tracker.rollback("stack") == 1
    with pytest.raises(InputError, match="no former champion"):
        tracker.rollback("stack")
    assert tracker.champion("stack") == 1


def test_a_promoted_challenger_no_longer_challenges(tracker: Tracker, tmp_path: Path) -> None:
    for name in ("a", "b"):
        record(tracker, "moved", tmp_path / name)
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
    tracker: Tracker, tmp_path: Path, reference: str
) -> None:
    if tracker.champion("known") is None:
        record(tracker, "known", tmp_path / "a")
    with pytest.raises(InputError, match="there is no such"):
        tracker.bundle(reference)


def test_only_a_registered_version_is_promoted(tracker: Tracker) -> None:
    with pytest.raises(InputError, match="no such version"):
        tracker.promote("nobody", 1)
    with pytest.raises(InputError, match="no former champion"):
        tracker.rollback("nobody")


def test_a_run_keeps_settings_measures_and_files(tracker: Tracker, tmp_path: Path) -> None:
    record(tracker, "kept", tmp_path / "a", "sha")
    from mlflow import MlflowClient

    client = MlflowClient(tracker.uri)
    version = client.get_model_version("kept", "1")
    run = client.get_run(version.run_id)
    assert run.data.params == {"seed": "1"}
    assert run.data.metrics == {"auc": 0.7}
    assert version.tags == {"bundle_sha256": "sha"}
    assert run.info.status == "FINISHED"
    assert [file.path for file in client.list_artifacts(version.run_id)] == [BUNDLE]
    assert not Path("mlruns").exists()


def test_nothing_is_printed(
    tracker: Tracker, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    record(tracker, "quiet", tmp_path / "a")
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
