"""The population of a model: the labelled snapshots of validated tables."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from features.panel import Panel
from training.labels import Snapshots, snapshots
from training.lineage import data_sha256
from training.panels import panel_of
from training.tables import read_tables


@dataclass(frozen=True)
class Window:
    """Snapshots are taken from statement dates `start` to `end`, both included; None: no bound."""

    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class Population:
    """Histories, their labelled snapshots, the one currency of all amounts, the data's digest."""

    panel: Panel
    snapshots: Snapshots
    currency: str
    data_sha256: str


def read_population(directory: Path, horizon_cycles: int, seed: int, window: Window) -> Population:
    """Read and validate the tables in a folder and take the snapshots inside the window."""
    tables = read_tables(directory)
    panel, account_ids = panel_of(tables)
    taken = snapshots(panel, horizon_cycles, seed, account_ids).between(window.start, window.end)
    currency = str(tables.accounts["currency"].iloc[0])  # one folder holds one currency
    return Population(panel, taken, currency, data_sha256(tables))
