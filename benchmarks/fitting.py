"""One fit as training does it, beside a bare `lightgbm.train` of the same matrix."""

from collections.abc import Callable
from pathlib import Path

import lightgbm

from benchmarks.boosters import portfolio
from benchmarks.measures import cpu_seconds, spread, take_turns
from benchmarks.report import Table, Topic, times
from features.catalogue import CATALOGUE
from training.boosting import boosted, dataset, parameters
from training.config import TrainingConfig

OURS, FREE, BARE = "curescore", "curescore, not monotone", "bare lightgbm.train"

Say = Callable[[str], None]


def measure(folder: Path, accounts: int, trees: int, rounds: int, say: Say) -> Topic:
    """Fit so many trees on the late accounts of a simulated portfolio, in turns, on one thread."""
    say(f"simulating {accounts:,} accounts")
    drawn = portfolio(folder, accounts)
    features, label = drawn.features, drawn.population.snapshots.label
    config = TrainingConfig()

    def ours(config: TrainingConfig) -> None:
        given = parameters(config, CATALOGUE)
        boosted(given, dataset(features, label, CATALOGUE, given), trees)

    def bare() -> None:
        given = {
            "objective": "binary",
            "num_threads": 1,
            "verbosity": -1,
            **config.booster.model_dump(),
        }
        lightgbm.train(given, lightgbm.Dataset(features, label), num_boost_round=trees)

    contenders = {
        OURS: lambda: ours(config),
        FREE: lambda: ours(config.model_copy(update={"monotone": False})),
        BARE: bare,
    }
    bare()  # what is done once at the beginning
    say(f"fitting {trees} trees on {len(features):,} rows, {rounds} rounds")
    seconds = take_turns(
        {name: lambda run=run: cpu_seconds(run) for name, run in contenders.items()}, rounds
    )
    rows = [(name, str(spread(each)), times(each, seconds[BARE])) for name, each in seconds.items()]
    note = (
        f"{trees} trees of depth {config.booster.max_depth} on {len(features):,} rows × "
        f"{features.shape[1]} features, binning included, one thread, {rounds} rounds."
    )
    headings = ("one fit", "seconds of the processor", "times the bare one")
    return Topic("Fitting", [note], [Table(headings, rows)], {"seconds": seconds})
