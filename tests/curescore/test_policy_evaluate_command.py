"""`curescore policy evaluate`, with the run that it leaves in MLflow."""

import json
import sqlite3
from pathlib import Path

import pytest

from curescore.policy_value import named
from tests.policies import PACKAGED
from tests.servers import completed_here, curescore_json_here
from training.sources.simulate import simulate

# MLflow 3.17 on SQLAlchemy 2.1: theirs to mend.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")


@pytest.fixture(scope="module")
def portfolio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("assigned") / "tables"
    simulate(folder, 800, 10, seed=2)
    return folder


def test_policies_are_compared_and_kept(portfolio: Path, bundle_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "winter").mkdir()
    (tmp_path / "winter" / "policy.toml").write_bytes(PACKAGED)
    (tmp_path / "cheap.toml").write_bytes(
        PACKAGED.replace(b"unit_cost = 1.40", b"unit_cost = 0.40")
    )
    environment = {"CURESCORE_HOME": str(tmp_path / "home")}
    told = curescore_json_here(
        environment,
        *("policy", "evaluate", str(tmp_path / "winter"), str(tmp_path / "cheap.toml")),
        *("--data", str(portfolio), "--model", str(bundle_dir)),
        *("--from", "2023-03-01", "--out", str(tmp_path / "out")),
    )
    kept = Path(told.pop("artifacts"))
    assert list(told["policies"])[-2:] == ["winter", "cheap"]
    assert told["start"] >= "2023-03-01"
    assert told["rows"]["left_out"]["outside_window"] > 0
    for folder in (tmp_path / "out", kept):
        assert json.loads((folder / "policy_value.json").read_text()) == told
        assert "What policies are worth" in (folder / "policy_value.html").read_text()
    with sqlite3.connect(tmp_path / "home" / "mlflow.db") as database:
        metrics = dict(database.execute("select key, value from latest_metrics").fetchall())
        params = dict(database.execute("select key, value from params").fetchall())
        (name,) = database.execute(
            "select e.name from runs r join experiments e using (experiment_id)"
        ).fetchone()
    assert name == "policy"
    low = told["policies"]["winter"]["net_dr"]["low"]
    assert metrics["winter.net_dr.low"] == pytest.approx(low)
    assert params["used"] == str(told["rows"]["used"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["winter/policy.toml", "autumn/policy.toml", "winter/policy.toml"], "named twice"),
        (["absent.toml"], "absent.toml"),
        ([], "there are no models"),
    ],
)
def test_what_cannot_be_compared_is_bad_input(
    arguments: list[str], said: str, portfolio: Path, tmp_path: Path
) -> None:
    for name in ("winter/policy.toml", "autumn/policy.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(PACKAGED)
    done = completed_here(
        {"CURESCORE_HOME": str(tmp_path / "home")},
        *("policy", "evaluate", "--data", str(portfolio)),
        *(str(tmp_path / name) for name in arguments),
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "home").exists()


def test_names_that_are_taken_give_way_to_whole_paths(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("done.toml", "current.toml", "winter.toml")]
    for path in paths:
        path.write_bytes(PACKAGED)
    assert list(named(paths)) == [str(paths[0]), str(paths[1]), "winter"]
