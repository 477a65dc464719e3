"""The nightly run and a fit on a Dask cluster of this machine, beside the same without Dask."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.boosters import MONTHS, SEED, Shape, fitted, portfolio, write_bundle
from benchmarks.lines import ROOT
from benchmarks.measures import spread
from benchmarks.report import Table, Topic, times
from curescore.bodies import last_known
from features.catalogue import CATALOGUE
from features.matrix import matrix
from training.cluster import Cluster, connected
from training.config import TrainingConfig
from training.fit import fit
from training.labels import CURE
from training.population import Population, Window, read_population
from training.progress import silent
from training.sources.simulate import simulate
from training.split import out_of_time
from training.spread import Spread
from training.tables import read_tables

WORKERS = (1, 2)
SMALL = 20  # times fewer accounts, to show what Dask costs by itself
FITTED_ON = 2_000  # accounts of the run's own booster
HERE, TREES = "without Dask", 100

Say = Callable[[str], None]


class Spent(NamedTuple):
    """Seconds on the clock and of the processor, and megabytes (10^6) over loopback.

    `held` is the most that a worker held, in MB.
    """

    seconds: float
    processor: float
    moved: float
    held: float = 0.0


def measure(folder: Path, accounts: int, rounds: int, say: Say) -> Topic:
    """Decide a portfolio and a small one, and fit on the large one, in turns."""
    say(f"simulating {accounts:,} accounts, and {accounts // SMALL:,}")
    sizes = {"large": accounts, "small": accounts // SMALL}
    for name, size in sizes.items():
        simulate(folder / name, size, MONTHS, SEED)
    drawn = portfolio(folder / "fitted", FITTED_ON)
    write_bundle(drawn, fitted(drawn, Shape(4, 15), TREES), folder / "bundles" / "cure")
    as_of = (last_known(read_tables(folder / "fitted")) + timedelta(days=1)).isoformat()
    population = read_population(folder / "large", CURE, SEED, Window())
    found: dict[str, dict[str, list[Spent]]] = {}
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        for workers in WORKERS:
            with _cluster(workers) as cluster:
                for what, spent in _round(folder, as_of, population, workers, cluster):
                    for where, each in spent.items():
                        found.setdefault(what, {}).setdefault(where, []).append(each)
    rows = len(_training(population).label)
    return _topic(sizes, rows, rounds, found)


def _round(
    folder: Path, as_of: str, population: Population, workers: int, cluster: Cluster
) -> Iterator[tuple[str, dict[str, Spent]]]:
    """One round on so many workers, each measure beside that without Dask."""
    dask = _named(workers)
    _score(
        folder, "small", as_of, "--dask", cluster.address, cluster=cluster
    )  # what workers load once
    for size in ("small", "large"):
        alone = _score(folder, size, as_of, "--workers", str(workers))
        there = _score(folder, size, as_of, "--dask", cluster.address, cluster=cluster)
        yield (
            f"score, {size}",
            {f"{HERE}, {workers}": alone, dask: there._replace(held=_held(cluster))},
        )
    rows, config = _training(population), TrainingConfig(max_trees=TREES, patience=TREES)
    apart = Spread(cluster)
    features = matrix(population.panel, rows.view)
    yield (
        "features",
        {
            f"{HERE}, 1": _spent(lambda: matrix(population.panel, rows.view)),
            dask: _spent(lambda: apart.matrix(population.panel, rows.view, silent), cluster),
        },
    )
    fitting = _spent(lambda: fit(features, rows, CATALOGUE, config, silent))
    there = _spent(lambda: fit(features, rows, CATALOGUE, config, silent, apart.learn), cluster)
    yield "fit", {f"{HERE}, 1": fitting, dask: there._replace(held=_held(cluster))}


def _training(population: Population) -> Any:
    return population.snapshots.take(out_of_time(population.snapshots, 0.2).train)


def _named(workers: int) -> str:
    return f"Dask, {workers}"


@contextmanager
def _cluster(workers: int) -> Iterator[Cluster]:
    from distributed import LocalCluster

    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            memory_limit=0,
        ) as local,
        connected(local.scheduler_address) as cluster,
    ):
        yield cluster


def _score(
    folder: Path, name: str, as_of: str, *options: str, cluster: Cluster | None = None
) -> Spent:
    """Decide the portfolio from the beginning, as a command of its own."""
    out = folder / "run"
    shutil.rmtree(out, ignore_errors=True)
    words = ["score", "--data", str(folder / name), "--out", str(out), "--as-of", as_of, *options]
    settings = {
        "CURESCORE_HOME": str(folder / "home"),
        "CURESCORE_MODELS": str(folder / "bundles"),
    }
    return _spent(
        lambda: subprocess.run(  # noqa: S603 (our own command)
            [sys.executable, "-m", "curescore.main", *words],
            cwd=ROOT,
            env=os.environ | settings,
            stdout=subprocess.DEVNULL,
            check=True,
        ),
        cluster,
    )


def _spent(run: Callable[[], Any], cluster: Cluster | None = None) -> Spent:
    used, moved, start = _used(cluster), _loopback(), time.perf_counter()
    run()
    seconds, moved = time.perf_counter() - start, _loopback() - moved
    return Spent(seconds, _used(cluster) - used, moved / 1e6)


def _used(cluster: Cluster | None) -> float:
    """Seconds of the processor, of this process, its commands that ended, and the workers."""
    mine = os.times()
    own = mine.user + mine.system + mine.children_user + mine.children_system
    return own + (0.0 if cluster is None else sum(cluster.on_each(time.process_time).values()))


def _loopback() -> int:
    """Bytes that have gone over loopback, whoever sent them; 0 where the system does not tell."""
    path = Path("/proc/net/dev")
    lines = path.read_text().splitlines() if path.exists() else []
    return next((int(line.split()[1]) for line in lines if line.split()[0] == "lo:"), 0)


def _held(cluster: Cluster) -> float:
    return max(cluster.on_each(_peak).values())


def _peak() -> float:
    """The most that this process has held, in MB."""
    (line,) = (x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x)
    return int(line.split()[1]) * 1024 / 1e6


def _topic(
    sizes: dict[str, int], rows: int, rounds: int, found: dict[str, dict[str, list[Spent]]]
) -> Topic:
    names = {f"score, {name}": f"score, {size:,} accounts" for name, size in sizes.items()}
    names |= {"features": f"features, {rows:,} rows", "fit": f"fit, {rows:,} rows"}
    table = [
        (
            names[what],
            where,
            f"{spread([one.seconds for one in each])}",
            _times(spent, where),
            f"{spread([one.processor for one in each])}",
            f"{spread([one.moved for one in each]).median:,.0f}",
            f"{max(one.held for one in each):,.0f}" if each[0].held else "",
        )
        for what, spent in found.items()
        for where, each in sorted(spent.items(), key=lambda pair: pair[0].startswith("Dask"))
    ]
    headings = (
        "what",
        "where, processes",
        "seconds",
        "times without",
        "of the processor",
        "MB moved",
        "MB a worker",
    )
    return Topic(
        "On a Dask cluster",
        [
            f"{rounds} rounds on this machine; all processes share its cores, the command and the "
            f"scheduler among them. `score` is the command from start to end, the cluster being "
            f"there already; `fit` is {TREES} trees at most on the folds, across accounts and on "
            "all rows. *Times without* is beside as many processes without Dask (one, for "
            "features and fit), in the same round. *Moved* is all that went over loopback.",
        ],
        [Table(headings, table)],
        {
            what: {where: [one._asdict() for one in each] for where, each in spent.items()}
            for what, spent in found.items()
        },
    )


def _times(spent: dict[str, list[Spent]], where: str) -> str:
    if where.startswith(HERE):
        return ""
    number = int(where.removeprefix("Dask, "))
    beside = spent.get(f"{HERE}, {number}", spent[f"{HERE}, 1"])
    if len(beside) != len(spent[where]):  # one process stood beside each number of workers
        beside = beside[WORKERS.index(number) :: len(WORKERS)]
    return times([one.seconds for one in spent[where]], [one.seconds for one in beside])
