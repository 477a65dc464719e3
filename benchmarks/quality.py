"""How good the score is: beside its baselines on real accounts, and against simulated truth."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from benchmarks.report import Table, Topic
from features.catalogue import CATALOGUE, NAMES
from features.matrix import matrix
from features.panel import Floats
from training.baselines import fit_baselines
from training.boosting import boosted, course, dataset, margins, parameters
from training.bootstrap import auc_draws, interval
from training.calibrate import calibrated
from training.computing import Here
from training.config import SearchConfig, TrainingConfig
from training.evaluate import Judged, measures
from training.labels import CURE, Snapshots
from training.population import Population, Window, read_population
from training.progress import silent
from training.reliability import reliability
from training.sources.simulate import simulate
from training.sources.uci import import_uci
from training.split import account_folds, folds, out_of_time
from training.tables import write_tables
from training.trained import Trained, train_on

LAWS = ("reminder", "pressure", "threshold")
MONTHS = 24
SEED = 5  # of the simulated portfolios
DRAWS = 1_000

Say = Callable[[str], None]


def measure(
    folder: Path,
    uci: Path | None,
    accounts: int,
    trials: int,
    say: Say,
    laws: Sequence[str] = LAWS,
) -> Topic:
    """Train on UCI's file (None: leave it out) and on a portfolio of each response law."""
    config = TrainingConfig(search=SearchConfig(trials=trials), bootstrap_draws=DRAWS)
    tables, figures = [], {}
    if uci is not None:
        say("UCI: importing")
        write_tables(import_uci(uci), folder / "uci")
        population = read_population(folder / "uci", CURE, config.seed, Window())
        found = _real(population, config, say)
        figures["uci"] = found
        tables += [_compared("UCI, trained on April to June, judged on July", found["july"])]
        tables += [_compared("UCI, all months, grouped by account in 5 folds", found["grouped"])]
        tables += [_calibration(found)]
    simulated = {law: _simulated(folder / law, law, accounts, config, say) for law in laws}
    figures["simulated"] = simulated
    tables.append(_truths(simulated))
    notes = [
        f"Settings found by {trials} trials on the training rows alone. Intervals are 95%, by "
        f"{DRAWS:,} bootstrap draws of accounts; differences are ours minus theirs, paired."
    ]
    return Topic("Quality", notes, tables, figures)


def _real(population: Population, config: TrainingConfig, say: Say) -> dict[str, Any]:
    split = out_of_time(population.snapshots, config.test_share)
    say("UCI: training on April to June")
    trained = train_on(population, split, config, None, silent, Here())
    test = population.snapshots.take(split.test)
    features = matrix(population.panel, test.view)
    july = measures(_judged(trained, features, test), DRAWS, config.seed)
    return {
        "july": july,
        "grouped": _grouped(population, trained.config, say),
        "in_time": _in_time(trained),
    }


def _judged(trained: Trained, features: Floats, rows: Snapshots) -> Judged:
    margin = margins(trained.fit.booster, features, threads=1)
    return Judged(
        label=rows.label,
        log_odds=trained.fit.calibration.log_odds(margin, rows.stage),
        account=rows.account,
        stage=rows.stage,
        others=trained.baselines.scores(features, rows),
    )


def _grouped(population: Population, config: TrainingConfig, say: Say) -> dict[str, Any]:
    """All labelled rows, each judged by models that did not see its account.

    The settings are those found on the months before the last; trees are chosen in each fold.
    """
    rows = population.snapshots
    features = matrix(population.panel, rows.view)
    log_odds, others = np.empty(len(rows)), {}
    for number, fold in enumerate(account_folds(rows, config.groups, config.seed), start=1):
        say(f"UCI: all months, fold {number} of {config.groups}")
        seen, unseen = rows.take(fold.train), rows.take(fold.valid)
        given = parameters(config, CATALOGUE)
        data = dataset(features[fold.train], seen.label, CATALOGUE, given, reused=True)
        in_time = folds(seen, config.cuts, config.groups, config.seed)
        trees = course(given, data, in_time, config).trees
        booster = boosted(given, data, trees)
        log_odds[fold.valid] = margins(booster, features[fold.valid], threads=1)
        baselines = fit_baselines(features[fold.train], seen, NAMES, config, silent)
        for name, score in baselines.scores(features[fold.valid], unseen).items():
            others.setdefault(name, np.empty(len(rows)))[fold.valid] = score
    return measures(
        Judged(rows.label, log_odds, rows.account, rows.stage, others), DRAWS, config.seed
    )


def _in_time(trained: Trained) -> dict[str, float]:
    """ECE on the training rows by boosters that saw neither the account nor a later month.

    `plain` is of what they say; `calibrated` after the line of the other half of the accounts.
    """
    rows, config = trained.rows, trained.config
    given = parameters(config, CATALOGUE)
    data = dataset(trained.features, rows.label, CATALOGUE, given, reused=True)
    margin = np.full(len(rows), np.nan)
    for fold in folds(rows, config.cuts, config.groups, config.seed):
        booster = boosted(given, data.subset(fold.train.tolist()), trained.fit.trees)
        margin[fold.valid] = margins(booster, trained.features[fold.valid], threads=1)
    known = np.isfinite(margin)
    margin, label, stage = margin[known], rows.label[known], rows.stage[known]
    half = np.random.default_rng(config.seed).random(rows.account.max() + 1) < 0.5
    first = half[rows.account[known]]
    log_odds = np.empty(len(margin))
    for fitted, judged in ((first, ~first), (~first, first)):
        line = calibrated(margin[fitted], label[fitted], stage[fitted])
        log_odds[judged] = line.log_odds(margin[judged], stage[judged])
    across = trained.fit.calibration.log_odds(trained.fit.margin, rows.stage)
    return {
        "rows": len(margin),
        "plain": reliability(label, _probability(margin)).ece,
        "calibrated": reliability(label, _probability(log_odds)).ece,
        "across_accounts": reliability(rows.label, _probability(across)).ece,
    }


def _simulated(
    folder: Path, law: str, accounts: int, config: TrainingConfig, say: Say
) -> dict[str, Any]:
    """A portfolio of the law: the score against the true probability, on the test months.

    Only rows taken when their statement became known: the truth is of that instant, and later
    in the cycle payments tell more than it.
    """
    say(f"{law}: simulating")
    simulate(folder, accounts, MONTHS, SEED, law)
    population = read_population(folder, CURE, config.seed, Window())
    split = out_of_time(population.snapshots, config.test_share)
    say(f"{law}: training")
    trained = train_on(population, split, config, None, silent, Here())
    test = population.snapshots.take(split.test)
    known_at = population.panel.known_at[test.view.row, test.view.stop - 1]
    test = test.take(test.view.as_of == known_at)
    features = matrix(population.panel, test.view)
    judged = _judged(trained, features, test)
    truth = _truth(folder, population, test)
    drawn = auc_draws(test.label, [judged.log_odds, truth], test.account, DRAWS, config.seed)
    shares = (drawn[:, 0] - 0.5) / (drawn[:, 1] - 0.5)
    ours, attainable = (roc_auc_score(test.label, score) for score in (judged.log_odds, truth))
    return {
        "n": len(test),
        "auc": float(ours),
        "attainable_auc": float(attainable),
        "share": float((ours - 0.5) / (attainable - 0.5)),
        "share_ci": interval(shares),
        "truth": _against(truth, judged.probability),
        "deviation_by_stage": {
            stage: found["deviation_sd"]
            for stage, found in measures(judged, 100, config.seed)["by_stage"].items()
        },
    }


def _truth(folder: Path, population: Population, rows: Snapshots) -> Floats:
    truth = pd.read_parquet(
        folder / "truth.parquet", columns=["account_id", "statement_date", "probability"]
    )
    day = truth["statement_date"].to_numpy("datetime64[D]").astype(np.int64)
    of = pd.Series(
        truth["probability"].to_numpy(), pd.MultiIndex.from_arrays([truth["account_id"], day])
    )
    wanted = pd.MultiIndex.from_arrays(
        [population.account_ids[rows.account], rows.day.astype(np.int64)]
    )
    return of.reindex(wanted).to_numpy(np.float64)


def _against(truth: Floats, probability: Floats) -> dict[str, float]:
    """Of ten bins of equal size by prediction: how far mean prediction and mean truth lie apart.

    And the mean distance of single predictions, which no calibration can make 0.
    """
    bins = np.array_split(np.argsort(probability, kind="stable"), 10)
    gaps = [abs(float(probability[b].mean() - truth[b].mean())) for b in bins]
    return {
        "mean_gap": float(np.mean(gaps)),
        "largest_gap": max(gaps),
        "mean_distance": float(np.abs(probability - truth).mean()),
    }


def _probability(log_odds: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))


def _compared(title: str, found: dict[str, Any]) -> Table:
    rows = [("curescore", _told(found["auc"], found["auc_ci"]), "", "")]
    for name, baseline in found["baselines"].items():
        rows.append(
            (
                name.replace("_", " "),
                _told(baseline["auc"], baseline["auc_ci"]),
                f"{baseline['difference']:+.4f}",
                "[{:+.4f}, {:+.4f}]".format(*baseline["difference_ci"]),
            )
        )
    headings = (title, "AUC", "ours minus it", "95%")
    return Table(headings, rows, f"{found['n']:,} rows, {found['target_rate']:.1%} cured.")


def _calibration(found: dict[str, Any]) -> Table:
    july, in_time = found["july"], found["in_time"]
    band = july["ece_band"]
    rows = [
        ("July: ECE", f"{july['ece']:.4f}"),
        ("  a perfectly calibrated score at this n", f"{band['mean']:.4f}, p95 {band['p95']:.4f}"),
        ("July: slope", _told(july["calibration_slope"], july["calibration_slope_ci"])),
        ("across accounts, all training months: ECE", f"{in_time['across_accounts']:.4f}"),
        ("folds in time, as they come: ECE", f"{in_time['plain']:.4f}"),
        ("folds in time, cross-fitted line: ECE", f"{in_time['calibrated']:.4f}"),
    ]
    for stage, part in july["by_stage"].items():
        told = f"{part['deviation_sd']:+.2f} of {part['n']:,} rows"
        rows.append((f"July, {stage}: observed minus predicted, in binomial SDs", told))
    return Table(("calibration", ""), rows)


def _truths(simulated: dict[str, Any]) -> Table:
    headings = ("law", "rows", "AUC", "of the truth", "share", "mean gap", "largest gap")
    rows = [
        (
            law,
            f"{found['n']:,}",
            f"{found['auc']:.4f}",
            f"{found['attainable_auc']:.4f}",
            _told(found["share"], found["share_ci"]),
            f"{found['truth']['mean_gap']:.4f}",
            f"{found['truth']['largest_gap']:.4f}",
        )
        for law, found in simulated.items()
    ]
    caption = (
        "Simulated portfolios, test months, snapshots at the statement. Share: (AUC - 0.5) over "
        "(AUC of the true probability - 0.5). Gaps: mean prediction against mean true "
        "probability, in ten bins of equal size."
    )
    return Table(headings, rows, caption)


def _told(value: float, bounds: tuple[float, float]) -> str:
    return f"{value:.4f} [{bounds[0]:.4f}, {bounds[1]:.4f}]"
