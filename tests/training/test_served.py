"""Registered models as MLflow loads and serves them: without pickle, with the bundle's numbers."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import httpx
import numpy as np
import pytest

from features.catalogue import NAMES
from models.score.bundle import load
from models.score.scores import score_matrix
from tests import plain
from tests.servers import ROOT, free_port

# MLflow's imports and its use of pandas warn: it works in processes of its own.
SAVE = """
import sys, pathlib
from training.served import save_model
save_model(*map(pathlib.Path, sys.argv[1:]))
"""
LOAD = """
import json, sys, numpy, pandas, mlflow.pyfunc
model = mlflow.pyfunc.load_model(sys.argv[1])
frame = pandas.read_parquet(sys.argv[2])
found = model.predict(frame[frame.columns[::-1]])
try:
    model.predict(frame.drop(columns=["dpd_last"]))
except Exception as error:
    refused = f"{type(error).__name__}: {error}"
example = model.predict(model.input_example)
print(json.dumps({"found": found.to_dict("list"), "refused": refused, "example": len(example)}))
"""
SERVE = "mlflow models serve --env-manager local --host 127.0.0.1 --workers 1"
ENVIRONMENT = os.environ | {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PYTHONPATH": str(ROOT),
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
}


def python(code: str, *arguments: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def model(bundle_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served") / "made"
    bundle = shutil.copytree(bundle_dir, folder.with_name("bundle"))
    assert python(SAVE, folder, bundle) == ""
    return folder.rename(folder.with_name("model"))  # it holds no address of its own


@pytest.fixture(scope="module")
def features(bundle_dir: Path) -> np.ndarray:
    """Golden rows, some of which do not know some features, and one that knows none."""
    golden = np.load(bundle_dir / "golden_features.npy")
    assert np.isnan(golden).any()
    return np.vstack([golden, np.full(golden.shape[1], np.nan)])


def test_a_model_folder_has_the_bundle_inside_and_no_pickle(model: Path, bundle_dir: Path) -> None:
    names = {path.name for path in model.rglob("*")}
    assert {"MLmodel", "served_model.py", "input_example.json"} <= names
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".joblib"))]
    assert b"\x80\x04" not in b"".join(
        path.read_bytes()[:2] for path in model.rglob("*") if path.is_file()
    )
    assert load(model / "artifacts" / "bundle").sha256 == load(bundle_dir).sha256
    assert "python_model" not in (model / "MLmodel").read_text()


def test_pyfunc_gives_the_bundles_numbers_to_the_bit(
    model: Path, bundle_dir: Path, features: np.ndarray, tmp_path: Path
) -> None:
    import pandas as pd

    pd.DataFrame(features, columns=list(NAMES)).to_parquet(tmp_path / "frame.parquet")
    told = json.loads(python(LOAD, model, tmp_path / "frame.parquet"))
    expected = score_matrix(load(bundle_dir), features)
    assert told["found"]["probability"] == expected.probability.tolist()
    assert told["found"]["log_odds"] == expected.log_odds.tolist()
    assert "missing inputs ['dpd_last']" in told["refused"]
    assert told["example"] == 3


def test_mlflow_serves_the_bundles_numbers(
    model: Path, bundle_dir: Path, features: np.ndarray, tmp_path: Path
) -> None:
    rows = [[None if np.isnan(v) else v for v in row] for row in features.tolist()]
    body = {"dataframe_split": {"columns": list(NAMES), "data": rows}}
    address = f"http://127.0.0.1:{(port := free_port())}"
    with (tmp_path / "output").open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", *SERVE.split(), "--model-uri", str(model), "--port", str(port)],
            env=ENVIRONMENT,
            stdout=sink,
            stderr=sink,
        )
        try:
            wait(process, f"{address}/ping", tmp_path / "output")
            answer = plain.post(f"{address}/invocations", json=body)
            short = {"columns": list(NAMES[1:]), "data": [row[1:] for row in rows]}
            refused = plain.post(f"{address}/invocations", json={"dataframe_split": short})
        finally:
            process.terminate()
            process.wait(30)
    expected = score_matrix(load(bundle_dir), features)
    found = answer.json()["predictions"]
    assert [row["probability"] for row in found] == expected.probability.tolist()
    assert refused.status_code == 400
    assert f"missing inputs ['{NAMES[0]}']" in refused.text


def wait(process: subprocess.Popen[bytes], address: str, output: Path) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        try:
            if plain.get(address).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(output.read_text())
