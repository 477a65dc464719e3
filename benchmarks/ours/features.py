"""Our features, measured: `python -m benchmarks.ours.features FOLDER`.

Three ways: `panel` computes the compared features from a panel, `arrays` from the flat arrays
of which it is built first, `whole` the whole catalogue from a panel with events.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.arrays import ONE_BY_ONE, Arrays, each, read
from benchmarks.lines import serve
from benchmarks.measures import cpu_seconds, median_seconds, peak_memory
from features.catalogue import BY_NAME, CATALOGUE, NAMES
from features.history import DERIVED
from features.matrix import _compile, matrix
from features.panel import (
    Contacts,
    Fixed,
    Floats,
    Panel,
    Payments,
    Statements,
    View,
    known_at,
    panel,
)

# Features that need statements only: of these families all but those of the account itself.
FAMILIES = ("delinquency", "rolls", "payment", "regularity", "exposure")
OF_THE_ACCOUNT = ("months_on_book", "is_secured", "is_credit_card")
WARM = 3
EVENTS = {"payments": Payments, "contacts": Contacts}


class Ours:
    """The histories in the folder, and how features are computed from them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._as_of = float(np.load(folder / "as_of.npy"))
        self._runs: dict[str, Callable[[], Floats]] = {}
        self._ones: dict[str, list[Callable[[], Floats]]] = {}

    def catalogue(self) -> list[str]:
        """Every feature's name, in order."""
        return list(NAMES)

    def of_statements(self) -> list[str]:
        """The names of those that need statements only, in order."""
        found = [f.name for f in CATALOGUE if f.family in FAMILIES]
        return [name for name in found if name not in OF_THE_ACCOUNT]

    def prepare(self, way: str, names: list[str]) -> None:
        """Read, compile and warm up what the way needs; `names` are the compared features."""
        compute = matrix if way == "whole" else _only(names)
        tables = {name: read(self._folder, name) for name in ("fixed", "statements")}
        if way == "whole":
            tables |= {name: read(self._folder, name) for name in EVENTS}
        self._ones[way] = [
            partial(self._computed, compute, one) for one in _one_by_one(tables, ONE_BY_ONE)
        ]
        for one in self._ones[way][:WARM]:
            one()
        if way == "arrays":
            self._runs[way] = partial(self._computed, compute, tables)
        else:
            history = _panel(tables)
            self._runs[way] = lambda: compute(history, self._view(history))

    def values(self, way: str, path: str) -> None:
        """Write accounts × features to the path."""
        np.save(path, self._runs[way]())

    def seconds(self, way: str) -> float:
        """Seconds for all accounts, the cut at the instant included."""
        return cpu_seconds(self._runs[way])

    def one(self, way: str) -> float:
        """Median seconds from the flat arrays of one account to its features."""
        return median_seconds(self._ones[way])

    def memory(self, way: str) -> tuple[float, float] | None:
        """MB before computing all features, and by how many the peak is above."""
        return peak_memory(self._runs[way])

    def _view(self, history: Panel) -> View:
        n = history.accounts
        return known_at(history, np.arange(n, dtype=np.int64), np.full(n, self._as_of))

    def _computed(
        self, compute: Callable[[Panel, View], Floats], tables: dict[str, Arrays]
    ) -> Floats:
        history = _panel(tables)
        return compute(history, self._view(history))


def _only(names: list[str]) -> Callable[[Panel, View], Floats]:
    """What `matrix` is for the whole catalogue, for these features."""
    fill = _compile([BY_NAME[name] for name in names])

    def compute(history: Panel, view: View) -> Floats:
        out = np.empty((len(view.row), len(names)))
        fill(history, view, out, np.empty((DERIVED, history.day.shape[1])))
        return out

    return compute


def _panel(tables: dict[str, Arrays]) -> Panel:
    events = {name: kind(**tables[name]) for name, kind in EVENTS.items() if name in tables}
    return panel(Fixed(**tables["fixed"]), Statements(**tables["statements"]), **events)


def _one_by_one(tables: dict[str, Arrays], accounts: int) -> list[dict[str, Arrays]]:
    """The tables of each of the first so many accounts alone."""
    accounts = min(accounts, len(tables["fixed"]["product"]))
    alone = {name: each(rows, accounts) for name, rows in tables.items() if name != "fixed"}
    return [
        {name: rows[i] for name, rows in alone.items()}
        | {"fixed": {name: values[i : i + 1] for name, values in tables["fixed"].items()}}
        for i in range(accounts)
    ]


def main(folder: str) -> None:
    """Serve the measurements."""
    ours = Ours(Path(folder))
    serve(
        {
            "catalogue": ours.catalogue,
            "of_statements": ours.of_statements,
            "prepare": ours.prepare,
            "values": ours.values,
            "seconds": ours.seconds,
            "one": ours.one,
            "memory": ours.memory,
        }
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
