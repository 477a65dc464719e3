"""A challenger judged beside the champion, on snapshots that neither could have trained on."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from features.errors import InputError
from features.matrix import matrix
from models.score.bundle import Bundle, load
from models.score.manifest import BundleError, read_manifest
from training.assessment import judged, log_odds, require_currency
from training.evaluate import Judged, measures
from training.fairness.document import fairness_document
from training.guards.plausible import check_histories
from training.labels import as_at_night
from training.population import Population, Window, read_population
from training.progress import Progress
from training.promotion.gate import (
    CHAMPION_SCORE,
    Check,
    GateSettings,
    Verdict,
    calibration_checks,
    difference_check,
    fairness_check,
    leak_check,
    psi_check,
    row_checks,
)
from training.reference import psi


@dataclass(frozen=True)
class Tables:
    """The folder of tables to judge on; `sha256` is the digest they must have, if any."""

    folder: Path
    sha256: str | None = None


def challenge(
    challenger: Path,
    champion: Path | None,
    tables: Tables,
    settings: GateSettings,
    progress: Progress,
) -> Verdict:
    """Every check of the gate on the bundle in `challenger`; `champion` is None without one.

    Snapshots are judged whose statement is not before the later of the two trainings' cut-offs
    (`test_from`): what trained had its label by then. Raises InputError for tables that cannot
    be used.
    """
    progress("loading the models")
    bundle, loading = _loaded(challenger)
    if bundle is None:
        return Verdict(tuple(loading), None, loads=False)
    rival, comparing = (None, []) if champion is None else _rival(bundle, champion)
    checks = [*loading, *comparing, leak_check(bundle.training, settings)]
    progress("reading tables")
    start = max(_cut_off(each) for each in (bundle, rival) if each is not None)
    population = _population(tables, bundle, start, settings)
    rows = population.snapshots
    reached = int(rows.label.sum())
    enough = [*row_checks(len(rows), reached, bundle.target, settings)]
    checks += enough
    if all(check.passed for check in enough):
        progress("judging the models")
        comparable = rival if all(check.passed for check in comparing) else None
        found = _judged(bundle, comparable, population)
        figures = measures(found, settings.draws, settings.seed)
        if champion is not None:
            checks.append(difference_check(figures, settings))
        checks += calibration_checks(figures, settings)
        night = as_at_night(population.panel, rows)
        checks.append(psi_check(psi(bundle.reference["score"], found.log_odds[night]), settings))
        groups = fairness_document(found, rows, population, settings.fairness_draws, settings.seed)
        checks.append(fairness_check(groups, settings))
    told = {
        "from": start.isoformat(),
        "n": len(rows),
        "reached": reached,
        "data_sha256": population.data_sha256,
    }
    return Verdict(tuple(checks), told, loads=True)


def _loaded(folder: Path) -> tuple[Bundle | None, list[Check]]:
    """The challenger where it can be used; whether its definitions and golden rows hold."""
    definitions, golden = "feature definitions", "golden rows"
    try:
        read_manifest(folder)
    except BundleError as error:
        return None, [Check(definitions, str(error), "unchanged", passed=False)]
    unchanged = Check(definitions, "unchanged", "unchanged", passed=True)
    try:
        bundle = load(folder)
    except BundleError as error:
        return None, [unchanged, Check(golden, str(error), "reproduce", passed=False)]
    return bundle, [unchanged, Check(golden, "reproduce", "reproduce", passed=True)]


def _rival(bundle: Bundle, champion: Path) -> tuple[Bundle | None, list[Check]]:
    """The champion where it loads, and whether the challenger can be compared with it."""
    try:
        rival = load(champion)
    except BundleError as error:
        return None, [Check("champion", f"cannot be used: {error}", "loads", passed=False)]
    return rival, [
        Check(name, str(ours), f"{theirs}, as the champion's", ours == theirs)
        for name, ours, theirs in (
            ("outcome", bundle.outcome, rival.outcome),
            ("currency", bundle.currency, rival.currency),
        )
    ]


def _cut_off(bundle: Bundle) -> date:
    return date.fromisoformat(bundle.training["test_from"])


def _population(tables: Tables, bundle: Bundle, start: date, settings: GateSettings) -> Population:
    """The labelled snapshots from the cut-off on."""
    population = read_population(
        tables.folder, bundle.outcome, settings.seed, Window(start), settings.most_snapshots
    )
    if tables.sha256 not in (None, population.data_sha256):
        raise InputError(
            str(tables.folder),
            "holds other tables than when the model was trained",
            "Name tables to judge on with --data DIR.",
        )
    require_currency(bundle, population.currency)
    check_histories(population.panel)
    return population


def _judged(bundle: Bundle, rival: Bundle | None, population: Population) -> Judged:
    """The rows with the challenger's score, beside the champion's where it is comparable."""
    rows = population.snapshots
    features = matrix(population.panel, rows.view)
    others = {} if rival is None else {CHAMPION_SCORE: log_odds(rival, features, rows)}
    return judged(bundle, features, rows, others)
