"""The whole way of training: tables in, an evaluated and registered bundle out."""

import json
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from features.catalogue import CATALOGUE, NAMES
from features.matrix import matrix
from features.panel import Floats
from models.score.bundle import Bundle, Content, write
from models.score.calibration import Calibration
from models.score.contributions import Explainer
from models.score.scores import score_matrix
from models.score.standing import references
from training.assessment import judged, load_bundle
from training.baselines import roll_rate_table, untuned_booster
from training.config import TrainingConfig
from training.evaluate import Judged, by_seen, measures
from training.fit import Fit, Progress, fit
from training.golden import golden
from training.labels import Snapshots
from training.lineage import code_version, package_version
from training.plots import save_plots
from training.population import Population, Window, read_population
from training.split import Split, out_of_time
from training.tracking import BUNDLE, Registered, Tracker

EXPLAINED_ROWS = 10_000  # enough for percentiles to half a point
PLOTTED_ROWS = 1_000


@dataclass(frozen=True)
class TrainingResult:
    """A registered bundle and how it did on the test months; `train` and `test` go into JSON."""

    registered: Registered
    bundle_sha256: str
    train: dict[str, Any]
    test: dict[str, Any]


@dataclass(frozen=True)
class _Trained:
    """What is fitted on the training rows, whose features these are."""

    rows: Snapshots
    features: Floats
    fit: Fit
    untuned: lightgbm.Booster
    roll_rate: dict[str, Any]


def train(
    directory: Path,
    config: TrainingConfig,
    window: Window,
    tracker: Tracker,
    progress: Progress,
    target: str = "cure",
) -> TrainingResult:
    """Train on the tables in `directory`, judge on the last months, track and register.

    The same data, settings and versions give the same bundle, byte for byte. Raises
    InputError where the tables cannot be trained on.
    """
    progress("reading tables")
    population = read_population(directory, config.horizon_cycles, config.seed, window)
    split = out_of_time(population.snapshots, config.test_share)
    trained = _fit(population, split, config, progress)
    summary = _summary(population, split, trained, config)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        progress("writing and verifying the bundle")
        sha256 = write(root / BUNDLE, _content(target, population, trained, summary, config))
        bundle = load_bundle(root / BUNDLE)
        progress("judging on the test months")
        test, rows = _test(bundle, population, split, trained, config)
        progress("drawing plots")
        _save_artifacts(root, bundle, trained, rows, {"train": summary, "test": test})
        progress("recording the run")
        registered = tracker.record(
            target,
            root,
            params=_params(config, summary, test),
            metrics=test,
            tags={
                "bundle_sha256": sha256,
                "data_sha256": population.data_sha256,
                "code": code_version(),
            },
        )
    return TrainingResult(registered, sha256, summary, test)


def _params(
    config: TrainingConfig, summary: dict[str, Any], test: dict[str, Any]
) -> dict[str, object]:
    """What is asked of a run later: settings, dates and rows."""
    plain = config.model_dump()
    booster = {f"booster.{key}": value for key, value in plain.pop("booster").items()}
    dates = {f"train.{key}": summary[key] for key in ("from", "until", "n", "accounts")}
    return {
        **plain,
        **booster,
        **dates,
        "test.from": test["from"],
        "test.until": test["until"],
        "trees": summary["trees"],
    }


def _fit(
    population: Population, split: Split, config: TrainingConfig, progress: Progress
) -> _Trained:
    rows = population.snapshots.take(split.train)
    progress(f"computing {len(CATALOGUE)} features of {len(rows)} training snapshots")
    features = matrix(population.panel, rows.view)
    return _Trained(
        rows=rows,
        features=features,
        fit=fit(features, rows, CATALOGUE, config, progress),
        untuned=untuned_booster(features, rows.label, NAMES, config),
        roll_rate=roll_rate_table(rows.label, rows.stage, rows.previous_stage),
    )


def _content(
    target: str,
    population: Population,
    trained: _Trained,
    summary: dict[str, Any],
    config: TrainingConfig,
) -> Content:
    explained = trained.features[_sample(len(trained.rows), EXPLAINED_ROWS, config.seed)]
    shares = Explainer(trained.fit.booster).explain(explained).contributions
    return Content(
        target=target,
        horizon_cycles=config.horizon_cycles,
        currency=population.currency,
        booster=trained.fit.booster,
        features=NAMES,
        calibration=Calibration(trained.fit.slope, trained.fit.intercept),
        references=references(trained.fit.slope * shares, NAMES),
        roll_rate=trained.roll_rate,
        training=summary,
        golden=golden(population.panel, trained.rows, trained.fit.booster, trained.features),
    )


def _test(
    bundle: Bundle,
    population: Population,
    split: Split,
    trained: _Trained,
    config: TrainingConfig,
) -> tuple[dict[str, Any], Judged]:
    """Measures on the test rows, for seen and unseen accounts apart, and the rows themselves."""
    rows = population.snapshots.take(split.test)
    boosters = {"untuned": trained.untuned}
    result = judged(bundle, population.panel, rows, config.threads, boosters)
    draws, seed = config.bootstrap_draws, config.seed
    start, end = rows.period()
    return {
        "from": start.isoformat(),
        "until": end.isoformat(),
        **measures(result, draws, seed),
        **by_seen(result, split.seen, draws, seed),
    }, result


def _summary(
    population: Population, split: Split, trained: _Trained, config: TrainingConfig
) -> dict[str, Any]:
    """What the bundle tells of its training; no time of day, so that it can be made again."""
    start, end = trained.rows.period()
    return {
        "from": start.isoformat(),
        "until": end.isoformat(),
        "test_from": split.test_from.isoformat(),
        "n": len(trained.rows),
        "accounts": len(np.unique(trained.rows.account)),
        "cure_rate": float(trained.rows.label.mean()),
        "label_unknown_at_test": split.dropped,
        "without_label": {
            key: count for key, count in vars(population.snapshots.left).items() if key != "total"
        },
        "trees": trained.fit.trees,
        "fold_log_loss": trained.fit.fold_log_loss,
        "data_sha256": population.data_sha256,
        "version": package_version(),
        "tzdata": version("tzdata"),
        "settings": config.model_dump(),
    }


def _save_artifacts(
    root: Path, bundle: Bundle, trained: _Trained, rows: Judged, document: dict[str, Any]
) -> None:
    """Everything that goes with the run beside the bundle: plots, baselines, the figures."""
    sample = _sample(len(trained.rows), PLOTTED_ROWS, seed=0)
    scores = score_matrix(bundle, trained.features[sample])
    plotted = (scores.features, scores.contributions)
    save_plots(root / "plots", rows, plotted, bundle.features)
    (root / "baselines").mkdir()
    (root / "baselines" / "untuned.txt").write_text(trained.untuned.model_to_string())
    (root / "evaluation.json").write_text(json.dumps(document, indent=1, sort_keys=True))


def _sample(n: int, most: int, seed: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Positions of at most `most` of `n` rows, drawn at random, in order."""
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, most, replace=False))
