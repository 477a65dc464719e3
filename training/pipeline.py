"""The whole way of training: tables in, an evaluated and registered bundle out."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.catalogue import NAMES
from features.errors import InputError
from models.score.bundle import Bundle, write
from models.score.scores import score_matrix
from models.target import Target
from training.assessment import load_bundle
from training.card.card import write_card
from training.card.explained import explained_document
from training.computing import Computing, Here
from training.config import TrainingConfig
from training.contents import content, drawn_rows, summary
from training.costs import search_document
from training.fairness.document import fairness_document
from training.guards.document import guards_document
from training.guards.leaks import moved_features
from training.guards.plausible import Histories, check_histories
from training.guards.powers import powers
from training.hidden import read_hidden
from training.lineage import code_version
from training.population import Population, Window, read_population
from training.progress import Progress
from training.promotion.champion import Champion, champion_of
from training.promotion.gate import GateSettings, leak_check
from training.split import Split, out_of_time
from training.tested import (
    Tested,
    stability_document,
    test_document,
    tested,
)
from training.tracking import BUNDLE, Registered, Tracker
from training.trained import Trained, train_on

EXPLAINED = "explained.json"  # among the files of a run
PLOTTED_ROWS = 1_000
FAIRNESS_DRAWS = 200


@dataclass(frozen=True)
class TrainingResult:
    """A registered bundle and the run's document, ready for JSON: how it was made and did."""

    registered: Registered
    bundle_sha256: str
    document: dict[str, Any]


def train(
    directory: Path,
    config: TrainingConfig,
    window: Window,
    tracker: Tracker,
    progress: Progress,
    target: Target = "cure",
    studies: Path | None = None,
    computing: Computing | None = None,
) -> TrainingResult:
    """Train on the tables in `directory`, judge on the last months, track and register.

    `studies` is the SQLite file that keeps searches, so that a stopped one goes on; None: none is.
    `computing` is where features are computed and boosters fitted; None: here.
    The same data, settings and versions give the same bundle, byte for byte. Raises
    InputError where the tables cannot be trained on.
    """
    outcome, computing = config.outcome(target), computing or Here()
    progress("reading tables")
    population = read_population(directory, outcome, config.seed, window, config.most_snapshots)
    histories = check_histories(population.panel)
    split = out_of_time(population.snapshots, config.test_share)
    # Read before the minutes of fitting, so that a broken file does not cost them.
    test_rows = population.snapshots.take(split.test)
    hidden = read_hidden(directory, test_rows, population.account_ids)
    progress("auditing for leaks")
    _audit(population, split, config)
    trained = train_on(population, split, config, studies, progress, computing)
    guards = _guards(population, trained, histories, config)
    told = summary(population, split, trained, guards)
    unflagged = leak_check(told, GateSettings()).passed
    champion = champion_of(tracker, population)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        progress("writing and verifying the bundle")
        sha256 = write(root / BUNDLE, content(population, split, trained, told, hidden))
        bundle = load_bundle(root / BUNDLE)
        progress("judging on the test months")
        found = tested(bundle, population, split, trained, champion, computing, progress)
        document = _document(bundle, population, split, trained, champion, found, progress)
        progress("drawing the model card")
        _save_artifacts(root, bundle, trained, found, document)
        progress("recording the run")
        registered = tracker.record(
            target,
            root,
            params=_params(told, document["test"]),
            metrics=document["test"],
            tags={
                "bundle_sha256": sha256,
                "data_sha256": population.data_sha256,
                "data_folder": str(directory.resolve()),
                "code": code_version(),
            },
            withheld=None if unflagged else "a feature is implausibly strong alone",
        )
    return TrainingResult(registered, sha256, document)


def _audit(population: Population, split: Split, config: TrainingConfig) -> None:
    """InputError where a feature knows what came later."""
    view = population.snapshots.take(split.train).view
    moved = moved_features(population.panel, view, NAMES, config.seed)
    if moved:
        raise InputError(
            f"features {', '.join(moved)}",
            "change when only what came after the snapshot is changed: they look into the future",
            "Mend how they are computed (features/), under a new name.",
        )


def _guards(
    population: Population, trained: Trained, histories: Histories, config: TrainingConfig
) -> dict[str, Any]:
    """What the guards found; no feature moved, or there were no model."""
    alone = powers(trained.features, trained.rows.label, NAMES)
    left = population.snapshots.left
    return guards_document(left, histories, (), alone, config.implausible_auc)


def _document(
    bundle: Bundle,
    population: Population,
    split: Split,
    trained: Trained,
    champion: Champion | None,
    found: Tested,
    progress: Progress,
) -> dict[str, Any]:
    """All that is told of the run, ready for JSON; evaluation.json and the model card have it."""
    told = bundle.training
    test = test_document(found, split, trained)
    progress("measuring fairness and stability")
    return {
        "target": bundle.target,
        "horizon_cycles": bundle.outcome.horizon_cycles,
        "sustained": bundle.outcome.sustained,
        "bundle_sha256": bundle.sha256,
        "currency": bundle.currency,
        "code": code_version(),
        "train": told,
        "test": test,
        "search": search_document(trained, bundle),
        "guards": told["guards"],
        "standing": {**bundle.standing.model_dump(), "valid": bundle.standing_valid},
        "fairness": fairness_document(
            found.judged, found.rows, population, FAIRNESS_DRAWS, trained.config.seed
        ),
        "stability": stability_document(bundle, population, found, trained.config.seed),
        "champion": champion.document(bundle) if champion else None,
    }


def _params(told: dict[str, Any], test: dict[str, Any]) -> dict[str, object]:
    """What is asked of a run later: settings, dates and rows."""
    plain = dict(told["settings"])
    nested = {
        f"{group}.{key}": value
        for group in ("booster", "search")
        for key, value in plain.pop(group).items()
    }
    dates = {f"train.{key}": told[key] for key in ("from", "until", "n", "accounts")}
    return {
        **plain,
        **nested,
        **dates,
        "test.from": test["from"],
        "test.until": test["until"],
        "trees": told["trees"],
    }


def _save_artifacts(
    root: Path, bundle: Bundle, trained: Trained, found: Tested, document: dict[str, Any]
) -> None:
    """Everything that goes with the run beside the bundle: card, untuned booster, numbers."""
    sample = drawn_rows(len(trained.rows), PLOTTED_ROWS, seed=0)
    scores = score_matrix(bundle, trained.features[sample])
    write_card(root, document, found.judged, scores, bundle)
    (root / "baselines").mkdir()
    (root / "baselines" / "untuned.txt").write_text(trained.baselines.untuned.model_to_string())
    (root / "evaluation.json").write_text(json.dumps(document, indent=1, sort_keys=True))
    explained = explained_document(found.judged, scores, bundle)
    (root / EXPLAINED).write_text(json.dumps(explained, separators=(",", ":"), allow_nan=False))
