"""Contributions: ours, LightGBM's, shap's and Fast TreeSHAP's of the same booster and rows."""

import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.boosters import Shape, fitted, grown, portfolio, write_booster, write_bundle
from benchmarks.features import Say
from benchmarks.lines import PEERS, Worker, WorkerError
from benchmarks.measures import take_turns
from benchmarks.report import Table, Topic, microseconds, per_second, times

SHAPES = (Shape(4, 15), Shape(6, 31), Shape(-1, 31))
LOADED = Shape(6, 31)  # the deepest that training makes: its bundle's loading is timed
OURS, REFERENCE = "curescore", "lightgbm"
THEIRS = ("shap", "fasttreeshap v1", "fasttreeshap v2")


def measure(
    folder: Path, accounts: int, trees: int, rows: int, rounds: int, peers: bool, say: Say
) -> Topic:
    """Fit boosters on a simulated portfolio, compare what each makes of its rows, and time it."""
    say(f"simulating {accounts:,} accounts")
    drawn = portfolio(folder / "portfolio", accounts)
    sample = drawn.sample(rows)
    np.save(folder / "rows.npy", sample)
    tables: list[Table] = []
    shapes: dict[str, dict[str, Any]] = {}
    with ExitStack() as stack:
        workers = {
            method: stack.enter_context(_worker(method, folder / "rows.npy"))
            for method in (OURS, REFERENCE, *(THEIRS if peers else ()))
        }
        for shape in SHAPES:
            say(f"fitting {trees} trees, {shape}")
            booster = fitted(drawn, shape, trees)
            write_booster(booster, folder / "booster.txt")
            methods = _compared(workers, folder, rounds, say)
            size = workers[OURS].ask("table_bytes", booster=str(folder / "booster.txt"))
            shapes[str(shape)] = {"table_bytes": size, "methods": methods}
            tables.append(_table(f"{shape}: {grown(booster)}", size, len(sample), methods))
            if shape == LOADED:
                say("loading its bundle")
                write_bundle(drawn, booster, folder / "bundle")
                seconds = workers[OURS].ask("bundle", folder=str(folder / "bundle"))
    unknown = np.isnan(sample).mean()
    return Topic(
        "Contributions",
        [
            f"{sample.shape[0]:,} rows of {sample.shape[1]} features, {unknown:.0%} of the values "
            f"not known, of a simulated portfolio; {rounds} rounds. Loading the bundle of "
            f"{LOADED}, tables included, takes {seconds:.2f} s."
        ],
        tables,
        {"rows": len(sample), "shapes": shapes, "bundle_seconds": seconds},
    )


def _worker(method: str, rows: Path) -> Worker:
    if method in THEIRS:
        return Worker(PEERS, "benchmarks.peers.trees", method, str(rows))
    return Worker(sys.executable, "benchmarks.ours.trees", method, str(rows))


def _compared(
    workers: dict[str, Worker], folder: Path, rounds: int, say: Say
) -> dict[str, dict[str, Any]]:
    """By method: seconds to build, for all rows and for one, and how far from LightGBM's."""
    found: dict[str, dict[str, Any]] = {}
    path = folder / "contributions.npy"
    values = {}
    for method, worker in workers.items():
        say(f"  {method}: building and explaining")
        try:
            found[method] = {"build_seconds": worker.ask("build", path=str(folder / "booster.txt"))}
        except WorkerError as error:
            say(f"  without {method}: {error}")
            continue
        worker.ask("values", path=str(path))
        values[method] = np.load(path)
    for method in found:
        apart = np.abs(values[method] - values[REFERENCE]).max()
        found[method]["greatest_difference"] = float(apart)
    for what in ("seconds", "one"):
        say(f"  timing {rounds} rounds")
        turns = take_turns({method: partial(workers[method].ask, what) for method in found}, rounds)
        for method, seconds in turns.items():
            found[method][what] = seconds
    return found


def _table(title: str, size: int, rows: int, found: dict[str, dict[str, Any]]) -> Table:
    own = found[OURS]
    how = f"by tables of {size / 1e6:.1f} MB" if size else "by LightGBM, too deep for tables"
    return Table(
        ("explained by", "rows/s", "times ours", "one row, µs", "times ours", "off by", "build, s"),
        [
            (
                method,
                per_second(rows, each["seconds"]),
                times(each["seconds"], own["seconds"]),
                microseconds(each["one"]),
                times(each["one"], own["one"]),
                f"{each['greatest_difference']:.1g}" if method != REFERENCE else "0",
                f"{each['build_seconds']:.2f}",
            )
            for method, each in found.items()
        ],
        f"{title}; {OURS} explains {how}.",
    )
