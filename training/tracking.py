"""MLflow: runs, registered models and their aliases. The only place that writes there."""

import json
import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.errors import InputError

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION = "champion"
CHALLENGER = "challenger"
BUNDLE = "bundle"  # artifact folder of a run

_CHAMPIONS = "former_champions"  # tag of a registered model: versions, newest last, as JSON
_REMEMBERED = 100
_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


@dataclass(frozen=True)
class Registered:
    """A model version as it was registered, with the alias it was given."""

    name: str
    version: int
    alias: str
    run_id: str


def home() -> Path:
    """The folder of all state: CURESCORE_HOME, or `var` in the working directory."""
    return Path(os.environ.get("CURESCORE_HOME") or "var").resolve()


def tracking_uri() -> str:
    """CURESCORE_TRACKING_URI, or the database `mlflow.db` at home."""
    return os.environ.get("CURESCORE_TRACKING_URI") or f"sqlite:///{home() / 'mlflow.db'}"


class Tracker:
    """One MLflow store, reached at `uri`.

    A store that is a database keeps its artifacts under `artifacts`; a server (http) knows
    itself where it keeps them.
    """

    def __init__(self, uri: str | None = None, artifacts: Path | None = None) -> None:
        self.uri = uri or tracking_uri()
        self.artifacts = artifacts or home() / "mlartifacts"
        if self.uri.startswith("sqlite:///"):
            Path(self.uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        self._client = _quiet_client(self.uri)

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
    ) -> Registered:
        """Store a run with the files of `directory` and register its bundle as a new version.

        `metrics` may be nested; what is not a number, or undefined (None), is left out. The
        version becomes champion where the model has none yet, else challenger.
        """
        with self._run(name) as (run_id, source):
            self._log(run_id, params, metrics, tags)
            self._client.log_artifacts(run_id, str(directory))
        if self._model(name) is None:
            self._client.create_registered_model(name)
        created = self._client.create_model_version(
            name, f"{source}/{BUNDLE}", run_id, tags=dict(tags)
        )
        alias = CHALLENGER if self.champion(name) else CHAMPION
        self._client.set_registered_model_alias(name, alias, str(created.version))
        return Registered(name, int(created.version), alias, run_id)

    def champion(self, name: str) -> int | None:
        """Version of the champion; None where there is none."""
        model = self._model(name)
        number = model.aliases.get(CHAMPION) if model else None
        return int(number) if number is not None else None

    def promote(self, name: str, version: int) -> int | None:
        """Make a version the champion; returns the former champion's version, if any."""
        self._require(name, str(version))
        former = self.champion(name)
        if former == version:
            return former
        if former is not None:
            self._remember(name, [*self._former(name), former])
        self._point(name, version)
        return former

    def rollback(self, name: str) -> int:
        """Make the former champion champion again; returns its version."""
        former = self._former(name)
        if not former:
            raise InputError(
                name, "no former champion is recorded", f"Use `curescore promote {name} VERSION`."
            )
        self._point(name, former[-1])
        self._remember(name, former[:-1])
        return former[-1]

    def bundle(self, reference: str) -> Path:
        """The local folder of a bundle named by `models:/NAME@ALIAS` or `models:/NAME/VERSION`.

        A bundle on a server is fetched into a temporary folder.
        """
        from mlflow.artifacts import download_artifacts

        source = self._source(reference)
        return Path(download_artifacts(artifact_uri=source, tracking_uri=self.uri))

    def _source(self, reference: str) -> str:
        name, at, alias = reference.removeprefix("models:/").partition("@")
        if not at:
            name, _, number = name.partition("/")
            return str(self._require(name, number).source)
        with _absent(reference, "there is no such model or alias", "Train one: `curescore train`."):
            return str(self._client.get_model_version_by_alias(name, alias).source)

    def _require(self, name: str, version: str) -> Any:
        with _absent(
            f"models:/{name}/{version}",
            "there is no such version",
            "`curescore train` prints the version that it registers.",
        ):
            return self._client.get_model_version(name, version)

    def _model(self, name: str) -> Any:
        from mlflow.exceptions import MlflowException

        try:
            return self._client.get_registered_model(name)
        except MlflowException as error:
            if error.error_code not in _ABSENT:
                raise
            return None

    def _point(self, name: str, version: int) -> None:
        self._client.set_registered_model_alias(name, CHAMPION, str(version))
        if self._model(name).aliases.get(CHALLENGER) in (version, str(version)):
            self._client.delete_registered_model_alias(name, CHALLENGER)

    def _former(self, name: str) -> list[int]:
        model = self._model(name)
        former: list[int] = json.loads(model.tags.get(_CHAMPIONS, "[]")) if model else []
        return former

    def _remember(self, name: str, former: list[int]) -> None:
        self._client.set_registered_model_tag(name, _CHAMPIONS, json.dumps(former[-_REMEMBERED:]))

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
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return MlflowClient(uri, uri)


@contextmanager
def _absent(where: str, problem: str, remedy: str) -> Iterator[None]:
    """Turn MLflow's "not found" into an InputError."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code not in _ABSENT:
            raise
        raise InputError(where, problem, remedy) from error
