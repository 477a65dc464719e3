"""Features: ours, polars and pandas on the same statements, the same values checked first."""

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.drawing import histories, write
from benchmarks.lines import PEERS, Worker
from benchmarks.measures import take_turns
from benchmarks.report import Table, Topic, megabytes, microseconds, per_second, times
from features.panel import Flags, Floats

LIBRARIES = ("polars", "pandas")
TOLERANCE = 1e-9  # relative, and absolute below 1
PANEL, ARRAYS, WHOLE = "panel", "arrays", "whole"

Say = Callable[[str], None]


class DifferentValuesError(Exception):
    """A peer computes a feature otherwise than we do."""


def measure(folder: Path, accounts: int, months: int, rounds: int, peers: bool, say: Say) -> Topic:
    """Draw histories into the folder, check that all compute the same, and time it.

    Raises DifferentValuesError where one does not.
    """
    libraries = LIBRARIES if peers else ()
    say(f"drawing {accounts:,} accounts over {months} months")
    write(histories(accounts, months), folder)
    with ExitStack() as stack:
        ours = stack.enter_context(_ours(folder))
        others = {name: stack.enter_context(_peer(name, folder)) for name in libraries}
        catalogue, only_statements = ours.ask("catalogue"), ours.ask("of_statements")
        theirs = [set(peer.ask("names")) for peer in others.values()]
        names = [name for name in only_statements if all(name in each for each in theirs)]
        for way in (PANEL, ARRAYS, WHOLE):
            say(f"preparing our way: {way}")
            ours.ask("prepare", way=way, names=names)
        _check(ours, others, names, folder, say)
        many, one = _timed(ours, others, rounds, say)
        versions = {name: peer.ask("version") for name, peer in others.items()}
    memory = _memory(folder, names, libraries, say)
    labels = {
        PANEL: "curescore, from the panel",
        ARRAYS: "curescore, from flat arrays",
        **versions,
        WHOLE: f"curescore, all {len(catalogue)} features, with events",
    }
    figures = {"features": names, "seconds": many, "seconds_one": one, "megabytes": memory}
    return Topic(
        "Features",
        [
            f"{accounts:,} accounts over up to {months} months, {rounds} rounds. "
            + _told(names, only_statements, libraries)
        ],
        [_many(accounts, labels, many, memory), _one(labels, one)],
        {"accounts": accounts, "months": months, **figures},
    )


def _told(names: Sequence[str], only_statements: Sequence[str], libraries: Sequence[str]) -> str:
    """What is compared, and what is not."""
    missing = [name for name in only_statements if name not in names]
    return (
        f"{len(names)} features that need statements only"
        + (
            f", equal to {TOLERANCE:g} in {' and '.join(libraries)}."
            if libraries
            else ", no peers."
        )
        + (f" Not compared: {', '.join(missing)}." if missing else "")
    )


def _ours(folder: Path) -> Worker:
    return Worker(sys.executable, "benchmarks.ours.features", str(folder))


def _peer(library: str, folder: Path) -> Worker:
    return Worker(PEERS, "benchmarks.peers.frames", library, str(folder))


def _check(
    ours: Worker, peers: dict[str, Worker], names: list[str], folder: Path, say: Say
) -> None:
    """Compare every value of every account."""
    path = folder / "ours.npy"
    ours.ask("values", way=PANEL, path=str(path))
    own = np.load(path)
    for way, worker in ((ARRAYS, ours), *peers.items()):
        say(f"comparing {own.size:,} values: {way}")
        asked = {"way": way} if worker is ours else {"names": names}
        worker.ask("values", path=str(path), **asked)
        other = np.load(path)
        differs = differing(own, other)
        if differs.any():
            named = ", ".join(np.array(names)[differs])
            raise DifferentValuesError(f"{way} has other values than the panel for: {named}")


def differing(own: Floats, other: Floats) -> Flags:
    """Which columns hold a value that is not the same within the tolerance; NaN is NaN only."""
    near = np.abs(other - own) <= TOLERANCE * np.maximum(1, np.abs(own))
    same: Flags = near | (np.isnan(own) & np.isnan(other))
    return ~np.array(same.all(axis=0))


def _timed(
    ours: Worker, peers: dict[str, Worker], rounds: int, say: Say
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Seconds for all accounts and for one, by way and by library, in each round."""

    def asked(what: str) -> dict[str, Callable[[], float]]:
        own = {way: partial(ours.ask, what, way=way) for way in (PANEL, ARRAYS, WHOLE)}
        return own | {name: partial(peer.ask, what) for name, peer in peers.items()}

    say(f"timing all accounts, {rounds} rounds")
    many = take_turns(asked("seconds"), rounds)
    say(f"timing one account, {rounds} rounds")
    alone = asked("one")
    del alone[PANEL]  # one account always comes as arrays
    return many, take_turns(alone, rounds)


def _memory(
    folder: Path, names: list[str], libraries: Sequence[str], say: Say
) -> dict[str, tuple[float, float] | None]:
    """MB before and above it, each in a fresh process."""
    found = {}
    for way in (PANEL, ARRAYS, WHOLE):
        say(f"memory: {way}")
        with _ours(folder) as ours:
            ours.ask("prepare", way=way, names=names)
            found[way] = ours.ask("memory", way=way)
    for library in libraries:
        say(f"memory: {library}")
        with _peer(library, folder) as peer:
            found[library] = peer.ask("memory")
    return found


def _many(
    accounts: int,
    labels: dict[str, str],
    seconds: dict[str, list[float]],
    memory: dict[str, Any],
) -> Table:
    return Table(
        ("all accounts", "accounts/s", "times ours", "peak MB above (before)"),
        [
            (
                label,
                per_second(accounts, seconds[key]),
                times(seconds[key], seconds[PANEL]),
                megabytes(memory[key]),
            )
            for key, label in labels.items()
        ],
    )


def _one(labels: dict[str, str], seconds: dict[str, list[float]]) -> Table:
    return Table(
        ("one account, from flat arrays", "µs", "times ours"),
        [
            (label, microseconds(seconds[key]), times(seconds[key], seconds[ARRAYS]))
            for key, label in labels.items()
            if key in seconds
        ],
    )
