"""MLflow: runs, their files, and the models they register."""

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from features.errors import InputError
from models.signature import TAG, SigningKey
from models.signed import signed
from training.registry import Registry
from training.served import save_model

if TYPE_CHECKING:
    from mlflow import MlflowClient

BUNDLE = "bundle"  # folder of the bundle among the files of a run
MODEL = "model"  # artifact folder of a run: what MLflow loads and serves
STUDIES = "studies.db"  # at home; not in MLflow's database: both would own `alembic_version`
INSIDE = f"artifacts/{BUNDLE}"  # the bundle in a model folder


@dataclass(frozen=True)
class Registered:
    """A model version as it was registered, with the alias it was given.

    `artifacts` is where the run's files are: a folder, or an address where a server keeps them.
    `withheld` says why it was kept from becoming champion, where something spoke against it.
    """

    name: str
    version: int
    alias: str
    run_id: str
    artifacts: str
    withheld: str | None = None


def home() -> Path:
    """The folder of all state: CURESCORE_HOME, or `var` in the working directory."""
    return Path(os.environ.get("CURESCORE_HOME") or "var").resolve()


def tracking_uri() -> str:
    """CURESCORE_TRACKING_URI, or the database `mlflow.db` at home."""
    return os.environ.get("CURESCORE_TRACKING_URI") or f"sqlite:///{home() / 'mlflow.db'}"


class Tracker(Registry):
    """One MLflow store, reached at `uri`.

    A store that is a database keeps its artifacts under `artifacts`; a server (http) knows
    itself where it keeps them. A first champion, which becomes so by itself, is signed by `key`.
    """

    def __init__(
        self,
        uri: str | None = None,
        artifacts: Path | None = None,
        key: SigningKey | None = None,
    ) -> None:
        self._key = key
        self.uri = uri or tracking_uri()
        self.artifacts = artifacts or home() / "mlartifacts"
        if self.uri.startswith("sqlite:///"):
            Path(self.uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        super().__init__(_quiet_client(self.uri))

    @classmethod
    def existing(cls) -> "Tracker":
        """The store that the environment names; InputError where there is none yet."""
        path = Path(tracking_uri().removeprefix("sqlite:///"))
        if tracking_uri().startswith("sqlite:///") and not path.is_file():
            raise InputError(
                str(path),
                "there are no models: this registry does not exist",
                "Train one with `curescore train --data DIR`, or name the right CURESCORE_HOME "
                "or CURESCORE_TRACKING_URI.",
            )
        return cls()

    def record(
        self,
        name: str,
        directory: Path,
        params: Mapping[str, object],
        metrics: Mapping[str, Any],
        tags: Mapping[str, str],
        withheld: str | None = None,
    ) -> Registered:
        """Store a run with the files of `directory` and register its bundle as a new version.

        `directory` holds the bundle under BUNDLE; in the run it is inside the model folder.
        `metrics` may be nested; what is not a number, or undefined (None), is left out. The
        version becomes champion where the model has none yet, unless `withheld` says what
        speaks against that; else challenger.
        """
        with self._run(name) as (run_id, source), TemporaryDirectory() as made:
            save_model(Path(made) / MODEL, directory / BUNDLE)
            self._log(run_id, params, metrics, tags)
            self._client.log_artifacts(run_id, made)
            self._log_files(run_id, directory)
        if self._key is not None and withheld is None and self.champion(name) is None:
            tags = {**tags, TAG: signed(self._key, directory / BUNDLE, name).text}
        version, alias = self._register(name, f"{source}/{MODEL}", run_id, tags, withheld)
        return Registered(name, version, alias, run_id, source.removeprefix("file://"), withheld)

    def bundle(self, reference: str) -> Path:
        """The local folder of a bundle named by `models:/NAME@ALIAS` or `models:/NAME/VERSION`.

        A bundle on a server is fetched into a temporary folder.
        """
        return self._fetched(f"{self._source(reference)}/{INSIDE}")

    def record_folder(
        self,
        name: str,
        directory: Path,
        params: Mapping[str, object],
        metrics: Mapping[str, Any],
        tags: Mapping[str, str],
    ) -> int:
        """Store a run with the files of `directory` and register a folder as a new version.

        It is the folder `name` in `directory`. The version, which is returned, has no alias yet.
        `metrics` as in `record`.
        """
        run_id, source = self._recorded(name, directory, params, metrics, tags)
        return self._add(name, f"{source}/{name}", run_id, tags)

    def folder(self, name: str, version: int) -> Path:
        """The local folder of a registered one; one on a server is fetched into a temporary."""
        return self._fetched(self._source(f"models:/{name}/{version}"))

    def record_run(
        self,
        experiment: str,
        directory: Path,
        params: Mapping[str, object],
        metrics: Mapping[str, Any],
        tags: Mapping[str, str],
    ) -> str:
        """Store a run with the files of `directory` that registers nothing.

        `metrics` as in `record`. Returns where the files are: a folder, or an address where a
        server keeps them.
        """
        _, source = self._recorded(experiment, directory, params, metrics, tags)
        return source.removeprefix("file://")

    def _recorded(
        self,
        experiment: str,
        directory: Path,
        params: Mapping[str, object],
        metrics: Mapping[str, Any],
        tags: Mapping[str, str],
    ) -> tuple[str, str]:
        """The id and artifact address of a run with the files of `directory`."""
        with self._run(experiment) as (run_id, source):
            self._log(run_id, params, metrics, tags)
            self._log_files(run_id, directory)
        return run_id, source

    def _fetched(self, source: str) -> Path:
        """The local folder at an artifact address."""
        from mlflow.artifacts import download_artifacts

        return Path(download_artifacts(artifact_uri=source, tracking_uri=self.uri))

    @contextmanager
    def _run(self, experiment: str) -> Iterator[tuple[str, str]]:
        """A run's id and artifact address; it ends as failed where an error comes through."""
        run = self._client.create_run(self._experiment(experiment))
        try:
            yield run.info.run_id, run.info.artifact_uri
        except BaseException:
            self._client.set_terminated(run.info.run_id, "FAILED")
            raise
        self._client.set_terminated(run.info.run_id)

    def _experiment(self, name: str) -> str:
        existing = self._client.get_experiment_by_name(name)
        if existing is not None:
            return str(existing.experiment_id)
        # Left to itself a database store would put artifacts into ./mlruns.
        location = None if self.uri.startswith("http") else self.artifacts.as_uri()
        return str(self._client.create_experiment(name, artifact_location=location))

    def _log_files(self, run_id: str, directory: Path) -> None:
        """Everything of the folder but the bundle."""
        for path in sorted(directory.iterdir()):
            if path.is_dir() and path.name != BUNDLE:
                self._client.log_artifacts(run_id, str(path), path.name)
            elif path.is_file():
                self._client.log_artifact(run_id, str(path))

    def _log(
        self,
        run_id: str,
        params: Mapping[str, object],
        metrics: Mapping[str, Any],
        tags: Mapping[str, str],
    ) -> None:
        from mlflow.entities import Metric, Param, RunTag

        now = int(time.time() * 1_000)
        self._client.log_batch(
            run_id,
            metrics=[Metric(key, value, now, 0) for key, value in flat(metrics).items()],
            params=[Param(key, str(value)) for key, value in params.items()],
            tags=[RunTag(key, value) for key, value in tags.items()],
        )


def bundle_folder(model: str) -> Path:
    """The folder of a bundle: fetched from the existing store where it is named models:/…"""
    return Tracker.existing().bundle(model) if model.startswith("models:/") else Path(model)


def flat(metrics: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """Nested metrics as `outer.inner`; intervals as `.low` and `.high`; the rest is left out.

    MLflow allows no plus sign in a key, so the stage M4+ is called M4_plus there.
    """
    found: dict[str, float] = {}
    for name, value in metrics.items():
        key = f"{prefix}{name.replace('+', '_plus')}"
        if isinstance(value, Mapping):
            found |= flat(value, f"{key}.")
        elif isinstance(value, tuple):
            found |= {f"{key}.low": value[0], f"{key}.high": value[1]}
        elif isinstance(value, int | float):
            found[key] = float(value)
    return found


def _quiet_client(uri: str) -> "MlflowClient":
    """A client that reports to nobody and prints nothing."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"  # it would spoil --json
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return MlflowClient(uri, uri)
